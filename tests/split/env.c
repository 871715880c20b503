// SPDX-License-Identifier: GPL-2.0
/* Runs test() of one input over numbers and prints all that it does to locks, and its results. */
#include <stdio.h>
#include <stdlib.h>

#include "include/linux/fake.h"

int test(int n);

static int locks;

void spin_lock(spinlock_t *lock)
{
	printf("lock %d\n", ++locks);
	if (lock->held++)
		abort();
}

void spin_unlock(spinlock_t *lock)
{
	printf("unlock %d\n", locks--);
	if (--lock->held)
		abort();
}

int spin_trylock(spinlock_t *lock)
{
	if (lock->held)
		return 0;
	spin_lock(lock);
	return 1;
}

unsigned long save_irq(spinlock_t *lock)
{
	spin_lock(lock);
	return 42 + locks;
}

void restore_irq(spinlock_t *lock, unsigned long flags)
{
	if (flags != 42UL + locks)
		abort();
	spin_unlock(lock);
}

void kernel_event(const char *what, long value)
{
	printf("%s %ld under %d locks\n", what, value, locks);
}

int kernel_work(int n)
{
	return 3 * n + 1;
}

int main(void)
{
	for (int n = -3; n < 20; n++) {
		printf("test(%d)\n", n);
		printf("= %d\n", test(n));
		if (locks)
			abort();
	}
	return 0;
}
