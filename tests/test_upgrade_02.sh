#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whoever changes an interface between programs that are built apart raises its number: tests/data/interfaces
# has a sum of each one's text, comments left out, and the number that it had then.
. tests/helpers.sh

# interface NUMBER FILE...: "NUMBER VALUE SUM"
interface() {
	local name=$1
	shift
	echo "$name $(sed -n "s/^#define $name\t*//p" "$@") $(cat "$@" | gcc -fpreprocessed -dD -E -P - 2>/dev/null |
		sed "/^#define $name/d" | tr -s ' \t\n' ' ' | sha256sum | cut -c 1-16)"
}
{
	interface TANDEM_PROTOCOL include/uapi/tandem/channel.h
	interface TANDEM_HALF_ABI kernel/half.h logic/plan.h
} >"$out/now"
diff tests/data/interfaces "$out/now" || t_fail 'an interface is not the noted one: raise its number if the two could misread each other, and note the line above that begins with >'
