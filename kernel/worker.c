// SPDX-License-Identifier: GPL-2.0
/*
 * A worker's side: one thread of the user half, in NEXT or on its way in and out of it.
 */
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "internal.h"

static bool fifo = true;
module_param(fifo, bool, 0644);
MODULE_PARM_DESC(fifo, "workers run at the lowest real-time priority");

struct said {
	u64 address;
	u32 op;
	u32 flags;
	u32 bytes;
	bool in_downcall;	/* an upcall is still open when this one has been answered */
};

/* ---- taking in what it says ---- */

/* Whole words, each read once: the user half may write them meanwhile. */
static void copy_once(u8 *to, const u8 *from, u32 bytes)
{
	const u64 *f = (const u64 *)from;
	u64 *t = (u64 *)to;
	u32 n = bytes / 8;

	for (; n >= 4; n -= 4, f += 4, t += 4) {
		t[0] = READ_ONCE(f[0]);
		t[1] = READ_ONCE(f[1]);
		t[2] = READ_ONCE(f[2]);
		t[3] = READ_ONCE(f[3]);
	}
	for (; n; n--)
		*t++ = READ_ONCE(*f++);
}

static int broken(struct worker *w, const char *rule)
{
	channel_condemn(w->channel, rule);
	return -EPROTO;
}

