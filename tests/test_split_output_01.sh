#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An output folder that is not ours is refused; ours changes only when a split went well.
. tests/helpers.sh

refused() {
	local pattern=$1 dir=$2 said
	shift 2
	said=$(build/tandem split e100 -o "$dir" --no-build "$@" 2>&1) && t_fail "not refused: $dir"
	[ "$(wc -l <<<"$said")" = 1 ] || t_fail "not one line: $said"
	grep -qE -- "^tandem: .*($pattern)" <<<"$said" || t_fail "$dir: $said"
}

content() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }

mkdir "$out/mine" "$out/a b" "$out/empty"
echo hello >"$out/mine/file"
refused 'not made by tandem split.*choose another' "$out/mine"
[ "$(ls -A "$out/mine")" = file ] || t_fail 'a foreign folder was touched'
refused 'Not a directory' "$out/mine/file"
refused 'folder with such a name' "$out/a b"
[ -z "$(ls -A "$out/a b")" ] || t_fail 'a refused folder was touched'

# an empty folder is as good as none; the second split replaces the first, a failed one does not
build/tandem split e100 -o "$out/empty" --no-build || t_fail 'cannot split into an empty folder'
[ -f "$out/empty/report.json" ] || t_fail 'no report'
[ ! -e "$out/empty/.work" ] || t_fail 'scratch left'
content "$out/empty" >"$out/before"
cp -r policy "$out/policy"
echo 'what is this' >>"$out/policy/net.policy"
refused "net.policy:$(wc -l <"$out/policy/net.policy"): " "$out/empty" --policy "$out/policy"
refused 'cannot read policy folder' "$out/empty" --policy "$out/nosuch"
content "$out/empty" | cmp - "$out/before" || t_fail 'a failed split changed the folder'
build/tandem split e100 -o "$out/empty" --no-build || t_fail 'cannot split again'
content "$out/empty" | cmp - "$out/before" || t_fail 'the same split, another result'

build/tandem split e100 -o "$out/empty" --explain e100_probe >"$out/why" || t_fail 'cannot explain'
grep -q '^e100_probe: ' "$out/why" || t_fail "$(cat "$out/why")"
content "$out/empty" | cmp - "$out/before" || t_fail '--explain changed the folder'

# interrupted at any time: as if it had not been run, and no compiler goes on
for delay in 0.1 1 3; do
	for dir in "$out/empty" "$out/new"; do
		timeout -s INT "$delay" build/tandem split e100 -o "$dir" --no-build 2>"$out/said"
		[ $? = 124 ] || continue	# was done before
		grep -qvx 'tandem: interrupted; nothing was changed' "$out/said" && t_fail "$(cat "$out/said")"
		[ ! -e "$out/new" ] || t_fail 'an interrupted split left its folder'
	done
	rm -rf "$out/new"
	content "$out/empty" | cmp - "$out/before" || t_fail 'an interrupted split changed the folder'
done
! pgrep -f "M=$out/" || t_fail 'an interrupted split goes on'

# two at once: one says so; what a killed one leaves is no hindrance
exec 9<"$out/empty"
flock 9
refused 'another tandem split works in' "$out/empty"
exec 9<&-
mkdir -p "$out/empty/.work/new/kernel"
echo stale >"$out/empty/.work/new/kernel/stale.c"
build/tandem split e100 -o "$out/empty" --no-build || t_fail 'cannot split after a killed run'
content "$out/empty" | cmp - "$out/before" || t_fail 'a killed run shows in the result'
exit 0
