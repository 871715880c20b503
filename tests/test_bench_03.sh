#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kernels: 6.1
# Crossings until e1000 has a link, and the time of probe and open.
. tests/helpers.sh
t_status 0 bench/bench_crossings $([ -n "$soak" ] || echo --short)
