#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing that belongs to a driver is named by the splitter, the runtime or the tool: neither a driver nor
# a function or variable of it. What only drivers know is in policy/, and counted.
# timeout: 200
. tests/helpers.sh
where=(split kernel lib logic include cli)

# the distribution's modules say what belongs to a driver
modules=$(lab/prepare 6.1 | sed -n 's/^modules=//p')
[ -d "$modules" ] || t_fail 'no modules'
drivers=(e1000 e1000e e100 8139cp 8139too pcnet32 ne2k-pci 8390 tulip igb vmxnet3 snd-ens1370 snd-ens1371
	snd-intel8x0 uhci-hcd nvme sky2 tg3)
for driver in "${drivers[@]}"; do
	ko=$(find "$modules" -name "$driver.ko*" | head -n 1)
	echo "$driver"
	# short names and plain words are everybody's
	[ -z "$ko" ] || nm --defined-only "$ko" | awk '{print $3}' | grep -E '^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$' |
		grep -vxE 'init_module|cleanup_module|driver_exit|[a-z]+_(init|exit|lock)'
done | sort -u >"$out/names"
[ "$(wc -l <"$out/names")" -gt 1000 ] || t_fail "only $(wc -l <"$out/names") names"
grep -rnwFf "$out/names" "${where[@]}" | grep -v '/meson.build:' >"$out/found"
[ ! -s "$out/found" ] || t_fail "$(head -n 20 "$out/found")"

# the check itself: it finds what is there
mkdir "$out/planted"
echo 'if (!strcmp(name, "e1000_probe"))' >"$out/planted/x.c"
grep -qrwFf "$out/names" "$out/planted" || t_fail 'the check is blind'
