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
# In how many intervals the transfer has moved something.
moved() { grep -c '[1-9][0-9.]* [KMG]Bytes' /tmp/iperf; }
moves() { [ "$(moved)" -gt "${1:-0}" ]; }
# Echo requests that the kernel has sent and got no reply to. ping(8) counts what it reads from its socket, of which a
# slow machine drops some.
unanswered() {
	awk '$1 == "Icmp:" && !n++ { split($0, name) }
		$1 == "Icmp:" { for (i = 2; i <= NF; i++) value[name[i]] = $i }
		END { print value["OutEchos"] - value["InEchoReps"] }' /proc/net/snmp
}
goes_on() {	# WHAT FAULT
	begin ${2:+"--fault=$2"}
	ping -q -c 1500 -i 0.002 -W 20 $peer >/tmp/ping & ping=$!
	iperf3 -c $peer -t 1000 --forceflush >/tmp/iperf & iperf=$!
	till 60 moves || fail "$1: the transfer does not begin"
	dead && fail "$1: it died before"
	$1 >/dev/null 2>&1
	till 5 dead || fail "$1: it lives"
	ping -q -c 500 -i 0.002 -W 20 $peer >/tmp/ping2 || fail "$1: no traffic after it"
	wait $ping || fail "$1: no answers"
	[ "$(unanswered)" = 0 ] || fail "$1: $(unanswered) frames lost; $(grep -h loss /tmp/ping /tmp/ping2)"
	before=$(moved)
	till 60 moves $((before + 1)) || fail "$1: the connection broke: $(tail -n 3 /tmp/iperf)"
	kill -INT $iperf
	wait $iperf
	echo "$1: $(grep -h loss /tmp/ping /tmp/ping2 | tr '\n' ';') $(moved) figures"
	end
}
goes_on idle ''
goes_on drvinfo kill@1:e1000_get_drvinfo
goes_on registers kill@2:e1000_get_regs
goes_on statistics kill@1:e1000_get_ethtool_stats
goes_on watchdog kill@1:e1000_watchdog:6
begin
end
END2
lab/run --time 280 --device e1000 --module build/kernel/$kernel/tandem.ko --out "$out/o" -- \
	bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" || t_fail "status $?"
