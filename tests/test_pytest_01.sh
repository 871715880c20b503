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
tests/run --list | grep -qx pytest_01 || t_fail '--list does not name this test'
