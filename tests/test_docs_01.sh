#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# docs/security.md leaves out no request of the protocol, and the tests that it names are there.
. tests/helpers.sh
page=docs/security.md header=include/uapi/tandem/channel.h

check() {	# PAGE: one line for each thing that is wrong
	local name
	for name in $(sed -n 's/^#define TANDEM_IOC_\([A-Z]*\)[[:space:]]*_IO.*/\1/p; s/^#define TANDEM_SAY_\([A-Z]*\)[[:space:]].*/\1/p' $header) \
		FLUSH BUFFER; do
		grep -qE "^\| $name\b" "$1" || echo "has no row for $name"
	done
	for name in $(grep -oE '\b[a-z0-9]+(_[a-z]+)?_[0-9]{2}\b' "$1" | sort -u); do
		[ -x "tests/test_$name.sh" ] || echo "names the test $name, which is none"
	done
	for name in $(grep -oE '\bunit_[a-z_]+\b' "$1" | sort -u); do
		grep -rq --include=meson.build "test('${name#unit_}" . || echo "names the test $name, which is none"
	done
	for name in $(grep -oE 'cases? [0-9, -]+' "$1" | grep -oE '[0-9]+'); do
		grep -qE "^	case $name:" tests/kernel_rules.c || echo "names case $name, which is none"
	done
}
said=$(check $page)
[ -z "$said" ] || t_fail "$page $(head -n1 <<<"$said")"

# It would notice.
grep -v '^| FETCH' $page | sed 's/half_01/half_77/; s/case 26,/case 99,/; s/unit_logic/unit_magic/; s/cases 25, 26/cases 25, 99/' >"$out/page"
[ "$(check "$out/page" | wc -l)" = 4 ] || t_fail "of 4 mistakes it noticed: $(check "$out/page")"
