#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# A hostile user half: recorded messages mutated, reordered, repeated, from foreign threads, after the end.
. tests/helpers.sh
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_hostile \
	tests/kernel_hostile.c tests/kernel_raw.c || t_fail "kernel_hostile does not compile"
n=20000 limit=300
[ -z "$checking" ] || n=2000
[ -z "$soak" ] || n=1000000 limit=36000
t_status 0 lab/run --time $limit --module "build/kernel/$kernel/tandem.ko" \
	--module "build/kernel/$kernel/litmus.ko" -- \
	sh -c "/tandem/kernel_hostile $n && rmmod litmus tandem"
