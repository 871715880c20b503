#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# Killing lab/run takes its QEMU and its servers along.
. tests/helpers.sh
lab/run --device e1000 --stock e1000 --out "$out" -- sh -c 'touch /out/running; sleep 1000' 2>/dev/null &
run=$!
for _ in $(seq 300); do [ -e "$out/running" ] && break; sleep 0.2; done
[ -e "$out/running" ] || { kill $run; t_fail "the guest did not start"; }
children=$(pgrep -P $run)
[ "$(wc -w <<<"$children")" -ge 2 ] || t_fail "QEMU and iperf3 are not children of lab/run"
kill -KILL $run
wait $run 2>/dev/null
for _ in $(seq 50); do
	left=
	for pid in $children; do [ ! -e "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null || left=$pid; done
	[ -z "$left" ] && exit 0
	sleep 0.1
done
t_fail "process $left is still there"
