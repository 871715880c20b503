// SPDX-License-Identifier: GPL-2.0
/* Calls of kernel-half functions in a row: one region in a loop, none elsewhere. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock, other; int count, limit; int log[8]; };
static struct dev dev = { .limit = 6 };

/* Also called under a lock, so it stays. */
static int read_reg(struct dev *d, int reg, int *value)
{
	int ret = 0;

	spin_lock(&d->lock);
	if (d->count > d->limit) {
		spin_unlock(&d->lock);
		return -5;
	}
	*value = 10 * reg + d->count++;
	d->log[reg & 7] = *value;
	spin_unlock(&d->lock);
	return ret;
}

/* Also called under a lock, but a copy of it can be in the other half. */
static int level(struct dev *d)
{
	return d->count + d->limit;
}

static int under_a_lock(struct dev *d, int n)
{
	int value = 0;

	kernel_event("under", n);
	kernel_event("under", n + 1);
	spin_lock(&d->other);
	read_reg(d, n, &value);
	value += level(d);
	spin_unlock(&d->other);
	kernel_event("under", value);
	return value;
}

static int poll(struct dev *d, int n)
{
	int value = 0, ret, i;

	kernel_event("begin", n);
	kernel_event("begin", n + 1);
	d->count = 0;
	for (i = 0; i < 10; i++) {
		ret = read_reg(d, 1, &value);
		if (ret)
			return ret;
		value += n;
		ret = read_reg(d, 2 + value, &value);
		if (ret)
			return ret - 1;
		if (value > 30)
			break;
		kernel_event("turn", value);
	}
	kernel_event("end", value);
	kernel_event("end", value + 1);
	return value;
}

/* Only the first two: what the others have between them is a call of moved code. */
static int told(int n)
{
	kernel_event("told", n);
	return n;
}

static int some(struct dev *d, int n)
{
	int value = 0, i = n & 3;

	kernel_event("some", n);
	d->count = 0;
	while (i--) {
		read_reg(d, n, &value);
		read_reg(d, n + i, &value);
		d->limit = told(value) & 15;
		read_reg(d, n, &value);
		if (value & 1)
			read_reg(d, n + 1, &value);
	}
	kernel_event("some", value);
	kernel_event("some", d->limit);
	d->limit = 6;
	return value;
}

/* No loop, though it looks like one. */
static int once(struct dev *d, int n)
{
	int value = 0;

	kernel_event("once", n);
	kernel_event("once", n + 1);
	do {
		read_reg(d, n, &value);
		read_reg(d, value, &value);
	} while (0);
	kernel_event("once", value);
	return value;
}

/* In a row and in a loop, but no crossings. */
static int copies(struct dev *d, int n)
{
	int value = 0, i = n & 3;

	kernel_event("copies", n);
	kernel_event("copies", n + 1);
	while (i--) {
		value += level(d);
		value ^= level(d) + i;
	}
	kernel_event("copies", value);
	return value;
}

int test(int n)
{
	return under_a_lock(&dev, n) + poll(&dev, n) + some(&dev, n) + once(&dev, n) + copies(&dev, n);
}
