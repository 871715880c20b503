// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger: what downcalls acquired, and how it is undone. Undoing runs the kernel
 * half's own thunks with the recorded values, in the thread that found out.
 */
#include <linux/slab.h>

#include "internal.h"

int ledger_init(struct state *st)
{
	INIT_LIST_HEAD(&st->ledger.list);
	st->ledger.bucket = kvcalloc(1 << LEDGER_BITS, sizeof(struct hlist_head), GFP_KERNEL);
	return st->ledger.bucket ? 0 : -ENOMEM;
}

void ledger_exit(struct state *st)
{
	struct record *r, *more;

	list_for_each_entry_safe(r, more, &st->ledger.list, node)
		kfree(r);
	kvfree(st->ledger.bucket);
}

static struct hlist_head *bucket_of(struct state *st, const struct tandem_key *key)
{
	return &st->ledger.bucket[tandem_key_hash(key) >> (32 - LEDGER_BITS)];
}

/* The newest record with this key; of this outermost upcall, if one is given. */
struct record *ledger_find(struct state *st, const struct tandem_key *key, u64 outermost)
{
	struct record *r;

	lockdep_assert_held(&st->mutex);
	hlist_for_each_entry(r, bucket_of(st, key), hash)
		if (tandem_key_equal(&r->key, key) && (!outermost || r->outermost == outermost))
			return r;
	return NULL;
}

/* May @release, whose rule this is, do what @undo would? */
bool ledger_takes(u16 release, const struct tandem_ledger_rule *rule, u16 undo)
{
	const u16 *also = rule->also;

	while (undo != release && also && *also != TANDEM_NONE && *also != undo)
		also++;
	return undo == release || (also && *also == undo);
}

/* What a release gives back: its own, or what policy lets it give back too. */
struct record *ledger_find_held(struct state *st, const struct tandem_ledger_rule *rule,
				const struct tandem_key *key)
{
	struct record *r = ledger_find(st, key, 0);
	struct tandem_key other = *key;
	const u16 *also;

	for (also = rule->also; !r && also && *also != TANDEM_NONE; also++) {
		other.undo = *also;
		r = ledger_find(st, &other, 0);
	}
	return r;
}

/* A state that holds already is not acquired again: one undo ends it. */
bool ledger_holds(struct state *st, const struct tandem_ledger_rule *rule,
		  const struct tandem_key *key)
{
	return rule->kind == TANDEM_LEDGER_ACQUIRE && rule->when == TANDEM_WHEN_ALWAYS &&
	       ledger_find(st, key, 0);
}

void ledger_add(struct state *st, struct record *r)
{
	lockdep_assert_held(&st->mutex);
	r->seq = ++st->ledger.seq;
	list_add_tail(&r->node, &st->ledger.list);
	hlist_add_head(&r->hash, bucket_of(st, &r->key));
	st->ledger.count++;
}

static void record_unlink(struct state *st, struct record *r)
{
	struct object *o = r->gen ? object_by_handle(st, r->index, r->gen) : NULL;

	list_del(&r->node);
	hlist_del(&r->hash);
	st->ledger.count--;
	if (o)
		object_kill(st, o);
}

/* The release that belongs to the record begins: it stays, that nobody begins another, till that ends. */
struct record *ledger_pend(struct state *st, struct record *r)
{
	struct object *o = r->gen ? object_by_handle(st, r->index, r->gen) : NULL;

	lockdep_assert_held(&st->mutex);
	if (o)
		object_kill(st, o);
	r->gen = 0;
	r->pending = true;
	return r;
}

/* Takes the record out, and the object that came with it; the record is the caller's. */
void ledger_take(struct state *st, struct record *r)
{
	lockdep_assert_held(&st->mutex);
	record_unlink(st, r);
}

/* The same, and that was it. */
void ledger_drop(struct state *st, struct record *r)
{
	lockdep_assert_held(&st->mutex);
	record_unlink(st, r);
	kfree(r);
}

/* The record that came with this object; NULL. */
const struct record *ledger_of(struct state *st, const struct object *o)
{
	struct record *r;

	lockdep_assert_held(&st->mutex);
	list_for_each_entry(r, &st->ledger.list, node)
		if (r->gen && r->index == o->index && r->gen == o->gen)
			return r;
	return NULL;
}

