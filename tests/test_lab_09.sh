#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The build of a checking kernel, of a source that builds in no time: with no room on the disk, a full one, a
# missing tool, a source that cannot be unpacked or does not compile, it says in one line what to do; one that
# was killed goes on, and what is damaged in the cache is built again. No /dev/kvm is needed or used.
. tests/helpers.sh
version=$(dpkg-query -W -f '${Version}' linux-source-6.1) || t_skip 'no linux-source-6.1'
export XDG_CACHE_HOME=$out/cache
src=$XDG_CACHE_HOME/tandem/src/linux-$version
mkdir -p "$src"
cat >"$src/Makefile" <<'END'
allnoconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
	mkdir -p $(O)/include/config $(O)/arch/x86/boot
	echo 6.1-fake >$(O)/include/config/kernel.release
bzImage:
	echo built >>$(O)/count
	[ ! -e $(O)/../slow ] || sleep 1000
	[ ! -e $(O)/../fails ] || { echo 'x.c:1: error: planted'; false; }
	echo image >$(O)/arch/x86/boot/bzImage
	echo symbols >$(O)/Module.symvers
modules:
modules_install:
	mkdir -p $(INSTALL_MOD_PATH)/lib/modules/6.1-fake
	echo module >$(INSTALL_MOD_PATH)/lib/modules/6.1-fake/x.ko
END
# refused TEXT COMMAND...: fails, with this in its only line.
refused() {
	local wanted=$1 said
	shift
	said=$("$@" 2>&1 >/dev/null) && t_fail "not refused: $wanted"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "more than a line: $said"
	grep -q -- "$wanted" <<<"$said" || t_fail "not '$wanted': $said"
}
build() { lab/kernel-build "$@" kcsan; }
built() { cat "$dir/kdir/count" | wc -l; }

refused 'no such kernel' lab/kernel-build no_such
build --cached && t_fail 'it is in an empty cache'

# What is missing, one after the other.
mkdir "$out/bin"
for tool in bash dpkg-query dirname sed ls cat cut sha256sum xargs gcc make ccache flex bison bc; do
	ln -s "$(command -v $tool)" "$out/bin/"
done
for tool in gcc make ccache flex bison bc; do
	rm "$out/bin/$tool"
	refused "no $tool: run 'make deps'" env PATH=$out/bin lab/kernel-build kcsan
	ln -s "$(command -v $tool)" "$out/bin/"
done

# No room; and a disk that fills up while building.
if [ "$(id -u)" = 0 ]; then
	mkdir "$out/small"
	refused 'MB free; a kernel build needs' apart sh -c 'mount -t tmpfs -o size=10m none "$1" && mkdir "$1/tandem" &&
		XDG_CACHE_HOME=$1 exec lab/kernel-build kcsan' small "$out/small"
fi
mkdir "$out/full"
printf '#!/bin/sh\necho "cannot write x.o: No space left on device" >&2\nexit 2\n' >"$out/full/make"
chmod +x "$out/full/make"
refused 'No space left on device; run it again' env PATH=$out/full:$PATH lab/kernel-build kcsan

# A source that cannot be unpacked.
mv "$src/Makefile" "$out/Makefile"
printf '#!/bin/sh\necho "tar: Unexpected EOF in archive" >&2\nexit 2\n' >"$out/full/tar"
chmod +x "$out/full/tar"
rm "$out/full/make"
mkdir "$XDG_CACHE_HOME/tandem/src/unpack.killed"
refused 'Unexpected EOF in archive; if it is damaged: apt-get' env PATH=$out/full:$PATH lab/kernel-build kcsan
! ls -d "$XDG_CACHE_HOME"/tandem/src/unpack.* 2>/dev/null || t_fail 'left something'
mv "$out/Makefile" "$src/Makefile"

dir=$(echo "$XDG_CACHE_HOME"/tandem/kernels/kcsan-*)
touch "$dir/fails"
refused 'x.c:1: error: planted; run it again to go on' build
rm "$dir/fails"

# A line of the configuration that the kernel does not grant.
sed -i 's|cp \$(KCONFIG_ALLCONFIG)|grep -v KCSAN=y $(KCONFIG_ALLCONFIG) >|' "$src/Makefile"
refused 'not granted: CONFIG_KCSAN=y' build
sed -i 's|grep -v KCSAN=y \$(KCONFIG_ALLCONFIG) >|cp $(KCONFIG_ALLCONFIG)|' "$src/Makefile"

# Killed: it does not count, and goes on with what is there.
touch "$dir/slow"
before=$(built)
setsid lab/kernel-build kcsan >/dev/null 2>&1 &
build=$!
for _ in $(seq 100); do [ "$(built)" -gt "$before" ] && break; sleep 0.1; done
kill -KILL -- -$build
wait $build 2>/dev/null
build --cached && t_fail 'half a kernel counts'
rm "$dir/slow"
[ "$(build)" = "$dir" ] || t_fail 'it was not built after it was killed'
[ "$(built)" = $((before + 2)) ] || t_fail "it began anew: $(built) after $before"
[ "$(build --cached)" = "$dir" ] || t_fail 'it is not in the cache'

# Each thing that may be damaged.
for file in bzImage release kdir/.config kdir/Module.symvers root/lib/modules/6.1-fake/x.ko sums; do
	for damage in 'rm' 'truncate -s 0' 'sed -i s/[a-z0-9]/X/'; do
		$damage "$dir/$file"
		build --cached && t_fail "$damage $file: it counts"
		[ "$(build 2>/dev/null)" = "$dir" ] || t_fail "$damage $file: it was not built again"
		[ "$(build --cached)" = "$dir" ] || t_fail "$damage $file: it is not there"
	done
done
[ "$(cat "$dir/bzImage")" = image ] || t_fail 'it is damaged'

# QEMU is asked for emulation, whatever the host has.
printf '#!/bin/sh\necho "$@" >>"%s/asked"\n' "$out" >"$out/bin/qemu-system-x86_64"
chmod +x "$out/bin/qemu-system-x86_64"
unset XDG_CACHE_HOME
PATH=$out/bin:$PATH lab/run --kernel 6.1 -- true 2>/dev/null
grep -q -- '-accel tcg' "$out/asked" || t_fail 'QEMU was not asked'
! grep -i kvm "$out/asked" || t_fail 'KVM was asked for'
