#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# Two NICs with different drivers, each with its own peer; two vCPUs; two guests at once.
. tests/helpers.sh
lab/run --smp 2 --device e1000 --stock e1000 --device rtl8139 --stock 8139cp -- sh -ec '
	test "$PEER" != "$PEER2"; test "$NIC" != "$NIC2"; test "$(nproc)" = 2
	ping -c 2 -i 0.2 -W 5 -I $NIC $PEER; ping -c 2 -i 0.2 -W 5 -I $NIC2 $PEER2' &
first=$!
t_status 0 lab/run --device e1000 --stock e1000 -- sh -c 'ping -c 2 -W 5 $PEER'
wait $first || t_fail "the guest with two NICs failed"
