// SPDX-License-Identifier: GPL-2.0
/* Pointers to numbers that cross: how many there are must be known, or one is enough. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; u8 address[6]; u32 word; } dev;

/* ---- the kernel half's ---- */

static void fills(struct dev *d, u32 *to, int n)
{
	while (n--)
		*to++ = dev.count++ + d->count;
}

static void indexes(struct dev *d, u32 *to) { to[2] = d->count + dev.count++; }
static void through_a_local(u32 *to) { u32 *at = to; at[1] = dev.count++; }
static void below(struct dev *d, u32 *to) { indexes(d, to); }
static void one(struct dev *d, u32 *to) { *to = d->count + dev.count++; to[0]++; }
static void plain(struct dev *d, void *to) { *(u32 *)to = d->count + dev.count++; }

static void irq(int n)
{
	u32 value[4];

	fills(&dev, value, n);
	indexes(&dev, value);
	through_a_local(value);
	below(&dev, value);
	one(&dev, value);
	plain(&dev, value);
}

/* ---- moved ---- */

#define REST kernel_event("more", 0); kernel_event("more", 1); kernel_event("more", 2)

static int gives_one(void)
{
	u32 value = 0;

	one(&dev, &value);
	fills(&dev, &value, 1);
	return value;
}

static int gives_fields(struct dev *d) { indexes(d, &d->word); one(d, &d->word); return 0; }

/* The statement goes over, and the array whole. */
static int gives_array(void)
{
	u32 value[4];

	REST;
	fills(&dev, value, 4);
	below(&dev, &value[1]);
	one(&dev, &value[3]);
	return value[2];
}

/* It may be an array's first: its length is not known here. */
static int gives_parameter(u32 *to) { REST; fills(&dev, to, 4); return 0; }
static int gives_parameter_one(u32 *to) { REST; one(&dev, to); return 0; }
static int gives_parameter_of_fields(u32 *to) { REST; fills(&dev, to, 1); return 0; }
static int gives_local(int n)
{
	u32 value[4], *at = n ? value : &dev.word;

	REST;
	through_a_local(at);
	return value[0];
}
static int gives_plain(int n) { u32 value[4]; REST; plain(&dev, value); return value[n]; }

static int gives_allocated(int n)
{
	u32 *numbers = take_many(n, sizeof(u32));

	REST;
	numbers[0] = 1;
	one(&dev, numbers);
	return 0;
}

static int hands_on_allocated(int n)
{
	u32 *numbers = take_many(n, sizeof(u32));

	one(&dev, numbers);
	return 0;
}

static int locks_array(u32 *to, int n)
{
	REST;
	spin_lock(&dev.lock);
	while (n--)
		to[n] = dev.count;
	spin_unlock(&dev.lock);
	return 0;
}

static int locks_one(u32 *to)
{
	REST;
	spin_lock(&dev.lock);
	*to = dev.count;
	spin_unlock(&dev.lock);
	return 0;
}

static int locks_text(void)
{
	const char *text = "text";

	REST;
	spin_lock(&dev.lock);
	kernel_event(text, dev.count);
	spin_unlock(&dev.lock);
	return 0;
}

/* The lock is taken by what stays, so that the last round makes the region. */
static void locked(struct dev *d, u32 *to) { spin_lock(&d->lock); to[1] = d->count; spin_unlock(&d->lock); }
static int late(u32 *to) { REST; locked(&dev, to); return 0; }

/* In a loop, and both calls could be one crossing, but for the array between them. */
static int fused(u32 *to, int n)
{
	u32 value = 0;

	REST;
	REST;
	while (n--) {
		one(&dev, &value);
		to[n] = value;
		one(&dev, &value);
	}
	return value;
}

/* Called by what policy keeps, with memory of its own. */
static int from_the_kernel(u32 *at) { return at[0]; }
static int from_the_kernel_with_a_field(u8 *at) { return at[0]; }
static int stays(int n)
{
	u32 value[2] = { n };

	return from_the_kernel(value) + from_the_kernel_with_a_field(dev.address);
}

static int open(struct file *file)
{
	u32 value[4] = { 0 };

	(void)file;
	gives_one();
	gives_fields(&dev);
	gives_array();
	gives_parameter(value);
	gives_parameter_one(value);
	gives_parameter_of_fields(&dev.word);
	gives_local(1);
	gives_plain(1);
	gives_allocated(2);
	hands_on_allocated(2);
	locks_array(value, 4);
	locks_one(value);
	locks_text();
	late(value);
	fused(value, 4);
	return stays(1);
}

static const struct file_operations ops = { .open = open, .irq = irq };

int start(int n)
{
	return register_file(&ops) + n;
}
