#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kernels: 6.1
# What a frame costs through both drivers, in a short version: two boots each, fewer frames.
. tests/helpers.sh
if [ -n "$soak" ]; then
	t_status 0 bench/bench_frames
else
	t_status 0 bench/bench_frames 20000 2
fi
