#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: 6.1
# A guest that hangs ends by the time limit, and so does one whose init cannot go on; both soon.
. tests/helpers.sh
begun=$SECONDS
t_status 122 lab/run --time 10 -- sleep 1000
[ $((SECONDS - begun)) -lt 25 ] || t_fail "the time limit took $((SECONDS - begun)) s"
# No driver binds to a device that is not there to be driven.
t_status 120 lab/run --time 120 --device e1000 --stock 8139cp -- true
t_status 120 lab/run --time 120 --device e1000 --stock no_such_module -- true
t_status 120 lab/run --time 120 --append rdinit=/no/such -- true
