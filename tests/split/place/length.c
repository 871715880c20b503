// SPDX-License-Identifier: GPL-2.0
/* Memory whose length only one half knows. */
#include "include/linux/fake.h"

struct slot { int count; };
static struct dev { spinlock_t lock; int count; struct slot *theirs, *ours; } dev;

static void irq(int n)
{
	dev.theirs = take_many(n, sizeof(struct slot));
}

static void walks_theirs(int n)
{
	struct slot *slot = dev.theirs;

	for (; n; n--, slot++)
		slot->count = 0;
}

static void indexes_theirs(int n) { dev.theirs[n].count = 0; }
static void looks_at_theirs(void) { dev.theirs->count = 0; }

static void walks_ours(int n)
{
	dev.ours = take_many(n, sizeof(struct slot));
	while (n--)
		dev.ours[n].count = 1;
}

static int open(struct file *file)
{
	(void)file;
	walks_theirs(1);
	indexes_theirs(2);
	looks_at_theirs();
	walks_ours(3);
	return 0;
}

static int reads_under_lock(struct file *file, void *to, int bytes)
{
	int *at = to;

	(void)file;
	kernel_event("before", bytes);
	kernel_event("before", bytes);
	kernel_event("before", bytes);
	spin_lock(&dev.lock);
	*at = dev.count;
	spin_unlock(&dev.lock);
	return 0;
}

static int reads(struct file *file, void *to, int bytes)
{
	int *at = to, count;

	(void)file;
	kernel_event("before", bytes);
	kernel_event("before", bytes);
	kernel_event("before", bytes);
	spin_lock(&dev.lock);
	count = dev.count;
	spin_unlock(&dev.lock);
	*at = count;
	return 0;
}

static const struct file_operations ops = { .open = open, .irq = irq, .read = reads };
static const struct file_operations more = { .read = reads_under_lock };

int start(int n)
{
	return register_file(&ops) + register_file(&more) + n;
}
