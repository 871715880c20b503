#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a user half reaches by its device: without an IOMMU any memory, and tandem status says so; behind
# one that translates, its own. There a split network driver works as well.
# timeout: 300
# kernels: 6.1 6.12
. tests/helpers.sh

split=$PWD/build/split/$kernel/edureach
build/tandem split tests/dma_reach --kernel $kernel -o "$split" >"$out/log" 2>&1 || t_fail "does not split: $(tail -n1 "$out/log")"
for name in edureach_probe edureach_run edureach_copy; do
	build/tandem split tests/dma_reach --kernel $kernel --explain $name | grep -q 'user half' || t_fail "$name is not in the user half"
done
gcc -O2 -Wall -Werror -static -o build/dma_canary tests/dma_canary.c || t_fail 'dma_canary does not compile'

cat >"$out/guest" <<'END'
fail() { echo "$*"; exit 1; }
want=$1 says=$2
tandem run $SPLIT/edureach || exit
driver=/sys/bus/pci/drivers/edureach parameters=/sys/module/edureach/parameters
device=$(cd $driver && ls -d 0000:*)
[ "$(cat $parameters/own)" = Y ] || fail 'its own memory did not come back'
isolated=$(tandem status --raw | awk '$1 == "edureach" { print $8 }')
[ "$isolated" = "$says" ] || fail "tandem status: isolated is $isolated, not $says"
coproc /tandem/dma_canary
exec 3<&${COPROC[0]} 4>&${COPROC[1]}
read -r address <&3
echo "$device" >$driver/unbind
echo "$address" >$parameters/target
echo "$device" >$driver/bind || fail 'does not bind again'
[ "$(cat $parameters/own)" = Y ] || fail 'its own memory did not come back the second time'
echo >&4
read -r canary <&3
[ "$canary" = "$want" ] || fail "a foreign page is $canary, not $want"
rmmod edureach

# Registers are for those who may have them.
refused() {	# WHAT COMMAND...
	local what=$1
	shift
	"$@" 2>/dev/null
	! ls $driver/0000:* >/dev/null 2>&1 || fail "its registers were mapped $what"
	dmesg | tail -n 8 | grep -q "cannot map object .*Operation not permitted (device memory needs CAP_SYS_RAWIO" || fail "$what: $(dmesg | tail -n 3)"
	! lsmod | grep -q ^edureach || rmmod edureach
}
refused 'without CAP_SYS_RAWIO' setpriv --inh-caps=-sys_rawio --bounding-set=-sys_rawio tandem run $SPLIT/edureach
tandem run $SPLIT/edureach || exit
echo "$device" >$driver/unbind
mount -t securityfs none /sys/kernel/security && echo integrity >/sys/kernel/security/lockdown || exit
refused 'in lockdown' sh -c "echo $device >$driver/bind"
END
guest() {	# OPTION CANARY ISOLATED
	lab/run ${1:+"$1"} --device edu,dma_mask=0xffffffff --module build/kernel/$kernel/tandem.ko --out "$out/$3" -- \
		bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" guest "$2" "$3" || t_fail "isolated: $3: status $?"
}
fault='DMAR: .*DMA Write.*fault'
guest '' overwritten no
! grep -q "$fault" "$out/no/console.log" || t_fail 'an IOMMU where there is none'
guest --iommu same yes
grep -q "$fault" "$out/yes/console.log" || t_fail 'the IOMMU did not stop it'

lab/run --iommu --split e1000 --out "$out/nic" -- \
	sh -c 'ping -q -c 3 $PEER && iperf3 -c $PEER -t 2 >/out/iperf && PATH=/tandem:$PATH tandem status --raw >/out/status' ||
	t_fail "e1000 behind an IOMMU: status $?"
grep -qE '^e1000( [^ ]+){6} yes' "$out/nic/status" || t_fail "e1000: $(cat "$out/nic/status")"
! grep -q "$fault" "$out/nic/console.log" || t_fail "e1000: $(grep -m1 "$fault" "$out/nic/console.log")"
