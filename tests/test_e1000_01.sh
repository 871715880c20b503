#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The split e1000 answers as the stock one: probe, ping, counters after 100 pings, self-test, MTU and
# address, down/up, rings, settings, features, VLANs, filters, MII, removal, parameters, iperf3.
# timeout: 600
# kernels: 6.1 6.12 verifier kcsan
. tests/helpers.sh
. tests/nic.sh
compare_drivers e1000 e1000 first ping test mtu mac updown rings settings features vlan filter mii \
	remove parameters iperf3
# the self-test says something about each of its parts, and QEMU makes some fail
grep -c '^[A-Z].*	 [0-9]' "$out/split/r/test.offline" >"$out/n"
[ "$(cat "$out/n")" = 5 ] || t_fail "self-test: $(cat "$out/split/r/test.offline")"
grep -q '^100 packets transmitted, 100 received' "$out/split/r/ping" || t_fail "$(cat "$out/split/r/ping")"
grep -q '^     rx_packets: 10[0-9]$' "$out/split/r/ping.statistics" || t_fail 'the frames were not counted'
! grep -L 'status 0' "$out"/split/r/iperf3.* | grep . || t_fail 'no throughput'

# another chip of the same driver, whose interrupts can be coalesced
[ -n "$soak" ] || exit 0
rm -r "$out/stock" "$out/split"
compare_drivers e1000-82545em e1000 first ping mac updown settings remove
grep -q 'status 0' "$out/split/r/coalesce.rx-usecs 100.now" || t_fail 'nothing to coalesce'
