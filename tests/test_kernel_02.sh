#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# A hostile user half: recorded messages mutated, reordered, repeated, from foreign threads, after the end.
# Known: a user half may release what it never acquired, so now and then the last count is wrong. Until
# that is refused the test is part of `make soak` only.
. tests/helpers.sh
[ -n "$soak" ] || { echo 'known to fail now and then: make soak runs it'; exit 77; }
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_hostile \
	tests/kernel_hostile.c tests/kernel_raw.c || t_fail "kernel_hostile does not compile"
n=2000 limit=500
[ -z "$soak" ] || n=1000000 limit=36000
t_status 0 lab/run --time $limit --module "build/kernel/$kernel/tandem.ko" \
	--module "build/kernel/$kernel/litmus.ko" -- \
	sh -c "/tandem/kernel_hostile $n && rmmod litmus tandem"
