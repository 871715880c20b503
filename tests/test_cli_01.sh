#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Wrong usage ends with 2, what cannot be done with 1, each with one line on stderr.
. tests/helpers.sh

# says STATUS PATTERN ARGUMENTS...
says() {
	local status=$1 pattern=$2 said got=0
	shift 2
	said=$(build/tandem "$@" 2>&1 >/dev/null) || got=$?
	[ "$got" = "$status" ] || t_fail "status $got instead of $status: $*"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "not one line: $said"
	grep -qE -- "^tandem: .*($pattern)" <<<"$said" || t_fail "$*: $said"
}

t_status 0 build/tandem --version >"$out/version"
grep -qE '^tandem [0-9]+\.[0-9]+' "$out/version" || t_fail "$(cat "$out/version")"
t_status 0 build/tandem --help >"$out/help"
for command in split run install remove status list; do
	grep -q "tandem $command" "$out/help" || t_fail "--help does not name $command"
	t_status 0 build/tandem $command --help >/dev/null
done
(cd "$out" && t_status 0 "$OLDPWD/build/tandem") >"$out/none"
cmp "$out/none" "$out/help" || t_fail 'without splits and arguments: not the help'

says 2 'no such command: frobnicate' frobnicate
says 2 'name a module' split
says 2 'with -o DIR' split e100
says 2 '-o needs a value' split e100 -o
says 2 'unknown option --frob' split e100 --frob -o "$out/x"
says 2 'one module at a time' split e100 e1000 -o "$out/x"
says 2 'name the folder' run
says 2 'unknown argument' status now
says 1 'no split in' run "$out/nosuch"
says 1 'no split in' list "$out"
[ -e /sys/module/tandem ] || says 1 'tandem.ko is not loaded' status

# a split that is not compiled, then one for another kernel
mkdir "$out/drv"
touch "$out/drv/.tandem-split"
cat >"$out/drv/report.json" <<-END
	{"module": "drv", "functions": {"total": 4, "user": 3, "kernel": 1}, "lines": {"total": 40, "user":
	30, "kernel": 10}, "annotations": 0, "policy": 0, "refused": []}
END
build/tandem list "$out" >"$out/list" || t_fail 'list failed'
grep -qE '^drv +3/4 +30/40 +0 +0 +not built ' "$out/list" || t_fail "$(cat "$out/list")"
says 1 'is not compiled' run "$out/drv"
printf 'x\0vermagic=1.2.3 SMP\0' >"$out/drv/drv.ko"
touch "$out/drv/drv-user"
if [ "$(id -u)" = 0 ]; then
	says 1 'wrong kernel: .* is for 1.2.3' run "$out/drv"
else
	says 1 'no permission' run "$out/drv"
fi
exit 0
