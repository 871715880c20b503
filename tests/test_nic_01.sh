#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Drivers that nobody has looked at while splitting answer as the stock ones, too.
# timeout: 900
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
. tests/nic.sh
for pair in i82550:e100 rtl8139:8139cp pcnet:pcnet32; do
	module=${pair#*:}
	steps='mac updown rings mii remove iperf3'
	# changing rings, the stock one frees DMA memory with interrupts off, of which the kernel complains; and
	# no frame reaches it any more once its device was removed and found again
	[ $module = pcnet32 ] && steps='mac updown mii iperf3 remove'
	lab/halves "$kernel" "$module"
	head -n 1 "build/split/$kernel/$module/report.txt" || t_fail "$module was not split"
	rm -rf "$out/stock" "$out/split"
	compare_drivers "${pair%:*}" "$module" first ping $steps
	grep -q '^100 packets transmitted, 100 received' "$out/split/r/ping" || t_fail "$(cat "$out/split/r/ping")"
	! grep -L 'status 0' "$out"/split/r/iperf3.* | grep . || t_fail 'no throughput'
done
