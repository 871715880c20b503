#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The parsers of files, a minute with inputs that nobody thought of: they refuse, or understand all of it.
# timeout: 400
. tests/helpers.sh

FUZZ_OUT=$PWD/build/fuzz tests/fuzz/run $((${soak:+10 *} 54)) || t_fail 'see above'

# The fuzzer itself: it finds arguments that are written behind the last, and one that nobody looks at.
mkdir -p "$out/planted/split" "$out/planted/cli"
sed 's/if (l->narg == POLICY_ARGS)/if (0)/' split/policy.c >"$out/planted/split/policy.c"
sed 's/ || n > 5 ||/ ||/' cli/inventory.c >"$out/planted/cli/inventory.c"
for f in split/policy.c cli/inventory.c; do
	! cmp -s $f "$out/planted/$f" || t_fail "nothing was planted in $f"
	target=$(basename $f .c)
	FUZZ_SOURCE=$out/planted FUZZ_OUT=$out/fuzz tests/fuzz/run 20 "$target" 2>"$out/err" && t_fail "$target: what was planted is not found"
	grep -qE 'ERROR: AddressSanitizer|runtime error|not so: words' "$out/err" || t_fail "$(cat "$out/err")"
	echo "found: $(cut -c1-160 "$out/err")"
done
