// SPDX-License-Identifier: GPL-2.0
/* Regions with jumps: out of them forwards and backwards, and inside them. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; };
static struct dev dev;

static int forwards(struct dev *d, int n)
{
	int ret = -1;

	kernel_event("forwards", n);
	spin_lock(&d->lock);
	if (n == 1) {
		spin_unlock(&d->lock);
		goto out;
	}
	d->count++;
	if (n == 2) {
		spin_unlock(&d->lock);
		goto bad;
	}
	spin_unlock(&d->lock);
	ret = kernel_work(n);
	kernel_event("ret", ret);
	ret++;
out:
	return ret;
bad:
	ret = -22;
	goto out;
}

static int backwards(struct dev *d, int n)
{
	int turns = 0;

	kernel_event("backwards", n);
again:
	turns++;
	spin_lock(&d->lock);
	if (d->count < n) {
		d->count++;
		spin_unlock(&d->lock);
		goto again;
	}
	d->count = 0;
	spin_unlock(&d->lock);
	kernel_event("turns", turns);
	kernel_event("count", d->count);
	return turns;
}

static int inside(struct dev *d, int n)
{
	int i = 0;

	kernel_event("inside", n);
	kernel_event("inside", i);
	spin_lock(&d->lock);
next:
	if (i < n) {
		i++;
		goto next;
	}
	d->count = i;
	spin_unlock(&d->lock);
	kernel_event("i", i);
	kernel_event("count", d->count);
	kernel_event("end", d->count);
	return i;
}

static int loops(struct dev *d, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++) {
		kernel_event("turn", i);
		spin_lock(&d->lock);
		if (i == 3) {
			spin_unlock(&d->lock);
			continue;
		}
		if (i == 6) {
			spin_unlock(&d->lock);
			break;
		}
		sum += i;
		spin_unlock(&d->lock);
		kernel_event("sum", sum);
		kernel_event("turn ends", i);
	}
	switch (n & 3) {
	case 0:
		spin_lock(&d->lock);
		d->count = sum;
		spin_unlock(&d->lock);
		break;
	case 1:
		kernel_event("one", 1);
		/* fall through */
	default:
		spin_lock(&d->lock);
		d->count++;
		spin_unlock(&d->lock);
	}
	kernel_event("loops", d->count);
	return sum;
}

int test(int n)
{
	return forwards(&dev, n) + 100 * backwards(&dev, n) + 10000 * inside(&dev, n) + loops(&dev, n);
}
