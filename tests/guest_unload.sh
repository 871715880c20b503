#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest_unload.sh MODULE SLOT ROUNDS: runs in the guest, where the runtime is loaded and the device has no driver.
# While two processes ask the split driver for one thing again and again, its module is unloaded, its device
# unbound, or the device taken away; for each thing that can be asked.
module=$1 slot=$2 rounds=$3
device=/sys/bus/pci/devices/$slot
debug=/sys/kernel/debug/tandem/$module
fail() { echo "$way during $what: $*"; exit 1; }
cp "$SPLIT/$module/$module.ko" "$SPLIT/$module/$module-user" /tmp
: >/tmp/seen

# What is asked, with $nic; whatever the answer.
asked=(
	'ethtool $nic' 'ethtool -i $nic' 'ethtool -S $nic' 'ethtool -d $nic' 'ethtool -e $nic' 'ethtool -k $nic'
	'ethtool -a $nic' 'ethtool -g $nic' 'ethtool -c $nic' 'ethtool -r $nic' 'ethtool -t $nic online' 'ethtool -p $nic 1'
	'ethtool -G $nic rx 80; ethtool -G $nic rx 256' 'ethtool -K $nic rx off; ethtool -K $nic rx on'
	'ethtool -A $nic rx off; ethtool -A $nic rx on' 'ethtool -s $nic wol d'
	'ip link set $nic down; ip link set $nic up' 'ip link set $nic mtu 1400; ip link set $nic mtu 1500'
	'ip link set $nic address 02:00:00:00:00:07; ip link set $nic promisc on; ip link set $nic promisc off'
	'ip link add link $nic name v7 type vlan id 7; ip link del v7' 'ip -s link show $nic'
	'cat /sys/class/net/$nic/{carrier,speed,duplex,statistics/rx_packets}'
	'cat $debug/*' 'echo 0 >$debug/stats' 'cat $device/{resource,config,driver/module/refcnt}'
)

load() {
	setsid /tmp/$module-user >/dev/null 2>>/out/user.err </dev/null & user=$!
	insmod /tmp/$module.ko || fail "insmod: $?"
	for n in $(seq 100); do
		nic=$(ls $device/net 2>/dev/null) && [ -n "$nic" ] && break
		sleep 0.02
	done
	[ -n "$nic" ] || fail 'no interface'
	ip link set "$nic" up || fail 'not up'
}

# Whoever asks may be in the driver when it goes, and finds out.
ask() { while :; do eval "$what"; done >/dev/null 2>&1; }

gone() {
	local first
	read -r first <$debug/ledger && [ "$first" = 0 ] || fail "in the ledger: $first"
}

# Two self-tests of several seconds each may be before it.
go() {
	local begun=$SECONDS
	case $way in
	unload)
		rmmod $module || fail "rmmod: $?";;
	unbind)
		echo $slot >$device/driver/unbind || fail 'does not unbind'
		gone;;
	remove)
		echo 1 >$device/remove || fail 'does not go'
		gone
		echo 1 >/sys/bus/pci/rescan
		[ -e $device/driver ] || fail 'does not come again';;
	esac
	[ $((SECONDS - begun)) -le 40 ] || fail "took $((SECONDS - begun)) s"
}

end() {
	kill $askers 2>/dev/null
	wait $askers 2>/dev/null
	[ $way = unload ] || rmmod $module || fail "rmmod: $?"
	wait $user || fail "user half: $?"
	[ ! -e $debug ] || fail 'its folder is left'
}

ways=(unload unbind remove)
times=0
for n in $(seq 0 $((rounds - 1))); do
	for i in ${!asked[@]}; do
		what=${asked[i]} way=${ways[(n + i) % 3]}
		load
		ask & askers=$!
		ask & askers="$askers $!"
		sleep 0.$((RANDOM % 4))
		awk '/^up / { print $2 }' $debug/stats >>/tmp/seen
		go
		end
		times=$((times + 1))
	done
done
echo "$times times, during ${#asked[@]} kinds of questions, by ${#ways[@]} ways; $(sort -u /tmp/seen | wc -l) entries of the user half were called"
[ "$(sort -u /tmp/seen | wc -l)" -ge 15 ] || exit 1
rmmod tandem
