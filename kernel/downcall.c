// SPDX-License-Identifier: GPL-2.0
/*
 * A downcall: arguments from the wire, the ledger before and after, the thunk between.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "internal.h"

struct down {
	struct call *c;
	const struct tandem_down *plan;
	u16 id;
	u64 arg[TANDEM_ARGS_MAX];
	u32 bytes[TANDEM_ARGS_MAX];	/* those that are known to be behind a pointer */
	u16 flat;			/* bit per argument: it is a BUFFER's bytes, for the time of the call */
	struct list_head node;		/* state.running */
	struct record *record;		/* made before: afterwards it must not fail */
	bool listed;			/* the record is in the ledger, pending */
	struct record *given;		/* what is being given back: in the ledger, pending */
	size_t frees;			/* bytes of memory that this call frees */
	struct freed *freed;		/* these, once they are */
	bool nothing;			/* it frees NULL */
	u64 result;
};

/* ---- arguments ---- */

static int from_buffer(struct down *d, unsigned int n, const struct tandem_wire *wire, u32 least)
{
	struct worker *w = d->c->worker;
	void *data;
	u32 bytes;

	if (wire->index >= w->nbuffer)
		return refuse(d->c, "%s: argument %u names no buffer", d->plan->name, n);
	bytes = w->buffer[wire->index].bytes;
	if (bytes < least)
		return refuse(d->c, "%s: argument %u has %u bytes of %u", d->plan->name, n, bytes,
			      least);
	data = kvmalloc(bytes ?: 1, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	memcpy(data, w->buffer[wire->index].data, bytes);
	d->bytes[n] = bytes;
	d->arg[n] = (unsigned long)data;
	d->flat |= 1 << n;
	return 0;
}

/* A string in an object must end in it; nowhere else is it known to be one. */
static int string_in_object(struct down *d, unsigned int n)
{
	struct object *o = object_find(d->c->state, d->arg[n]);
	size_t room;

	if (!d->arg[n] || tandem_is_error(d->arg[n]))
		return 0;
	if (!o)
		return refuse(d->c, "%s: argument %u is no string", d->plan->name, n);
	room = o->start + o->size - d->arg[n];
	if (strnlen((const char *)d->arg[n], room) == room)
		return refuse(d->c, "%s: the string of argument %u does not end", d->plan->name, n);
	return 0;
}

static int from_string(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	const char *s;
	int err;

	if (wire->tag != TANDEM_WIRE_STRING) {
		err = wire_in(d->c, wire, TANDEM_NONE, NULL, TANDEM_ONLY_ANY, &d->arg[n]);
		return err ?: string_in_object(d, n);
	}
	err = from_buffer(d, n, wire, 1);
	if (err)
		return err;
	s = (const char *)d->arg[n];
	if (s[d->bytes[n] - 1])
		return refuse(d->c, "%s: the string of argument %u does not end", d->plan->name, n);
	if (d->plan->arg[n].kind == TANDEM_VALUE_INTERN) {
		s = string_keep(d->c->state, s);
		if (IS_ERR(s))
			return s == ERR_PTR(-ENOMEM) ? -ENOMEM :
			       refuse(d->c, "%s: too many strings to keep", d->plan->name);
		kvfree((void *)d->arg[n]);
		d->flat &= ~(1 << n);
		d->arg[n] = (unsigned long)s;
	}
	return 0;
}

/* Is one of the fields there that the driver's code gives to this call? Then that is its room. */
static bool is_spot(struct down *d, unsigned int n, const struct object *o, u32 offset)
{
	const struct tandem_spot *spot = d->plan->arg[n].spot;

	for (; spot && spot->type != TANDEM_NONE; spot++)
		if (offset >= spot->offset &&
		    tandem_place_of(d->c->state->plan, o->seg, o->nseg, o->size,
				    offset - spot->offset, spot->type) == TANDEM_PLACE_YES) {
			d->bytes[n] = spot->bytes;
			return true;
		}
	return false;
}

/*
 * A record for the callee must be known to be one: memory of which the plan does not say
 * what it is holds anything. DMA memory and registers have no types: what may lie there,
 * the plan says.
 */
static bool is_record(struct down *d, const struct object *o, u32 offset,
		      const struct tandem_value *value)
{
	const struct tandem_plan *plan = d->c->state->plan;
	const struct tandem_type *t = &plan->type[value->type];

	if (value->bytes || (t->anywhere && object_is_shared(o)))
		return o->size - offset >= t->size;
	return !object_is_shared(o) &&
	       tandem_place_of(plan, o->seg, o->nseg, o->size, offset, value->type) == TANDEM_PLACE_YES;
}

static int object_check(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	struct object *o = object_by_handle(d->c->state, wire->index, wire->gen);
	const struct tandem_value *value = &d->plan->arg[n];

	d->bytes[n] = min_t(size_t, o->size - wire->offset, U32_MAX);
	if (value->spots && !(value->spots & TANDEM_SPOT_FIELDS && is_spot(d, n, o, wire->offset)))
		return refuse(d->c, "%s: argument %u is nothing that the driver would give it",
			      d->plan->name, n);
	if (value->type != TANDEM_NONE && !is_record(d, o, wire->offset, value))
		return refuse(d->c, "%s: argument %u is not known to be a %s", d->plan->name, n,
			      d->c->state->plan->type[value->type].name);
	/* The end of an object is a pointer to nothing. */
	if (d->bytes[n] < value->bytes || !d->bytes[n])
		return refuse(d->c, "%s: argument %u has no room for %u bytes", d->plan->name, n,
			      value->bytes);
	return 0;
}

/*
 * A pointer to something of the kernel's: of the right kind, with room for what the callee
 * writes there, and nothing is written where nobody knows how much room there is.
 */
static int pointer_check(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	const struct tandem_value *value = &d->plan->arg[n];
	bool known;

	if (wire->tag == TANDEM_WIRE_OBJECT)
		return object_check(d, n, wire);
	if (!d->arg[n] || tandem_is_error(d->arg[n]))
		return 0;
	/* A token that was given out as this record has its room. */
	known = wire->tag == TANDEM_WIRE_TOKEN && value->type != TANDEM_NONE;
	if (value->spots || value->dir & TANDEM_ROOM ||
	    (value->bytes && value->dir & TANDEM_OUT && !known))
		return refuse(d->c, "%s: argument %u is no memory of both halves", d->plan->name, n);
	return 0;
}

static int from_flat(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	const struct tandem_value *value = &d->plan->arg[n];

	if ((!value->bytes && !(value->dir & TANDEM_ROOM)) || value->spots == TANDEM_SPOT_FIELDS)
		return refuse(d->c, "%s: argument %u may not be flat memory", d->plan->name, n);
	return from_buffer(d, n, wire, value->bytes);
}

static int argument(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	const struct tandem_value *value = &d->plan->arg[n];

	switch (value->kind) {
	case TANDEM_VALUE_SCALAR:
		if (wire->tag != TANDEM_WIRE_SCALAR)
			return refuse(d->c, "%s: argument %u is no scalar", d->plan->name, n);
		d->arg[n] = tandem_scalar(wire->value, value->size, value->is_signed);
		return 0;
	case TANDEM_VALUE_STRING:
	case TANDEM_VALUE_INTERN:
		return from_string(d, n, wire);
	case TANDEM_VALUE_PTR:
		if (wire->tag == TANDEM_WIRE_BUFFER)
			return from_flat(d, n, wire);
		return wire_in(d->c, wire, value->type, value->symbol, value->only, &d->arg[n]) ?:
		       pointer_check(d, n, wire);
	}
	if (wire->tag == TANDEM_WIRE_BUFFER)
		return from_buffer(d, n, wire, value->bytes);
	return wire_in(d->c, wire, TANDEM_NONE, NULL, TANDEM_ONLY_ANY, &d->arg[n]);
}

/* Lengths may depend on other arguments: checked when all are there. */
static int length_check(struct down *d, unsigned int n)
{
	struct state *st = d->c->state;
	tandem_length length = st->half->length ? st->half->length[d->id] : NULL;
	const struct tandem_value *value = &d->plan->arg[n];
	struct object *o;
	u64 need;

	if (!d->arg[n] || (value->kind != TANDEM_VALUE_BUFFER &&
			   (value->kind != TANDEM_VALUE_PTR || !(value->dir & TANDEM_ROOM))))
		return 0;
	need = length ? length(d->arg, n) : value->bytes;
	if (value->kind == TANDEM_VALUE_BUFFER && !(d->flat >> n & 1)) {
		o = object_find(st, d->arg[n]);
		if (!o)
			return refuse(d->c, "%s: argument %u is no memory of both halves",
				      d->plan->name, n);
		d->bytes[n] = min_t(size_t, o->start + o->size - d->arg[n], U32_MAX);
	}
	if (need > d->bytes[n])
		return refuse(d->c, "%s: argument %u has %u bytes of %llu", d->plan->name, n,
			      d->bytes[n], need);
	return 0;
}

/* What policy asks of the arguments together. */
static int policy_check(struct down *d)
{
	const struct tandem_half *half = d->c->state->half;
	tandem_check check = half->check ? half->check[d->id] : NULL;

	if (check && !check(d->arg))
		return refuse(d->c, "%s: its arguments are not what policy allows", d->plan->name);
	return 0;
}

/* Freeing NULL is nothing; see frees(). */
static bool may_be_null(const struct down *d, unsigned int n)
{
	const struct tandem_value *value = &d->plan->arg[n];

	return value->kind == TANDEM_VALUE_SCALAR || value->null ||
	       (!n && d->plan->flags & TANDEM_DOWN_FREES);
}

/* What the checks need of the stack is not there while the function runs, which may be deep. */
static noinline_for_stack int arguments(struct down *d, const struct tandem_record *rec)
{
	const struct tandem_wire *wire = (const void *)(rec + 1);
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < d->plan->nargs; i++) {
		err = argument(d, i, &wire[i]);
		if (!err && !d->arg[i] && !may_be_null(d, i))
			err = refuse(d->c, "%s: argument %u is NULL", d->plan->name, i);
		if (!err && wire[i].tag == TANDEM_WIRE_ERROR)
			err = refuse(d->c, "%s: argument %u is an error", d->plan->name, i);
	}
	for (i = 0; !err && i < d->plan->nargs; i++)
		err = length_check(d, i);
	return err ?: policy_check(d);
}

