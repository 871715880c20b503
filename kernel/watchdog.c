// SPDX-License-Identifier: GPL-2.0
/*
 * The watchdog of a channel: looks every 4 ms while calls are active. It notices a user
 * half that dies (before its core dump is written) or serves too long without a crossing.
 *
 * Time is its own looks, on the processor of the worker that is looked at. A virtual
 * processor that the host keeps waiting runs a timer late, and all that it missed once:
 * so what is counted is, within 4 ms, the time that the worker was given.
 */
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>

#include "internal.h"

unsigned int deadline_ms = 1000;
module_param(deadline_ms, uint, 0644);
MODULE_PARM_DESC(deadline_ms, "how long a user half may serve without a crossing");

static unsigned int serve_ms = 60000;
module_param(serve_ms, uint, 0644);
MODULE_PARM_DESC(serve_ms, "how long a user half may serve one upcall, without the downcalls in it");

static struct workqueue_struct *watchdogs;
static atomic_t armed;			/* watchdogs that will look again */
static DECLARE_WAIT_QUEUE_HEAD(disarmed);

/* task->signal lives as long as the task_struct that the worker holds. */
static bool dying(struct task_struct *task)
{
	return READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT ||
	       READ_ONCE(task->flags) & PF_EXITING || READ_ONCE(task->signal->core_state);
}

static u32 in_looks(unsigned int ms)
{
	return msecs_to_jiffies(ms) / WATCH_PERIOD + 1;
}

/* In looks. */
u32 watchdog_limit(void)
{
	return in_looks(deadline_ms);
}

/*
 * A look from another processor is a sixteenth: none hides by moving. So is one at a worker that
 * waits for its processor: whoever has it is looked at in full.
 */
#define LOOK_FULL	16

static bool was_given_time(struct worker *w, int here)
{
	u64 ran = READ_ONCE(w->task->se.sum_exec_runtime);
	bool has_run = ran != w->ran;

	w->ran = ran;
	return !task_is_running(w->task) || (task_cpu(w->task) == here && has_run);
}

static const char *look_at(struct worker *w, int here, u32 limit)
{
	u32 looked = was_given_time(w, here) ? LOOK_FULL : 1;
	u64 began = READ_ONCE(w->began);

	/* A debugger stops the clock. */
	if (READ_ONCE(w->task->ptrace))
		looked = w->looks = w->served = 0;
	if (w->watched != READ_ONCE(w->turns)) {
		w->watched = READ_ONCE(w->turns);
		w->looks = 0;
	} else {
		w->looks += looked;
	}
	/* Crossings alone are no progress: a loop may do nothing else. */
	w->served = w->serves == began ? w->served + looked : 0;
	w->serves = began;
	if (w->looks / LOOK_FULL > limit)
		return "it missed its deadline";
	return w->served / LOOK_FULL > in_looks(serve_ms) ? "it served one call for too long" : NULL;
}

/* @next: the processor for the next look. */
static const char *look(struct tandem_channel *ch, int *next)
{
	u32 i, n = smp_load_acquire(&ch->nworker), limit = watchdog_limit();
	int here = smp_processor_id(), first = here;
	const char *why = NULL;

	*next = here;
	for (i = 0; i < n && !why; i++) {
		struct worker *w = ch->worker[i];
		int cpu = task_cpu(w->task);

		if (dying(w->task))
			return "it is dying";
		if (READ_ONCE(w->turn) != TURN_WORKER)
			continue;
		why = look_at(w, here, limit);
		/* The next higher one that serves, and then the lowest again. */
		if (!task_is_running(w->task) || !cpu_online(cpu))
			continue;
		first = min(first, cpu);
		if (cpu > here && (*next == here || cpu < *next))
			*next = cpu;
	}
	if (*next == here)
		*next = first;
	return why;
}

/* The last touch of the channel; only exit's destroy_workqueue() still waits for us. */
static void disarm(struct tandem_channel *ch)
{
	channel_put(ch);
	if (atomic_dec_and_test(&armed))
		wake_up(&disarmed);
}

/* Where a processor that is online stays it. */
static void look_on(struct tandem_channel *ch, int cpu)
{
	/* The wheel adds one, so as never to be early. */
	ch->watchdog.expires = jiffies + WATCH_PERIOD - 1;
	add_timer_on(&ch->watchdog, cpu);
}

static void look_here(struct tandem_channel *ch)
{
	ch->quiet = 0;
	look_on(ch, get_cpu());
	put_cpu();
}

/* What the timer must not do itself: it may sleep. */
static void watchdog_verdict(struct work_struct *work)
{
	struct tandem_channel *ch = container_of(work, struct tandem_channel, verdict);
	struct state *st = ch->state;
	bool again;

	if (ch->seen)
		channel_condemn(ch, ch->seen);
	mutex_lock(&st->mutex);
	again = !ch->condemned && st->ncalls;
	ch->watching = again;
	mutex_unlock(&st->mutex);
	if (again)
		look_here(ch);
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
	u64 seq = READ_ONCE(ch->state->seq);
	int next = smp_processor_id();

	if (seq != ch->watched || READ_ONCE(ch->state->ncalls))
		ch->quiet = 0;
	else
		ch->quiet++;
	ch->watched = seq;
	if (!READ_ONCE(ch->condemned))
		ch->seen = look(ch, &next);
	if (ch->seen)
		channel_kill(ch);
	if (ch->seen || ch->quiet >= WATCH_QUIET || READ_ONCE(ch->condemned))
		queue_work(watchdogs, &ch->verdict);
	else
		look_on(ch, next);
}

void watchdog_prepare(struct tandem_channel *ch)
{
	timer_setup(&ch->watchdog, watchdog_look, TIMER_PINNED);
	INIT_WORK(&ch->verdict, watchdog_verdict);
}

/* The timer, and then the work, are a user that the caller has counted. */
void watchdog_start(struct tandem_channel *ch)
{
	atomic_inc(&armed);
	look_here(ch);
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
