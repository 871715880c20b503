// SPDX-License-Identifier: GPL-2.0
/* Locks that other functions take and release, of the driver and of headers. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; };
static struct dev dev;

static void begin(struct dev *d)
{
	d->count++;
	spin_lock(&d->lock);
}

static void end(struct dev *d)
{
	spin_unlock(&d->lock);
}

static int try_begin(struct dev *d)
{
	return spin_trylock(&d->lock);
}

static int outer(struct dev *d, int n)
{
	int count;

	kernel_event("begin", n);
	kernel_event("begin", n + 1);
	begin(d);
	count = ++d->count;
	end(d);
	kernel_event("end", n);
	kernel_event("end", n + 1);
	return count;
}

static int tries(struct dev *d, int n)
{
	int count;

	kernel_event("begin", n);
	kernel_event("begin", n + 1);
	kernel_event("begin", n + 2);
	if (!try_begin(d))
		return -16;
	count = ++d->count;
	end(d);
	kernel_event("end", n);
	kernel_event("end", n + 1);
	return count;
}

int test(int n)
{
	return outer(&dev, n) + tries(&dev, n);
}
