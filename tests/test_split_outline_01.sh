#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where functions are and why, and what regions become: as in the .expected files, byte for byte.
# What is outlined does the same as before. UPDATE=1 writes the .expected files anew.
. tests/helpers.sh
pass=$PWD/build/split/split_pass
cd tests/split || exit

# check FILE... : the passes over these units against the first one's .expected
check() {
	local unit units=() expected=${1%.c}.expected
	for unit in "$@"; do
		gcc -E -I. "$unit" -o "$out/$(basename "$unit" .c).i" || t_fail "$unit: no input"
		units+=("$out/$(basename "$unit" .c).i" "$unit")
	done
	echo '# SPDX-License-Identifier: GPL-2.0' >"$out/now"
	"$pass" -o "$out/joined" policy "${units[@]}" >>"$out/now" 2>"$out/said" || t_fail "$1: $(cat "$out/said")"
	[ ! -s "$out/said" ] || t_fail "$1: $(cat "$out/said")"
	[ -z "${UPDATE-}" ] || cp "$out/now" "$expected"
	diff -u "$expected" "$out/now" || t_fail "$1: not as expected"
}

for file in outline/*.c place/reasons.c place/callbacks.c place/length.c place/memory.c place/frees.c place/union.c; do
	check "$file"
	grep -q '^int test(' "$file" && [[ $file = outline/* ]] || continue
	gcc -w -O1 -I. -o "$out/before" "$file" env.c || t_fail "$file: does not compile"
	gcc -w -O1 -x cpp-output -c -o "$out/joined.o" "$out/joined" && gcc -w -I. -o "$out/after" env.c "$out/joined.o" ||
		t_fail "$file: does not compile once outlined"
	"$out/before" >"$out/1" && "$out/after" >"$out/2" || t_fail "$file: status $?"
	[ "$(wc -l <"$out/1")" -gt 50 ] || t_fail "$file: says too little"
	cmp "$out/1" "$out/2" || t_fail "$file: does something else once outlined"
done
check place/unit_a.c place/unit_b.c

# policy: what is wrong, with file and line
says() {	# TEXT MESSAGE
	mkdir -p "$out/policy"
	printf '# a comment\n\n%b\n' "$1" >"$out/policy/bad.policy"
	"$pass" "$out/policy" "$out/reasons.i" place/reasons.c >"$out/now" 2>"$out/said" && t_fail "not refused: $1"
	[ "$(cat "$out/said")" = "$2" ] || t_fail "$1: $(cat "$out/said")"
}
says 'lok spin_lock' 'bad.policy:3: unknown word `lok`'
says 'lock' 'bad.policy:3: `lock` takes 1 to 1 arguments'
says 'lock a b' 'bad.policy:3: `lock` takes 1 to 1 arguments'
says 'lock a\nbuffer f/1 in 1' 'bad.policy:4: `buffer` needs C text in braces'
says 'lock a { 1 }' 'bad.policy:3: `lock` takes no C text in braces'
says 'fail a { return 1;' 'bad.policy:3: `{` without `}`'
says '{ return 1; }' 'bad.policy:3: C text without a word'
says 'acquire a b c d e f g h i j k l m n' 'bad.policy:3: too many arguments'
exit 0
