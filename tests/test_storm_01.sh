#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A split driver is loaded and unloaded, and its device unbound and bound, again and again in one boot (1000
# times each at full count). Each cycle works; the ledger and the table of objects hold what they held in
# each other, nothing when unbound; afterwards no allocation, handle, timer or interrupt vector is left.
# timeout: 400
# kernels: 6.1 verifier kcsan
. tests/helpers.sh
loads=20 binds=20
[ -z "$checking" ] || loads=5 binds=5
[ -z "$soak" ] || loads=1000 binds=1000
mkdir "$out/o"
cp tests/guest_cycle.sh tests/guest_count.sh "$out/o"
lab/run --time $((120 + loads * 3 + binds * 2)) --append 'slab_nomerge slub_debug=F' --device e1000 \
	--module "build/kernel/$kernel/tandem.ko" --out "$out/o" -- \
	bash /out/guest_cycle.sh e1000 0000:00:10.0 $loads $binds || t_fail "status $?: $(tail -n 5 "$out/o/user.err" 2>&1)"

# KASAN keeps what is freed for a while, so that counts say nothing; kmemleak has looked.
[ -z "$checking" ] || exit 0

# judge WHAT TIMES: what has grown by an object or area in two cycles, a page in each, or at all. A processor
# keeps up to 64 freed socket buffers, and the kernel has delayed works of its own.
judge() {
	[ "$(grep -cE '^(slab:kmalloc-64|pages:VmallocUsed:|vectors|handlers|timers:modules) ' "$out/o/$1.after")" = 5 ] ||
		t_fail "$1: not counted"
	join -a 2 -e 0 -o 0,1.2,2.2 <(sort "$out/o/$1.before") <(sort "$out/o/$1.after") | awk -v what="$1" -v times="$2" '
		{ bound = /^(slab:|vmalloc:|pages:VmallocUsed)/ ? times / 2 : /^pages:/ ? times + 60 : /^timers:delayed/ ? 12 : 1 }
		/^slab:skbuff_head_cache/ && bound < 70 { bound = 70 }
		# what it has freed is remembered as long as it is loaded
		/^slab:tandem_freed/ && what == "bind" { bound = 8 * times }
		/^(vectors|handlers|timers:|hrtimers|\/sys\/kernel\/debug|pages:(all|Vm|SU))/ { print what ": " $1 ": " $2 " to " $3 }
		$3 - $2 >= bound { print what ": " $1 ": " $2 " to " $3 " has grown"; bad = 1 }
		END { exit bad }' || left=1
}
left=
judge load $loads
judge bind $binds
[ -z "$left" ] || t_fail 'something is left'
