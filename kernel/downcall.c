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
	void *temp[TANDEM_ARGS_MAX];	/* a BUFFER's bytes, for the time of the call */
	u32 bytes[TANDEM_ARGS_MAX];	/* of temp */
	struct record *record;		/* made before: afterwards it must not fail */
	size_t freed;			/* bytes of memory that this call frees */
	bool nothing;			/* it frees NULL */
	u64 result;
};

/* ---- arguments ---- */

static int from_buffer(struct down *d, unsigned int n, const struct tandem_wire *wire, u32 least)
{
	struct worker *w = d->c->worker;
	u32 bytes;

	if (wire->index >= w->nbuffer)
		return refuse(d->c, "%s: argument %u names no buffer", d->plan->name, n);
	bytes = w->buffer[wire->index].bytes;
	if (bytes < least)
		return refuse(d->c, "%s: argument %u has %u bytes of %u", d->plan->name, n, bytes,
			      least);
	d->temp[n] = kvmalloc(bytes ?: 1, GFP_KERNEL);
	if (!d->temp[n])
		return -ENOMEM;
	memcpy(d->temp[n], w->buffer[wire->index].data, bytes);
	d->bytes[n] = bytes;
	d->arg[n] = (unsigned long)d->temp[n];
	return 0;
}

/* A string in an object must end in it. */
static int string_in_object(struct down *d, unsigned int n)
{
	struct object *o = object_find(d->c->state, d->arg[n]);
	size_t room;

	if (!o)
		return 0;
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
		err = wire_in(d->c, wire, TANDEM_NONE, &d->arg[n]);
		return err ?: string_in_object(d, n);
	}
	err = from_buffer(d, n, wire, 1);
	if (err)
		return err;
	s = d->temp[n];
	if (s[d->bytes[n] - 1])
		return refuse(d->c, "%s: the string of argument %u does not end", d->plan->name, n);
	if (d->plan->arg[n].kind == TANDEM_VALUE_INTERN) {
		s = string_keep(d->c->state, s);
		if (!s)
			return refuse(d->c, "%s: too many strings to keep", d->plan->name);
		d->arg[n] = (unsigned long)s;
	}
	return 0;
}

/* What the callee writes through a pointer: a whole value, and never where a symbol is. */
static int room_check(struct down *d, unsigned int n, const struct tandem_wire *wire)
{
	const struct tandem_value *value = &d->plan->arg[n];
	u32 bytes = value->dir & TANDEM_OUT ? value->bytes : 0;
	struct object *o = NULL;
	size_t room = 0;

	if (wire->tag == TANDEM_WIRE_OBJECT) {
		o = object_by_handle(d->c->state, wire->index, wire->gen);
		room = o->size - wire->offset;
	}
	/* The end of an object is a pointer to nothing. */
	if (o ? room < bytes || !room : bytes && wire->tag == TANDEM_WIRE_SYMBOL)
		return refuse(d->c, "%s: argument %u has no room for %u bytes", d->plan->name, n,
			      bytes);
	return 0;
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
		if (wire->tag != TANDEM_WIRE_BUFFER)
			return wire_in(d->c, wire, value->type, &d->arg[n]) ?: room_check(d, n, wire);
		if (!value->bytes)
			return refuse(d->c, "%s: argument %u may not be flat memory", d->plan->name,
				      n);
		return from_buffer(d, n, wire, value->bytes);
	}
	if (wire->tag == TANDEM_WIRE_BUFFER)
		return from_buffer(d, n, wire, value->bytes);
	return wire_in(d->c, wire, TANDEM_NONE, &d->arg[n]);
}

/* Lengths may depend on other arguments: checked when all are there. */
static int length_check(struct down *d, unsigned int n)
{
	struct state *st = d->c->state;
	tandem_length length = st->half->length ? st->half->length[d->id] : NULL;
	struct object *o;
	u64 need, room;

	if (d->plan->arg[n].kind != TANDEM_VALUE_BUFFER || !d->arg[n])
		return 0;
	need = length ? length(d->arg, n) : d->plan->arg[n].bytes;
	if (d->temp[n]) {
		room = d->bytes[n];
	} else {
		o = object_find(st, d->arg[n]);
		if (!o)
			return refuse(d->c, "%s: argument %u is no memory of both halves",
				      d->plan->name, n);
		room = o->start + o->size - d->arg[n];
	}
	if (need > room)
		return refuse(d->c, "%s: argument %u has %llu bytes of %llu", d->plan->name, n, room,
			      need);
	return 0;
}

