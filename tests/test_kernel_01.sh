#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# The kernel runtime alone: every rule of the channel, under a user half without a runtime.
. tests/helpers.sh
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_channel \
	tests/kernel_channel.c tests/kernel_raw.c || t_fail "kernel_channel does not compile"
t_status 0 lab/run --time 200 --module build/kernel/$kernel/tandem.ko --module build/kernel/$kernel/litmus.ko -- \
	sh -c '/tandem/kernel_channel && rmmod litmus tandem'
