#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A hundred installations and removals, of two drivers in turn, leave the file system as it was; what cannot be
# done is refused with one line and changes nothing; status names what is missing, changed, interrupted and foreign.
# timeout: 900
. tests/helpers.sh
. tests/install.sh

root=$out/root
make_root "$root"
echo stock >"$root/lib/modules/$release/kernel/net/other-card.ko"
depmod -b "$root" "$release"
contents "$root" >"$out/clean"
same() { contents "$root" | cmp -s - "$out/clean" || { contents "$root" | diff "$out/clean" - | head -n 5 >&2; t_fail "$1"; }; }
at=(-k "$release" --root "$root")

# ---- refused, and nothing is changed
says 3 'no kernel 1.2.3 in .*name another with -k' install $driver -k 1.2.3 --root "$root"
says 3 'has no module nosuch: modinfo' install nosuch "${at[@]}"
says 3 'is built into kernel' install ext9 "${at[@]}"
says 3 'is not installed: see tandem status' remove $driver --root "$root"
says 3 'No such file' install $driver -k "$release" --root "$out/nowhere"
mkdir "$out/empty"
says 3 'is .*empty a root file system' install $driver -k "$release" --root "$out/empty"
says 2 'is not a driver' install ../x "${at[@]}"
says 2 'name one module' install "${at[@]}"
says 2 'unknown option --all' install --all "${at[@]}"
mv "$root/lib/modules/$release/build" "$out/build"
says 3 "no headers of kernel $release: apt install linux-headers-$release" install $driver "${at[@]}"
mv "$out/build" "$root/lib/modules/$release/build"
got=0
said=$(PATH=/nowhere build/tandem install $driver "${at[@]}" 2>&1) || got=$?
[ "$got" = 3 ] && [[ $said = 'tandem: dkms is not in PATH: apt install dkms'* ]] || t_fail "without dkms: $got $said"
touch "$root/etc/modprobe.d/tandem-$driver.conf"
says 3 'is there, and not from tandem install' install $driver "${at[@]}"
says 1 'not all is as it was' status --installed --root "$root"
build/tandem status --installed --raw --root "$root" 2>/dev/null | grep -q "etc/modprobe.d/tandem-$driver.conf foreign" || t_fail 'not foreign'
rm "$root/etc/modprobe.d/tandem-$driver.conf"
if [ "$(id -u)" = 0 ]; then
	got=0
	said=$(apart sh -c 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && "$@"' x "$root" build/tandem install $driver "${at[@]}" 2>&1) || got=$?
	[ "$got" = 3 ] && [[ $said = 'tandem: cannot write to '*'Read-only'* ]] || t_fail "read-only: $got $said"
	got=0
	nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
	if $nobody test -r "$PWD/policy/kernel.policy"; then	# not below /root
		said=$($nobody build/tandem install $driver 2>&1) || got=$?
		[ "$got" = 3 ] && [[ $said = 'tandem: cannot write to '*': run as root' ]] || t_fail "as nobody: $got $said"
	fi
fi
exec 8<"$root/var/lib"
flock 8
says 3 'another tandem install or remove' install $driver "${at[@]}"
exec 8<&-
same 'something refused has changed something'

# ---- failed on the way: the line says why; then again, or remove
TANDEM_TEST_DKMS_FAILS=tandem-$driver says 1 'dkms cannot install tandem-.*no source of this kernel.*then again, or tandem remove' install $driver "${at[@]}"
says 1 'not all is as it was' status --installed --root "$root"
tandem status --installed --raw --root "$root" 2>/dev/null | grep -q "dkms tandem-$driver/.* interrupted" || t_fail 'not interrupted'
t_status 0 tandem install $driver "${at[@]}" >/dev/null
t_status 0 tandem status --installed --root "$root" >/dev/null
t_status 0 tandem remove $driver --root "$root" >/dev/null
same 'after a failure'

# a file system that is full, at several fillings
if [ "$(id -u)" = 0 ]; then
	cat >"$out/full" <<-'END'
		. tests/helpers.sh
		. tests/install.sh
		mount -t tmpfs -o size=4m none "$1"
		make_root "$1"
		contents "$1" >"$out/clean"
		for left in 4 64 300 700 900; do
			dd if=/dev/zero of="$1/ballast" bs=1k count=$(($(df --output=avail -k "$1" | tail -n 1) - left)) status=none
			said=$(build/tandem install $driver -k $release --root "$1" 2>&1 >/dev/null) && t_fail "fits with $left"
			grep -qi 'no space left.*\(do it again\|make room\|then again\)\|^tandem: dkms ' <<<"$said" || t_fail "$left: $said"
			[ "$(wc -l <<<"$said")" = 1 ] || t_fail "$said"
			build/tandem remove $driver --root "$1" >"$out/said" 2>&1 || grep -q 'not installed' "$out/said" || t_fail "$left: $(cat "$out/said")"
			rm "$1/ballast"
			contents "$1" | diff "$out/clean" - || t_fail "full with $left: something is left"
		done
	END
	mkdir "$out/small"
	t_status 0 apart bash "$out/full" "$out/small"
fi

# ---- what is wrong afterwards is seen, and install mends it
t_status 0 tandem install $driver "${at[@]}" >/dev/null
contents "$root" >"$out/full"
wrong() {	# STATE WHAT
	says 1 'not all is as it was' status --installed --root "$root"
	tandem status --installed --raw --root "$root" 2>/dev/null | grep -q "$2.* $1 " || t_fail "not $1: $2"
	t_status 0 tandem install $driver "${at[@]}" >/dev/null
	contents "$root" | cmp -s - "$out/full" || { contents "$root" | diff "$out/full" -; t_fail "not mended: $2"; }
}
rm "$root/etc/modprobe.d/tandem-$driver.conf"; wrong missing "modprobe.d/tandem-$driver"
echo x >>"$root/etc/systemd/system/tandem@.service"; wrong changed 'tandem@.service'
rm -r "$root"/usr/src/tandem-*/policy; wrong changed 'usr/src/tandem-[0-9.]*'
rm "$root/lib/modules/$release/updates/dkms/$driver.ko"; wrong missing "dkms tandem-$driver"
rm "$root/usr/lib/tandem/halves/$release/$driver-user"; wrong missing "dkms tandem-$driver"
t_status 0 tandem remove $driver --root "$root" >/dev/null

# ---- many times, the other driver staying while the first goes
for ((i = 0; i < 50; i++)); do
	t_status 0 tandem install $driver "${at[@]}" >/dev/null
	t_status 0 tandem install other-card "${at[@]}" >/dev/null
	t_status 0 tandem remove $driver --root "$root" >/dev/null
	[ -x "$root/usr/lib/tandem/halves/$release/other-card-user" ] && [ -d "$root"/usr/src/tandem-[0-9]* ] ||
		t_fail 'the other driver has lost something'
	[ $((i % 2)) = 0 ] && what=other-card || what=--all
	t_status 0 tandem remove $what --root "$root" >/dev/null
	same "after round $i"
done
