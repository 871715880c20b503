#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The models of the channel: each is searched to its end and holds; each planted mistake is found.
# timeout: 400
. tests/helpers.sh

mkdir "$out/pan"

# search MODEL [-D...]: 0 if it holds. What is no whole search (depth or memory ran out) fails the test.
search() {
	local model=$PWD/tests/spin/$1.pml
	shift
	(
		cd "$out/pan" && rm -f ./* && spin "$@" -a "$model" >"$out/log" 2>&1 &&
			gcc -O$level -w $compile -o pan pan.c >>"$out/log" 2>&1
	) || t_fail "$model $*: $(tail -n 3 "$out/log")"
	(cd "$out/pan" && ./pan -w24 -m10000 $run) >"$out/log" 2>&1 </dev/null
	grep -q '^State-vector.*errors: 1$' "$out/log" && return 1
	grep -q '^State-vector.*errors: 0$' "$out/log" && ! grep -qE 'not completed|too small|memory bound|out of memory' "$out/log" ||
		t_fail "$model $*: not searched to the end: $(grep -m1 -iE 'error|pan:' "$out/log")"
}

verdict() { sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$out/log"; }

# In any order of its steps no assertion fails, and nobody is left waiting.
holds() {
	compile='-DSAFETY -DCOLLAPSE -DMEMLIM=3000' level=2 run=
	search "$@" || t_fail "$*: $(verdict)"
	# a model in which things do not happen shows nothing
	awk '/^unreached in proctype/ { name = $4 } /^\t\([0-9]+ of [0-9]+ states\)/ {
		if (substr($1, 2) * 10 > $3) { print name, $0; bad = 1 }
	} END { exit bad }' "$out/log" >"$out/unreached" || t_fail "$*: not reached: $(cat "$out/unreached")"
	echo "holds: $*: $(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' "$out/log") states"
}

# Its states form no cycle: each order ends.
ends() {
	compile='-DNP -DCOLLAPSE -DMEMLIM=3000' level=2 run=-l
	search "$@" || t_fail "$*: $(verdict)"
	echo "ends: $*"
}

# broken MODEL MISTAKE VERDICT [-D...]: it is found, and known by this.
broken() {
	local model=$1 mistake=$2 known=$3
	shift 3
	compile='-DSAFETY -DCOLLAPSE -DMEMLIM=3000' level=0 run=
	! search "$model" "-DBREAK_$mistake" "$@" || t_fail "$model: BREAK_$mistake is not found"
	case $(verdict) in
	*"$known"*) echo "found: $model BREAK_$mistake: $(verdict)" ;;
	*) t_fail "$model: BREAK_$mistake: $(verdict)" ;;
	esac
}

holds turns -DSAYS=1
holds turns -DSAYS=3 -DCALLERS=1
holds turns -DHOSTILE
holds workers
holds life
ends turns -DCALLERS=1
ends workers -DCALLS=1
if [ -n "$soak" ]; then
	holds turns
	holds turns -DHOSTILE -DSAYS=3
	holds workers -DFIRST=2
	holds life -DCALLS=2
	ends turns
	ends workers
fi

# A caller looks at its turn before it is asleep; is not woken when the channel is condemned; takes back what
# is being taken in. A worker looks at its caller, or at the condemned channel, before it gives up the turn; touches a
# caller that is gone; takes its last message for a new one; takes one that names another call.
broken turns SLEEP 'invalid end state'
broken turns CONDEMN 'invalid end state'
broken turns LEAVE 'turn=='
broken turns WAKE 'invalid end state'
broken turns SERVE 'invalid end state'
broken turns RCU 'gone[who]'
broken turns DELIVERED condemned
broken turns SEQ 'w_for==w_seq' -DHOSTILE

# Nobody is woken by a new worker, by one that became idle, by the end; who finds none queues too late;
# none is started when none is left; an upcall in a downcall gets a worker of its own.
broken workers JOIN 'invalid end state' -DCALLS=1
broken workers LEAVE 'invalid end state' -DCALLS=1
broken workers CONDEMN 'invalid end state' -DCALLS=1
broken workers QUEUE 'invalid end state' -DCALLS=1
broken workers SPARE 'invalid end state' -DCALLS=1
broken workers NESTED 'w==own' -DCALLS=1

# The limit is set for a process that is gone; a channel attaches while calls of the one before are inside; the
# watchdog, or who unregisters, is no user; who waits for a worker, or found none, is not counted.
broken life LATE cancelled
broken life ATTACH inside
broken life WATCH freed
broken life UNREGISTER freed
broken life COUNT forgotten
