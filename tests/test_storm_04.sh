#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A split driver goes (unloaded, unbound, its device taken away) while everything that can be asked of its
# interface is asked: it goes in time, the ledger is empty, no process and no module is left.
# timeout: 300
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
rounds=1
[ -z "$soak" ] || rounds=30
mkdir "$out/o"
cp tests/guest_unload.sh "$out/o"
lab/run --time $((200 + rounds * 80)) --device e1000 --module "build/kernel/$kernel/tandem.ko" --out "$out/o" -- \
	bash /out/guest_unload.sh e1000 0000:00:10.0 $rounds || t_fail "status $?: $(tail -n 5 "$out/o/user.err" 2>&1)"
