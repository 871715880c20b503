// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <time.h>

#include "thread.h"

#define EXPORT		__attribute__((weak))
#define SPIN_NS		1000000ULL	/* as udelay() does: a sleep of 50 us takes twice as long */
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

	tandem_unqueue();
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

/* ---- the kernel's names ---- */

EXPORT void __udelay(unsigned long us)
{
	tandem_udelay(us);
}

EXPORT void __ndelay(unsigned long ns)
{
	tandem_ndelay(ns);
}

/* In units of 2^-32 seconds, as the kernel's udelay() of a constant computes them. */
EXPORT void __const_udelay(unsigned long loops)
{
	wait_ns((unsigned long long)(((unsigned __int128)loops * 1000000000) >> 32));
}

EXPORT void msleep(unsigned int ms)
{
	tandem_msleep(ms);
}

/* No signal reaches the driver's caller here: it is never interrupted. */
EXPORT unsigned long msleep_interruptible(unsigned int ms)
{
	tandem_msleep(ms);
	return 0;
}

EXPORT void usleep_range_state(unsigned long min, unsigned long max, unsigned int state)
{
	(void)max;
	(void)state;
	wait_ns(min * 1000ULL);
}

EXPORT void usleep_range(unsigned long min, unsigned long max)
{
	usleep_range_state(min, max, 0);
}

static tandem_u64 hz(void)
{
	struct tandem_thread *thread = tandem_thread_self();

	return thread && thread->process->attach.hz ? thread->process->attach.hz : 250;
}

EXPORT unsigned int jiffies_to_msecs(unsigned long j)
{
	return j * 1000 / hz();
}

EXPORT unsigned int jiffies_to_usecs(unsigned long j)
{
	return j * 1000000 / hz();
}

EXPORT unsigned long __msecs_to_jiffies(unsigned int ms)
{
	if ((int)ms < 0)
		return LONG_MAX / 2 - 1;	/* the kernel's MAX_JIFFY_OFFSET */
	return (ms * hz() + 999) / 1000;
}

EXPORT unsigned long __usecs_to_jiffies(unsigned int us)
{
	return (us * hz() + 999999) / 1000000;
}

EXPORT unsigned long nsecs_to_jiffies(tandem_u64 ns)
{
	return ns / (1000000000 / hz());
}

EXPORT long long ktime_get(void)
{
	return now_ns();
}
