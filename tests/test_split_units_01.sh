#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A driver of two files: both halves compile and link, and an inline is the same in each file. Tables inside
# functions, of another file, and the kernel's functions have names that both halves know.
. tests/helpers.sh
build/tandem split "$PWD/tests/split/units" -o "$out/units" || t_fail 'does not split'
cd "$out/units" || exit

# has FILE PATTERN WHAT
has() { grep -qE -- "$2" "$1" || t_fail "$1: $3"; }
for unit in one two; do
	sed -n '/^static inline.* card_get(/,/^}/p; /^static inline.* card_lock_and_count(/,/^}/p' user/tu-$unit.c >$unit.inlines
	has $unit.inlines 'tandem_region_[0-9]+\(' 'a region of an inline runs in the user half'
	! grep -q spin_lock $unit.inlines || t_fail "user/tu-$unit.c: an inline takes a lock"
	! grep -q card_lock_and_count kernel/tu-$unit.c || t_fail "kernel/tu-$unit.c: a moved inline is still there"
done
# each turn's last line marker leads back to where the file goes on
diff <(grep -v '^#' one.inlines | grep -v '^$') <(grep -v '^#' two.inlines | grep -v '^$') || t_fail 'one inline, two meanings'

# what cannot move, and why
has report.txt '^(kernel|both) +two_exported .*exported: other modules call it' 'an exported function moved'
has report.txt '^kernel +inner_type .*the type of its variable pair is declared inside it \(two.c:' 'a type is not there where its variable goes'
has report.txt '^ +kernel statements at two.c:[0-9]+: uses tail.part, an array whose length' 'what lies behind a record crosses'
has report.txt '^ +kernel statements at two.c:[0-9]+: touches struct list_head.next' 'a list is walked in the user half'
has kernel/tu-one.c 'int\) tandem_global_[0-9]+ = 41;' 'a static variable has lost its value'
has kernel/tu-one.c 'struct net_device_ops\) tandem_symbol_[0-9]+ = \{$' 'a table inside a function is not there'
has user/tu-one.c 'dev->netdev_ops = &tandem_table_[0-9]+;' 'a table inside a function has no name'
has user/tu-one.c '^extern const struct info info_two;' 'a table of another file is not declared'
has user/tu-one.c 'by_number\[\].*\[1\] = in_kernel' 'a table of functions is empty'
! grep -qE '__thread.*(section|&counted)' user/tu-one.c || t_fail 'a variable starts with what is not there'
sed -n '/plan_symbol\[\]/,/^}/p' plan.c >names
for name in eth_validate_addr netdev_ops info_one info_two get_one get_two; do
	has names "\"$name\"" "$name is no symbol"
done
# what the user half may put there, and nothing else
at=$(grep -c '' <<<"$(sed '/"eth_validate_addr"/q' names)")
has plan.c "\"check\".*TANDEM_ONLY_SYMBOLS.*\{ $((at - 2)), 0xffff" 'a field for a function of the kernel takes others'
exit 0
