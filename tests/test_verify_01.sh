#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kernels: 6.1
# The quick part of make verify: two checkers see their planted bugs, one that is asleep is noticed,
# and KASAN and lockdep have nothing to say when a hostile user half meets the runtime.
. tests/helpers.sh
for k in verifier kcsan; do
	lab/kernel-build --cached $k >/dev/null || t_skip "kernel $k is not in the cache; make verify builds it"
done
t_status 0 lab/verify --only-planted --evidence "$out/evidence" RCU KCSAN
grep -qx 'PASS RCU: 1 of 1 planted bugs caught' "$out/evidence/report" || t_fail 'no verdict'

# A checker that is asleep is noticed: as kcsan is for what only KASAN and lockdep see.
sed "s/^\( *'RCU': ('\)verifier'/\1kcsan'/" lab/verify >"$out/verify"
cmp -s lab/verify "$out/verify" && t_fail 'nothing was changed'
sed -i "s|^LAB = .*|LAB = '$PWD/lab'|" "$out/verify"
t_status 1 python3 "$out/verify" --only-planted --evidence "$out/asleep" RCU
grep -qx 'FAIL RCU: 0 of 1 planted bugs caught (missed: rcu_outside)' "$out/asleep/report" || t_fail 'not noticed'

# The leak scan takes a minute of its own: make verify has it.
TANDEM_NO_SCAN=1 TANDEM_KERNEL=verifier t_status 0 tests/test_kernel_02.sh
