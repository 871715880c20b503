#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# tandem run brings a split driver up and status shows it; what cannot run is refused with one line,
# and leaves neither module nor process.
# timeout: 200
. tests/helpers.sh

cat >"$out/guest" <<'END'
fail() { echo "$*"; exit 1; }
says() {	# PATTERN COMMAND...
	local pattern=$1 said
	shift
	said=$("$@" 2>&1 >/dev/null) && fail "not refused: $*"
	[ "$(echo "$said" | wc -l)" = 1 ] || fail "not one line: $said"
	echo "$said" | grep -qE "^tandem: .*($pattern)" || fail "$*: $said"
}
clean() { ! lsmod | grep -q '^e1000 ' || fail 'module left'; ! pidof e1000-user || fail 'process left'; }

split=/tandem/split/6.1/e1000
says 'tandem.ko is not loaded' tandem status
cp -r $split /tmp/other
id=$($split/e1000-user --version | sed 's/.* //')
sed -i "s/$id/0123456789012345678901234567890123456789/" /tmp/other/e1000-user
says 'build.*split' tandem run /tmp/other
clean
# as if tandem.ko had been changed and built since: the version of a symbol of it is another
cp -r $split /tmp/stale
python3 - <<'PY' || fail 'no symbol version found'
import re
path = '/tmp/stale/e1000.ko'
data = bytearray(open(path, 'rb').read())
at = re.search(b'....\\0\\0\\0\\0tandem_half_register\\0{36}', data, re.S).start()
data[at] ^= 0xff
open(path, 'wb').write(data)
PY
says 'another build: .*run tandem split again' tandem run /tmp/stale
clean
says 'no permission' setpriv --reuid 65534 --regid 65534 --clear-groups tandem run $split
says 'unrecognized option' tandem run $split --frobnicate
clean

tandem run $split || fail 'does not run'
[ -d /sys/class/net/eth0 ] || fail 'no interface'
tandem status --raw | grep -qE '^e1000 \+ ' || fail 'status does not show it'
tandem list /tandem/split | grep -q '^e1000 .* loaded ' || fail 'list does not show it'
says 'loaded already: rmmod' tandem run $split
says 'no permission' setpriv --reuid 65534 --regid 65534 --clear-groups tandem status
rmmod e1000
for i in 1 2 3 4 5 6 7 8 9 10; do pidof e1000-user || break; sleep 0.2; done
clean
tandem status | grep -q 'no split driver is' || fail 'status shows an unloaded driver'
tandem run $split || fail 'does not run again'
END
lab/run --time 150 --device e1000 -- bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" || t_fail "status $?"
