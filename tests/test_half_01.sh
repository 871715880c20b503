#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 240
# A real user half under tandem.ko: fields, memory, nesting, spills, mutexes, its sandbox, and its deaths.
. tests/helpers.sh
t_status 0 lab/run --time 200 --module build/kernel/$kernel/tandem.ko --module build/kernel/$kernel/litmus.ko -- \
	sh -c '/tandem/lib/half-attach /tandem/lib/half-litmus && rmmod litmus tandem'
