// SPDX-License-Identifier: GPL-2.0
#include "include/linux/fake.h"

static int state;
static spinlock_t lock;

void a_under_lock(int n);
int b_open(struct file *file);
void b_irq(int n);
void b_under_lock(int n);

static void helper(int n) { kernel_event("b", n); }

static void handler(int n)
{
	helper(n);
}

int b_open(struct file *file)
{
	(void)file;
	handler(1);
	kernel_event("open", state);
	spin_lock(&lock);
	a_under_lock(2);
	spin_unlock(&lock);
	return run_work(handler);
}

void b_irq(int n) { state = n; }
void b_under_lock(int n) { state = n; }
