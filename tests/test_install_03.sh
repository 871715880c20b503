#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# timeout: 2400
# exclusive
# On a whole Debian machine: after tandem install and a boot the driver comes up split, through DKMS and
# systemd alone, with a copy of its kernel half in the initramfs too; after tandem remove and a boot the stock one
# does, and nothing is left.
. tests/helpers.sh
[ -n "$soak" ] || t_skip 'only at full count: it unpacks a whole machine'
[ "$(id -u)" = 0 ] || t_skip 'needs root, to make a disk'
driver=e1000
release=$(lab/prepare 6.1 | sed -n 's/^release=//p')
machine=$out/machine

lab/machine "$machine" || t_fail 'no machine'
echo $driver >>"$machine/etc/initramfs-tools/modules"
DESTDIR=$machine meson install -C build --no-rebuild --quiet >"$out/log" 2>&1 || t_fail "$(tail -n 1 "$out/log")"
(cd "$machine" && find boot etc usr/src usr/lib/modules usr/lib/tandem var/lib -type f 2>/dev/null | grep -v 'mok\.' | sort) >"$out/before"
# natively: in the guest the compilers would take too long
in_machine() {
	apart unshare -pf sh -c 'mount --bind /dev "$1/dev" && mount -t proc none "$1/proc" && unset TMPDIR &&
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin exec chroot "$@"' in "$machine" "$@"
}
in_machine tandem install $driver -k "$release" || t_fail 'not installed'
in_machine lsinitramfs "/boot/initrd.img-$release" | grep -q "updates/dkms/$driver.ko" || t_fail 'not in the initramfs'
truncate -s 4G "$out/disk"
mkfs.ext4 -q -d "$machine" "$out/disk" || t_fail 'no disk'
rm -rf --one-file-system "$machine"

cat >"$out/common" <<'END2'
fail() { echo "$*"; lsmod; journalctl -b --no-pager | grep -iE 'tandem|e1000|udev' | tail -n 30; exit 1; }
reach() {	# the interface comes up, and carries traffic
	for ((i = 0; i < 300; i++)); do [ -d /sys/class/net/eth0 ] && break; sleep 0.2; done
	ip addr add 10.77.1.2/24 dev eth0 && ip link set eth0 up || fail 'no interface'
	ping -c 3 -w 60 10.77.1.1 >/dev/null || fail 'no answer'
}
END2
cat >"$out/split" <<'END2'
reach
tandem status --raw | grep -qE '^e1000 \+ ' || fail 'not split'
[ "$(systemctl is-active tandem@e1000)" = active ] || fail 'no unit'
tandem status --installed || fail 'status'
tandem status --installed --raw | grep -q ' dkms tandem-e1000/.* ok yes$' || fail 'not shown as loaded'
# unloaded and loaded again, by name
modprobe -r e1000 || fail 'not unloaded'
for ((i = 0; i < 100; i++)); do [ "$(systemctl is-active tandem@e1000)" = active ] || break; sleep 0.1; done
modprobe e1000 || fail 'not loaded again'
reach
tandem status --raw | grep -qE '^e1000 \+ ' || fail 'not split the second time'
tandem remove e1000 && fail 'removed while in use'
[ $? = 3 ] || fail 'status of remove'
tandem remove e1000 --force || fail 'not removed'
END2
cat >"$out/stock" <<'END2'
reach
grep -q '^e1000 ' /proc/modules || fail 'not loaded'
! grep -q '^tandem ' /proc/modules || fail 'still split'
tandem status --installed | grep -q 'nothing is installed' || fail 'something is left'
cd / && find boot etc usr/src usr/lib/modules usr/lib/tandem var/lib -type f 2>/dev/null | sort >/out/after
END2
for part in split stock; do
	lab/run --time 900 --disk "$out/disk" --device e1000 --out "$out/$part.out" -- bash -c "$(cat "$out/common" "$out/$part")" ||
		{ status=$?; tail -n 5 "$out/$part.out/console.log" >&2; t_fail "$part: status $status"; }
done
# only what DKMS's and systemd's own first use has left
extra=$(comm -13 "$out/before" "$out/stock.out/after" | grep -vE 'mok\.|^var/lib/(systemd|dbus|udev|private)|^etc/(machine-id|\.updated|\.pwd\.lock|resolv)')
[ -z "$extra" ] || t_fail "left: $extra"
