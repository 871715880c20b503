#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The channel, a minute with user halves that nobody thought of, guided by what the kernel runs: nothing
# complains, no driver is hurt, nothing is left. Where no kernel tells what runs, those that were found
# before are played once.
# timeout: 400
# kernels: 6.1
. tests/helpers.sh

if ! lab/kernel-build --cached coverage >/dev/null; then
	echo 'kernel coverage is not in the cache (make coverage builds it): only what is kept is played'
	FUZZ_OUT=$out tests/fuzz/protocol 0 || t_fail 'see above'
	exit 0
fi
lab/module-build coverage || t_fail 'the modules do not build'
FUZZ_OUT=$out tests/fuzz/protocol $((${soak:+10 *} 60)) || t_fail 'see above'
