#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Drivers that were made to run by mending the splitter, each one briefly: it is split, does its work, and goes.
# timeout: 600
# kernels: 6.1
. tests/helpers.sh

nic='ping -q -c 10 -i 0.05 $PEER && ip link set $NIC down && ip link set $NIC up && ip link show dev $NIC | grep -q UP && rmmod $MODULE'

# run DEVICE MODULE FUNCTIONS COMMAND: at least so many functions are in the user half, and it made upcalls.
run() {
	local moved
	lab/halves "$kernel" "$2"
	moved=$(sed -n '1s/[^:]*: \([0-9]*\) of .*/\1/p' "build/split/$kernel/$2/report.txt" 2>/dev/null)
	[ "${moved:-0}" -ge "$3" ] || t_fail "$2: ${moved:-no} functions in the user half, not $3"
	rm -rf "$out/o"
	lab/run --device "$1" --split "$2" --out "$out/o" -- env MODULE="${2//-/_}" bash -c "set -o pipefail
		grep -q '^condemned no' /sys/kernel/debug/tandem/*/stats && $4" >"$out/said" 2>&1 ||
		t_fail "$2: status $?: $(tail -n 3 "$out/said" "$out/o"/*.err 2>&1)"
	echo "$2 ($1): $moved functions in the user half"
}

run e1000e e1000e 380 "$nic"
run vmxnet3 vmxnet3 60 "$nic"
# its registers are I/O ports
run tulip tulip 15 "$nic"
exit 0
