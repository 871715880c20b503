#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the plan says of a downcall: it is queued where policy says so and no call looks at its result; it is
# quiet where nobody gets to see through it what a probe has made.
. tests/helpers.sh
cp -r policy "$out/policy"
printf '%s\n' 'queued pci_enable_device' 'queued pci_enable_wake' 'queued mod_timer' 'queued pci_set_master' >"$out/policy/more.policy"
build/tandem split e100 -o "$out/e100" --no-build --policy "$out/policy" || t_fail 'does not split'
down() { grep -E "^	\{ \"$1\", down_arg" "$out/e100/plan.c" || t_fail "$1 is no downcall"; }

down pci_set_master | grep -q TANDEM_DOWN_QUEUED || t_fail 'a void call is not queued'
for name in pci_enable_wake mod_timer; do
	down $name | grep -q 'TANDEM_VALUE_VOID.*TANDEM_DOWN_QUEUED' || t_fail "$name: nobody wants its result, and it is not queued"
done
down pci_enable_device | grep -q TANDEM_DOWN_QUEUED && t_fail 'a call is queued whose result is wanted'
down pci_disable_device | grep -q TANDEM_DOWN_QUEUED && t_fail 'a call is queued that policy does not name'

for name in pci_set_master alloc_etherdev_mqs netdev_info e100_exec_cmd e100_probe:2909; do
	down $name | grep -q TANDEM_DOWN_QUIET || t_fail "$name is not quiet"
done
# may start other code; store pointers; call what is not known, or through a pointer
for name in request_irq register_netdev mod_timer e100_exec_cb e100_alloc_cbs:1883 e100_request_firmware mdio_read; do
	down $name | grep -q TANDEM_DOWN_QUIET && t_fail "$name is quiet"
done

# a void pointer of the device is what the driver hands to the inline that stores it
type=$(grep -m 1 '{ "dev.driver_data"' "$out/e100/plan.c" | cut -d, -f5)
grep -A$((type + 1)) '^static const struct tandem_type plan_type\[\]' "$out/e100/plan.c" | tail -n 1 | grep -q '"struct net_device"' ||
	t_fail "driver_data is of type $type"
# what an argument may be: a record of its type, opaque or not; a local variable; a field that the calls name
arg() {	# DOWNCALL ARGUMENT
	awk -v f="/* $1 */" -v a="\"$2\"" 'index($0, "down_arg_") { on = index($0, f) } on && index($0, a)' "$out/e100/plan.c"
}
type() { sed -n '/tandem_type plan_type\[\]/,/^};/p' "$out/e100/plan.c" | grep -n "\"$1\"" | sed 's/:.*//; s/$/ - 2/' | xargs expr; }
timer=$(type 'struct timer_list') skb=$(type 'struct sk_buff')
arg del_timer_sync timer | grep -q "TANDEM_OUT, $timer, 0, 0, 0, " || t_fail "a timer is no timer: $(arg del_timer_sync timer)"
arg e100_loopback_test:2382 skb | grep -q "TANDEM_OUT, $skb, 0, " || t_fail 'the region takes a NULL that the driver never gives'
arg e100_loopback_test:2382 err | grep -q 'TANDEM_SPOT_LOCAL, 4' || t_fail 'a local variable may be anything'
arg e100_phy_init:1439 netdev | grep -q ', 1, 0, 0, "netdev"' || t_fail 'a field may hold NULL, and the region only passes it on'
arg dma_alloc_coherent dma_handle | grep -q 'TANDEM_SPOT_FIELDS, 8, "dma_handle", spot_' || t_fail 'a field may be any'
grep -A2 'tandem_spot spot_' "$out/e100/plan.c" | grep -q 'struct nic \*/' || t_fail 'the fields are not listed'
# what the driver stores of its own, and nothing else, may stand in a field
grep -E '"(netdev_ops|ethtool_ops)", ' "$out/e100/plan.c" >"$out/ops"
[ "$(wc -l <"$out/ops")" -ge 2 ] || t_fail 'no ops tables in the plan'
grep -qv ', TANDEM_ONLY_SYMBOLS, 0x0ULL, (const __u16\[\]){ [0-9]*, 0xffff } },$' "$out/ops" && t_fail 'ops tables may be anything'
# a pointer to nothing in particular: the driver hands a device to the inline that stores it, never a symbol
grep -q '"dev.driver_data".*0x0ULL, 0 },$' "$out/e100/plan.c" || t_fail 'a symbol may stand where the driver stores memory'
# the device's own record holds locks and timers: never in memory that the device writes
grep -q '{ "struct nic", .*, 0 },$' "$out/e100/plan.c" || t_fail 'struct nic may lie anywhere'
arg netif_napi_add_weight poll | grep -q '){ [0-9]*, 0xffff }, TANDEM_ONLY_SYMBOLS' || t_fail 'a function may be any'
exit 0
