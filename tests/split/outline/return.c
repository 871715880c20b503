// SPDX-License-Identifier: GPL-2.0
/* Regions with returns: with a value, without, at the end, in the middle. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; u8 small; };
static struct dev dev;

static int in_the_middle(struct dev *d, int n)
{
	int result = n;

	result *= 2;
	spin_lock(&d->lock);
	if (d->count > 5) {
		spin_unlock(&d->lock);
		return result + d->count;
	}
	d->count += n;
	result++;
	spin_unlock(&d->lock);
	result = kernel_work(result);
	kernel_event("result", result);
	result -= 3;
	return result - 1;
}

static void without_value(struct dev *d, int n)
{
	int twice = 2 * n;

	kernel_event("begin", twice);
	spin_lock(&d->lock);
	if (n < 0) {
		spin_unlock(&d->lock);
		return;
	}
	d->count -= twice;
	spin_unlock(&d->lock);
	kernel_event("middle", d->count);
	kernel_event("more", twice);
	kernel_event("end", n);
}

static unsigned long long wide(struct dev *d, u8 n)
{
	unsigned long long big = 1ULL << 40;

	kernel_event("wide", n);
	big += n;
	spin_lock(&d->lock);
	if (n & 1) {
		d->small += n;
		spin_unlock(&d->lock);
		return big + d->small;
	}
	if (n & 2) {
		spin_unlock(&d->lock);
		return -1;
	}
	spin_unlock(&d->lock);
	kernel_event("even", n);
	kernel_event("even", n + 1);
	kernel_event("even", n + 2);
	return big;
}

int test(int n)
{
	int sum = in_the_middle(&dev, n);

	without_value(&dev, n);
	sum += wide(&dev, n) >> 38;
	return sum + (int)wide(&dev, n);
}
