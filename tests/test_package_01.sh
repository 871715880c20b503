#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# The Debian package builds, and the tandem in it finds what it needs beside itself: it splits a driver's sources
# and fills a root for DKMS.
. tests/helpers.sh
. tests/install.sh
command -v dh >/dev/null || t_skip 'no debhelper'
mkdir "$out/tandem"
git ls-files -z 2>/dev/null | xargs -0 cp --parents -t "$out/tandem" || t_skip 'not a git checkout'
(cd "$out/tandem" && env -u MAKEFLAGS -u MAKELEVEL DEB_BUILD_OPTIONS='nocheck parallel=2' nice dpkg-buildpackage -b -us -uc -d) >"$out/log" 2>&1 ||
	t_fail "$(grep -m1 -iE 'error|FAILED' "$out/log" || tail -n 1 "$out/log")"
deb=$(echo "$out"/tandem_*.deb)
dpkg-deb -x "$deb" "$out/root" && dpkg-deb -e "$deb" "$out/control" || t_fail 'no package'
grep -q '^Depends:.*dkms.*linux-source' "$out/control/control" || t_fail "$(cat "$out/control/control")"
grep -q 'tandem remove --all' "$out/control/prerm" || t_fail 'its removal does not remove what it has installed'
for page in man1/tandem.1 man8/tandem-install.8 man5/tandem-policy.5; do
	[ -f "$out/root/usr/share/man/$page.gz" ] || t_fail "no $page"
done

# As it would run where it is installed, and nothing of this tree beside it. Its library is linked to by a path that
# is right in its own root.
ln -sfn "$out"/root/usr/lib/*/tandem/libtandem-half.a "$out/root/usr/lib/tandem/build/lib/libtandem-half.a"
make_root "$out/target"
contents "$out/target" >"$out/clean"
packaged() { (cd / && env -u TANDEM_DIR "$out/root/usr/bin/tandem" "$@"); }
packaged install $driver -k "$release" --root "$out/target" >/dev/null || t_fail 'does not install'
packaged status --installed --root "$out/target" >/dev/null || t_fail 'status'
runtime=$(echo "$out"/target/usr/src/tandem-[0-9]*)
for file in kernel/main.c kernel/half.h kernel/Kbuild logic/wire.c include/uapi/tandem/channel.h lib/half.h \
	policy/kernel.policy build/lib/libtandem-half.a dkms.conf; do
	[ -s "$runtime/$file" ] || t_fail "no $file for DKMS"
done
packaged remove $driver --root "$out/target" >/dev/null || t_fail 'does not remove'
contents "$out/target" | cmp -s - "$out/clean" || t_fail 'left something'
packaged split e1000 --no-build --kernel 6.1 -o "$out/halves" || t_fail 'does not split'
