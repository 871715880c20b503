// SPDX-License-Identifier: GPL-2.0
/*
 * An upcall: the guard, a worker, turns with it until it replied, and what happens when
 * it does not.
 */
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "internal.h"

/* ---- the guard ---- */

static bool may_sleep(struct state *st, unsigned int entry)
{
	if (likely(!in_atomic() && !irqs_disabled() && !rcu_preempt_depth()))
		return true;
	/* pr_warn, no WARN: the kernel is well, the split is wrong. */
	if (!test_and_set_bit(entry, st->warned))
		pr_warn("tandem: %s: %s was called in atomic context: refused\n", st->name,
			st->plan->entry[entry].name);
	return false;
}

/* What an upcall and the downcalls in it may need of a kernel stack. */
#define STACK_LEAST	(6 * 1024)

/* Upcalls in downcalls in upcalls: a user half must not get to the end of the stack. */
static bool stack_left(struct state *st, unsigned int entry)
{
	unsigned long left = current_stack_pointer - (unsigned long)end_of_stack(current);

	if (likely(left >= STACK_LEAST))
		return true;
	pr_warn_ratelimited("tandem: %s: %s is nested too deep: refused\n", st->name,
			    st->plan->entry[entry].name);
	return false;
}

/* ---- a worker for it ---- */

/* The innermost active call of this thread: a downcall of it led here. */
static struct call *outer_of(struct hlist_head *bucket, struct task_struct *task)
{
	struct call *c;

	hlist_for_each_entry(c, bucket, node)
		if (c->task == task)
			return c;
	return NULL;
}

static bool usable(const struct tandem_channel *ch)
{
	return ch && !ch->condemned && !ch->quit;
}

/*
 * May a caller go on waiting for a worker? As long as some become idle, or there are all
 * that there may be: what these wait for in their downcalls is not the user half's fault.
 */
static bool worth_waiting(struct tandem_channel *ch, u32 *idled, u32 *looks)
{
	if (ch->idled == *idled && ch->nworker < WORKERS_MAX)
		return ++*looks <= watchdog_limit();
	if (ch->nworker == WORKERS_MAX)
		pr_warn_once("tandem: %s: all %u workers are busy: callers wait\n",
			     ch->state->name, WORKERS_MAX);
	*idled = ch->idled;
	*looks = 0;
	return true;
}

/*
 * The warmest idle worker, waited for if need be. state.lock is held before and after,
 * not between; the caller has a reference to the channel.
 */
static struct worker *idle_worker(struct state *st, struct tandem_channel *ch)
{
	u32 idled = ch->idled, looks = 0;
	struct worker *w;
	bool wait = true;
	DEFINE_WAIT(entry);

	for (;;) {
		prepare_to_wait_exclusive(&ch->waiting, &entry, TASK_IDLE | TASK_FREEZABLE);
		w = ch->idle;
		if (w || !wait || !usable(ch))
			break;
		mutex_unlock(&st->mutex);
		wait = schedule_timeout(WATCH_PERIOD);
		mutex_lock(&st->mutex);
		wait = wait || worth_waiting(ch, &idled, &looks);
	}
	finish_wait(&ch->waiting, &entry);
	if (!w && usable(ch)) {
		mutex_unlock(&st->mutex);
		channel_condemn(ch, "no worker became idle within the deadline");
		mutex_lock(&st->mutex);
	}
	return usable(ch) ? w : NULL;
}

static int park(struct call *c)
{
	struct worker *w = c->worker;
	struct parked *parked = kvmalloc(sizeof(*parked), GFP_KERNEL);
	u8 *home = kvmalloc(TANDEM_DOWN_BYTES, GFP_KERNEL);

	if (!parked || !home) {
		kvfree(parked);
		kvfree(home);
		return -ENOMEM;
	}
	parked->in = w->in;
	parked->in_home = w->in_home;
	parked->in_bytes = w->in_bytes;
	parked->nbuffer = w->nbuffer;
	memcpy(parked->buffer, w->buffer, sizeof(w->buffer));
	w->in = w->in_home = home;
	c->parked = parked;
	return 0;
}

