#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# The share of e1000 that has moved, its code that stayed, and its annotations.
. tests/helpers.sh
t_status 0 bench/bench_share

# README's number is this one
moved=$(sed -n '1s/^e1000: \([0-9]* of [0-9]* functions\).*/\1/p' build/split/6.1/e1000/report.txt)
grep -q "puts $moved into the process" README.md || t_fail "README.md does not say $moved"
