#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# kernels: 6.1
# The command's status comes through, also one above 127; so do its output and its files.
. tests/helpers.sh
t_status 7 lab/run --out "$out" -- sh -c 'echo spoken; echo written >/out/file; exit 7' >"$out.txt"
grep -qx spoken "$out.txt" || t_fail "the command's output is missing"
grep -qx written "$out/file" || t_fail "/out did not come back"
[ -s "$out/console.log" ] || t_fail "no console.log"
t_status 200 lab/run -- sh -c 'exit 200'
t_status 143 lab/run -- sh -c 'kill -TERM $$'
t_status 127 lab/run -- /no/such/command
