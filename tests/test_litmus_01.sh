#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The memory model: nothing is lost, every waiting loop ends; and with the rules switched off, by
# editing what the splitter wrote, each of these tests fails. And 64 upcalls at once, each of which
# waits for work that is an upcall too.
# timeout: 400
# kernels: 6.1 verifier kcsan coverage
. tests/helpers.sh

count=100000
[ -z "$checking" ] || count=10000
[ -z "$soak" ] || count=1000000
split=$PWD/build/split/$kernel/memlit
off=$PWD/build/split/$kernel/memlit-off
kdir=$(lab/prepare --kdir $kernel)
lab/split $kernel tests/litmus -o "$split" || t_fail 'does not split'
gcc -O2 -Wall -Werror -pthread -o build/memlit-drive tests/litmus/drive.c || t_fail 'drive.c does not compile'

cat >"$out/guest" <<'END'
count=$1
dir=$SPLIT
drive=/tandem/memlit-drive
tandem run $dir/memlit || exit
time $drive $count || { cat /sys/kernel/debug/tandem/memlit/stats; exit 1; }
workers=$(awk '$1 == "workers" { print $2 }' /sys/kernel/debug/tandem/memlit/stats)
echo "$workers threads of the user half"
[ "$workers" -gt 128 ] || { echo 'the 64 flushes, and what they wait for, did not run at once'; exit 1; }
rmmod memlit
END
boots() {
	lab/run --time "${soak:+2}350" --module build/kernel/$kernel/tandem.ko -- \
		bash -c "PATH=/tandem:\$PATH; $(cat "$out/guest")" guest $count || t_fail "status $?"
}
# With the rules off, there are races to be found: nothing for a checking kernel.
[ -z "$checking" ] || { boots; exit 0; }

# edit FILE PATTERN SED...: the pattern must be there.
edit() {
	grep -q -- "$2" "$1" || t_fail "nothing to switch off: $2"
	sed -i "${@:3}" "$1"
}
rm -rf "$off"
cp -r "$split" "$off"
rm -f "$off/memlit.ko" "$off/memlit-user"
plan=$off/plan.c
unit=$(echo "$off"/user/tu-*.c)
# flag words and bitfields: whole words
edit "$plan" TANDEM_LEAF_BITS '/TANDEM_LEAF_BITS/s/BITS\(.*\)0x[0-9a-f]*ULL/WORD\10x0ULL/'
edit "$plan" '{ "c", 20, ' '/{ "c", 20/s/20/24/'
# fields, each a store of its own width: b goes with a, an element with its array
edit "$plan" '{ "a", 0, 0, 1, 65535, TANDEM_LEAF_WORD, 4,' '/{ "a", 0/s/WORD, 4/WORD, 8/'
edit "$plan" '{ "b", 4, ' '/{ "b", 4,/s/4/8/'
edit "$plan" '{ "own", [0-9]*, 2, 4, 65535, TANDEM_LEAF_WORD, 2,' '/{ "own"/s/2, 4, 65535, TANDEM_LEAF_WORD, 2,/0, 1, 65535, TANDEM_LEAF_WORD, 8,/'
# locks flush and refresh
lock='static int off_word; static void off_lock(void) { while (__atomic_exchange_n(\&off_word, 1, 2)) ; }\nstatic void off_unlock(void) { __atomic_store_n(\&off_word, 0, 3); }'
edit "$unit" 'mutex_lock(&m->mutex)' -e "s/^static long memlit_locked(/$lock\n&/" \
	-e 's/\bmutex_\(un\)\?lock(&m->mutex)/off_\1lock()/'
edit "$unit" 'tandem_mutex_lock(&memlit_private)' 's/tandem_mutex_\(un\)\?lock(&memlit_private)/off_\1lock()/'
# delays and waiting loops refresh
edit "$unit" 'tandem_sync()' '/^#\|^void/!s/tandem_sync()/(void)0/g'
# stores that change nothing
edit "$unit" 'tandem_stored(tandem_p' 's/tandem_stored(tandem_p[^;]*;/;/g'
make -s -C "$kdir" M="$off/kernel" KBUILD_EXTRA_SYMBOLS="$PWD/build/kernel/$kernel/Module.symvers" \
	TANDEM_DIR="$PWD" modules >"$out/log" 2>&1 && make -s -C "$off/user" TANDEM_DIR="$PWD" >>"$out/log" 2>&1 ||
	t_fail "does not compile: $(grep -m1 error "$out/log")"
mv "$off/kernel/memlit.ko" "$off/"

cat >>"$out/guest" <<'END'
must_lose() {	# TEST [MASK]
	local said lost
	said=$($drive ${3:-3000} $1)
	echo "rule off: $said"
	lost=${said##*$1: }
	lost=$((${lost%% *}))
	[ $lost -gt 0 ] && [ $((lost & ${2:-lost})) != 0 ] || { echo "$1: nothing lost with the rule off"; exit 1; }
}
tandem run $dir/memlit-off || exit
must_lose clear
must_lose own '' 30000
must_lose locked '' 500000
must_lose private '' 100000
must_lose neighbours 0x01	# b is stored with a
must_lose neighbours 0x08	# c is stored with d
must_lose neighbours 0x10	# flags
must_lose wait
END
boots
