/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A half without a device, for measuring: one object of which ten 8-byte fields cross.
 * Its plan is written by hand and compiled into both halves. Shared by the module, its
 * user half and the program that compares.
 */
#ifndef UPBENCH_H
#define UPBENCH_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define UPBENCH_FIELDS	10

/* The fields that cross are scattered over it, as those of a driver are. */
struct upbench_dev {
	__u64 word[128];
};

#define UPBENCH_PLACES	{ 0, 5, 14, 23, 31, 44, 58, 77, 90, 121 }

enum {
	UPBENCH_PROBE,		/* no fields; begins the device's scope, as in a driver */
	UPBENCH_REMOVE,
	UPBENCH_TEN,		/* reads and changes all ten */
	UPBENCH_TWO,		/* reads ten, changes two */
	UPBENCH_NONE,		/* touches none */
	UPBENCH_ENTRIES
};

/* What the user half makes of a field; each is another than before. */
static inline __u64 upbench_next(__u64 x)
{
	return 3 * x + 1;
}

struct upbench_run {
	__u32 entry;
	__u32 count;		/* calls */
	__u32 asleep;		/* sleep a tick before each */
	__s32 error;		/* of the first call that failed */
	__u64 ticks;		/* the time-stamp counter, during the calls only */
	__u64 wrong;		/* fields and results that were not as they should be */
};

#define UPBENCH_IOC_REGISTER	_IO('U', 1)
#define UPBENCH_IOC_UNREGISTER	_IO('U', 2)
#define UPBENCH_IOC_RUN		_IOWR('U', 3, struct upbench_run)

#endif
