// SPDX-License-Identifier: GPL-2.0
/*
 * A driver without a device whose halves write to the same object all the time. What an
 * interrupt does is done by timers in hard interrupt context. Unsplit, it loses nothing.
 */
#include <linux/delay.h>
#include <linux/dmapool.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "memlit.h"

#define TICK_NS		50000
#define WAKE_NS		2000000

struct memlit {
	/*
	 * Neighbours: the interrupt's and the moved code's, in turn. The rooms take a field's
	 * place in the plan when a test makes its neighbour as wide as both.
	 */
	u32 a;
	u32 b;
	u32 room_of_b;
	u16 a16;
	u16 b16;
	u8 a8;
	u8 b8;
	u16 gap;
	unsigned int d:5;
	unsigned int c:3;
	u32 room_of_c;
	u32 flags;		/* 1: moved code's, 2: interrupt's */
	unsigned long bits;	/* the same, for code that stores constants */

	/* the interrupt's own account */
	u32 ticks;
	u32 lost;

	bool done;
	u32 event;
	u32 kept;		/* written by what stays in the kernel half, though it may sleep */

	union {
		u16 low;
		u32 whole;
		u8 bytes[7];
	} any;

	u32 stamp;
	u32 locked;
	u32 private;
	u32 working;
	u16 own[4] __aligned(8);

	spinlock_t spin;
	struct mutex mutex;
	struct hrtimer ticker;
	struct hrtimer waker;
	struct work_struct work;

	struct dma_pool *pool;		/* there is never one */
	struct memlit_job *job;
};

static struct memlit *memlit;
static DEFINE_MUTEX(memlit_private);

/* ---- in interrupts ---- */

static enum hrtimer_restart memlit_tick(struct hrtimer *timer)
{
	struct memlit *m = container_of(timer, struct memlit, ticker);
	u32 n = m->ticks;

	if (m->a != n)
		m->lost |= MEMLIT_A;
	if (m->a8 != (u8)n)
		m->lost |= MEMLIT_A8;
	if (m->a16 != (u16)n)
		m->lost |= MEMLIT_A16;
	if (m->d != (n & 31))
		m->lost |= MEMLIT_D;
	if (!(m->flags & 2) != !(n & 1))
		m->lost |= MEMLIT_FLAGS;
	if (!(m->bits & 2) != !(n & 1))
		m->lost |= MEMLIT_BITS;
	n++;
	m->a++;
	m->a8++;
	m->a16++;
	m->d++;
	m->flags ^= 2;
	m->bits ^= 2;
	m->ticks = n;
	hrtimer_forward_now(timer, ns_to_ktime(TICK_NS));
	return HRTIMER_RESTART;
}

static enum hrtimer_restart memlit_wake(struct hrtimer *timer)
{
	struct memlit *m = container_of(timer, struct memlit, waker);

	m->done = true;
	m->event = 1;
	return HRTIMER_NORESTART;
}

/* ---- in a thread, but not moved: a lock that is taken in one branch only is not understood ---- */

static void memlit_kept(struct work_struct *work)
{
	struct memlit *m = container_of(work, struct memlit, work);
	bool locks = !m->working;

	usleep_range(2000, 3000);
	if (locks)
		spin_lock_irq(&m->spin);
	m->kept++;
	if (locks)
		spin_unlock_irq(&m->spin);
}

/* ---- the same object, two writers ---- */

/* A crossing in the split driver: what is locked stays in the kernel. */
static void memlit_stamp(struct memlit *m)
{
	unsigned long flags;

	spin_lock_irqsave(&m->spin, flags);
	m->stamp = m->ticks;
	spin_unlock_irqrestore(&m->spin, flags);
}

static long memlit_neighbours(struct memlit *m, u32 count)
{
	u32 lost = 0, i;

	m->a = m->a8 = m->a16 = m->ticks = m->lost = 0;
	m->d = 0;
	m->flags = 0;
	m->bits = 0;
	hrtimer_start(&m->ticker, ns_to_ktime(TICK_NS), HRTIMER_MODE_REL_PINNED_HARD);
	for (i = 0; i < count || m->ticks < count; i++) {
		m->b = i;
		m->b8 = i;
		m->b16 = i;
		m->c = i;
		m->flags ^= 1;
		if (i & 1)
			m->bits |= 1;
		else
			m->bits &= ~1UL;
		memlit_stamp(m);
		if (m->b != i)
			lost |= MEMLIT_B;
		if (m->b8 != (u8)i)
			lost |= MEMLIT_B8;
		if (m->b16 != (u16)i)
			lost |= MEMLIT_B16;
		if (m->c != (i & 7))
			lost |= MEMLIT_C;
		if ((m->flags & 1) != (~i & 1))
			lost |= MEMLIT_FLAGS << 16;
		if ((m->bits & 1) != (i & 1))
			lost |= MEMLIT_BITS << 16;
	}
	hrtimer_cancel(&m->ticker);
	return lost | m->lost;
}

