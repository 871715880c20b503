#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A register write is a release point: the interrupt handler that it starts finds what moved code wrote
# before it, from the moment on that the handler can run. With the rules switched off, it does not.
# timeout: 300
# kernels: 6.1
. tests/helpers.sh

kernel=6.1
split=$PWD/build/split/$kernel/edulit
off=$PWD/build/split/$kernel/edulit-off
kdir=$(lab/prepare --kdir $kernel)
build/tandem split tests/litmus_irq --kernel $kernel -o "$split" || t_fail 'does not split'
down() { grep -E "^	\{ \"$1\", down_arg" "$split/plan.c" || t_fail "$1 is no downcall"; }
for name in kzalloc pci_enable_device pci_ioremap_bar; do
	down $name | grep -q TANDEM_DOWN_QUIET || t_fail "$name is not quiet"
done
down request_irq | grep -q TANDEM_DOWN_QUIET && t_fail 'request_irq is quiet'

# edit FILE PATTERN SED: the pattern must be there.
edit() {
	grep -q -- "$2" "$1" || t_fail "nothing to switch off: $2"
	sed -i "$3" "$1"
}
rm -rf "$off"
cp -r "$split" "$off"
rm -f "$off/edulit.ko" "$off/edulit-user"
# who requests an interrupt is not alone any more
edit "$off/plan.c" '"request_irq", down_arg' '/"request_irq", down_arg/s/, 0, 0, {/, 0 | TANDEM_DOWN_QUIET, 0, {/'
grep '"request_irq", down_arg' "$off/plan.c" | grep -q QUIET || t_fail 'request_irq was not made quiet'
make -s -C "$kdir" M="$off/kernel" KBUILD_EXTRA_SYMBOLS="$PWD/build/kernel/$kernel/Module.symvers" \
	TANDEM_DIR="$PWD" modules >"$out/log" 2>&1 && make -s -C "$off/user" TANDEM_DIR="$PWD" >>"$out/log" 2>&1 ||
	t_fail "does not compile: $(grep -m1 error "$out/log")"
mv "$off/kernel/edulit.ko" "$off/"

# a register write is no release: the user half alone is another
late=$PWD/build/split/$kernel/edulit-late
rm -rf "$late"
cp -r "$split" "$late"
rm -f "$late/edulit-user"
edit "$(echo "$late"/user/tu-*.c)" '(tandem_release(), writel' 's/(tandem_release(), writel/(writel/'
make -s -C "$late/user" TANDEM_DIR="$PWD" >"$out/log" 2>&1 || t_fail "does not compile: $(grep -m1 error "$out/log")"

cat >"$out/guest" <<'END'
dir=$SPLIT
values() { (cd /sys/module/edulit/parameters && echo $(cat interrupts wrong_first wrong_later)); }
tandem run $dir/edulit || exit
said=$(values)
[ "$said" = '1001 0 0' ] || { echo "interrupts, and how often they saw the past: $said"; exit 1; }
rmmod edulit

for rule in off late; do
	tandem run $dir/edulit-$rule || exit
	said=$(values)
	echo "rule off: $said"
	[ "$said" = '1001 1 1000' ] || { echo 'nothing lost with the rule off'; exit 1; }
	rmmod edulit
done
END
lab/run --device edu --module build/kernel/$kernel/tandem.ko -- \
	bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" || t_fail "status $?"
