#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels: 6.1
# The share of e1000 that has moved, its code that stayed, and its annotations.
. tests/helpers.sh
t_status 0 bench/bench_share
