// SPDX-License-Identifier: GPL-2.0
/* The litmus half's user side, as a splitter would write it: entries, and stand-ins for downcalls. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "kernel/litmus.h"

typedef tandem_u64 u64;
typedef uint32_t u32;
typedef uint16_t u16;
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))

#include "litmus_plan.inc"

static __thread u32 litmus_global;

static void *get_global(void)
{
	return &litmus_global;
}

static u64 down(unsigned int id, u64 a, u64 b, u64 c)
{
	tandem_u64 arg[] = { a, b, c };

	return tandem_down(id, arg, NULL);
}

static void litmus_fn(void)
{
	tandem_die("litmus_fn called");
}

static void *volatile nowhere;

/* What each number of LITMUS_POKE and its like does; the result is what the test looks at. */

static long plain(struct litmus_dev *dev)
{
	dev->a++;
	dev->b = dev->a * 2;
	dev->e += 1ULL << 40;
	dev->h--;
	dev->arr[3] = dev->arr[0] + dev->arr[1];
	dev->bits ^= 0x05;
	dev->fixed = 99;
	return dev->a;
}

static long typed_memory(struct litmus_dev *dev)
{
	struct litmus_ring *ring = (void *)down(LITMUS_DOWN_ALLOC, 2 * sizeof(*ring), 0, 0);

	ring[1].head = 7;
	dev->ring2 = ring;
	tandem_sync();
	ring[1].tail = ring[1].head + 1;
	down(LITMUS_DOWN_LOCK, 0, 0, 0);
	down(LITMUS_DOWN_UNLOCK, 0, 0, 0);
	return ring[1].tail;
}

static long free_memory(struct litmus_dev *dev)
{
	struct litmus_ring *ring = dev->ring2;
	long tail = ring[1].tail;

	dev->ring2 = NULL;
	down(LITMUS_DOWN_FREE, (u64)ring, 0, 0);
	return tail;
}

static long untyped_memory(struct litmus_dev *dev)
{
	struct litmus_ring *ring = (void *)down(LITMUS_DOWN_RAW, 2 * sizeof(*ring), 0, 0);

	ring[0].slot[2] = 5;
	ring[1].tail = 6;
	dev->ring2 = ring;
	down(LITMUS_DOWN_ADD, 0, 0, 0);
	return ring[1].tail;
}

static long flat(void)
{
	char text[40] = "";
	tandem_u64 arg[] = { (u64)text, 33 }, bytes[] = { 33, 0 };

	tandem_down(LITMUS_DOWN_FILL, arg, bytes);
	return text[32] == 0x5a && !text[33] ? (long)down(LITMUS_DOWN_LOG, (u64)"twelve bytes", 0, 0) : -1;
}

static long dma(void)
{
	u64 address = 0;
	uint32_t *at = (void *)down(LITMUS_DOWN_DMA, 8192, (u64)&address, 0);
	long ok;

	at[2047] = 42;
	ok = address && at[0] == 0 && at[2047] == 42;
	down(LITMUS_DOWN_DMA_FREE, 8192, (u64)at, address);
	return ok;
}

static long queued(struct litmus_dev *dev)
{
	for (int i = 0; i < 3; i++) {
		dev->a = i;
		down(LITMUS_DOWN_TICK, (u64)dev, 0, 0);
	}
	return 3;
}

static long pointers(struct litmus_dev *dev)
{
	long ok = dev->fn == litmus_fn && !strcmp(dev->name, "litmus") && dev->ring->head == 0;
	void *cookie = dev->cookie;

	dev->fn = NULL;
	dev->cookie = NULL;
	tandem_sync();
	dev->fn = litmus_fn;
	dev->cookie = cookie;
	return ok;
}

static long mutexes(struct litmus_dev *dev)
{
	tandem_mutex_lock(&dev->f);
	dev->c++;
	down(LITMUS_DOWN_SLEEP, 1, 0, 0);
	dev->c++;
	tandem_mutex_unlock(&dev->f);
	return dev->c;
}

