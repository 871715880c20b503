#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest_nic.sh stock|split MODULE STEP...: runs in the guest; puts what a network driver shows into
# /out/r, one file a question, so that two drivers can be compared file by file. With FULL set, all values
# are tried, not some.
kind=$1 module=$2
shift 2
mkdir -p /out/r
cd /out/r || exit 1
own=$(cat "/sys/class/net/$NIC/address")
slot=$(basename "$(readlink -f "/sys/class/net/$NIC/device")")
address=$(ip -4 -o addr show dev "$NIC" | awk '{print $4}')

# rec NAME COMMAND...: what it says, and its status
rec() {
	local name=$1
	shift
	"$@" >"$name" 2>&1
	echo "status $?" >>"$name"
	echo "$name" >>../progress
}

# some FEW ALL: how many or which, in a short run and in a full one.
some() { [ -n "${FULL:-}" ] && echo "$2" || echo "$1"; }

# change NAME COMMAND...: one that may reset the chip. What the chip has counted since the driver last asked it
# is lost then, by any driver; asking now makes that nothing.
change() {
	ethtool -S "$NIC" >/dev/null 2>&1
	rec "$@"
}

pings() { ping -q -c "${1:-5}" -i 0.02 -W 5 "$PEER" "${@:2}" | grep -oE '[0-9]+ packets transmitted, [0-9]+ received'; }

# A slow machine may take long until the link is there.
carrier() {
	local n
	for n in $(seq 600); do
		[ "$(cat "/sys/class/net/$NIC/carrier" 2>/dev/null)" = 1 ] && return 0
		sleep 0.1
	done
	echo 'no carrier: the rest would say nothing'
	exit 1
}

interface() {
	local n
	for n in $(seq 600); do
		NIC=$(ls "/sys/bus/pci/devices/$slot/net" 2>/dev/null) && [ -n "$NIC" ] && return 0
		sleep 0.1
	done
	echo 'no interface: the rest would say nothing'
	exit 1
}

# No host asks who has an address but where the test wants it, and a link that goes does not make it forget:
# the number of frames is the same at each run.
quiet() {
	echo 3600 >"/proc/sys/net/ipv4/neigh/$NIC/delay_first_probe_time"
	ip neigh replace "$PEER" lladdr "$peer" dev "$NIC" nud permanent
}

up() {
	interface || return 1
	ip link set "$NIC" up || exit 1
	ip addr replace "$address" dev "$NIC" || return 1
	carrier && quiet
}

down() {
	ethtool -S "$NIC" >/dev/null 2>&1
	ip link set "$NIC" down
}

load() {
	if [ "$kind" = stock ]; then
		modprobe "$module" "$@"
		return
	fi
	setsid "$SPLIT/$module/$module-user" >/dev/null 2>>/out/user.err </dev/null &
	insmod "$SPLIT/$module/$module.ko" "$@"
}

unload() {
	rmmod "$module" || return 1
	[ "$kind" = split ] || return 0
	for n in $(seq 300); do
		pgrep -x "$(printf %.15s "$module-user")" >/dev/null || return 0
		sleep 0.1
	done
	echo 'user half stays'
	return 1
}

# Registers and the PHY's, one in a line.
registers() { ethtool -d "$NIC" raw on | od -An -v -tx4 -w4 | cat -n; }

# The device model's autonegotiation ends half a second of guest time after its start; until then, there may
# seem to be a link.
settle() { sleep 1; }
relink() { settle; carrier; }

sysfs() {
	local f
	for f in address addr_len broadcast carrier dev_id dev_port dormant duplex flags gro_flush_timeout \
		mtu name_assign_type operstate speed tx_queue_len type; do
		echo "$f $(cat "/sys/class/net/$NIC/$f" 2>&1)"
	done
	ls "/sys/class/net/$NIC" "/sys/class/net/$NIC/queues" "/sys/bus/pci/devices/$slot"
	for f in enable irq numa_node power/control power/wakeup broken_parity_status msi_bus; do
		echo "$f $(cat "/sys/bus/pci/devices/$slot/$f" 2>&1)"
	done
	readlink "/sys/bus/pci/devices/$slot/driver"
}

parameters() { grep -H . "/sys/module/$module/parameters/"*; }
resources() { grep -E "$module|$NIC" /proc/iomem /proc/ioports | sed 's/ *[0-9a-f]*-[0-9a-f]* : / /'; grep -c "$NIC" /proc/interrupts; }
# The driver's own messages, without their times.
messages() { dmesg | sed 's/^\[[^]]*\] //' | grep -E "^$module"; }

