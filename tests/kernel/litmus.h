/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The litmus half: a driver without a device, whose plan is written by hand so that each
 * rule of the channel can be met. Shared by the module and the programs that play its
 * user half on the raw channel.
 */
#ifndef LITMUS_H
#define LITMUS_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define LITMUS_BUILD	"00112233445566778899aabbccddeeff00112233"

struct litmus_ring {
	__u32 head;
	__u32 tail;
	__u64 slot[4];
};

struct litmus_dev {
	__u32 a, b, c, d;
	__u64 e, f;
	__u16 g;
	__u8 h;
	__u8 bits;		/* low nibble is the user half's */
	__u32 ticks;		/* the kernel's: a timer counts */
	struct litmus_ring *ring;
	struct litmus_ring *ring2;	/* the user half stores untyped memory here */
	const char *name;
	void *cookie;
	void (*fn)(void);
	__u32 arr[4];
	__u32 fixed;		/* const: never written back */
};

/* A record that the user half never looks into; a ring follows it in the same memory. */
struct litmus_host {
	__u64 number[3];
};

#define LITMUS_TAIL	32

/* Many records, each of which is found through the one before. */
struct litmus_link {
	struct litmus_link *next;
	void *cookie;		/* each has another */
};

#define LITMUS_LINKS	600

enum {
	LITMUS_TYPE_DEV, LITMUS_TYPE_RING, LITMUS_TYPE_BIG, LITMUS_TYPE_HOST, LITMUS_TYPE_LINK,
	LITMUS_TYPES
};

/* Places of the uses in every view of struct litmus_dev. */
enum {
	LITMUS_USE_A, LITMUS_USE_B, LITMUS_USE_C, LITMUS_USE_D, LITMUS_USE_E, LITMUS_USE_F,
	LITMUS_USE_G, LITMUS_USE_H, LITMUS_USE_BITS, LITMUS_USE_TICKS, LITMUS_USE_RING,
	LITMUS_USE_RING2, LITMUS_USE_NAME, LITMUS_USE_COOKIE, LITMUS_USE_FN, LITMUS_USE_ARR,
	LITMUS_USE_FIXED, LITMUS_USES
};

enum {
	LITMUS_PROBE, LITMUS_REMOVE, LITMUS_POKE, LITMUS_TEN, LITMUS_BUFFER, LITMUS_OPEN,
	LITMUS_CLOSE, LITMUS_READ, LITMUS_NULL, LITMUS_BIG,
	LITMUS_NOTHING, LITMUS_HOST, LITMUS_CHAIN, LITMUS_ENTRIES
};

enum {
	LITMUS_DOWN_ALLOC, LITMUS_DOWN_FREE, LITMUS_DOWN_LOCK, LITMUS_DOWN_UNLOCK,
	LITMUS_DOWN_NEST, LITMUS_DOWN_LOG, LITMUS_DOWN_ADD, LITMUS_DOWN_TICK, LITMUS_DOWN_FILL,
	LITMUS_DOWN_KEEP, LITMUS_DOWN_SLEEP, LITMUS_DOWN_NEVER, LITMUS_DOWN_DMA,
	LITMUS_DOWN_DMA_FREE, LITMUS_DOWN_RAW, LITMUS_DOWN_BIT, LITMUS_DOWN_FIELD, LITMUS_DOWN_LOCAL,
	LITMUS_DOWN_RING, LITMUS_DOWN_OTHER_FREE, LITMUS_DOWN_HOLD, LITMUS_DOWN_UNHOLD, LITMUS_DOWN_LITTLE,
	LITMUS_DOWN_RUN, LITMUS_DOWN_PUSH, LITMUS_DOWN_START, LITMUS_DOWN_STOP, LITMUS_DOWN_REMAP,
	LITMUS_DOWN_UNREMAP,
	LITMUS_DOWNS
};

/* The driver's face: runs one entry in the user half, and shows what is there after. */
struct litmus_run {
	__u32 entry;
	__s32 error;			/* of tandem_upcall() */
	__u32 device;			/* 0 or 1 */
	__u32 from;			/* LITMUS_FROM_*: the context to call from */
	__u64 arg;
	__u64 result;
	__u64 buffer, bytes;		/* BUFFER's */
	__u64 repeat;			/* calls back to back */
	struct litmus_dev dev;		/* the kernel's, afterwards; pointers are 0 or 1 */
	__u32 allocated;		/* live allocations, REMAP's too */
	__u32 locked;
	__u32 ticked;			/* LITMUS_DOWN_TICK calls */
	__u32 kept;
	__u64 ns;			/* the calls took */
	__u32 held;			/* LITMUS_DOWN_HOLD calls in effect */
	__u32 busy;			/* of HOLD, UNHOLD and RING: those that run */
	__u32 started;			/* LITMUS_DOWN_START is in effect */
	__u32 harm;			/* times that the kernel would have been hurt */
};

enum {
	LITMUS_FROM_THREAD, LITMUS_FROM_SPIN, LITMUS_FROM_RCU, LITMUS_FROM_IRQ_OFF, LITMUS_FROM_BH_OFF,
	LITMUS_FROM_IRQ, LITMUS_FROM_SOFTIRQ, LITMUS_FROMS
};

#define LITMUS_IOC_RUN		_IOWR('L', 1, struct litmus_run)
#define LITMUS_IOC_REGISTER	_IO('L', 2)
#define LITMUS_IOC_UNREGISTER	_IO('L', 3)
#define LITMUS_IOC_SET		_IOW('L', 4, struct litmus_run)	/* dev.a .. dev.arr of the device */

#endif
