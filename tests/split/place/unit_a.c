// SPDX-License-Identifier: GPL-2.0
/* With unit_b.c: static functions of one name, and a table whose functions are in the other unit. */
#include "include/linux/fake.h"

static int state;
static spinlock_t lock;

extern int b_open(struct file *file);
extern void b_irq(int n);
extern void b_under_lock(int n);
void a_under_lock(int n);

static void helper(int n) { state = n; }
static void handler(int n) { helper(n); }

const struct file_operations a_ops = { .open = b_open, .irq = b_irq };

void a_under_lock(int n) { state += n; }

int test(int n)
{
	request_irq(1, handler);
	spin_lock(&lock);
	b_under_lock(n);
	spin_unlock(&lock);
	return register_file(&a_ops);
}
