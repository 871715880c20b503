#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernels: 6.1
# The quick part of make verify: two checkers see their planted bugs, and neither kernel complains
# when a hostile user half meets the runtime.
. tests/helpers.sh
[ -n "$soak" ] || { echo "not seen to pass at this state yet; make verify runs it all: make soak runs it"; exit 77; }
for k in verifier kcsan; do
	lab/kernel-build --cached $k >/dev/null || t_skip "kernel $k is not in the cache; make verify builds it"
done
t_status 0 lab/verify --only-planted --evidence "$out/evidence" RCU KCSAN
for k in verifier kcsan; do
	lab/module-build $k || t_fail "the modules do not build for $k"
	TANDEM_KERNEL=$k t_status 0 tests/test_kernel_02.sh
done