/* A body that did not fit the area, out of the worker's memory. May fault and take long. */
static int fetch_spill(struct worker *w, const struct said *said, u8 **spill)
{
	u8 *copy;

	if (said->bytes > TANDEM_SPILL_BYTES)
		return broken(w, "a spilled body is too long");
	copy = kvmalloc(said->bytes ?: 8, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	if (copy_from_user(copy, u64_to_user_ptr(said->address), said->bytes)) {
		kvfree(copy);
		return broken(w, "a spilled body is not there");
	}
	*spill = copy;
	return 0;
}

/*
 * The caller may have returned and exited as soon as it has its turn: RCU keeps its
 * task_struct until it is woken.
 */
static void wake_caller(struct worker *w)
{
	struct task_struct *caller;

	rcu_read_lock_sched();
	caller = w->caller;
	/*
	 * Pairs with the acquire in turn_comes(); and full, since a caller that did not get to
	 * sleep, as is usual on one processor, need not be woken: it sees its turn.
	 */
	smp_store_mb(w->turn, TURN_CALLER);
	if (!task_is_running(caller))
		wake_up_process(caller);
	rcu_read_unlock_sched();
}

/* SYNC and short downcalls need nothing of the caller: answered here, without a switch. */
static int serve_here(struct worker *w)
{
	struct tandem_channel *ch = w->channel;
	struct call *c = w->call;
	struct task_struct *caller;
	bool condemned;
	u64 unused;
	int ret;

	mutex_lock(&c->state->mutex);
	ret = message_take(c, &unused);
	mutex_unlock(&c->state->mutex);
	if (ret) {
		w->op = TANDEM_SAY_NOTHING;
		channel_condemn(ch, ret == -EPROTO ? NULL : "no memory for its message");
		wake_caller(w);
		return -EPROTO;
	}
	w->area->up_seq = c->seq;
	w->area->up_op = TANDEM_OP_RETURN;
	w->area->up_flags = w->up.base != w->up.home ? TANDEM_UP_SPILL : 0;
	w->area->up_bytes = w->up.at;
	WRITE_ONCE(w->turns, w->turns + 1);
	WRITE_ONCE(w->delivered, true);
	/*
	 * As in wake_caller(): from here on the caller of a condemned channel may be gone. Full
	 * barrier: either condemn() sees that it must wake, or we see that it condemned.
	 */
	rcu_read_lock_sched();
	caller = w->caller;
	smp_store_mb(w->turn, TURN_WORKER);
	condemned = READ_ONCE(ch->condemned);
	if (unlikely(condemned))
		wake_up_process(caller);
	rcu_read_unlock_sched();
	return condemned ? -ESHUTDOWN : 0;
}

/* From now on the message is the kernel's. Fails only if the caller has left a condemned channel. */
static bool take_turn(struct worker *w, u32 op, u32 bytes, bool shaped)
{
	if (cmpxchg(&w->turn, TURN_WORKER, TURN_BUSY) != TURN_WORKER)
		return false;
	WRITE_ONCE(w->delivered, false);
	w->op = op;
	w->in_bytes = bytes;
	w->in_shaped = shaped;
	return true;
}

/* 1: answered already. 0: the caller has the message. */
static int take_in(struct worker *w, struct said *said)
{
	u8 *spill = NULL;
	int err;

	if (said->op > TANDEM_SAY_SYNC || said->flags & ~TANDEM_DOWN_SPILL)
		return broken(w, "an unknown word in the header");
	if (said->bytes & 7)
		return broken(w, "a body's length is no multiple of 8");
	if (said->flags & TANDEM_DOWN_SPILL) {
		err = fetch_spill(w, said, &spill);
		if (err)
			return err;
	} else if (said->bytes > TANDEM_DOWN_BYTES) {
		return broken(w, "a body is longer than the area");
	}
	if (!take_turn(w, said->op, said->bytes, false)) {
		kvfree(spill);
		return -ESHUTDOWN;
	}
	said->in_downcall = said->op == TANDEM_SAY_DOWN || w->call->outer;
	if (w->in != w->in_home)
		kvfree(w->in);
	w->in = spill ?: w->in_home;
	if (!spill)
		copy_once(w->in, (u8 *)w->area + TANDEM_DOWN_OFFSET, said->bytes);
	if (message_is_short(w))
		return serve_here(w) ?: 1;
	wake_caller(w);
	return 0;
}

/* A short reply stays in the area: the caller reads each word of it once. */
static int take_shaped(struct worker *w, u32 bytes)
{
	if (!w->shaped)
		return broken(w, "a short reply to what has no shape");
	if (!take_turn(w, TANDEM_SAY_REPLY, bytes, true))
		return -ESHUTDOWN;
	wake_caller(w);
	return 0;
}

/* ---- waiting ---- */

static void join(struct worker *w)
{
	struct tandem_channel *ch = w->channel;
	struct state *st = ch->state;

	if (likely(w->joined))
		return;
	mutex_lock(&st->mutex);
	w->joined = true;
	WRITE_ONCE(st->attended, true);
	w->colder = ch->idle;
	ch->idle = w;
	ch->idled++;
	mutex_unlock(&st->mutex);
	wake_up(&ch->waiting);
	wake_up_all(&registry_changed);
}

static long ended(struct worker *w)
{
	struct tandem_channel *ch = w->channel;

	if (READ_ONCE(ch->condemned))
		return ch->broke ? -EPROTO : -ESHUTDOWN;
	w->area->up_op = TANDEM_OP_QUIT;
	w->area->up_flags = 0;
	w->area->up_bytes = 0;
	return 0;
}

/*
 * Until there is something to deliver. A worker that waits for its downcall can only be
 * killed; one that serves nothing can be interrupted.
 */
static __always_inline long wait_turn(struct worker *w, unsigned int how)
{
	struct tandem_channel *ch = w->channel;
	long ret = 1;

	if (smp_load_acquire(&w->turn) == TURN_WORKER && !w->delivered &&
	    !READ_ONCE(ch->condemned)) {
		WRITE_ONCE(w->delivered, true);
		return 0;
	}
	do {
		set_current_state(how | TASK_FREEZABLE);
		if (READ_ONCE(ch->condemned)) {
			ret = ended(w);
		} else if (smp_load_acquire(&w->turn) == TURN_WORKER && !w->delivered) {
			WRITE_ONCE(w->delivered, true);
			ret = 0;
		} else if (READ_ONCE(ch->quit)) {
			ret = ended(w);
		} else if (signal_pending_state(how, current)) {
			ret = -ERESTARTSYS;
		} else {
			schedule();
		}
	} while (ret > 0);
	__set_current_state(TASK_RUNNING);
	return ret;
}

/* What is not a short reply. */
static noinline long next_full(struct worker *w, u32 op)
{
	struct tandem_area *area = w->area;
	struct said said = {
		.op = op,
		.flags = READ_ONCE(area->down_flags),
		.bytes = READ_ONCE(area->down_bytes),
		.address = READ_ONCE(area->down_address),
	};
	int ret = take_in(w, &said);

	if (ret)
		return ret < 0 ? ret : 0;
	return said.in_downcall ? wait_turn(w, TASK_KILLABLE | TASK_NOLOAD) :
				  wait_turn(w, TASK_INTERRUPTIBLE);
}

/*
 * NEXT. The sequence number decides whether the header is meant at all: a NEXT that is
 * restarted after SIGSTOP still shows the last reply.
 */
long worker_next(struct worker *w)
{
	struct tandem_area *area = w->area;
	u32 op;
	int err;

	if (unlikely(w->task != current))
		return -EPERM;
	if (unlikely(READ_ONCE(w->channel->condemned)))
		return ended(w);
	join(w);
	op = READ_ONCE(area->down_op);
	if (w->delivered && op != TANDEM_SAY_NOTHING && READ_ONCE(area->down_seq) == w->seq) {
		if (op != TANDEM_SAY_REPLY || READ_ONCE(area->down_flags) != TANDEM_DOWN_SHAPED)
			return next_full(w, op);
		err = take_shaped(w, READ_ONCE(area->down_bytes));
		if (unlikely(err))
			return err;
	}
	return wait_turn(w, TASK_INTERRUPTIBLE);
}

/* ---- life ---- */

static struct worker *worker_alloc(struct tandem_channel *ch)
{
	struct worker *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	w->channel = ch;
	w->area = vmalloc_user(TANDEM_AREA_BYTES);
	w->in_home = kvmalloc(TANDEM_DOWN_BYTES, GFP_KERNEL);
	w->in = w->in_home;
	w->seen_global = kvcalloc(ch->nglobal ?: 1, sizeof(*w->seen_global), GFP_KERNEL);
	w->template = kvcalloc(ch->nentry ?: 1, sizeof(*w->template), GFP_KERNEL);
	w->tried = kvcalloc(ch->nentry ?: 1, sizeof(*w->tried), GFP_KERNEL);
	if (!w->area || !w->in_home || !w->seen_global || !w->template || !w->tried) {
		worker_free(w);
		return NULL;
	}
	body_init(&w->up, (u8 *)w->area + TANDEM_UP_OFFSET);
	return w;
}

void worker_free(struct worker *w)
{
	if (w->task)
		put_task_struct(w->task);
	if (w->in != w->in_home)
		kvfree(w->in);
	kvfree(w->in_home);
	vfree(w->area);
	body_free(&w->up);
	kvfree(w->seen);
	kvfree(w->seen_global);
	templates_free(w);
	kfree(w->gone);
	tokens_free(w);
	kfree(w);
}

/* Under registry_lock: one worker is added at a time. */
int worker_make(struct tandem_channel *ch, struct tandem_worker *arg)
{
	struct worker *w;
	u32 i, n = ch->nworker;

	lockdep_assert_held(&registry_lock);
	for (i = 0; i < n; i++)
		if (ch->worker[i]->task == current)
			return -EALREADY;
	if (n == WORKERS_MAX)
		return -EAGAIN;
	w = worker_alloc(ch);
	if (!w)
		return -ENOMEM;
	w->id = n;
	w->task = get_task_struct(current);
	ch->worker[n] = w;
	/* Pairs with the acquire of those who look workers up without the lock. */
	smp_store_release(&ch->nworker, n + 1);
	/*
	 * Somebody in the kernel is blocked until the worker has served: being preferred
	 * over the ordinary saves both sides a sleep. The deadline bounds it.
	 */
	if (fifo)
		sched_set_fifo_low(current);
	arg->id = n;
	arg->area_bytes = TANDEM_AREA_BYTES;
	arg->area_offset = (u64)n * TANDEM_AREA_BYTES;
	return 0;
}
