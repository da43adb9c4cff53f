#!/bin/sh
# Runs the integration tests with pytest: run.sh [PYTEST ARGUMENT...]
#
# HOOPSCOUT_BUILD_DIR names the build under test; it, PYTHON and HOOPSCOUT_TESTS (which
# tests, as pytest's -k has it) may be set. The last line is "integration: N passed, M failed"
# (conftest.py prints it). Exit status 77 (skipped) without pytest.
set -u

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-/usr/bin/python3}
[ -x /usr/bin/python3 ] && python=/usr/bin/python3	# Debian's pytest belongs to Debian's python
if ! "$python" -c 'import pytest' 2>/dev/null; then
	echo "skipped: $python has no pytest (Debian's package is python3-pytest)"
	exit 77
fi
export PYTHONDONTWRITEBYTECODE=1
cd "$here" || exit 99
# most of a test's time is waiting for processes; the tests of a file stay together, as they share a House
if "$python" -c 'import xdist' 2>/dev/null; then
	set -- -n "${HOOPSCOUT_TEST_WORKERS:-2}" --dist loadfile "$@"
fi
exec "$python" -m pytest -q -p no:cacheprovider --rootdir="$here" -rfE --durations=8 ${HOOPSCOUT_TESTS:+-k "$HOOPSCOUT_TESTS"} "$@"
