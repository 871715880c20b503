#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two processors: traffic both ways while ethtool asks and changes things in loops, and the interface goes
# down and up. Nobody waits for ever, frames pass afterwards, and a kernel that looks for races finds none.
# timeout: 300
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
seconds=15
[ -z "$checking" ] || seconds=60
[ -z "$soak" ] || seconds=600

cat >"$out/guest" <<'END'
seconds=$1
fail() { echo "$*"; exit 1; }
[ "$(nproc)" = 2 ] || fail 'not two processors'
end=$((SECONDS + seconds))
asks=0
again() { [ $SECONDS -lt $end ]; }
carry() { while again; do iperf3 $1 -t 2 -c "$PEER" >/dev/null 2>&1; done; }
ask() {
	while again; do
		for o in -S -i -d -g -k -a -c '' -e; do ethtool $o "$NIC" >/dev/null 2>&1; done
		echo asked
	done >/tmp/asked
}
change() {
	while again; do
		for o in '-G rx 80' '-G rx 256' '-K tso off' '-K tso on' '-A rx off tx off' '-A rx on tx on' '-r'; do
			ethtool ${o%% *} "$NIC" $([ "$o" = "${o#* }" ] || echo "${o#* }") >/dev/null 2>&1
		done
		ip link set "$NIC" mtu 1400
		ip link set "$NIC" mtu 1500
		ip link set "$NIC" down
		ip link set "$NIC" up
		echo changed
	done >/tmp/changed
}
look() { while again; do cat /sys/kernel/debug/tandem/e1000/* /sys/class/net/$NIC/statistics/* >/dev/null 2>&1; sleep 0.1; done; }
carry & carry -R & ask & change & look &
wait
for n in $(seq 600); do [ "$(cat "/sys/class/net/$NIC/carrier")" = 1 ] && break; sleep 0.1; done
ping -q -c 3 -W 20 "$PEER" || fail 'no answer afterwards'
asks=$(wc -l </tmp/asked) changes=$(wc -l </tmp/changed)
echo "$asks rounds of questions, $changes of changes in $seconds s"
# How many there were is the host's affair; a round that does not end is ours.
[ $asks -gt 0 ] && [ $changes -gt 0 ] || fail 'none'
END
lab/run --time $((seconds + 150)) --smp 2 --device e1000 --split e1000 -- \
	bash -c "$(cat "$out/guest")" guest $seconds || t_fail "status $?"