state() {
	local name
	rec "$1.sysfs" sysfs
	rec "$1.link" ip -d -s link show "$NIC"
	rec "$1.resources" resources
	rec "$1.config-space" lspci -xxx -s "$slot"
	rec "$1.drvinfo" ethtool -i "$NIC"
	for name in g k a c l P T m x n; do
		rec "$1.ethtool-$name" ethtool -$name "$NIC"
	done
	rec "$1.settings" ethtool "$NIC"
	rec "$1.registers" registers
	rec "$1.registers-text" ethtool -d "$NIC"
	rec "$1.eee" ethtool --show-eee "$NIC"
	rec "$1.priv-flags" ethtool --show-priv-flags "$NIC"
	rec "$1.statistics" ethtool -S "$NIC"
}

step_first() {
	rec probe.messages messages
	rec probe.parameters parameters
	state probe
	rec probe.eeprom ethtool -e "$NIC" raw on
	rec probe.eeprom-part ethtool -e "$NIC" offset 3 length 5
	rec probe.eeprom-magic ethtool -E "$NIC" magic 1 offset 0 value 1
}

step_ping() {
	rec ping pings 100
	cat "/sys/class/net/$NIC/statistics/"{rx,tx}_{packets,errors,dropped} >ping.packets
	state ping
}

step_iperf3() {
	rec iperf3.send sh -c "iperf3 -c $PEER -t 2 >/out/iperf3.send 2>&1"
	rec iperf3.receive sh -c "iperf3 -R -c $PEER -t 2 >/out/iperf3.receive 2>&1"
	rec iperf3.udp sh -c "iperf3 -u -b 5M -c $PEER -t 1 >/out/iperf3.udp 2>&1"
}

step_test() {
	[ -z "${FULL:-}" ] || rec test.online ethtool -t "$NIC" online
	change test.offline ethtool -t "$NIC" offline
	carrier
	rec test.ping pings
	down
	[ -z "${FULL:-}" ] || rec test.down ethtool -t "$NIC" offline
	rec test.up up
	state test
	rec test.messages messages
}

step_mtu() {
	local mtu
	for mtu in $(some '16110 67' '68 1000 4000 16110 1500 67 16111'); do
		change "mtu.$mtu" ip link set "$NIC" mtu $mtu
		carrier
		rec "mtu.$mtu.ping" pings 3 -s $((mtu < 1500 ? mtu - 28 : 1400))
		registers >"mtu.$mtu.registers"
	done
	down
	rec mtu.down ip link set "$NIC" mtu 3000
	rec mtu.down.up up
	registers >mtu.down.registers
	change mtu.back ip link set "$NIC" mtu 1500
	carrier
}

step_mac() {
	rec mac.up ip link set "$NIC" address 52:54:00:77:aa:01
	rec mac.up.ping pings
	rec mac.bad ip link set "$NIC" address 01:00:5e:00:00:01
	rec mac.dad ip link set "$NIC" address 00:00:00:00:00:00
	down
	rec mac.down ip link set "$NIC" address 52:54:00:77:aa:02
	rec mac.down.up up
	# the peer learns the new address from being asked for its own
	ip neigh del "$PEER" dev "$NIC"
	rec mac.down.ping pings
	settle
	rec mac.link ip link show "$NIC"
	rec mac.eeprom ethtool -P "$NIC"
	rec mac.back ip link set "$NIC" address "$own"
	rec mac.back.ping pings
	quiet
}

step_updown() {
	local n
	for n in $(seq "$(some 1 10)"); do
		change updown.down ip link set "$NIC" down
		settle
		rec "updown.down.settings" ethtool "$NIC"
		rec "updown.down.registers" registers
		rec updown.up up
		rec updown.ping pings
		grep -q 'status 0' updown.ping || break
	done
	rec updown.messages messages
	state updown
}

step_rings() {
	local n list=('rx 4096 tx 80')
	[ -z "${FULL:-}" ] || list+=('rx 80 tx 4096' 'tx 1' 'rx-jumbo 3' 'rx 256 tx 256')
	for n in "${list[@]}"; do
		change "rings.$n" ethtool -G "$NIC" $n
		carrier
		rec "rings.$n.now" ethtool -g "$NIC"
		rec "rings.$n.ping" pings
	done
	down
	rec rings.down ethtool -G "$NIC" rx 512
	rec rings.down.up up
	rec rings.down.now ethtool -g "$NIC"
	rec rings.down.ping pings
}

