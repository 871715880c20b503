// SPDX-License-Identifier: GPL-2.0
/* Memory is freed by the half that has allocated it: the ledger of the other has never heard of it. */
#include "include/linux/fake.h"

static void *one, *two;

static void irq(int n)
{
	one = take_one(n);
}

/* stays: only irq() allocates such */
static int open(struct file *file)
{
	(void)file;
	give_one(one);
	return 0;
}

/* moves: what it frees is its own */
static int ioctl(struct file *file, int command)
{
	(void)file;
	two = take_two(command);
	give_two(two);
	return 0;
}

static const struct file_operations ops = { .open = open, .ioctl = ioctl, .irq = irq };

int test(int n)
{
	return register_file(&ops) + n;
}
