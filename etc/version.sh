#!/bin/sh
# Prints the version of the sources that this script lies in; configure.ac asks for it.
#
# In a tarball `make dist` has left it in .tarball-version. In a clone the latest tag says it: v1.2.0
# is 1.2.0, v1.3.0-rc1 is 1.3.0~rc1, and five commits after v1.2.0 it is 1.2.0+5.gabc1234 (so written,
# Debian sorts them right). Without either, the first entry of NEWS does: what is being worked on.
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1

if [ -r "$here/.tarball-version" ]; then
	exec cat "$here/.tarball-version"
fi
tag=
# only of our own clone: we may lie unpacked within another one
if [ -e "$here/.git" ]; then
	tag=$(git -C "$here" describe --tags --match 'v[0-9]*' 2>/dev/null)
fi
if [ -n "$tag" ]; then
	echo "$tag" | sed -e 's/^v//' -e 's/-\([0-9]*\)-\(g[0-9a-f]*\)$/+\1.\2/' -e 's/-/~/'
else
	sed -n 's/^HoopScout \([0-9][0-9.]*\).*/\1~dev/p' "$here/NEWS" | head -n 1
fi
