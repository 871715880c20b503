# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests of install and remove: a small root file system, and what is in it.
driver=e1000
release=9.9.9-test
PATH=$PWD/tests/install:$PATH	# its dkms and depmod

# make_root DIR: a root with one kernel, its headers and its driver
make_root() {
	local modules=$1/lib/modules/$release
	mkdir -p "$1"/{etc/modprobe.d,usr/src,usr/lib,var/lib/dkms,var/cache} "$modules"/{kernel/net,build/include/config}
	echo options >"$1/etc/modprobe.d/other.conf"
	chmod 640 "$1/etc/modprobe.d/other.conf"
	echo "$release" >"$modules/build/include/config/kernel.release"
	echo stock >"$modules/kernel/net/$driver.ko"
	echo 'kernel/fs/ext9.ko' >"$modules/modules.builtin"
	depmod -b "$1" "$release"
}

# contents DIR: all that it holds: names, kinds, permissions, owners, what links lead to, contents. The inventory's
# order tells what came after what, and may differ between owners.
contents() {
	(cd "$1" && find . -printf '%p %y %m %U %G %l\n' | LC_ALL=C sort &&
		find . -type f ! -name inventory -print0 | LC_ALL=C sort -z | xargs -0 sha256sum &&
		cat var/lib/tandem/inventory 2>/dev/null | LC_ALL=C sort)
}

tandem() { build/tandem "$@"; }

# says STATUS PATTERN ARGUMENTS...: one line on stderr
says() {
	local status=$1 pattern=$2 said got=0
	shift 2
	said=$(tandem "$@" 2>&1 >/dev/null) || got=$?
	[ "$got" = "$status" ] || t_fail "status $got instead of $status: $*: $said"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "not one line: $said"
	grep -qE -- "^tandem: .*($pattern)" <<<"$said" || t_fail "$*: $said"
}
