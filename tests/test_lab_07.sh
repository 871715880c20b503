#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# Wrong usage, and what is missing on the host, end at once with status 123 and one line.
. tests/helpers.sh
refused() {
	local text
	text=$(lab/run "$@" 2>&1 >/dev/null)
	[ $? = 123 ] || t_fail "not refused: $*"
	[ "$(wc -l <<<"$text")" = 1 ] || t_fail "more than a line: $text"
}
refused true
refused --
refused --no-such-option -- true
refused --kernel no-such-kernel -- true
refused --icount --smp 2 -- true
refused --module /no/such.ko -- true
refused --split no_such_split -- true
lab/run --split no_such_split -- true 2>&1 | grep -q 'split: not yet' || t_fail "does not say: not yet"