static void unpark(struct call *c)
{
	struct worker *w = c->worker;
	struct parked *parked = c->parked;

	if (w->in != w->in_home)
		kvfree(w->in);
	kvfree(w->in_home);
	w->in = parked->in;
	w->in_home = parked->in_home;
	w->in_bytes = parked->in_bytes;
	w->nbuffer = parked->nbuffer;
	memcpy(w->buffer, parked->buffer, sizeof(w->buffer));
	kvfree(parked);
}

/*
 * Finds the worker and enters the call everywhere. -EIO: no user half serves; then
 * nothing is entered, and c->worker is NULL. state.mutex is held, but for waiting.
 */
static int call_begin(struct call *c)
{
	struct state *st = c->state;
	struct hlist_head *bucket = &st->calls[hash_ptr(c->task, CALLER_BITS)];
	struct tandem_channel *ch = st->channel;
	struct worker *w;

	c->channel = NULL;
	if (unlikely(!usable(ch) || st->dying))
		return -EIO;
	c->outer = outer_of(bucket, c->task);
	if (unlikely(c->outer)) {
		c->outermost = c->outer->outermost;
		w = c->outer->worker;
		ch->users++;
	} else {
		c->outermost = c;
		c->channel = ch;
		ch->users++;
		w = ch->idle;
		if (unlikely(!w)) {
			w = idle_worker(st, ch);
			if (!w)
				return -EIO;
		}
		ch->idle = w->colder;
		w->spare = !ch->idle && ch->nworker < WORKERS_MAX;
		w->caller = c->task;
	}
	c->channel = ch;
	c->worker = w;
	c->seq = ++st->seq;
	if (c->outermost == c)
		WRITE_ONCE(w->began, c->seq);
	hlist_add_head(&c->node, bucket);
	if (unlikely(!ch->watching)) {
		ch->watching = true;
		ch->users++;
		watchdog_start(ch);
	}
	return unlikely(c->outer && c->outer->parsing) ? park(c) : 0;
}

/* The call's stay at the channel is over; then state.mutex is not held any more. */
static void call_unlock(struct call *c)
{
	struct state *st = c->state;
	struct tandem_channel *ch = c->channel;
	u32 users = ch ? --ch->users : 1;

	st->ncalls--;
	if (unlikely(st->dying) && !st->ncalls)
		wake_up_all(&st->drained);
	mutex_unlock(&st->mutex);
	if (unlikely(!users))
		channel_free(ch);
	state_put(st);
}

/* The worker is its outer call's again, or idle. */
static void call_leave(struct call *c)
{
	struct tandem_channel *ch = c->channel;
	struct worker *w = c->worker;

	if (unlikely(c->gained))
		kfree(c->gained);
	if (unlikely(c->parked))
		unpark(c);
	w->call = c->outer;
	__hlist_del(&c->node);
	if (unlikely(c->outer)) {
		w->seq = c->outer->seq;
	} else {
		if (c->nheld)
			objects_release(c);
		if (w->tokens.count)
			tokens_reset(w);
		w->colder = ch->idle;
		ch->idle = w;
		ch->idled++;
		/* Who waits has queued itself under the mutex. */
		if (unlikely(waitqueue_active(&ch->waiting)))
			wake_up(&ch->waiting);
	}
}

/* ---- turns ---- */

static void hand_over(struct call *c, u32 op)
{
	struct worker *w = c->worker;
	struct tandem_area *area = w->area;
	u32 flags = 0;

	if (unlikely(w->spare && op == TANDEM_OP_CALL)) {
		flags |= TANDEM_UP_SPARE;
		w->spare = false;
	}
	if (unlikely(w->up.base != w->up.home))
		flags |= TANDEM_UP_SPILL;
	area->up_seq = c->seq;
	area->up_op = op;
	area->up_flags = flags;
	area->up_bytes = w->up.at;
	w->call = c;
	w->seq = c->seq;
	WRITE_ONCE(w->turns, w->turns + 1);
	/* Pairs with the acquire in wait_turn(): all of the above is the worker's now. */
	smp_store_release(&w->turn, TURN_WORKER);
	wake_up_process(w->task);
	/* The wake has asked for a reschedule: taking it here, runnable, saves the sleep. */
	cond_resched();
}

