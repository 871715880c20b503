#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which functions and tables the user half may put where: all that the driver's code puts there, and no other.
# "only" where nothing else is there, "code" where a function is. UPDATE=1 writes the list anew.
. tests/helpers.sh
build/tandem split "$PWD/tests/split/symbols" -o "$out/symbols" --no-build || t_fail 'does not split'
echo '# SPDX-License-Identifier: GPL-2.0' >"$out/now"
awk -F'"' '
	/plan_symbol\[\]/ { names = 1; next }
	names && NF > 1 { name[n++] = $2 }
	names && !/"/ { names = 0 }
	/TANDEM_LEAF_PTR|TANDEM_VALUE_PTR/ && /__u16|ONLY/ { line[++k] = $0; field[k] = /LEAF/ ? $2 : $(NF - 1) }
	END {
		for (i = 1; i <= k; i++) {
			text = field[i] ":"
			ids = line[i]
			if (sub(/.*__u16\[\]\){/, "", ids)) {
				sub(/, 0xffff.*/, "", ids)
				m = split(ids, id, ",")
				for (j = 1; j <= m; j++)
					here[j] = name[id[j] + 0]
				for (a = 1; a <= m; a++)	# sorted: the order says nothing
					for (b = a + 1; b <= m; b++)
						if (here[b] < here[a]) { t = here[a]; here[a] = here[b]; here[b] = t }
				for (j = 1; j <= m; j++)
					text = text " " here[j]
			}
			if (line[i] ~ /ONLY_SYMBOLS/) text = text " only"
			if (line[i] ~ /ONLY_CODE/) text = text " code"
			print text
		}
	}' "$out/symbols/plan.c" | grep -v ': only$' | sort -u >>"$out/now"
[ -z "${UPDATE-}" ] || cp "$out/now" tests/split/symbols/symbols.expected
diff -u tests/split/symbols/symbols.expected "$out/now" || t_fail 'not as expected'
# nothing but NULL where the user half stores nothing: it writes the record only because it hands it on as bytes
grep -q '"header_ops".*TANDEM_ONLY_SYMBOLS, 0x0ULL, 0 }' "$out/symbols/plan.c" || t_fail 'header_ops may be anything'
grep -q '"memory".*TANDEM_LEAF_PTR, 8, 0, 0, 0x0ULL, 0 }' "$out/symbols/plan.c" || t_fail 'allocated memory may be a symbol'
# the user half looks into tables of the driver's own, not into the kernel's
grep -q 'struct ops ops_a = { .get = get_a, .put = get_b };' "$out"/symbols/user/*.c || t_fail 'a table is empty in the user half'
grep -q 'struct ethtool_ops eth ;' "$out"/symbols/user/*.c || t_fail "a table of the kernel's is whole"
exit 0
