#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: 6.1
# Counting mode: a fixed loop costs the same number of instructions in two boots, within 0.3 %.
. tests/helpers.sh
count() {
	# Under -icount a nanosecond is an instruction.
	lab/run --icount -- env PYTHONHASHSEED=0 python3 -c 'if 1:
		import time
		begun = time.perf_counter_ns()
		for i in range(300000): pass
		print(time.perf_counter_ns() - begun)'
}
a=$(count) || t_fail "the first boot failed"
b=$(count) || t_fail "the second boot failed"
echo "$a and $b instructions"
[ "$a" -gt 1000000 ] || t_fail "that is no count"
difference=$((a > b ? a - b : b - a))
[ $((difference * 1000)) -le $((a * 3)) ] || t_fail "$a and $b differ by more than 0.3 %"
