// SPDX-License-Identifier: GPL-2.0
/* Locks inside locks, and calls: of functions that take a lock, that need one, that write what they are given. */
#include "include/linux/fake.h"

struct part { spinlock_t lock; int value; };
struct dev { spinlock_t lock; struct part part[3]; int count; };
struct pair { int first, second; };
static struct dev dev;

static void fill(struct pair *pair, int *out, u8 *bytes)
{
	pair->first += 2;
	pair->second = pair->first * 2;
	*out = pair->second + 1;
	for (int i = 0; i < 4; i++)
		bytes[i] = i + pair->first;
}

static int needs_lock(struct dev *d, int n)
{
	d->count += n;
	return d->count;
}

static int takes_lock(struct part *p, int n)
{
	int old;

	kernel_event("takes", n);
	spin_lock(&p->lock);
	old = p->value;
	p->value = n;
	spin_unlock(&p->lock);
	kernel_event("took", old);
	kernel_event("value", p->value);
	return old;
}

static int both(struct dev *d, int n)
{
	int sum = 0;

	kernel_event("both", n);
	spin_lock(&d->lock);
	for (int i = 0; i < 3; i++) {
		spin_lock(&d->part[i].lock);
		sum += d->part[i].value;
		if (sum > 40) {
			spin_unlock(&d->part[i].lock);
			break;
		}
		spin_unlock(&d->part[i].lock);
	}
	sum += needs_lock(d, n);
	spin_unlock(&d->lock);
	kernel_event("sum", sum);
	kernel_event("count", d->count);
	kernel_event("end", n);
	return sum;
}

static int locals(struct dev *d, int n)
{
	struct pair pair = { n, 0 };
	unsigned long flags;
	u8 bytes[4] = { 1, 2, 3, 4 };
	int out = 0, unused;

	kernel_event("locals", n);
	flags = save_irq(&d->lock);
	fill(&pair, &out, bytes);
	unused = out;
	d->count = unused;
	restore_irq(&d->lock, flags);
	kernel_event("first", pair.first);
	kernel_event("second", pair.second);
	return pair.first + 3 * pair.second + out + bytes[0] + bytes[3];
}

static int twice(struct dev *d, int n)
{
	kernel_event("twice", n);
	spin_lock(&d->lock);
	d->count++;
	spin_unlock(&d->lock);
	spin_lock(&d->lock);
	d->count += 2;
	spin_unlock(&d->lock);
	kernel_event("between", d->count);
	kernel_event("between", n);
	kernel_event("between", n + 1);
	kernel_event("between", n + 2);
	spin_lock(&d->lock);
	d->count += 4;
	spin_unlock(&d->lock);
	return d->count;
}

/* A variable of the function that lives on, as macros of a lock checker declare them where they use them. */
static int keyed(struct dev *d, int n)
{
	kernel_event("keyed", n);
	spin_lock(&d->lock);
	do {
		static int key;

		key += n;
		d->count += key;
	} while (0);
	spin_unlock(&d->lock);
	kernel_event("count", d->count);
	kernel_event("between", n + 1);
	kernel_event("between", n + 2);
	kernel_event("end", n);
	return d->count;
}

int test(int n)
{
	int sum = both(&dev, n) + keyed(&dev, n);

	sum += takes_lock(&dev.part[(unsigned int)n % 3], n);
	sum += locals(&dev, n);
	return sum + twice(&dev, n);
}
