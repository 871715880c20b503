#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kernels: 6.1
# Crossings until e1000 has a link, and the time of probe and open.
# Goals that are not met yet fail `make bench`; here only what was reached is held.
. tests/helpers.sh
export TANDEM_BENCH=regression
t_status 0 bench/bench_crossings $([ -n "$soak" ] || echo --short)
