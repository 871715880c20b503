// SPDX-License-Identifier: GPL-2.0
/*
 * In the guest: registers the measured half, calls its user half, whoever that is, and
 * unregisters it. Says what came of each; 1 if a value was not what it must be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bench/upbench.h"

#define CALLS	200

static int calls(int face, unsigned int entry)
{
	struct upbench_run run = { .entry = entry, .count = CALLS };

	if (ioctl(face, UPBENCH_IOC_RUN, &run) || run.error || run.wrong) {
		printf("entry %u: error %d, %llu wrong\n", entry, run.error, (unsigned long long)run.wrong);
		return 1;
	}
	return 0;
}

int main(void)
{
	int face = open("/dev/upbench", O_RDWR), bad;

	if (face < 0 || ioctl(face, UPBENCH_IOC_REGISTER)) {
		printf("register: %s\n", strerror(errno));
		return 2;
	}
	bad = calls(face, UPBENCH_TEN) | calls(face, UPBENCH_TWO) | calls(face, UPBENCH_NONE);
	if (ioctl(face, UPBENCH_IOC_UNREGISTER)) {
		printf("unregister: %s\n", strerror(errno));
		return 1;
	}
	if (!bad)
		puts("works");
	return bad;
}
