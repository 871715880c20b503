#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic goes on, and nothing of it is lost, when the user half is killed while it is idle, in calls that
# only read, and in the driver's own watchdog; a connection goes on too. Then unload and reload.
# timeout: 300
# kernels: 6.1 verifier kcsan
. tests/helpers.sh

cat >"$out/guest" <<'END2'
fail() { echo "$*"; exit 1; }
peer=10.77.1.1
dead() { grep -q '^attached 0' /sys/kernel/debug/tandem/e1000/stats; }
till() {	# SECONDS COMMAND...
	local left=$(($1 * 10))
	shift
	until "$@"; do
		[ $((left--)) -gt 0 ] || return 1
		sleep 0.1
	done
}
carrier() { [ "$(cat /sys/class/net/$nic/carrier)" = 1 ]; }
begin() {	# [OPTION]
	tandem run $SPLIT/e1000 "$@" || fail 'does not run'
	nic=$(basename /sys/bus/pci/devices/0000:00:10.0/net/*)
	ip addr add 10.77.1.2/24 dev $nic
	ip link set $nic up
	till 20 carrier || fail 'no link'
	ping -q -c 1 -W 20 $peer >/dev/null || fail 'no answer'
}
end() {
	rmmod e1000 || fail 'does not unload'
	till 10 eval '! pidof e1000-user' >/dev/null || fail 'its process is left'
}
idle() { pkill -KILL -x e1000-user; }
link() { ethtool $nic; }
drvinfo() { ethtool -i $nic; }
registers() { ethtool -d $nic; }
statistics() { ethtool -S $nic; }
watchdog() { till 25 dead; }	# comes by itself
goes_on() {	# WHAT FAULT
	begin ${2:+"--fault=$2"}
	ping -q -c 1500 -i 0.002 -W 20 $peer >/tmp/ping & ping=$!
	iperf3 -c $peer -t ${3:-12} -J >/tmp/iperf & iperf=$!
	sleep 1
	dead && fail "$1: it died before"
	$1 >/dev/null 2>&1
	till 5 dead || fail "$1: it lives"
	kill -0 $iperf 2>/dev/null || fail "$1: the transfer had ended before"
	ping -q -c 500 -i 0.002 -W 20 $peer >/tmp/ping2 || fail "$1: no traffic after it"
	wait $ping || fail "$1: no answers"
	for f in /tmp/ping /tmp/ping2; do
		grep -q ' 0% packet loss' $f || fail "$1: $(grep loss $f)"
	done
	wait $iperf || fail "$1: the connection broke"
	echo "$1: $(grep -h loss /tmp/ping /tmp/ping2 | tr '\n' ';') $(grep -c bits_per_second /tmp/iperf) figures"
	end
}
goes_on idle ''
goes_on drvinfo kill@1:e1000_get_drvinfo
goes_on registers kill@2:e1000_get_regs
goes_on statistics kill@1:e1000_get_ethtool_stats
goes_on watchdog kill@1:e1000_watchdog:6 30
begin
end
END2
lab/run --time 280 --device e1000 --module build/kernel/$kernel/tandem.ko --out "$out/o" -- \
	bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" || t_fail "status $?"
