#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each policy word is explained, with an example, in docs/policy.md and tandem-policy(5), and they explain no other.
. tests/helpers.sh

sed -n '/} words\[\] = {/,/^};/p' split/policy.c | grep -oE '\{ "[a-z-]+"' | grep -oE '[a-z-]+' | sort -u >"$out/words"
[ "$(wc -l <"$out/words")" -ge 30 ] || t_fail 'the table of words is not where it was'

# in the guide: | `word ...` | meaning | `word ...` |
sed -nE 's/^\| `([a-z-]+) .*\| `\1 [^`]*` \|$/\1/p' docs/policy.md | sort -u >"$out/guide"
diff "$out/words" "$out/guide" || t_fail 'docs/policy.md does not explain these words, or knows others'

# in the page: .BI "word ..."
sed -nE 's/^\.BI? "?([a-z]+(\\-[a-z]+)?)[ "].*/\1/p' docs/man/tandem-policy.5 | tr -d '\\' | sort -u >"$out/page"
diff "$out/words" "$out/page" || t_fail 'tandem-policy(5) does not explain these words, or knows others'

# the examples are right: as a policy of their own they are read without complaint
mkdir "$out/policy"
sed -nE 's/^\| `([a-z-]+) .*\| `(\1 [^`]*)` \|$/\2/p' docs/policy.md >"$out/policy/examples.policy"
said=$(build/tandem split e100 -o "$out/o" --no-build --policy "$out/policy" 2>&1)
! grep -q 'examples.policy' <<<"$said" || t_fail "$said"

# a wrong line ends the split with file and line
while read -r line; do
	printf '# comment\n\n%b\n' "$line" >"$out/policy/examples.policy"
	said=$(build/tandem split e100 -o "$out/o" --no-build --policy "$out/policy" 2>&1 </dev/null) && t_fail "taken: $line"
	grep -qE 'examples.policy:(3:| this is no text)' <<<"$said" || t_fail "$line: $said"
done <<'EOF'
nonsense f
keep
keep a b c
null f first
keeps f -1
print f 1x
alloc f heap 0 1
alloc f data 0 x
alloc f data 0 - head net_device
acquire f sometimes g 0
acquire f zero g out
life pci_dev ever
mutex f take
buffer f in 1 { 4 }
buffer f/x in 1 { 4 }
buffer f/1 in one { 4 }
room f/1
room f/1 { 4 } 5
room f/1 { 4
keep f { 4 }
{ 4 }
keep f\x00
EOF
exit 0