static tandem_u64 poke(const tandem_u64 *arg)
{
	struct litmus_dev *dev = (void *)arg[0];
	unsigned int what = arg[1];
	int result;

	switch (what) {
	case 0:
		return plain(dev);
	case 1:
		return typed_memory(dev);
	case 2:
		return free_memory(dev);
	case 3:
		return untyped_memory(dev);
	case 4:
		dev->a = 1;
		result = down(LITMUS_DOWN_NEST, (u64)dev, 0, 0);
		return result + 100 * dev->a;
	case 5:
		return flat();
	case 6:
		return dma();
	case 7:
		return queued(dev);
	case 8:
		return pointers(dev);
	case 9:
		return mutexes(dev);
	case 10:
		down(LITMUS_DOWN_KEEP, (u64)"kept for ever", 0, 0);
		return down(LITMUS_DOWN_ADD, (u64)-5, 3, 0);
	case 11:
		tandem_msleep(1500);
		return 11;
	case 12:
		return ((struct litmus_dev *)dev->cookie)->a;
	case 13:
		dev->ring2 = nowhere ? nowhere : (void *)&result;
		return 0;
	case 14:
		return tandem_jiffies();
	case 15:	/* as deep as the argument's rest says */
	default:
		dev->d++;
		if (what > 15)
			down(LITMUS_DOWN_NEST, (u64)dev, what - 1, 0);
		return dev->d;
	}
}

static tandem_u64 null(const tandem_u64 *arg)
{
	(void)arg;
	return ++litmus_global;
}

static tandem_u64 ten(const tandem_u64 *arg)
{
	struct litmus_dev *dev = (void *)arg[0];

	dev->a++;
	switch (arg[1]) {
	case 1:	/* words of all sizes */
		dev->e = ~dev->e;
		dev->f += dev->ticks;
		dev->g++;
		dev->h--;
		break;
	case 2:	/* what no short reply can say */
		dev->bits ^= 5;
		break;
	case 3:	/* a crossing between two changes */
		down(LITMUS_DOWN_ADD, 1, 2, 0);
		dev->d++;
		break;
	case 4:	/* and one that waits for the reply */
		down(LITMUS_DOWN_TICK, (u64)dev, 0, 0);
		dev->d++;
		break;
	}
	return dev->a;
}

static tandem_u64 buffer(const tandem_u64 *arg)
{
	unsigned char *at = (void *)arg[1];

	for (u32 i = 0; i < (u32)arg[2]; i++)
		at[i] = ~at[i];
	return arg[2];
}

static tandem_u64 big(const tandem_u64 *arg)
{
	u32 *word = (void *)arg[0];

	for (int i = 0; i < 40000; i++)
		word[i] += i;
	return word[39999];
}

static const tandem_thunk thunk[LITMUS_ENTRIES] = {
	[LITMUS_PROBE] = poke, [LITMUS_REMOVE] = poke, [LITMUS_POKE] = poke, [LITMUS_TEN] = ten,
	[LITMUS_BUFFER] = buffer, [LITMUS_OPEN] = poke, [LITMUS_CLOSE] = poke, [LITMUS_READ] = poke,
	[LITMUS_NULL] = null, [LITMUS_BIG] = big,
};

static const void *const symbol[] = { litmus_fn };
static void *(*const global_at[])(void) = { get_global };

static const struct tandem_uhalf half = {
	.plan = &plan, .entry = thunk, .symbol = symbol, .global = global_at,
};

int main(int argc, char **argv)
{
	memcpy(all_types, type, sizeof(type));
	all_types[LITMUS_TYPES] = (struct tandem_type){
		.name = "u32", .size = 4, .nleaf = 1, .leaf = global_leaf, .tail_type = TANDEM_NONE,
	};
	return tandem_half_main(argc, argv, &half);
}
