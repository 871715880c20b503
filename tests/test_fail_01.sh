#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 1200
# kernels: 6.1 verifier
# Every allocation fails once: of the runtime's loading, of each request of a user half, of upcalls with
# all that may happen in them, of a split e1000's probe and of its interface going up. No oops, no leak, and
# what failed was refused or went well. On the checking kernel all of them, and each call in kernel/ that
# allocates is among them or has its reason; make check has some.
. tests/helpers.sh
quick=
injector=$kernel
if [ "$kernel" = 6.1 ]; then
	injector=verifier
	lab/kernel-build --cached verifier >/dev/null || t_skip 'kernel verifier is not in the cache; make verify builds it'
	lab/module-build verifier || t_fail 'the modules do not build'
	quick=1
fi
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_fail \
	tests/kernel_fail.c tests/kernel_nth.c tests/kernel_play.c tests/kernel_raw.c || t_fail 'kernel_fail does not compile'
gcc -O2 -Wall -Werror -static -o build/kernel_fail_nic tests/kernel_fail_nic.c tests/kernel_nth.c ||
	t_fail 'kernel_fail_nic does not compile'

# The call traces are the injector's own.
expected='Call Trace'
run() {
	local name=$1
	shift
	TANDEM_NO_SCAN=$quick t_status 0 lab/run --kernel $injector --expect "$expected" --out "$out/$name" "$@"
	grep -q 'FAULT_INJECTION: forcing a failure' "$out/$name/console.log" || t_fail 'nothing has failed'
}

# Without their line numbers, which loading would read each time.
mkdir -p build/fail
strip -g -o build/fail/tandem.ko build/kernel/$injector/tandem.ko || t_fail 'no strip'
copy="cp /tandem/fail/tandem.ko /tandem/kernel/$injector/litmus.ko /tmp"
if [ -n "$quick" ]; then
	run litmus --time 120 -- sh -c "$copy && /tandem/kernel_fail --quick /tmp/tandem.ko /tmp/litmus.ko \
		requests register work chain probe && rmmod litmus tandem"
	exit 0
fi
run load --time 300 -- sh -c "$copy && /tandem/kernel_fail /tmp/tandem.ko /tmp/litmus.ko load unload && rmmod litmus tandem"
run litmus --time 300 -- sh -c "$copy && /tandem/kernel_fail /tmp/tandem.ko /tmp/litmus.ko \
	work chain big null often buffer probe open death ask requests close unregister register && rmmod litmus tandem"
tests/fail_sites.py build/kernel/$injector/tandem.ko tests/fail_sites.reasons "$out"/l*/console.log ||
	t_fail 'an allocation of kernel/ never failed'
# This kernel delays the end of kobjects; when register_netdevice() fails on its way, free_netdev() frees
# the queues with theirs, whoever's driver it is.
expected="$expected|ODEBUG: free active .* kobject_delayed_cleanup|WARNING: .* debug_print_object"
# The DMA checker keeps what is mapped in a radix tree, and switches itself off when that gets no memory, whoever maps.
expected="$expected|DMA-API: cacheline tracking ENOMEM"
most=10
[ -z "$soak" ] || most=0
run nic --time 180 --device e1000 --split e1000 -- \
	sh -c "/tandem/kernel_fail_nic $most \$SPLIT e1000 0000:00:10.0 && rmmod tandem"