/* ---- before ---- */

/* Another downcall that has a pointer into this memory, and whose function runs. */
static const struct down *down_in(struct state *st, unsigned long start, size_t size)
{
	const struct down *d;
	unsigned int i;

	list_for_each_entry(d, &st->running, node)
		for (i = 0; i < d->plan->nargs; i++)
			if (d->plan->arg[i].kind != TANDEM_VALUE_SCALAR && d->arg[i] - start < size)
				return d;
	return NULL;
}

#define BUSY_WAIT	HZ

/*
 * Waits until no function runs that was given a pointer into this memory. An honest driver
 * frees what a complete() of its own has told it to, before that complete() has come back.
 * false: this thread would wait for itself, or it takes too long. Drops state.mutex.
 */
bool downs_wait(struct state *st, unsigned long start, size_t size)
{
	long left = BUSY_WAIT;
	const struct down *d;
	DEFINE_WAIT(entry);

	lockdep_assert_held(&st->mutex);
	while ((d = down_in(st, start, size)) != NULL && left && d->c->task != current) {
		prepare_to_wait(&st->ended, &entry, TASK_IDLE);
		mutex_unlock(&st->mutex);
		left = schedule_timeout(left);
		mutex_lock(&st->mutex);
	}
	finish_wait(&st->ended, &entry);
	return !d;
}

