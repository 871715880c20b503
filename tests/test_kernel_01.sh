#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# The kernel runtime alone: every rule of the channel, under a user half without a runtime.
. tests/helpers.sh
for program in kernel_channel kernel_request kernel_rules kernel_shape; do
	gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/$program \
		tests/$program.c tests/kernel_play.c tests/kernel_raw.c || t_fail "$program does not compile"
done
t_status 0 lab/run --time 200 --module build/kernel/$kernel/tandem.ko --module build/kernel/$kernel/litmus.ko -- \
	sh -c '/tandem/kernel_channel && /tandem/kernel_request && /tandem/kernel_rules && /tandem/kernel_shape && rmmod litmus tandem'