/*
 * Until the worker has said something. False: the channel was condemned, and the worker
 * does not touch the call any more. Signals are not looked at, not even SIGKILL: the
 * kernel's data is in the middle of an operation that ends by reply, deadline or death.
 *
 * A worker that takes the call in as it is condemned may look as if it had not: it comes to no
 * downcall any more, so there is nothing to undo but what mapped registers did, which has no undo.
 */
static bool turn_comes(struct call *c)
{
	struct worker *w = c->worker;
	bool came;

	/* Pairs with the release in the worker's thread. */
	if (smp_load_acquire(&w->turn) == TURN_CALLER)
		return true;
	for (;;) {
		set_current_state(TASK_IDLE | TASK_FREEZABLE);
		came = smp_load_acquire(&w->turn) == TURN_CALLER;
		if (came)
			break;
		if (READ_ONCE(c->channel->condemned) &&
		    cmpxchg(&w->turn, TURN_WORKER, TURN_CALLER) == TURN_WORKER)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return came;
}

/* ---- the conversation ---- */

static int marshal(struct call *c)
{
	struct state *st = c->state;
	int err = 0;

	c->mark = st->ledger.seq;
	c->locks_before = c->outermost->locks;
	st->stats.up[c->id]++;
	st->stats.upcalls++;
	if (c->outer)
		st->stats.nested++;
	if (template_use(c))
		goto done;
	if (c->entry->flags & TANDEM_ENTRY_BEGINS) {
		c->scope = scope_begin(st, c->arg[0]);
		/* Without one, what it gets would outlive its device. */
		if (!c->scope)
			return -ENOMEM;
	} else if (st->scopes.next != &st->scopes) {
		c->scope = scope_of_args(st, c->entry, c->arg);
	}
	if (!c->outermost->scope)
		c->outermost->scope = c->scope;
	err = marshal_call(c);
done:
	if (c->worker->up.base != c->worker->up.home)
		st->stats.spills++;
	st->stats.bytes_up += c->worker->up.at;
	return err;
}

/* Nothing is left to do for this reply but to leave. */
static bool simple(const struct call *c)
{
	return !(c->entry->flags & (TANDEM_ENTRY_BEGINS | TANDEM_ENTRY_ENDS)) &&
	       c->outermost->locks <= c->locks_before && !READ_ONCE(c->channel->condemned);
}

/* @locked: afterwards state.mutex is held, and nothing is left to do but to leave. */
static int converse(struct call *c, u64 *result, bool *locked)
{
	u32 op = TANDEM_OP_CALL;
	int ret;

	for (;;) {
		hand_over(c, op);
		if (!turn_comes(c)) {
			c->begun |= READ_ONCE(c->worker->delivered);
			return -EIO;
		}
		c->begun = true;
		if (unlikely(READ_ONCE(c->channel->condemned)))
			return -EIO;
		mutex_lock(&c->state->mutex);
		ret = likely(c->worker->in_shaped) ? template_reply(c, result) :
						     message_take(c, result);
		*locked = ret == TOOK_REPLY && simple(c);
		if (likely(*locked))
			return 0;
		mutex_unlock(&c->state->mutex);
		if (ret)
			break;
		if (unlikely(READ_ONCE(c->channel->condemned)))
			return -EIO;
		op = TANDEM_OP_RETURN;
	}
	if (ret < 0) {
		channel_condemn(c->channel, ret == -EPROTO ? NULL : "no memory for its message");
		return -EIO;
	}
	if (unlikely(c->outermost->locks > c->locks_before)) {
		channel_condemn(c->channel, "it replied without releasing a lock");
		return -EIO;
	}
	return 0;
}

/* ---- the end ---- */

static bool failed(const struct call *c, u64 result)
{
	const struct tandem_value *value = &c->entry->result;

	return value->kind == TANDEM_VALUE_SCALAR && value->is_signed && (s64)result < 0;
}

/* The device's scope ends with the call, as the driver wanted it. */
static void scope_done(struct call *c, u64 result)
{
	struct state *st = c->state;
	struct scope *scope;
	u16 flags = c->entry->flags;

	if (!(flags & TANDEM_ENTRY_ENDS) && !(flags & TANDEM_ENTRY_BEGINS && failed(c, result)))
		return;
	mutex_lock(&st->mutex);
	scope = scope_find(st, c->arg[0]);
	if (scope) {
		ledger_left_over(st, scope);
		scope_end(st, scope);
	}
	mutex_unlock(&st->mutex);
}

/* Whose device it is; NULL: none's, or not known. */
static struct scope *scope_of(struct call *c)
{
	struct scope *scope;

	mutex_lock(&c->state->mutex);
	scope = scope_of_args(c->state, c->entry, c->arg);
	mutex_unlock(&c->state->mutex);
	return scope;
}

/* Is there an entry that would close what this one opens? */
static bool opens(const struct call *c)
{
	const struct tandem_plan *plan = c->state->plan;
	u32 i;

	for (i = 0; i < plan->nentry; i++)
		if (plan->entry[i].closes == c->id)
			return true;
	return false;
}

/*
 * The user half did not do it. What the interrupted call had acquired goes back, unless
 * it only reads, or had not begun; what a closing or ending call should have released is released for it.
 * First the device is kept from the memory that this may free.
 */
static void abort_call(struct call *c)
{
	struct state *st = c->state;
	struct scope *scope = scope_of(c);
	bool reads = c->entry->flags & TANDEM_ENTRY_READS;
	bool ends = c->entry->flags & (TANDEM_ENTRY_BEGINS | TANDEM_ENTRY_ENDS);

	if (ends || c->entry->closes != TANDEM_NONE || (c->begun && !reads))
		ledger_stop(st, scope);
	if (c->begun)
		ledger_undo_call(c, true);
	/* What it had opened so far may have set others to work: the newest goes first, whose ever it is. */
	if (c->begun && opens(c))
		ledger_undo_since(st, c->mark, scope);
	if (c->begun)
		ledger_undo_call(c, reads);
	if (c->entry->closes != TANDEM_NONE)
		ledger_undo_closed(st, c->entry->closes, scope);
	if (!ends || !scope)
		return;
	ledger_undo_scope(st, scope);
	/* Undoing dropped the mutex: looked up again. */
	mutex_lock(&st->mutex);
	scope = scope_find(st, c->arg[0]);
	if (scope)
		scope_end(st, scope);
	mutex_unlock(&st->mutex);
}

static void call_init(struct call *c, struct state *st, unsigned int entry, const u64 *arg,
		      const u64 *bytes)
{
	c->state = st;
	c->task = current;
	c->worker = NULL;
	c->outer = NULL;
	c->entry = &st->plan->entry[entry];
	c->ready = &st->entry[entry];
	c->id = entry;
	c->parsing = false;
	c->begun = false;
	c->parked = NULL;
	c->arg = arg;
	c->bytes = bytes;
	c->scope = NULL;
	c->mark = ~0ull;
	c->locks = 0;
	c->held = c->held_few;
	c->nheld = 0;
	c->held_room = ARRAY_SIZE(c->held_few);
	c->gained = NULL;
	c->ngained = 0;
	c->gained_room = 0;
}

int tandem_upcall(struct tandem_half *half, unsigned int entry, const u64 *arg,
		  const u64 *bytes, u64 *result)
{
	struct state *st = half->state;
	struct call c __tandem_uninitialized;
	bool locked = false;
	u64 value;
	int err;

	if (!st || entry >= st->plan->nentry)
		return st ? -EINVAL : -EIO;
	if (!may_sleep(st, entry))
		return -EWOULDBLOCK;
	if (!stack_left(st, entry))
		return -EIO;
	call_init(&c, st, entry, arg, bytes);
	mutex_lock(&st->mutex);
	st->ncalls++;
	/* Unlocking touches the mutex after somebody else can have it: who unregisters frees it then. */
	kref_get(&st->ref);
	err = call_begin(&c);
	if (!err)
		err = marshal(&c);
	mutex_unlock(&st->mutex);
	if (!err)
		err = converse(&c, &value, &locked);
	if (unlikely(err))
		abort_call(&c);
	else if (unlikely(!locked))
		scope_done(&c, value);
	if (unlikely(!locked))
		mutex_lock(&st->mutex);
	if (likely(c.worker))
		call_leave(&c);
	call_unlock(&c);
	if (!err && result)
		*result = value;
	return err;
}
EXPORT_SYMBOL_GPL(tandem_upcall);
