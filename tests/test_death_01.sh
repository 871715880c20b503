#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The user half ends by a signal, a core dump to a slow reader, a stop, an endless loop or a deadlock, at
# the n-th crossing of an operation: the caller gets its answer in time, no lock is held, the ledger is
# empty or as it was before, frames are freed, traffic goes on where only something was read, and unbind,
# bind and reload work. In full, at each crossing; else at some, the first and the last among them; each that was
# asked for must have died.
# timeout: 600
# kernels: 6.1 verifier kcsan
. tests/helpers.sh

gcc -O2 -Wall -Wextra -Werror -o build/death-drive tests/death/*.c || t_fail 'tests/death does not compile'

# Its files are in memory: an idle guest's clock jumps while the host answers, and times are judged.
cat >"$out/guest" <<'END2'
soak=$1 ms=$2 kinds=$3
cp -r /tandem/death-drive $SPLIT/e1000 /tmp/ || exit
failed=0
dies() {	# SAMPLES KIND OPERATION ENTRY
	/tmp/death-drive /tmp/e1000 0000:00:10.0 10.77.1.2 10.77.1.1 "$2" "$3" "e1000_$4" "$1" "$ms" || failed=1
}
for kind in $kinds; do
	n=4
	[ $kind = kill ] && n=20
	[ -n "$soak" ] && n=0
	[ $ms = 0 ] || n=6
	[ "$kinds" != 'kill stop' ] || n=3
	dies $n $kind probe probe
	dies $n $kind open open
	dies $n $kind stop close
	dies $n $kind remove remove
	dies $n $kind ioctl ioctl
	dies $n $kind watchdog watchdog:3
	dies $n $kind drvinfo get_drvinfo
done
[ $ms = 0 ] || exit $failed
n=6
[ -n "$soak" ] && n=0
for op in remove-down/remove mtu/change_mtu rings/set_ringparam registers/get_regs eeprom/get_eeprom; do
	dies $n kill ${op%/*} ${op#*/}
done
dies ${soak:+6}6 kill self-test diag_test	# thousands, most of them alike
exit $failed
END2
run() {	# MS KINDS OPTION...
	local ms=$1 kinds=$2
	shift 2
	lab/run "$@" --append iomem=relaxed --device e1000 --module build/kernel/$kernel/tandem.ko -- \
		bash -c "$(cat "$out/guest")" guest "$soak" $ms "$kinds" || t_fail "status $?"
}
all='kill segv stop loop deadlock'
[ -z "$checking" ] || { run 10000 'kill stop' --time 580; exit 0; }
# 8 ns an instruction: as fast as emulation is in real time, and waiting costs less.
run 0 "$all" --icount --qemu=-icount --qemu=shift=3,sleep=off --time "${soak:+5}580"
# On two processors; how fast these are is the host's affair.
[ -z "$soak" ] || run 5000 "$all" --smp 2 --time 2000
