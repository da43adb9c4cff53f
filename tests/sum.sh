#!/bin/sh
# Adds up what the tests of some build folders did: sum.sh BUILD_DIR...
#
# Reads what `make check` left: a .trs file for each test says whether it ended well, the
# .log beside it ends with "NAME: N passed, M failed". A test that died without that line
# counts as one failure. Prints the logs of what failed, then one line for all of it:
# "N passed, M failed". Exit status 1 when anything failed or nothing was run.
set -u

passed=0
failed=0
for build in "$@"; do
	list=$(find "$build/tests" -name '*.trs' | sort)
	[ -n "$list" ] || {
		echo "$build: no tests were run"
		failed=$((failed + 1))
	}
	for trs in $list; do
		log=${trs%.trs}.log
		line=$(grep -E '^[^ ]+: [0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
		result=$(sed -n 's/^:global-test-result: //p' "$trs")
		good=$(echo "$line" | sed -n 's/.*: \([0-9]*\) passed.*/\1/p')
		bad=$(echo "$line" | sed -n 's/.* \([0-9]*\) failed$/\1/p')
		good=${good:-0}
		bad=${bad:-0}
		case $result in
		PASS)
			# a test without a count is one test
			[ -n "$line" ] || good=1
			;;
		SKIP)
			echo "skipped: $trs"
			;;
		*)
			[ "$bad" -gt 0 ] || bad=1
			echo "---- $log"
			tail -n 200 "$log"
			;;
		esac
		passed=$((passed + good))
		failed=$((failed + bad))
	done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
