#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 400
# kernels: 6.1
# A guest that panics or whose kernel complains is a failure, whatever the command's status was.
. tests/helpers.sh
t_status 121 lab/run -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
t_status 121 lab/run -- sh -c 'echo "WARNING: planted" >/dev/kmsg'
t_status 121 lab/run -- sh -c 'echo "BUG: KASAN: planted" >/dev/kmsg; exit 5'
t_status 5 lab/run --expect 'WARNING: planted' -- sh -c 'echo "WARNING: planted" >/dev/kmsg; exit 5'
t_status 121 lab/run --expect 'WARNING: planted' -- true
# A reboot is not a report.
t_status 120 lab/run -- sh -c 'echo b >/proc/sysrq-trigger; sleep 60'