step_settings() {
	local n list=('rx-usecs 100')
	[ -z "${FULL:-}" ] || list+=('rx-usecs 0' 'rx-usecs 1' 'rx-usecs 3' 'rx-usecs 20000' 'tx-usecs 5')
	for n in "${list[@]}"; do
		change "coalesce.$n" ethtool -C "$NIC" $n
		rec "coalesce.$n.now" ethtool -c "$NIC"
		rec "coalesce.$n.ping" pings 2
	done
	list=('rx off tx on')
	[ -z "${FULL:-}" ] || list+=('rx off tx off' 'autoneg off' 'rx on tx off' 'autoneg on')
	for n in "${list[@]}"; do
		change "pause.$n" ethtool -A "$NIC" $n
		relink
		rec "pause.$n.now" ethtool -a "$NIC"
		registers >"pause.$n.registers"
	done
	list=('wol g' 'wol umb' 'wol s' 'wol d' 'msglvl 0xffff' 'msglvl 7' 'phyad 3' 'speed 1000 duplex half autoneg off' \
		'speed 10 duplex half autoneg off' 'autoneg on')
	[ -z "${FULL:-}" ] || list+=('msglvl 0' 'msglvl 7' 'speed 100 duplex full autoneg off' 'autoneg on' \
		'advertise 0x0f' 'advertise 0x3f' 'mdix on' 'mdix auto')
	for n in "${list[@]}"; do
		change "set.$n" ethtool -s "$NIC" $n
		case $n in wol*|msglvl*) ;; *) relink;; esac
		rec "set.$n.now" ethtool "$NIC"
	done
	rec settings.ping pings
	change restart ethtool -r "$NIC"
	relink
	rec restart.ping pings
	rec identify ethtool -p "$NIC" 1
	rec settings.messages messages
	state settings
}

step_features() {
	local n list=(rx rxvlan rx-all loopback)
	[ -z "${FULL:-}" ] || list+=(tx sg tso rx-fcs rx-vlan-filter)
	for n in "${list[@]}"; do
		change "feature.$n.off" ethtool -K "$NIC" $n off
		carrier
		rec "feature.$n.off.now" ethtool -k "$NIC"
		[ $n = loopback ] || rec "feature.$n.off.ping" pings 3
		registers >"feature.$n.off.registers"
		change "feature.$n.on" ethtool -K "$NIC" $n on
		carrier
		rec "feature.$n.on.now" ethtool -k "$NIC"
		[ $n = loopback ] || rec "feature.$n.on.ping" pings 3
		registers >"feature.$n.on.registers"
	done
	change features.back ethtool -K "$NIC" rx-all off rx-fcs off loopback off
	carrier
	rec features.back.ping pings
	rec features.messages messages
	state features
}

step_vlan() {
	local n
	for n in 5 6 4094; do
		rec "vlan.$n.add" ip link add link "$NIC" name "$NIC.$n" type vlan id $n
		rec "vlan.$n.up" ip link set "$NIC.$n" up
	done
	ip addr add 10.78.5.2/24 dev "$NIC.5"
	# nobody answers there; the frames are on the wire, and the host compares them
	ip neigh replace 10.78.5.1 lladdr 52:54:00:78:00:01 dev "$NIC.5" nud permanent
	ping -q -c 3 -i 0.02 -W 1 10.78.5.1 >/dev/null
	rec vlan.sent cat "/sys/class/net/$NIC.5/statistics/tx_packets"
	rec vlan.ping pings
	registers >vlan.registers
	down
	rec vlan.up up
	rec vlan.up.ping pings
	registers >vlan.up.registers
	for n in 5 6 4094; do
		rec "vlan.$n.del" ip link del "$NIC.$n"
	done
	registers >vlan.gone.registers
	rec vlan.gone.ping pings
}

