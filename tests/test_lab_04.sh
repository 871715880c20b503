#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 300
# The stock e1000 has an address, answers and carries TCP both ways.
. tests/helpers.sh
t_status 0 lab/run --device e1000 --stock e1000 --out "$out" -- sh -ec '
	ping -c 3 -i 0.2 -W 5 $PEER
	iperf3 -c $PEER -t 2 -J >/out/sent
	iperf3 -R -c $PEER -t 2 -J >/out/received
	ethtool -i $NIC | grep -qx "driver: e1000"'
python3 - "$out" <<'P' || t_fail "iperf3 moved nothing"
import json, sys
for name in 'sent', 'received':
    assert json.load(open(f'{sys.argv[1]}/{name}'))['end']['sum_received']['bytes'] > 1e6
P
