#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pytest runs the tests of tests/run: what passes, fails and is skipped there does so here, in its JUnit file too.
. tests/helpers.sh
command -v pytest-3 >/dev/null || t_skip 'no pytest-3'
mkdir -p "$out/tests"
cp -r tests/run tests/pytest "$out/tests/"
for test in 'good 0' 'bad 1' 'absent 77' 'good_too 0'; do
	printf '#!/bin/sh\necho %s\nexit %s\n' $test >"$out/tests/test_${test% *}.sh"
done
chmod +x "$out"/tests/*.sh
pytest-3 -q -p no:cacheprovider "$out/tests/pytest" --junitxml="$out/junit.xml" >"$out/said" 2>&1 && t_fail 'all passed'
grep -q '^1 failed, 2 passed, 1 skipped' "$out/said" || t_fail "$(tail -n 3 "$out/said")"
python3 - "$out/junit.xml" <<'PY' || t_fail "$(cat "$out/junit.xml")"
import sys, xml.etree.ElementTree as tree
cases = {c.get('name'): [e.tag for e in c] for c in tree.parse(sys.argv[1]).iter('testcase')}
assert cases == {'test[good]': [], 'test[good_too]': [], 'test[bad]': ['failure'], 'test[absent]': ['skipped']}, cases
PY
# Ended by a signal, tests/run ends what it runs, and itself: timeout(1) sends two.
printf '#!/bin/sh\necho $$ >%s/pid\nexec sleep 1000\n' "$out" >"$out/tests/test_long.sh"
chmod +x "$out/tests/test_long.sh"
timeout -k 20 3 "$out/tests/run" --exact long >/dev/null 2>&1
status=$?
[ $status = 124 ] || t_fail "tests/run did not end by itself: $status"
[ -s "$out/pid" ] || t_fail 'the test had not begun'
! kill -0 "$(cat "$out/pid")" 2>/dev/null || t_fail 'the test is left'
tests/run --list | grep -qx pytest_01 || t_fail '--list does not name this test'
