/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's fault injector, for one thread: its n-th allocation from now on fails.
 */
#ifndef KERNEL_NTH_H
#define KERNEL_NTH_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or -errno: this kernel has no injector. */
int nth_init(void);

/*
 * The calling thread's @n-th allocation (or copy from or to a user's memory) fails, counted from
 * here; @on: and each one from slabs after it. Nothing happens to other threads.
 */
void nth_arm(unsigned int n, bool on);
unsigned int nth_disarm(void);		/* what is left of @n; 0: it came to that */
unsigned int nth_disarm_other(pid_t thread);

#endif
