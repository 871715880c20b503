// SPDX-License-Identifier: GPL-2.0
/*
 * The watchdog of a channel: looks every 20 ms while calls are active. It notices a user
 * half that dies (before its core dump is written) or serves too long without a crossing.
 */
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>

#include "internal.h"

unsigned int deadline_ms = 1000;
module_param(deadline_ms, uint, 0644);
MODULE_PARM_DESC(deadline_ms, "how long a user half may serve without a crossing");

static struct workqueue_struct *watchdogs;
static atomic_t armed;			/* watchdogs that will look again */
static DECLARE_WAIT_QUEUE_HEAD(disarmed);

/* task->signal lives as long as the task_struct that the worker holds. */
static bool dying(struct task_struct *task)
{
	return READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT ||
	       READ_ONCE(task->flags) & PF_EXITING || READ_ONCE(task->signal->core_state);
}

static const char *look(struct tandem_channel *ch, bool grace)
{
	unsigned long limit = msecs_to_jiffies(deadline_ms);
	u32 i, n = smp_load_acquire(&ch->nworker);

	for (i = 0; i < n; i++) {
		struct worker *w = ch->worker[i];

		if (dying(w->task))
			return "it is dying";
		if (READ_ONCE(w->turn) != TURN_WORKER)
			continue;
		/* A debugger stops the clock, and so does a machine that slept. */
		if (grace || READ_ONCE(w->task->ptrace))
			WRITE_ONCE(w->since, jiffies);
		else if (time_after(jiffies, READ_ONCE(w->since) + limit))
			return "it missed its deadline";
	}
	return NULL;
}

/* The last touch of the channel; only exit's destroy_workqueue() still waits for us. */
static void disarm(struct tandem_channel *ch)
{
	channel_put(ch);
	if (atomic_dec_and_test(&armed))
		wake_up(&disarmed);
}

/* What the timer must not do itself: it may sleep. */
static void watchdog_verdict(struct work_struct *work)
{
	struct tandem_channel *ch = container_of(work, struct tandem_channel, verdict);
	struct state *st = ch->state;
	bool again;

	if (ch->seen)
		channel_condemn(ch, ch->seen);
	spin_lock(&st->lock);
	again = !ch->condemned && st->ncalls;
	ch->watching = again;
	spin_unlock(&st->lock);
	if (again)
		mod_timer(&ch->watchdog, jiffies + WATCH_PERIOD);
	else
		disarm(ch);
}

/*
 * A timer and no work: a user half that loops at its real-time priority keeps everybody
 * else off this processor, but no interrupts. The signal is what ends the loop.
 */
static void watchdog_look(struct timer_list *timer)
{
	struct tandem_channel *ch = from_timer(ch, timer, watchdog);
	bool grace = time_after(jiffies, ch->looked + 10 * WATCH_PERIOD);
	u64 seq = READ_ONCE(ch->state->seq);
	bool quiet = seq == ch->watched && !READ_ONCE(ch->state->ncalls);

	ch->looked = jiffies;
	ch->watched = seq;
	if (!READ_ONCE(ch->condemned))
		ch->seen = look(ch, grace);
	if (ch->seen)
		kill_pid(ch->pid, SIGKILL, 1);
	if (ch->seen || quiet || READ_ONCE(ch->condemned))
		queue_work(watchdogs, &ch->verdict);
	else
		mod_timer(&ch->watchdog, jiffies + WATCH_PERIOD);
}

void watchdog_prepare(struct tandem_channel *ch)
{
	timer_setup(&ch->watchdog, watchdog_look, 0);
	INIT_WORK(&ch->verdict, watchdog_verdict);
}

/* The timer, and then the work, are a user that the caller has counted. */
void watchdog_start(struct tandem_channel *ch)
{
	atomic_inc(&armed);
	ch->looked = jiffies;
	mod_timer(&ch->watchdog, jiffies + WATCH_PERIOD);
}

int watchdog_init(void)
{
	watchdogs = alloc_workqueue("tandem", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	return watchdogs ? 0 : -ENOMEM;
}

void watchdog_exit(void)
{
	/* A timer that is still to queue its work is not drained. */
	wait_event(disarmed, !atomic_read(&armed));
	destroy_workqueue(watchdogs);
}
