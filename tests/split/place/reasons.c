// SPDX-License-Identifier: GPL-2.0
/* Why a function is where it is. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; void (*step)(int number); struct dev *list[4]; };
static struct dev dev;

static void by_root(int n) { dev.count = n; }
static void below_root(int n) { kernel_event("below", n); }
static void irq(int n) { below_root(n); by_root(n); }

static void under_lock(int n) { dev.count += n; }
static void deep_under_lock(int n) { under_lock(n); }
static void takes_lock(int n)
{
	kernel_event("before", n);
	kernel_event("before", n);
	spin_lock(&dev.lock);
	deep_under_lock(n);
	spin_unlock(&dev.lock);
	kernel_event("after", n);
	kernel_event("after", n);
}

static void unknown(int n) { dev.count = n; }
static void through_local(int n) { dev.count = n; }
static void through_choice(int n) { dev.count = n; }
static void through_field(int n) { dev.count = n; }
static void called_through_field(int n) { dev.count = n; }
static void stored_nowhere(int n) { dev.count = n; }
static void sleeps(int n) { dev.count = n; }

static int open(struct file *file)
{
	void (*handler)(int) = through_local;

	(void)file;
	request_odd(unknown);
	request_irq(1, handler);
	handler = dev.count ? through_choice : through_local;
	request_irq(2, handler);
	dev.step = through_field;
	request_irq(3, dev.step);
	run_work(sleeps);
	takes_lock(4);
	return 0;
}

static void calls_through_field(int n)
{
	struct dev other = { .step = called_through_field };

	spin_lock(&dev.lock);
	other.step(n);
	spin_unlock(&dev.lock);
}

static int ioctl(struct file *file, int command)
{
	void *cookie = stored_nowhere;

	(void)file;
	if (cookie)
		calls_through_field(command);
	return command;
}

static const struct file_operations ops = { .open = open, .ioctl = ioctl, .irq = irq };

int test(int n)
{
	return register_file(&ops) + n;
}