/* The memory that is about to go: an object, whole, of the user half's own, and in nobody's use. */
static noinline_for_stack int frees(struct down *d)
{
	struct state *st = d->c->state;
	unsigned long start = d->arg[0];
	const struct record *r;
	struct object *o;
	u32 gen;

	if (!(d->plan->flags & TANDEM_DOWN_FREES))
		return 0;
	if (!start) {
		d->nothing = true;
		return 0;
	}
	if (d->flat & 1 || tandem_is_error(start) || symbol_find(st, start) >= 0)
		return refuse(d->c, "%s of memory that nobody allocated", d->plan->name);
	o = object_find(st, start);
	if (!o || !o->allocated || o->start != start)
		return refuse(d->c, "%s of memory that is not its to free", d->plan->name);
	gen = o->gen;
	if (!downs_wait(st, start, o->size))
		return refuse(d->c, "%s of memory that another downcall uses", d->plan->name);
	if (o->gen != gen || !o->size)
		return refuse(d->c, "%s of memory that is gone", d->plan->name);
	r = ledger_of(st, o);
	if (r && (!ledger_takes(d->id, &d->plan->ledger, r->key.undo) || r->pending))
		return refuse(d->c, "%s of memory that %s gives back", d->plan->name,
			      st->plan->down[r->key.undo].name);
	d->frees = o->size;
	d->freed = freed_make(st, start, o->size);
	return d->freed ? 0 : -ENOMEM;
}