/* ---- waiting ---- */

static bool memlit_is_done(struct memlit *m)
{
	return m->done;
}

static void memlit_pause(void)
{
	usleep_range(100, 200);
}

static long memlit_wait_for_work(struct memlit *m, unsigned int how)
{
	u32 was = m->kept, now;

	schedule_work(&m->work);
	switch (how) {
	case 7:
		while (m->kept == was)
			udelay(10);
		break;
	case 8:
		for (;;) {
			now = m->kept;
			barrier();
			if (now != was)
				break;
		}
		break;
	case 9:
		for (;;) {
			barrier();
			if (m->kept == was)
				continue;
			break;
		}
		break;
	case 10:
again:
		udelay(10);
		if (m->kept == was)
			goto again;
		break;
	default:
once_more:
		now = m->kept;
		barrier();
		if (now == was)
			goto once_more;
	}
	return 0;
}

static long memlit_wait(struct memlit *m, unsigned int how)
{
	m->done = false;
	hrtimer_start(&m->waker, ns_to_ktime(WAKE_NS), HRTIMER_MODE_REL_HARD);
	switch (how) {
	case 0:
		while (!m->done)
			udelay(10);
		break;
	case 1:
		while (!m->done)
			msleep(1);
		break;
	case 2:
		while (!READ_ONCE(m->done))
			cpu_relax();
		break;
	case 3:
		while (!memlit_is_done(m))
			memlit_pause();
		break;
	case 4:
		do {
			barrier();
		} while (!READ_ONCE(m->done));
		break;
	case 5:
		for (;;) {
			barrier();
			if (m->done)
				break;
		}
		break;
	case 6:
		for (; !READ_ONCE(m->done); )
			;
		break;
	case 7: case 8: case 9: case 10: case 11:
		hrtimer_cancel(&m->waker);
		return memlit_wait_for_work(m, how);
	default:
		hrtimer_cancel(&m->waker);
		return -EINVAL;
	}
	hrtimer_cancel(&m->waker);
	return 0;
}

/* The interrupt comes while this code does not look: its own store must win, as it came last. */
static long memlit_clear(struct memlit *m)
{
	unsigned long end;

	m->event = 0;
	hrtimer_start(&m->waker, ns_to_ktime(WAKE_NS), HRTIMER_MODE_REL_HARD);
	end = jiffies + HZ / 5;
	while (time_before(jiffies, end))
		barrier();
	m->event = 0;
	memlit_stamp(m);
	return m->event;
}

/* ---- two threads ---- */

static long memlit_locked(struct memlit *m, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		mutex_lock(&m->mutex);
		m->locked++;
		mutex_unlock(&m->mutex);
		if (i % 64 == 0)
			memlit_stamp(m);
	}
	return 0;
}

static long memlit_private_mutex(struct memlit *m, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		mutex_lock(&memlit_private);
		m->private++;
		mutex_unlock(&memlit_private);
		if (i % 64 == 0)
			memlit_stamp(m);
	}
	return 0;
}

static long memlit_own(struct memlit *m, unsigned int which, u32 count)
{
	long lost = 0;

	for (u32 i = 0; i < count; i++) {
		m->own[which] = i;
		memlit_stamp(m);
		memlit_stamp(m);	/* the other had time to spoil it */
		lost += m->own[which] != (u16)i;
	}
	return lost;
}

/* ---- work that its starter waits for ---- */

struct memlit_job {
	struct work_struct work;
	struct memlit *m;
	u32 number;
	u32 answer;
};

/* Ends when all of them are running. */

static void memlit_work(struct work_struct *work)
{
	struct memlit_job *job = container_of(work, struct memlit_job, work);
	struct memlit *m = job->m;

	mutex_lock(&m->mutex);
	m->working++;
	mutex_unlock(&m->mutex);
	for (int i = 0; i < 1000 && m->working < MEMLIT_FLUSHES; i++)
		msleep(20);
	job->answer = job->number + m->working;
}

static long memlit_flush(struct memlit *m, u32 number)
{
	struct memlit_job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	long lost;

	if (!job)
		return -ENOMEM;
	job->m = m;
	job->number = number;
	INIT_WORK(&job->work, memlit_work);
	schedule_work(&job->work);
	flush_work(&job->work);
	lost = job->answer != number + MEMLIT_FLUSHES;
	kfree(job);
	return lost;
}

/* ---- what is allowed: to give back by a call that takes several kinds, and nothing at all ---- */

