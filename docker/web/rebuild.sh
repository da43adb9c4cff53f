#!/bin/sh
# Brings the program of the development container up to the mounted source: rebuild
#
# Copies what has changed from /source to /work, builds there, and restarts the daemons when they
# run already. hsd-supervisor itself is only replaced by a restart of the container.
set -eu

cd /work
rsync -a --delete --exclude /.git --exclude /.env --exclude '/build*' --exclude /var --exclude node_modules \
	--exclude /autom4te.cache --exclude /aclocal.m4 --exclude /configure --exclude /config.h.in \
	--exclude /Makefile.in --exclude /build-aux --exclude /htdocs/vendor /source/ /work/
[ -x configure ] || autoreconf -i
mkdir -p build
cd build
[ -f Makefile ] || ../configure -q --disable-tests
make -s -j"$(nproc)"
if hsctl status >/dev/null 2>&1; then
	for daemon in web importer extractor; do
		case ",${HOOPSCOUT_DAEMONS:-web,importer,extractor}," in
		*",$daemon,"*) hsctl restart "$daemon" ;;
		esac
	done
fi
