#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The driver of docs/policy.md's guide: what it says of i6300esb holds, and the watchdog runs as the stock one does.
# timeout: 200
# kernels: 6.1
. tests/helpers.sh

build/tandem split i6300esb -o build/split/6.1/i6300esb || t_fail 'does not split'
moved=$(sed -n 's/^i6300esb: \([0-9]* of [0-9]*\) functions.*/\1/p' build/split/6.1/i6300esb/report.txt)
[ -n "$moved" ] && grep -q "$moved functions moved" docs/policy.md || t_fail "docs/policy.md does not say that $moved functions moved"

cat >"$out/guest" <<'END'
cd /sys/class/watchdog/watchdog0 && cat identity state timeout
exec 3>/dev/watchdog0
cat state
for i in 1 2 3 4 5; do echo -n 1 >&3; sleep 0.2; done
echo -n V >&3
exec 3>&-
cat state
cd / && rmmod i6300esb
END
for how in stock split; do
	lab/run --time 90 --device i6300esb --$how i6300esb -- bash -c "$(cat "$out/guest")" >"$out/$how" ||
		t_fail "$how: status $?"
done
diff "$out/stock" "$out/split" || t_fail 'the split watchdog says something else'
grep -q '^active$' "$out/split" || t_fail "the watchdog was never active: $(cat "$out/split")"