static u32 memlit_number(struct memlit *m, struct memlit_job *job)
{
	u32 number = 0;

	spin_lock_irq(&m->spin);
	if (job)
		number = job->number;
	spin_unlock_irq(&m->spin);
	return number;
}

static long memlit_legal(struct memlit *m)
{
	void *small = kmalloc(64, GFP_KERNEL), *large = vmalloc(64), *any = kvmalloc(64, GFP_KERNEL);
	long lost = !small || !large || !any;

	kvfree(small);
	kvfree(large);
	kvfree(any);
	dma_pool_destroy(m->pool);
	m->job = NULL;
	return lost | memlit_number(m, m->job);
}

/* ---- members of a union ---- */

static u32 memlit_sum(struct memlit *m)
{
	u32 sum;

	spin_lock_irq(&m->spin);
	sum = m->any.whole + m->any.bytes[6];
	spin_unlock_irq(&m->spin);
	return sum;
}

static long memlit_union(struct memlit *m)
{
	long lost = 0;

	m->any.whole = 0;
	m->any.bytes[6] = 0;
	m->any.low = 0x1234;
	lost |= memlit_sum(m) != 0x1234;
	m->any.whole = 0xabcd1234;
	lost |= (memlit_sum(m) != 0xabcd1234) << 1;
	m->any.bytes[6] = 7;
	lost |= (memlit_sum(m) != 0xabcd1234 + 7) << 2;
	return lost;
}

static long memlit_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct memlit *m = memlit;

	if (!m)
		return -ENODEV;
	switch (command) {
	case MEMLIT_NEIGHBOURS:
		return memlit_neighbours(m, argument);
	case MEMLIT_WAIT:
		return memlit_wait(m, argument);
	case MEMLIT_LOCKED:
		return memlit_locked(m, argument);
	case MEMLIT_PRIVATE:
		return memlit_private_mutex(m, argument);
	case MEMLIT_OWN:
		return memlit_own(m, argument >> 24 & 3, argument & 0xffffff);
	case MEMLIT_CLEAR:
		return memlit_clear(m);
	case MEMLIT_COUNT:
		return argument ? m->private : m->locked;
	case MEMLIT_TICKS:
		return m->ticks;
	case MEMLIT_LEGAL:
		return memlit_legal(m);
	case MEMLIT_UNION:
		return memlit_union(m);
	case MEMLIT_FLUSH:
		return memlit_flush(m, argument);
	}
	return -ENOTTY;
}

/* ---- life ---- */

static int memlit_probe(struct platform_device *pdev)
{
	struct memlit *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	spin_lock_init(&m->spin);
	mutex_init(&m->mutex);
	hrtimer_init(&m->ticker, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	m->ticker.function = memlit_tick;
	hrtimer_init(&m->waker, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	m->waker.function = memlit_wake;
	INIT_WORK(&m->work, memlit_kept);
	platform_set_drvdata(pdev, m);
	memlit = m;
	return 0;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define REMOVED	int
#define REMOVE_END	return 0
#else
#define REMOVED	void
#define REMOVE_END	return
#endif

static REMOVED memlit_remove(struct platform_device *pdev)
{
	struct memlit *m = platform_get_drvdata(pdev);

	memlit = NULL;
	hrtimer_cancel(&m->ticker);
	hrtimer_cancel(&m->waker);
	cancel_work_sync(&m->work);
	kfree(m);
	REMOVE_END;
}

static struct platform_driver memlit_driver = {
	.probe = memlit_probe,
	.remove = memlit_remove,
	.driver = { .name = "memlit" },
};

static const struct file_operations memlit_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = memlit_ioctl,
};

static struct miscdevice memlit_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "memlit",
	.fops = &memlit_operations,
};

static struct platform_device *memlit_device;

static int __init memlit_init(void)
{
	int ret = platform_driver_register(&memlit_driver);

	if (ret)
		return ret;
	memlit_device = platform_device_register_simple("memlit", PLATFORM_DEVID_NONE, NULL, 0);
	ret = PTR_ERR_OR_ZERO(memlit_device);
	if (ret)
		goto driver;
	ret = misc_register(&memlit_misc);
	if (ret)
		goto device;
	return 0;
device:
	platform_device_unregister(memlit_device);
driver:
	platform_driver_unregister(&memlit_driver);
	return ret;
}
module_init(memlit_init);

static void __exit memlit_exit(void)
{
	misc_deregister(&memlit_misc);
	platform_device_unregister(memlit_device);
	platform_driver_unregister(&memlit_driver);
}
module_exit(memlit_exit);

MODULE_DESCRIPTION("Both halves of a split driver write to one object");
MODULE_LICENSE("GPL");