step_filter() {
	local n
	rec filter.promisc ip link set "$NIC" promisc on
	registers >filter.promisc.registers
	rec filter.promisc.ping pings
	rec filter.nopromisc ip link set "$NIC" promisc off
	rec filter.allmulti ip link set "$NIC" allmulticast on
	registers >filter.allmulti.registers
	rec filter.noallmulti ip link set "$NIC" allmulticast off
	for n in $(seq 1 20); do ip maddr add "33:33:00:00:01:$(printf %02x "$n")" dev "$NIC"; done
	rec filter.many ip maddr show dev "$NIC"
	registers >filter.many.registers
	rec filter.many.ping pings
	for n in $(seq 1 20); do ip maddr del "33:33:00:00:01:$(printf %02x "$n")" dev "$NIC"; done
	registers >filter.few.registers
	rec filter.unicast bridge fdb add 52:54:00:77:bb:01 dev "$NIC" self
	registers >filter.unicast.registers
	rec filter.nounicast bridge fdb del 52:54:00:77:bb:01 dev "$NIC" self
}

# SIOCGMIIPHY, SIOCGMIIREG, SIOCSMIIREG as mii-tool uses them, and one that no NIC knows.
step_mii() {
	rec mii python3 - "$NIC" <<-'PY'
	import fcntl, socket, struct, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

	def ask(request, phy=0, reg=0, value=0):
	    ifr = struct.pack('16s4H8x', sys.argv[1].encode(), phy, reg, value, 0)
	    try:
	        return struct.unpack('16s4H8x', fcntl.ioctl(s, request, ifr))[1:]
	    except OSError as e:
	        return e.strerror

	print('phy', ask(0x8947))
	phy = ask(0x8947)[0]
	for reg in list(range(32)) + [32, 63, 65535]:
	    print('read', reg, ask(0x8948, phy, reg))
	print('other phy', ask(0x8948, phy ^ 3, 1))
	for reg, value in (4, 0x1e1), (0, 0x1140), (0, 0x2100), (0, 0x1340), (9, 0x300), (16, 0x68), (40, 1):
	    print('write', reg, ask(0x8949, phy, reg, value))
	    print('read', reg, ask(0x8948, phy, reg))
	print('private', ask(0x89f0))
	print('timestamp', ask(0x89b0))
	PY
	relink
	rec mii.settings ethtool "$NIC"
	change mii.restart ethtool -r "$NIC"
	relink
	rec mii.ping pings
}

step_remove() {
	local n
	for n in $(seq "$(some 1 10)"); do
		rec remove sh -c "echo 1 >/sys/bus/pci/devices/$slot/remove"
		rec remove.gone ls "/sys/class/net"
		rec remove.resources resources
		rec rescan sh -c 'echo 1 >/sys/bus/pci/rescan'
		rec rescan.up up
		rec rescan.ping pings
	done
	state rescan
	rec unbind sh -c "echo $slot >/sys/bus/pci/drivers/$module/unbind"
	rec unbind.gone ls "/sys/class/net"
	rec bind sh -c "echo $slot >/sys/bus/pci/drivers/$module/bind"
	rec bind.up up
	rec bind.ping pings
	state bind
	rec bind.messages messages
}

step_parameters() {
	rec parameters.unload unload
	dmesg -C
	rec parameters.load load TxDescriptors=512 RxDescriptors=100 Speed=100 Duplex=2 XsumRX=0 FlowControl=2 \
		TxIntDelay=16 RxIntDelay=8 InterruptThrottleRate=4000 SmartPowerDownEnable=1 copybreak=128 debug=16
	rec parameters.up up
	rec parameters.ping pings
	rec parameters.values parameters
	rec parameters.messages messages
	state parameters
	rec parameters.bad.unload unload
	dmesg -C
	rec parameters.bad.load load TxDescriptors=7 RxDescriptors=99999 Speed=77 Duplex=9 XsumRX=5 FlowControl=9 \
		TxIntDelay=99999 InterruptThrottleRate=7 AutoNeg=0x2f
	rec parameters.bad.up up
	rec parameters.bad.ping pings
	rec parameters.bad.messages messages
	state parameters.bad
	rec parameters.back.unload unload
	rec parameters.back.load load
	rec parameters.back.up up
	rec parameters.back.ping pings
}

ping -q -c 1 -W 5 "$PEER" >/dev/null
peer=$(ip neigh show "$PEER" dev "$NIC" | sed 's/.*lladdr \([^ ]*\).*/\1/')
quiet
for step; do
	"step_$step"
	echo "$step done at $(cut -d ' ' -f 1 /proc/uptime)" >>../progress
done
echo end >>../progress
