#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What cannot be split is refused with one line that says why, and nothing is left behind.
. tests/helpers.sh

# refused PATTERN ARGUMENTS...: status 1, one line that matches, no output folder.
refused() {
	local pattern=$1 said
	shift
	said=$(build/tandem split "$@" -o "$out/dir/split" 2>&1) && t_fail "not refused: $*"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "not one line: $said"
	grep -qE -- "^tandem: .*($pattern)" <<<"$said" || t_fail "$*: $said"
	[ ! -e "$out/dir" ] || t_fail "left behind: $*"
}

# driver NAME MAKEFILE [C]
driver() {
	mkdir -p "$out/src/$1"
	printf '%b' "$2" >"$out/src/$1/Makefile"
	printf '%b' "${3-}" >"$out/src/$1/$1.c"
}

refused 'no such module: nosuch_module' nosuch_module
refused 'no module name' 'a;b'
refused 'no such folder' "$out/src/nosuch/folder"
refused 'built into kernel' pci-quirks
refused 'switched off in the configuration' ohci-st
refused 'is assembly' sha256_ssse3
refused 'wrong kernel: no headers for 5.10.*--kernel' e100 --kernel 5.10
refused 'no kernel version' e100 --kernel newest
driver empty 'obj-y :=\n'
refused 'sets no obj-m' "$out/src/empty"
driver several 'obj-m := a.o b.o\n'
refused 'builds several modules \(a b\)' "$out/src/several"
refused 'not in obj-m' "$out/src/several/c"
refused 'source is not there' "$out/src/several/b"
driver bare '# nothing\n'
rm "$out/src/bare/Makefile"
refused 'no kbuild Makefile' "$out/src/bare"
driver broken 'obj-m := broken.o\nwhat is this\n'
refused 'Makefile:2: ' "$out/src/broken"
driver header 'obj-m := header.o\n' '\n#include "nosuch.h"\n'
refused 'does not compile.*header/header.c:2:.*nosuch.h' "$out/src/header"
driver syntax 'obj-m := syntax.o\n' '#include <linux/module.h>\nint f(void) { return x; }\n'
refused 'syntax\.c:2: error: use of undeclared' "$out/src/syntax"

# without the package, and with one that is broken
if unshare -m true 2>/dev/null; then
	export tarball=/usr/src/linux-source-6.1.tar.xz out
	hidden=$(XDG_CACHE_HOME=$out/cache unshare -m bash -c 'mount --bind /dev/null $tarball &&
		build/tandem split e100 -o $out/x 2>&1') && t_fail 'no source, and no error'
	[[ $hidden = "tandem: the driver's source is not there: apt install linux-source-6.1" ]] || t_fail "$hidden"
	echo nonsense >"$out/bad.xz"
	broken=$(XDG_CACHE_HOME=$out/cache unshare -m bash -c 'mount --bind $out/bad.xz $tarball &&
		build/tandem split e100 -o $out/x 2>&1 >/dev/null') && t_fail 'broken source, and no error'
	grep -q 'cannot be unpacked' <<<"$broken" || t_fail "$broken"
	[ -z "$(find "$out/cache" -name 'linux-source-6.1*' -type d)" ] || t_fail 'half a tree left in the cache'
	[ ! -e "$out/x" ] || t_fail 'output left behind'
fi
exit 0
