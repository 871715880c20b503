#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernels: 6.1
# The quick part of make verify: two checkers see their planted bugs, and neither kernel complains
# about the runtime. (Whether the runtime keeps its deadlines there is for make verify to say.)
. tests/helpers.sh
for k in verifier kcsan; do
	lab/kernel-build --cached $k >/dev/null || t_skip "kernel $k is not in the cache; make verify builds it"
done
t_status 0 lab/verify --only-planted --evidence "$out/evidence" RCU KCSAN
gcc -O2 -static -pthread -Iinclude/uapi -o build/kernel_channel_checked tests/kernel_channel.c tests/kernel_raw.c ||
	t_fail "kernel_channel does not compile"
for k in verifier kcsan; do
	t_status 0 lab/run --kernel $k --time 200 --module build/kernel/$k/tandem.ko --module build/kernel/$k/litmus.ko -- \
		sh -c '/tandem/kernel_channel_checked; rmmod litmus tandem'
done
