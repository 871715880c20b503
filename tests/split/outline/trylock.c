// SPDX-License-Identifier: GPL-2.0
/* Locks that are taken if they are free. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; };
static struct dev dev;

static int returns_else(struct dev *d, int n)
{
	kernel_event("begin", n);
	if (!spin_trylock(&d->lock))
		return -1;
	d->count++;
	spin_unlock(&d->lock);
	kernel_event("end", n);
	return n;
}

static int inside_if(struct dev *d, int n)
{
	kernel_event("begin", n);
	kernel_event("begin", n + 1);
	kernel_event("begin", n + 2);
	if (n && spin_trylock(&d->lock)) {
		d->count++;
		spin_unlock(&d->lock);
	}
	kernel_event("end", n);
	return n;
}

static int unlikely(struct dev *d, int n)
{
	int ret = -16;

	kernel_event("begin", n);
	kernel_event("begin", n + 1);
	if (__builtin_expect(!!(!spin_trylock(&d->lock)), 0))
		goto out;
	ret = d->count++;
	spin_unlock(&d->lock);
	kernel_event("end", n);
out:
	kernel_event("out", n);
	kernel_event("out", ret);
	return ret;
}

int test(int n)
{
	return returns_else(&dev, n) + inside_if(&dev, n) + unlikely(&dev, n);
}