static int releases(struct down *d, const struct tandem_key *key)
{
	struct state *st = d->c->state;
	struct record *r = ledger_find_held(st, &d->plan->ledger, key);
	struct object *o = r && r->gen && !d->frees ? object_by_handle(st, r->index, r->gen) : NULL;
	u64 seq = o ? r->seq : 0;
	struct freed *freed;

	if (o && !downs_wait(st, o->start, o->size))
		return refuse(d->c, "%s of memory that another downcall uses", d->plan->name);
	if (o)
		r = ledger_find_held(st, &d->plan->ledger, key);
	if (r && (r->pending || (o && r->seq != seq)))
		return refuse(d->c, "%s while another call of its kind runs", d->plan->name);
	if (!r && d->plan->ledger.strict)
		return refuse(d->c, "%s of what is not held", d->plan->name);
	/* Somebody owns all memory that was allocated with an undo: without one it is not for this. */
	if (!r && d->frees)
		return refuse(d->c, "%s of memory that it does not give back", d->plan->name);
	if (d->frees) {
		const struct record *inside = ledger_inside(st, d->arg[0], d->frees, r);

		if (inside)
			return refuse(d->c, "%s of memory for which %s is not undone", d->plan->name,
				      st->plan->down[inside->down].name);
	}
	/* Memory that is known by more than its address, as for DMA. */
	freed = o ? freed_make(st, o->start, o->size) : NULL;
	if (o && !freed)
		return -ENOMEM;
	if (freed)
		freed_add(st, freed);
	if (r && d->plan->ledger.strict && !d->frees)
		d->given = ledger_pend(st, r);
	else if (r)
		ledger_drop(st, r);
	return 0;
}

/* Is what it acquires known before the call? Then two calls at a time must not pass. */
static bool known_before(const struct tandem_ledger_rule *rule)
{
	unsigned int i;

	for (i = 0; i < rule->nfrom; i++)
		if (rule->from[i] >= TANDEM_FROM_OUT)
			return false;
	return rule->kind == TANDEM_LEDGER_ACQUIRE && rule->strict;
}

static noinline_for_stack int ledger_before(struct down *d)
{
	const struct tandem_ledger_rule *rule = &d->plan->ledger;
	struct state *st = d->c->state;
	struct call *outermost = d->c->outermost;
	u64 none[TANDEM_ARGS_MAX] = { 0 };
	struct tandem_key key;
	struct record *r;

	if (rule->kind == TANDEM_LEDGER_NONE || d->nothing)
		return 0;
	tandem_key_gather(&key, st->plan, d->id, d->arg, none, 0);
	switch (rule->kind) {
	case TANDEM_LEDGER_LOCK:
		if (ledger_find(st, &key, outermost->seq))
			return refuse(d->c, "%s of a lock that this call holds", d->plan->name);
		break;
	case TANDEM_LEDGER_ACQUIRE:
		if (rule->strict && ledger_find(st, &key, 0))
			return refuse(d->c, "%s of what is held already", d->plan->name);
		break;
	case TANDEM_LEDGER_UNLOCK:
		r = ledger_find(st, &key, outermost->seq);
		if (!r || !r->lock)
			return refuse(d->c, "%s of a lock that this call does not hold",
				      d->plan->name);
		ledger_drop(st, r);
		outermost->locks--;
		return 0;
	default:
		return releases(d, &key);
	}
	d->record = kzalloc(sizeof(*d->record), GFP_KERNEL);
	if (!d->record)
		return -ENOMEM;
	if (known_before(rule)) {
		d->record->key = key;
		d->record->down = d->id;
		d->record->pending = d->listed = true;
		ledger_add(st, d->record);
	}
	return 0;
}

