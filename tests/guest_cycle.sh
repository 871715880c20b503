#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest_cycle.sh MODULE SLOT LOADS BINDS: runs in the guest, where the runtime is loaded and the device has no
# driver. Loads and unloads the split driver so often, then unbinds and binds its device; says what was
# held while it ran, and what there was before and after.
module=$1 slot=$2 loads=$3 binds=$4
driver=/sys/bus/pci/drivers/$module
debug=/sys/kernel/debug/tandem/$module
. /out/guest_count.sh
fail() { echo "$*, in cycle $n"; exit 1; }
cp "$SPLIT/$module/$module.ko" "$SPLIT/$module/$module-user" /tmp

# First lines of the ledger and the table of objects.
held() {
	local l o
	read -r l <"$debug/ledger" && read -r o <"$debug/objects" || fail 'no ledger'
	echo "$l $o"
}

load() {
	setsid /tmp/$module-user >/dev/null 2>>/out/user.err </dev/null & pid=$!
	insmod /tmp/$module.ko || fail "insmod: $?"
}

unload() {
	rmmod $module || fail "rmmod: $?"
	wait $pid || fail "user half: $?"
	[ ! -e $debug ] || fail 'its folder is left'
}

bind() {
	echo $slot >$driver/bind || fail 'does not bind'
	[ "$(held)" = "$bound" ] || fail "bound: $(held) held, not $bound"
}

unbind() {
	echo $slot >$driver/unbind || fail 'does not unbind'
	[ "$(held)" = "$free" ] || fail "unbound: $(held) held, not $free"
}

# Each way of being used now and then.
use() {
	[ $((n % 10)) = 1 ] || return 0
	nic=$(basename /sys/bus/pci/devices/$slot/net/*)
	[ "$nic" != '*' ] || return 0
	ip link set "$nic" up && ip link set "$nic" down || fail 'not up and down'
}

cycle_load() {
	load
	use
	unload
}

cycle_bind() {
	unbind
	bind
	use
}

# WHAT TIMES: and what there was before and after. The first ones warm up what lives longer.
repeat() {
	local begun
	for n in 1 2; do cycle_$1; done
	count >/tmp/before
	begun=$SECONDS
	for n in $(seq "$2"); do cycle_$1; done
	echo "$2 times $1: $((SECONDS - begun)) s"
	count >/tmp/after
	timers_pending >>/tmp/after || fail 'timers are not counted'
	cp /tmp/before /out/$1.before
	cp /tmp/after /out/$1.after
}

timers_begin || fail 'timers are not traced'
n=0
load
bound=$(held)
echo $slot >$driver/unbind
free=$(held)
echo "ledger and objects: bound $bound, unbound $free"
[ "${free% *}" = 0 ] && [ "${bound% *}" != 0 ] || fail 'the ledger does not count'
bind
unload
repeat load "$loads"
load
repeat bind "$binds"
unload
