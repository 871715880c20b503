#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 64 processes open, attach, serve, call, look and unregister at random and are killed one after the other, in
# thousands at full count; afterwards nothing is held, nothing has grown, and the modules unload.
# timeout: 300
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
kills=1000
[ -z "$checking" ] || kills=400
[ -z "$soak" ] || kills=64000
gcc -O2 -Wall -Werror -static -pthread -Iinclude/uapi -o build/kernel_storm \
	tests/kernel_storm.c tests/kernel_play.c tests/kernel_raw.c || t_fail 'kernel_storm does not compile'
mkdir "$out/o"
cp tests/guest_count.sh "$out/o"
cat >"$out/guest" <<'END2'
. /out/guest_count.sh
cp /tandem/kernel_storm /tmp
timers_begin || exit
/tmp/kernel_storm 200 || exit
count >/out/before
/tmp/kernel_storm $1 || exit
count >/out/after
timers_pending >>/out/after || exit
rmmod litmus && rmmod tandem
END2
lab/run --time $((150 + kills / 20)) --append 'slab_nomerge slub_debug=F' --out "$out/o" \
	--module "build/kernel/$kernel/tandem.ko attach_ms=300" --module "build/kernel/$kernel/litmus.ko" -- \
	bash -c "$(cat "$out/guest")" guest $kills || t_fail "status $?"
[ -z "$checking" ] || exit 0
[ "$(grep -cE '^(slab:kmalloc-64|pages:VmallocUsed:|vectors|timers:modules) ' "$out/o/after")" = 4 ] || t_fail 'not counted'
join -a 2 -e 0 -o 0,1.2,2.2 <(sort "$out/o/before") <(sort "$out/o/after") | awk -v kills=$kills '
	/^(vectors|handlers|timers:|hrtimers|pages:(all|Vm|SU))/ { print $1 ": " $2 " to " $3 }
	{ bound = /^(slab:|vmalloc:)/ ? kills / 20 : /^pages:/ ? 1000 : /^timers:delayed/ ? 12 : 1 }
	$3 - $2 >= bound { print $1 ": " $2 " to " $3 " has grown"; bad = 1 }
	END { exit bad }' || t_fail "something is left"
