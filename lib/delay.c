// SPDX-License-Identifier: GPL-2.0
#include <time.h>

#include "thread.h"

#define SPIN_NS		50000ULL	/* shorter waits are cheaper than a sleep */
#define SLICE_MS	250		/* a worker that sleeps longer would look dead */

static tandem_u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

tandem_u64 tandem_jiffies(void)
{
	struct tandem_thread *thread = tandem_thread_self();
	const struct tandem_attach *attach;
	tandem_u64 ns, hz;

	if (!thread)
		tandem_die("jiffies outside a worker");
	attach = &thread->process->attach;
	ns = now_ns() - attach->jiffies_ns;
	hz = attach->hz;
	return attach->jiffies + ns / 1000000000 * hz + ns % 1000000000 * hz / 1000000000;
}

static void sleep_until(tandem_u64 end)
{
	struct timespec at = { .tv_sec = end / 1000000000, .tv_nsec = end % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
		;
}

static void wait_ns(tandem_u64 ns)
{
	tandem_u64 end = now_ns() + ns;

	if (ns >= SPIN_NS)
		sleep_until(end);
	while (now_ns() < end)
		;
}

void tandem_udelay(unsigned long us)
{
	wait_ns(us * 1000ULL);
}

void tandem_ndelay(unsigned long ns)
{
	wait_ns(ns);
}

void tandem_msleep(unsigned int ms)
{
	tandem_u64 end = now_ns() + ms * 1000000ULL;

	/* The kernel's deadline counts from the last crossing. */
	for (; ms > SLICE_MS; ms -= SLICE_MS) {
		sleep_until(end - (ms - SLICE_MS) * 1000000ULL);
		if (tandem_thread_self())
			tandem_sync();
	}
	sleep_until(end);
}