/* Nothing may happen any more to memory that goes now, and nobody may name it. */
static void let_go(struct down *d)
{
	struct state *st = d->c->state;
	struct object *o = d->frees ? object_find(st, d->arg[0]) : NULL;

	if (o && o->start == d->arg[0])
		object_kill(st, o);
	/* In this order: clearing drops the mutex, and calls of this worker may come meanwhile. */
	if (d->freed) {
		freed_add(st, d->freed);
		d->freed = NULL;
		ledger_clear(st, d->arg[0], d->frees);
	}
}

/* ---- after ---- */

/* What the 8 bytes hold that argument @n points at; 0 if they are not all there. */
static u64 out_value(struct down *d, unsigned int n)
{
	struct object *o;

	if (d->flat >> n & 1)
		return d->bytes[n] >= 8 ? *(u64 *)d->arg[n] : 0;
	o = object_find(d->c->state, d->arg[n]);
	if (!o || o->start + o->size - d->arg[n] < 8)
		return 0;
	return READ_ONCE(*(u64 *)d->arg[n]);
}

static noinline_for_stack void ledger_after(struct down *d, struct object *o)
{
	const struct tandem_ledger_rule *rule = &d->plan->ledger;
	struct state *st = d->c->state;
	struct call *outermost = d->c->outermost;
	u64 out[TANDEM_ARGS_MAX] = { 0 };
	struct tandem_key key;
	struct record *r = d->record;
	unsigned int i;

	if (d->given)
		ledger_drop(st, d->given);
	if (d->listed)
		ledger_take(st, r);
	if (!d->record || !tandem_when_holds(rule->when, d->result))
		return;
	for (i = 0; i < rule->nfrom; i++)
		if (rule->from[i] != TANDEM_FROM_RESULT && rule->from[i] & TANDEM_FROM_OUT)
			out[rule->from[i] & ~TANDEM_FROM_OUT] =
				out_value(d, rule->from[i] & ~TANDEM_FROM_OUT);
	tandem_key_gather(&key, st->plan, d->id, d->arg, out, d->result);
	if (ledger_holds(st, rule, &key))
		return;
	d->record = NULL;
	r->key = key;
	r->scope = outermost->scope;
	r->outermost = outermost->seq;
	r->entry = d->c->id;
	r->outer_entry = outermost->id;
	r->down = d->id;
	r->pending = false;
	r->lock = rule->kind == TANDEM_LEDGER_LOCK;
	if (r->lock)
		outermost->locks++;
	if (o) {
		r->index = o->index;
		r->gen = o->gen;
	}
	ledger_add(st, r);
}

static u64 product(const struct down *d)
{
	const struct tandem_alloc *alloc = &d->plan->alloc;
	u64 size = 1;
	int i;

	for (i = 0; i < 2; i++)
		if (alloc->size_arg[i] != 0xff &&
		    check_mul_overflow(size, d->arg[alloc->size_arg[i]], &size))
			return 0;
	return size;
}

/* Is it the copy of a record of the same type? Its pointers were checked. */
static bool is_copy(const struct down *d, const struct object *o)
{
	struct state *st = d->c->state;
	const struct object *from;
	unsigned int i;

	for (i = 0; i < d->plan->nargs; i++) {
		if (d->plan->arg[i].kind == TANDEM_VALUE_SCALAR || d->flat >> i & 1 || !d->arg[i])
			continue;
		from = object_find(st, d->arg[i]);
		if (from && !object_is_shared(from) &&
		    tandem_place_of(st->plan, from->seg, from->nseg, from->size, d->arg[i] - from->start,
				    o->seg[0].type) == TANDEM_PLACE_YES)
			return true;
	}
	return false;
}

/* What the result is. Without an object it crosses as a token; an error: no memory to know it by. */
static struct object *allocated(struct down *d)
{
	const struct tandem_alloc *alloc = &d->plan->alloc;
	struct state *st = d->c->state;
	phys_addr_t phys = 0;
	struct object *o;
	size_t size;

