#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 900
# kernels: 6.1
# What an interrupt costs in each handler, of tandem.ko and of the split e1000: at most 1.1 times the noted figure.
. tests/helpers.sh
t_status 0 bench/bench_interrupt
