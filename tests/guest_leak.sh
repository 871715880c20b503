#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest_leak.sh MODULE ROUNDS: runs in the guest, where the split driver of the NIC is loaded. Loads, uses and
# unloads first the stock driver, then the split one, ROUNDS times each, and says what has grown.
module=$1 rounds=$2
slot=$(basename "$(readlink -f "/sys/class/net/$NIC/device")")
debug=/sys/kernel/debug/tandem/$module
counts=$(mktemp -d)	# in memory: files in /out are objects of their own
. /out/guest_count.sh
fail() { echo "$*" >&2; exit 1; }
short() { printf %.15s "$module-user"; }

load() {	# KIND
	if [ "$1" = stock ]; then
		modprobe "$module" || fail "modprobe: $?"
		return
	fi
	setsid "$SPLIT/$module/$module-user" >/dev/null 2>>/out/user.err </dev/null &
	insmod "$SPLIT/$module/$module.ko" || fail "insmod: $?"
}

unload() {
	rmmod "$module" || fail "rmmod: $?"
	for n in $(seq 300); do pgrep -x "$(short)" >/dev/null || return 0; sleep 0.1; done
	fail 'user half stays'
}

up() {
	ip link set "$NIC" up && ip addr replace 10.77.1.2/24 dev "$NIC" || fail 'not up'
}

ask() {
	local n
	for n in i S d; do ethtool -$n "$NIC" >/dev/null || fail "ethtool -$n"; done
}

link() {
	for n in $(seq 600); do [ "$(cat "/sys/class/net/$NIC/carrier")" = 1 ] && break; sleep 0.1; done
	ping -q -c 3 -i 0.05 -W 5 "$PEER" >/dev/null || fail 'no answer'
}

renew() {
	echo 1 >"/sys/bus/pci/devices/$slot/remove"
	echo 1 >/sys/bus/pci/rescan
	for n in $(seq 300); do [ -e "/sys/class/net/$NIC" ] && return 0; sleep 0.1; done
	fail 'no interface after a rescan'
}

# What the runtime and the process hold while the driver runs.
held() {
	local pid
	pid=$(pgrep -x "$(short)") || fail 'no user half'
	echo "$(head -n 1 "$debug/ledger") in the ledger, $(head -n 1 "$debug/objects") objects," \
		"$(ls "/proc/$pid/fd" | wc -l) files, $(ls "/proc/$pid/task" | wc -l) threads"
}

round() {	# KIND NUMBER
	local first n
	load "$1"
	up
	if [ $(($2 % 4)) = 0 ]; then
		ask
		link
		[ "$1" = stock ] || first=$(held)
		for n in 1 2 3; do
			ethtool -G "$NIC" rx $((n * 80)) || fail 'ethtool -G'
			ip link set "$NIC" down
			up
		done
		link
		[ "$1" = stock ] || [ "$(held)" = "$first" ] || fail "held at first: $first; after down and up: $(held)"
		renew
		up
	fi
	ip link set "$NIC" down
	unload
}

ip link set "$NIC" down
unload
for kind in stock split; do
	# the first ones warm up what lives longer than a driver
	for n in 4 1; do round $kind $n; done
	count >"$counts/$kind.before"
	for n in $(seq "$rounds"); do round $kind "$n"; done
	count >"$counts/$kind.after"
	cp "$counts/$kind".* /out/
	echo "$kind done at $(cut -d ' ' -f 1 /proc/uptime)"
done
