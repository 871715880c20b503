#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing leaks: drivers are loaded, used, removed, found again and unloaded many times, the stock one first as
# the reference. What grows with the split one and not with the stock one, in slabs, vmalloc areas, pages,
# interrupt vectors, descriptors and the rest, has leaked.
# timeout: 400
# kernels: 6.1 verifier
. tests/helpers.sh
rounds=8
[ -z "$checking" ] || rounds=2
[ -z "$soak" ] || rounds=200
mkdir "$out/o"
cp tests/guest_leak.sh tests/guest_count.sh "$out/o"
# caches that check themselves are not merged and count their objects exactly
lab/run --time $((280 + rounds * 10)) --append 'slab_nomerge slub_debug=F' --device e1000 --split e1000 --out "$out/o" -- \
	bash /out/guest_leak.sh e1000 "$rounds" || t_fail "status $?: $(tail -n 5 "$out/o/user.err" 2>&1)"

# KASAN keeps what is freed for a while, so that counts say nothing; kmemleak has looked.
[ -z "$checking" ] || exit 0

# grown KIND: NAME BEFORE AFTER of all that is counted
grown() { join -a 1 -a 2 -e 0 -o 0,1.2,2.2 <(sort "$out/o/$1.before") <(sort "$out/o/$1.after"); }
[ "$(grown split | grep -cE '^(slab:kmalloc-64|slab:filp|pages:VmallocUsed:|vectors) [1-9]')" = 4 ] || t_fail 'not counted'
# The number of pages that caches and free lists keep varies, by 40 whatever the rounds; 16 KB a round more is a leak.
join -a 2 -e 0 -o 0,1.2,1.3,2.2,2.3 <(grown stock) <(grown split) | awk -v rounds="$rounds" '
	{ stock = $3 - $2 > 0 ? $3 - $2 : 0; split_ = $5 - $4 }
	{ bound = /^(slab:|vmalloc:|pages:VmallocUsed)/ ? rounds / 2 : /^pages:/ ? rounds * 4 + 40 : 1 }
	split_ - stock >= bound { print $1 ": stock " $2 " to " $3 ", split " $4 " to " $5; bad = 1 }
	END { exit bad }' || t_fail "grown in $rounds rounds"
echo "$(grown split | wc -l) counts have not grown in $rounds rounds"