/* Freeing NULL is nothing; see frees(). */
static bool may_be_null(const struct down *d, unsigned int n)
{
	const struct tandem_value *value = &d->plan->arg[n];

	return value->kind == TANDEM_VALUE_SCALAR || value->null ||
	       (!n && d->plan->flags & TANDEM_DOWN_FREES);
}

static int arguments(struct down *d, const struct tandem_record *rec)
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
	return err;
}

/* ---- before ---- */

/* The memory that is about to go: an object, whole, and of the user half's own. */
static int frees(struct down *d)
{
	struct state *st = d->c->state;
	unsigned long start = d->arg[0];
	struct object *o;

	if (!(d->plan->flags & TANDEM_DOWN_FREES))
		return 0;
	if (!start) {
		d->nothing = true;
		return 0;
	}
	if (d->temp[0] || tandem_is_error(start) || symbol_find(st, start) >= 0)
		return refuse(d->c, "%s of memory that nobody allocated", d->plan->name);
	o = object_find(st, start);
	if (!o || !o->allocated || o->start != start)
		return refuse(d->c, "%s of memory that is not its to free", d->plan->name);
	d->freed = o->size;
	return 0;
}

static int releases(struct down *d, const struct tandem_key *key)
{
	struct state *st = d->c->state;
	struct record *r = ledger_find(st, key, 0);

	if (!r && d->plan->ledger.strict)
		return refuse(d->c, "%s of what is not held", d->plan->name);
	if (!r && d->freed && object_find(st, d->arg[0])->kind != TANDEM_OBJECT_DATA)
		return refuse(d->c, "%s of memory of another kind", d->plan->name);
	if (d->freed) {
		const struct record *inside = ledger_inside(st, d->arg[0], d->freed, r);

		if (inside)
			return refuse(d->c, "%s of memory for which %s is not undone", d->plan->name,
				      st->plan->down[inside->down].name);
	}
	if (r)
		ledger_drop(st, r);
	return 0;
}

static int ledger_before(struct down *d)
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
	return d->record ? 0 : -ENOMEM;
}

/* Nothing may happen any more to memory that goes now, and nobody may name it. */
static void let_go(struct down *d)
{
	struct state *st = d->c->state;
	struct object *o = d->freed ? object_find(st, d->arg[0]) : NULL;

	if (o && o->start == d->arg[0])
		object_kill(st, o);
	if (d->freed) {
		ledger_clear(st, d->arg[0], d->freed);
		object_freed(d->c->worker, d->arg[0], d->freed);
	}
}

/* ---- after ---- */

/* What the 8 bytes hold that argument @n points at; 0 if they are not all there. */
static u64 out_value(struct down *d, unsigned int n)
{
	struct object *o;

	if (d->temp[n])
		return d->bytes[n] >= 8 ? *(u64 *)d->temp[n] : 0;
	o = object_find(d->c->state, d->arg[n]);
	if (!o || o->start + o->size - d->arg[n] < 8)
		return 0;
	return READ_ONCE(*(u64 *)d->arg[n]);
}

static void ledger_after(struct down *d, struct object *o)
{
	const struct tandem_ledger_rule *rule = &d->plan->ledger;
	struct state *st = d->c->state;
	struct call *outermost = d->c->outermost;
	u64 out[TANDEM_ARGS_MAX] = { 0 };
	struct tandem_key key;
	struct record *r = d->record;
	unsigned int i;

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

/* What the result is. Without an object it crosses as a token. */
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
	o = object_make(st, alloc->kind, d->result, size, alloc->type, alloc->plus_tail,
			d->c->outermost->scope);
	if (!o)
		return NULL;
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
		if (d->temp[i] && d->plan->arg[i].dir & TANDEM_OUT)
			err = body_buffer(&w->up, d->temp[i], d->bytes[i], &index);
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

	mutex_unlock(&st->mutex);
	d->result = st->half->down[d->id](d->arg);
	mutex_lock(&st->mutex);
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
		ledger_after(&d, allocated(&d));
		if (last)
			err = answer(&d);
	}
	for (i = 0; d.plan && i < d.plan->nargs; i++)
		kvfree(d.temp[i]);
	kfree(d.record);
	return err;
}