static bool names(const struct tandem_plan *plan, const struct record *r, unsigned long start,
		  size_t size)
{
	const struct tandem_down *undo = &plan->down[r->key.undo];
	unsigned int i;

	for (i = 0; i < r->key.n; i++)
		if (undo->arg[i].kind != TANDEM_VALUE_SCALAR && r->key.arg[i] - start < size)
			return true;
	return false;
}

/*
 * Something held for a thing in this memory that its owner has to give back first; but not
 * @memory, the memory itself.
 */
const struct record *ledger_inside(struct state *st, unsigned long start, size_t size,
				   const struct record *memory)
{
	struct record *r;

	lockdep_assert_held(&st->mutex);
	list_for_each_entry(r, &st->ledger.list, node)
		if (r != memory && (r->lock || st->plan->down[r->key.undo].ledger.strict) &&
		    names(st->plan, r, start, size))
			return r;
	return NULL;
}

static void undo(struct state *st, struct record *r);

/* Nobody has told the device to stop: it must not reach memory that goes now. */
static void stop_device(struct state *st, struct scope *scope)
{
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node)
		if (r->scope == scope && !r->pending && st->plan->down[r->key.undo].flags & TANDEM_DOWN_STOPS) {
			undo(st, r);
			return;
		}
}

static bool is_dma(struct state *st, const struct record *r)
{
	struct object *o = r->gen ? object_by_handle(st, r->index, r->gen) : NULL;

	return o && o->kind == TANDEM_OBJECT_DMA;
}

/*
 * Undoes one record, newest first chosen by the caller. Drops state.mutex for the time
 * of the undo itself: the list may have changed afterwards.
 */
static void undo(struct state *st, struct record *r)
{
	const struct tandem_down *down = &st->plan->down[r->key.undo];
	bool dma = is_dma(st, r), frees = down->flags & TANDEM_DOWN_FREES;
	struct object *o = frees ? object_find(st, r->key.arg[0]) : NULL;
	size_t size = o && o->gen && o->start == r->key.arg[0] ? o->size : 0;
	struct freed *freed = size ? freed_make(st, r->key.arg[0], size) : NULL;

	/* Kills the object that came with it, as a rule the memory that goes. */
	record_unlink(st, r);
	if (dma)
		stop_device(st, r->scope);
	o = size ? object_find(st, r->key.arg[0]) : NULL;
	if (o && o->gen && o->start == r->key.arg[0])
		object_kill(st, o);
	if (size)
		ledger_clear(st, r->key.arg[0], size);
	if (size && !downs_wait(st, r->key.arg[0], size)) {
		pr_warn_ratelimited("tandem: %s: %s left undone: a call still uses the memory\n", st->name,
				    down->name);
		freed_free(freed);
		kfree(r);
		return;
	}
	if (freed)
		freed_add(st, freed);
	st->stats.down[r->key.undo]++;
	mutex_unlock(&st->mutex);
	st->half->down[r->key.undo](r->key.arg);
	mutex_lock(&st->mutex);
	kfree(r);
}

/* What this thread runs for cannot be waited for by it: who closes the device does. */
static bool is_own_work(const struct record *r)
{
	unsigned long work = (unsigned long)current_work();
	unsigned int i;

	for (i = 0; work && i < r->key.n; i++)
		if (r->key.arg[i] == work)
			return true;
	return false;
}

static bool is_memory(struct state *st, const struct record *r, unsigned long start)
{
	return st->plan->down[r->key.undo].flags & TANDEM_DOWN_FREES && r->key.arg[0] == start;
}

static bool clear_last(struct state *st, unsigned long start, size_t size)
{
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node) {
		if (r->lock || r->pending || !names(st->plan, r, start, size))
			continue;
		if (is_own_work(r) || is_memory(st, r, start))
			ledger_drop(st, r);
		else
			undo(st, r);
		return true;
	}
	return false;
}

/* This memory goes: work, timers and the like that lie in it must have ended. */
void ledger_clear(struct state *st, unsigned long start, size_t size)
{
	lockdep_assert_held(&st->mutex);
	while (clear_last(st, start, size))
		;
}

static bool undo_last_of_call(struct call *c, bool lock)
{
	struct state *st = c->state;
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node) {
		if (r->seq <= c->mark)
			return false;
		if (r->outermost != c->outermost->seq || r->lock != lock || r->pending ||
		    is_own_work(r))
			continue;
		if (lock)
			c->outermost->locks--;
		undo(st, r);
		return true;
	}
	return false;
}

