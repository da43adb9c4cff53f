#!/bin/sh
# Runs the browser's tests: Debian's Chromium over the programs just built.
#
# playwright-core and axe-core are installed by their lock into the build folder, once.
# Exit status 77 (skipped) where there is no Chromium or no node.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${HOOPSCOUT_BUILD_DIR:-$here/../../build}
modules=$build/tests/browser
python=${PYTHON:-/usr/bin/python3}

skip() {
	echo "skipped: $*"
	exit 77
}

[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip "no /usr/bin/chromium (Debian's package is chromium)"
command -v "${NODE:-node}" >/dev/null || skip "no node"
command -v npm >/dev/null || skip "no npm"

install_modules() {
	mkdir -p "$modules" &&
		cp "$here/package.json" "$here/.npmrc" "$modules/" &&
		cp "$here/package-lock.json" "$modules/" &&
		(cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
}

if ! cmp -s "$here/package-lock.json" "$modules/package-lock.json" ||
	[ ! -d "$modules/node_modules/axe-core" ]; then
	if ! install_modules; then
		rm -f "$modules/package-lock.json"
		echo "npm could not install the browser tests' packages"
		exit 1
	fi
fi
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$here/run.py" "$modules"
