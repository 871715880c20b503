#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernels: 6.1
# A complete upcall beside its rivals, in one guest.
# Goals that are not met yet fail `make bench`; here only what was reached is held.
. tests/helpers.sh
export TANDEM_BENCH=regression
t_status 0 bench/bench_upcall $([ -n "$soak" ] && echo 2 || echo 1)
