/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contexts from which the litmus half tries to make an upcall. A part of litmus.c.
 */
#ifndef LITMUS_FROM_H
#define LITMUS_FROM_H

#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/timer.h>

struct attempt {
	struct litmus_run *run;
	u64 *arg;
	struct irq_work work;
	struct timer_list timer;
	struct completion done;
	bool in_context;
};

static void attempt_irq(struct irq_work *work)
{
	struct attempt *a = container_of(work, struct attempt, work);

	a->in_context = in_hardirq();
	a->run->error = tandem_upcall(&half, a->run->entry, a->arg, NULL, &a->run->result);
	complete(&a->done);
}

static void attempt_softirq(struct timer_list *timer)
{
	struct attempt *a = from_timer(a, timer, timer);

	a->in_context = in_serving_softirq();
	a->run->error = tandem_upcall(&half, a->run->entry, a->arg, NULL, &a->run->result);
	complete(&a->done);
}

static void run_from(struct litmus_run *run, u64 *arg, const u64 *bytes)
{
	static DEFINE_SPINLOCK(lock);
	struct attempt a = { .run = run, .arg = arg };

	switch (run->from) {
	case LITMUS_FROM_SPIN:
		spin_lock(&lock);
		run->error = tandem_upcall(&half, run->entry, arg, bytes, &run->result);
		spin_unlock(&lock);
		return;
	case LITMUS_FROM_RCU:
		rcu_read_lock();
		run->error = tandem_upcall(&half, run->entry, arg, bytes, &run->result);
		rcu_read_unlock();
		return;
	case LITMUS_FROM_IRQ_OFF:
		local_irq_disable();
		run->error = tandem_upcall(&half, run->entry, arg, bytes, &run->result);
		local_irq_enable();
		return;
	case LITMUS_FROM_BH_OFF:
		local_bh_disable();
		run->error = tandem_upcall(&half, run->entry, arg, bytes, &run->result);
		local_bh_enable();
		return;
	case LITMUS_FROM_IRQ:
		init_completion(&a.done);
		init_irq_work(&a.work, attempt_irq);
		irq_work_queue(&a.work);
		wait_for_completion(&a.done);
		irq_work_sync(&a.work);
		break;
	case LITMUS_FROM_SOFTIRQ:
		init_completion(&a.done);
		timer_setup_on_stack(&a.timer, attempt_softirq, 0);
		mod_timer(&a.timer, jiffies);
		wait_for_completion(&a.done);
		del_timer_sync(&a.timer);
		destroy_timer_on_stack(&a.timer);
		break;
	default:
		run->error = tandem_upcall(&half, run->entry, arg, bytes, &run->result);
		return;
	}
	if (!a.in_context)
		run->error = -ENOTRECOVERABLE;
}

#endif