/* What this call, and those nested in it, acquired: locks first. */
void ledger_undo_call(struct call *c, bool only_locks)
{
	mutex_lock(&c->state->mutex);
	while (undo_last_of_call(c, true))
		;
	while (!only_locks && undo_last_of_call(c, false))
		;
	mutex_unlock(&c->state->mutex);
}

static bool undo_last_since(struct state *st, u64 mark, struct scope *scope)
{
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node) {
		if (r->seq <= mark)
			return false;
		if (r->scope != scope || r->lock || r->pending || is_own_work(r))
			continue;
		undo(st, r);
		return true;
	}
	return false;
}

/* What is of this device and younger than @mark, whoever acquired it. */
void ledger_undo_since(struct state *st, u64 mark, struct scope *scope)
{
	mutex_lock(&st->mutex);
	while (undo_last_since(st, mark, scope))
		;
	mutex_unlock(&st->mutex);
}

/*
 * The entry that would have closed @entry failed: do its work from the ledger. What others
 * have acquired since then, in the place of what @entry had, goes too.
 */
void ledger_undo_closed(struct state *st, u16 entry, struct scope *scope)
{
	struct record *r;
	u64 first = 0;

	mutex_lock(&st->mutex);
	list_for_each_entry(r, &st->ledger.list, node)
		if (r->scope == scope && (r->entry == entry || r->outer_entry == entry)) {
			first = r->seq;
			break;
		}
	while (first && undo_last_since(st, first - 1, scope))
		;
	mutex_unlock(&st->mutex);
}

static bool undo_a_stop(struct state *st, struct scope *scope)
{
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node) {
		if (r->scope != scope || r->pending ||
		    !(st->plan->down[r->key.undo].flags & TANDEM_DOWN_STOPS))
			continue;
		undo(st, r);
		return true;
	}
	return false;
}

/* The device may not write to memory any more, which is about to be somebody else's. */
void ledger_stop(struct state *st, struct scope *scope)
{
	mutex_lock(&st->mutex);
	while (scope && undo_a_stop(st, scope))
		;
	mutex_unlock(&st->mutex);
}

static bool undo_last_of_scope(struct state *st, struct scope *scope)
{
	struct record *r;

	list_for_each_entry_reverse(r, &st->ledger.list, node) {
		/* A lock is for the thread to give back that took it. */
		if (scope && (r->scope != scope || r->lock || r->pending || is_own_work(r)))
			continue;
		undo(st, r);
		return true;
	}
	return false;
}

void ledger_undo_scope(struct state *st, struct scope *scope)
{
	mutex_lock(&st->mutex);
	while (undo_last_of_scope(st, scope))
		;
	mutex_unlock(&st->mutex);
}

void ledger_undo_all(struct state *st)
{
	mutex_lock(&st->mutex);
	if (st->ledger.count)
		pr_warn("tandem: %s: %u things were left in the ledger, undone now\n", st->name,
			st->ledger.count);
	while (undo_last_of_scope(st, NULL))
		;
	mutex_unlock(&st->mutex);
}

/*
 * The device has ended as the driver wanted it. What is still recorded belongs to
 * somebody else by now, or is the driver's own leak: the stock driver would have left it
 * too, so it is named and left.
 */
void ledger_left_over(struct state *st, struct scope *scope)
{
	struct record *r, *more;
	char names[160];
	u32 n = 0, at = 0;

	lockdep_assert_held(&st->mutex);
	list_for_each_entry_safe(r, more, &st->ledger.list, node) {
		bool stops = st->plan->down[r->key.undo].flags & TANDEM_DOWN_STOPS;

		/* A lock is another call's that is still inside, and for that to give back. */
		if (r->scope != scope || r->pending || r->lock)
			continue;
		/* A device that was turned off is quiet, whether or not the driver said so. */
		if (!stops && at < sizeof(names) - 1)
			at += scnprintf(names + at, sizeof(names) - at, " %s",
					st->plan->down[r->down].name);
		n += !stops;
		ledger_drop(st, r);
	}
	st->stats.left += n;
	if (n)
		pr_warn("tandem: %s: the device ended with %u things not released:%s\n", st->name,
			n, names);
}
