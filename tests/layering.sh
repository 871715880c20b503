#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Includes go down only (uapi <- logic <- kernel <- drivers, uapi <- logic <- lib <- cli), only the analyser
# knows libclang, each file has a licence line, nothing is over its size.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
complain() { echo "$*"; bad=1; }

# forbidden FOLDER PATTERN: no file of FOLDER includes what matches.
forbidden() {
	local hits
	[ -d "$1" ] || return 0
	hits=$(grep -rnE "^#include [\"<]([^\">]*/)?($2)" "$1" --include='*.[ch]')
	[ -z "$hits" ] || complain "$hits"
}
forbidden include '(logic|kernel|lib|split|cli|lab|tests|bench)/'
forbidden logic '(kernel|lib|split|cli|lab|tests|bench)/'
forbidden kernel '(lib|split|cli|lab|tests|bench|drivers)/'
forbidden lib '(kernel|split|cli|lab|tests|bench|drivers)/'
forbidden split '(kernel|cli|lab|tests|bench|drivers)/'
forbidden cli '(kernel|lab|tests|bench|drivers)/'

clang=$(git grep -lE '#include <clang-c/' -- '*.[ch]' | grep -vx split/analyse.c)
[ -z "$clang" ] || complain "libclang outside the analyser: $clang"

while read -r file; do
	grep -q 'SPDX-License-Identifier' < <(head -n 3 "$file") || complain "$file: no SPDX line"
done < <(git ls-files '*.c' '*.h' '*.sh' '*.py' '*.S' lab tests .ci Makefile '*meson.build' | grep -vE '\.(list|expect|golden|txt|md|json|in)$|^tests/(golden|data|cases)/' | sort -u)

while read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 800 ] || complain "$file: $lines lines, over 800"
done < <(git ls-files '*.c')
exit $bad
