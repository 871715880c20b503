#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A split driver under a name of its own and the stock driver drive two devices at once: both carry
# traffic in both directions, and the end of the one does not touch the other.
# timeout: 500
. tests/helpers.sh

lab/split $kernel e1000 --name e1000_split -o build/split/$kernel/e1000_split || t_fail 'cannot split under another name'
for name in '' 'e1000 ' e-1 E1 ../x; do
	said=$(build/tandem split e1000 --name "$name" -o "$out/x" 2>&1) && t_fail "not refused: $name"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "not one line: $said"
	[ ! -e "$out/x" ] || t_fail "left something: $name"
done

cat >"$out/guest" <<'END2'
fail() { echo "$*"; exit 1; }
so_far() { echo "$*: done at $(cut -d ' ' -f 1 /proc/uptime)"; }
driver() { basename "$(readlink -f "/sys/class/net/$1/device/driver")"; }
[ "$(driver "$NIC")" = e1000 ] || fail "$NIC: $(driver "$NIC")"
[ "$(driver "$NIC2")" = e1000_split ] || fail "$NIC2: $(driver "$NIC2")"
said() { ethtool -i "$1" | grep -v bus; }
[ "$(said "$NIC")" = "$(said "$NIC2")" ] || fail 'they say different things'
carries() {	# PEER
	ping -q -c 3 -i 0.2 "$1" || fail "no answer from $1"
}
for reverse in '' -R; do
	iperf3 $reverse -t 3 -c "$PEER" -J >/out/1.json & first=$!
	iperf3 $reverse -t 3 -c "$PEER2" -J >/out/2.json || fail 'no transfer through the split driver'
	wait $first || fail 'no transfer through the stock driver'
	so_far "transfer $reverse"
done
for nic in "$NIC" "$NIC2"; do
	for way in rx tx; do
		[ "$(cat /sys/class/net/$nic/statistics/${way}_packets)" -gt 1000 ] || fail "$nic: no $way frames"
	done
done
rmmod e1000
carries "$PEER2"
modprobe e1000
ip link set "$NIC" up
ip addr add 10.77.1.2/24 dev "$NIC"
for n in $(seq 300); do [ "$(cat /sys/class/net/$NIC/carrier)" = 1 ] && break; sleep 0.1; done
carries "$PEER"
rmmod e1000_split
carries "$PEER"
END2
lab/run --time 240 --device e1000 --stock e1000 --device e1000 --split e1000_split --out "$out/o" -- \
	bash -c "$(cat "$out/guest")" || t_fail "status $?"
