#!/bin/sh
# Runs one test of `make check`: launch.sh SECONDS PROGRAM
#
# Bounds it in time (SECONDS, then SIGTERM, ten seconds later SIGKILL), and gives it a
# PostgreSQL of its own when HS_POSTGRES_TESTS names it. Exit status: the program's;
# 77 (skipped) for tests that one build is enough for when HOOPSCOUT_NO_BROWSER is set.
set -u

seconds=$1
program=$2
here=$(dirname "$0")

set -- "$program"
case $program in
*/browser/* | */containers/*)
	[ -z "${HOOPSCOUT_NO_BROWSER:-}" ] || exit 77
	set -- sh "$program"
	;;
*.sh) set -- sh "$program" ;;
esac
case " ${HS_POSTGRES_TESTS:-} " in
*" ${program#./} "*) set -- sh "$here/unit/with_postgres.sh" "$@" ;;
esac
timeout --kill-after=10 "$seconds" "$@"
status=$?
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
	echo "$program: ended after $seconds seconds, its limit"
fi
exit "$status"
