#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# timeout: 1200
# With the real DKMS, splitter and compilers, killed at some points of their work: install ends with the halves in
# place, of one build and preferred to the stock driver, remove with what was there.
. tests/helpers.sh
. tests/install.sh
PATH=${PATH#*:}	# not the tests' dkms
[ "$(id -u)" = 0 ] || t_skip 'dkms needs root'
command -v dkms >/dev/null || t_skip 'no dkms'
eval "$(lab/prepare 6.1 | grep -E '^(modules|release)=')"
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}	# where the kernel's source is unpacked already

root=$out/root to=$out/root/lib/modules/$release
mkdir -p "$root"/{etc/modprobe.d,usr/src,usr/lib,usr/share,var/lib/dkms,var/cache} "$to/kernel"
ln -s "/usr/src/linux-headers-$release" "$to/build"
cp "$modules/$release"/modules.{builtin,order} "$to"
cp "$modules/$release/kernel/drivers/net/ethernet/intel/$driver/$driver.ko" "$to/kernel"
depmod -b "$root" "$release" 2>/dev/null
# DKMS makes a key for signing when it is first used, and keeps it
known() { contents "$root" | grep -vF /dkms/mok.; }
known >"$out/clean"

killed_at() {
	local at=$1
	shift
	: >"$out/count"
	TANDEM_KILL_AT=$at TANDEM_KILL_COUNT=$out/count LD_PRELOAD=$PWD/build/tests/install/libkill_at.so \
		setsid --wait build/tandem "$@" >"$out/said" 2>&1 && t_fail "came to its end before point $at"
}
for at in 380 900; do killed_at $at install $driver -k "$release" --root "$root"; done
t_status 0 tandem install $driver -k "$release" --root "$root" >/dev/null
t_status 0 tandem status --installed --root "$root" >/dev/null
[ "$(modprobe -d "$root" -S "$release" --ignore-install --show-depends $driver 2>/dev/null | awk '{ print $2 }' | xargs -n 1 basename | xargs)" = "tandem.ko $driver.ko" ] ||
	t_fail 'modprobe would load another one'
id=$("$root/usr/lib/tandem/halves/$release/$driver-user" --version | sed 's/.* //')
grep -q "$id" "$root/lib/modules/$release/updates/dkms/$driver.ko" || t_fail "the kernel half is not of build $id"
killed_at 100 remove $driver --root "$root"
t_status 0 tandem remove $driver --root "$root" >/dev/null
known | cmp -s - "$out/clean" || { known | diff "$out/clean" - | head -n 5 >&2; t_fail 'left something'; }
