#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install and remove, killed before any change that they or DKMS make to the file system, and run again: install
# ends in what an undisturbed one makes, remove in what was there before the first, permissions too.
# timeout: 900
. tests/helpers.sh
. tests/install.sh

root=$out/root clean=$out/clean full=$out/full count=$out/count
make_root "$root"
contents "$root" >"$clean"
install=(install "$driver" -k "$release" --root "$root") remove=(remove "$driver" --root "$root")

# killed_at N ARGUMENTS...: the command, ended before the N-th change; fails if it came to its end
killed_at() {
	local at=$1
	shift
	: >"$count"
	TANDEM_KILL_AT=$at TANDEM_KILL_COUNT=$count LD_PRELOAD=$PWD/build/tests/install/libkill_at.so \
		setsid --wait build/tandem "$@" >"$out/said" 2>&1 || [ $? -lt 128 ]
	[ "$(wc -c <"$count")" = "$at" ]
}
same() { contents "$root" | cmp -s - "$1" || { contents "$root" | diff "$1" - | head -n 5 >&2; t_fail "$2"; }; }

t_status 0 tandem "${install[@]}" >/dev/null
contents "$root" >"$full"
t_status 0 tandem "${install[@]}" >/dev/null
same "$full" 'a second install has changed something'
t_status 0 tandem status --installed --root "$root" >/dev/null
killed_at 0 "${remove[@]}"	# only counts
removals=$(wc -c <"$count")
same "$clean" 'remove has left something'
killed_at 0 "${install[@]}"
installs=$(wc -c <"$count")
same "$full" 'install has made something else'
[ "$installs" -ge 200 ] && [ "$removals" -ge 100 ] || t_fail "only $installs and $removals points"
tandem "${remove[@]}" >/dev/null

# The first ones all, then every so many, a number that hits all kinds of points.
points=0
for ((i = 1; i < installs; i += i < 10 || ${soak:-0} ? 1 : 17)); do
	killed_at "$i" "${install[@]}" || t_fail "install came to its end before point $i"
	rm -rf "$out/copy"
	cp -a "$root" "$out/copy"
	t_status 0 tandem "${install[@]}" >/dev/null
	same "$full" "killed at $i, installed again"
	t_status 0 tandem "${remove[@]}" >/dev/null
	same "$clean" "killed at $i, installed again, removed"
	rm -rf "$root"
	mv "$out/copy" "$root"
	tandem "${remove[@]}" >/dev/null 2>"$out/said" || grep -q 'is not installed' "$out/said" || t_fail "$(cat "$out/said")"
	same "$clean" "killed at $i, removed"
	points=$((points + 1))
done
for ((i = 1; i < removals; i += ${soak:-0} ? 1 : 19)); do
	tandem "${install[@]}" >/dev/null
	killed_at "$i" "${remove[@]}" || t_fail "remove came to its end before point $i"
	tandem "${remove[@]}" >/dev/null 2>"$out/said" || grep -q 'is not installed' "$out/said" || t_fail "$(cat "$out/said")"
	same "$clean" "remove killed at $i, removed"
	tandem "${install[@]}" >/dev/null
	killed_at "$i" "${remove[@]}" || t_fail "remove came to its end before point $i"
	t_status 0 tandem "${install[@]}" >/dev/null
	same "$full" "remove killed at $i, installed"
	t_status 0 tandem "${remove[@]}" >/dev/null
	points=$((points + 1))
done
echo "$points of $((installs + removals)) points"
[ "$points" -ge 25 ] || t_fail 'too few'
