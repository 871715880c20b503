#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 600
# kernels: 6.1
# A complete upcall beside its rivals, in one guest.
. tests/helpers.sh
t_status 0 bench/bench_upcall $([ -n "$soak" ] && echo 2 || echo 1)