	if (!alloc->kind || !d->result || tandem_is_error(d->result))
		return NULL;
	size = product(d);
	if (alloc->kind == TANDEM_ALLOC_MMIO) {
		size_t all;

		if (window_measure(d->result, &phys, &all))
			return NULL;
		if ((alloc->size_arg[0] == 0xff && alloc->size_arg[1] == 0xff) || size > all)
			size = all;
	}
	if (alloc->kind == TANDEM_ALLOC_DATA && alloc->plus_tail && alloc->type != TANDEM_NONE)
		size += st->plan->type[alloc->type].tail_offset;
	if (freed_forget(st, d->result, size))
		return ERR_PTR(-ENOMEM);
	o = object_make(st, alloc->kind, d->result, size, alloc->type, alloc->plus_tail,
			d->c->outermost->scope);
	if (IS_ERR_OR_NULL(o))
		return o;
	/* One with a tail was filled by the kernel. */
	if (o->nseg && !alloc->plus_tail && !is_copy(d, o))
		object_clear_pointers(st, o);
	o->phys = phys;
	o->allocated = true;
	return o;
}

/* The fields again, the OUT buffers, the result. */
static int answer(struct down *d)
{
	struct worker *w = d->c->worker;
	unsigned int i;
	u32 index;
	int err;

	err = marshal_sync(d->c, &d->plan->result, d->result);
	for (i = 0; !err && i < d->plan->nargs; i++)
		if (d->flat >> i & 1 && d->plan->arg[i].dir & TANDEM_OUT)
			err = body_buffer(&w->up, (void *)d->arg[i], d->bytes[i], &index);
	return err ?: marshal_return(d->c, d->id, d->result);
}

/* ---- all of it ---- */

static int check(struct down *d, const struct tandem_record *rec, bool last)
{
	const struct tandem_plan *plan = d->c->state->plan;

	d->id = rec->id;
	if (rec->id >= plan->ndown)
		return refuse(d->c, "downcall %u is none", rec->id);
	d->plan = &plan->down[rec->id];
	if (!(d->c->entry->may[rec->id / 64] >> rec->id % 64 & 1))
		return refuse(d->c, "%s may not call %s", d->c->entry->name, d->plan->name);
	if (rec->count != d->plan->nargs)
		return refuse(d->c, "%s with %u arguments", d->plan->name, rec->count);
	if (!last && !(d->plan->flags & TANDEM_DOWN_QUEUED))
		return refuse(d->c, "%s may not be queued", d->plan->name);
	return 0;
}

static void count(struct down *d, bool last)
{
	struct stats *stats = &d->c->state->stats;

	stats->down[d->id]++;
	if (!last)
		stats->queued++;
	else if (d->plan->flags & TANDEM_DOWN_SHORT)
		stats->shorts++;
	else
		stats->downcalls++;
}

static void run(struct down *d)
{
	struct state *st = d->c->state;
	const struct tandem_value *result = &d->plan->result;

	list_add(&d->node, &st->running);
	mutex_unlock(&st->mutex);
	d->result = st->half->down[d->id](d->arg);
	mutex_lock(&st->mutex);
	list_del(&d->node);
	if (waitqueue_active(&st->ended))
		wake_up_all(&st->ended);
	if (result->kind == TANDEM_VALUE_VOID)
		d->result = 0;
	else if (result->kind == TANDEM_VALUE_SCALAR)
		d->result = tandem_scalar(d->result, result->size, result->is_signed);
}

/*
 * @last: the worker waits for the answer. Otherwise the downcall rode in front of other
 * records. state.mutex is dropped while the kernel's function runs.
 */
int down_take(struct call *c, const struct tandem_record *rec, bool last)
{
	struct down d = { .c = c };
	struct object *o;
	unsigned int i;
	int err;

	lockdep_assert_held(&c->state->mutex);
	err = check(&d, rec, last);
	if (!err)
		err = arguments(&d, rec);
	if (!err)
		err = frees(&d);
	if (!err)
		err = ledger_before(&d);
	if (!err) {
		count(&d, last);
		let_go(&d);
		if (!d.nothing)
			run(&d);
		o = allocated(&d);
		err = PTR_ERR_OR_ZERO(o);
		ledger_after(&d, err ? NULL : o);
		if (!err && last)
			err = answer(&d);
	}
	for (i = 0; d.plan && i < d.plan->nargs; i++)
		if (d.flat >> i & 1)
			kvfree((void *)d.arg[i]);
	kfree(d.record);
	freed_free(d.freed);
	return err;
}
