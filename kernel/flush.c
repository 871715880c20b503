// SPDX-License-Identifier: GPL-2.0
/*
 * What a worker says about memory: changed fields, and values that name objects. Each
 * check refuses with the rule that was broken; nothing before the refused change is
 * taken back, since the fields were the user half's to write.
 */
#include <linux/moduleparam.h>

#include "internal.h"

static bool typecheck = true;
module_param(typecheck, bool, 0444);
MODULE_PARM_DESC(typecheck, "refuse pointers to records of another type than the plan says");

static const char *type_name(const struct state *st, u16 type)
{
	return type == TANDEM_NONE ? "void" : st->plan->type[type].name;
}

static enum tandem_place shared_place(const struct tandem_type *t, const struct object *o, u32 offset)
{
	if (!t->anywhere)
		return TANDEM_PLACE_NO;
	return o->size - offset >= t->size ? TANDEM_PLACE_UNKNOWN : TANDEM_PLACE_OUTSIDE;
}

static int object_in_wire(struct call *c, const struct tandem_wire *wire, u16 type, u64 *value)
{
	struct state *st = c->state;
	struct object *o = object_by_handle(st, wire->index, wire->gen);
	enum tandem_place place = TANDEM_PLACE_UNKNOWN;

	if (!o)
		return refuse(c, "handle %u.%u names no object that lives", wire->index, wire->gen);
	if (wire->offset > o->size)
		return refuse(c, "offset %u leaves object %u of %zu bytes", wire->offset,
			      wire->index, o->size);
	if (type != TANDEM_NONE && typecheck)
		place = object_is_shared(o) ? shared_place(&st->plan->type[type], o, wire->offset) :
			tandem_place_of(st->plan, o->seg, o->nseg, o->size, wire->offset, type);
	/* Memory gets its type from the first pointer to it, as a whole: none points into it before. */
	if (place == TANDEM_PLACE_UNKNOWN && type != TANDEM_NONE && typecheck && o->kind == TANDEM_OBJECT_DATA &&
	    (o->nseg || wire->offset))
		place = TANDEM_PLACE_NO;
	if (place == TANDEM_PLACE_NO || place == TANDEM_PLACE_OUTSIDE)
		return refuse(c, "no %s at offset %u of object %u (%s)", type_name(st, type),
			      wire->offset, wire->index,
			      o->nseg ? type_name(st, o->seg[0].type) : "bytes");
	*value = o->start + wire->offset;
	return 0;
}

/*
 * The kernel calls through such a pointer, frees or follows it: no symbol may stand where
 * the driver's own code never puts that one.
 */
static int symbol_in_wire(struct call *c, const struct tandem_wire *wire, const u16 *symbol, u64 *value)
{
	struct state *st = c->state;

	if (wire->index >= st->plan->nsymbol || !st->half->symbol[wire->index])
		return refuse(c, "symbol %u is none", wire->index);
	while (symbol && *symbol != TANDEM_NONE && *symbol != wire->index)
		symbol++;
	if (!symbol || *symbol == TANDEM_NONE)
		return refuse(c, "%s where the driver never puts it", st->plan->symbol[wire->index]);
	*value = (unsigned long)st->half->symbol[wire->index];
	return 0;
}

static bool is_among(const struct tandem_wire *wire, u8 only)
{
	return only == TANDEM_ONLY_ANY || wire->tag == TANDEM_WIRE_NULL ||
	       wire->tag == TANDEM_WIRE_SYMBOL ||
	       (wire->tag == TANDEM_WIRE_TOKEN && only == TANDEM_ONLY_CODE);
}

/* A pointer, wire to kernel. @symbol: those it may be, ended by NONE, or NULL. @only: TANDEM_ONLY_* */
int wire_in(struct call *c, const struct tandem_wire *wire, u16 type, const u16 *symbol, u8 only,
	    u64 *value)
{
	struct state *st = c->state;
	const struct token *token;

	*value = 0;
	if (!is_among(wire, only))
		return refuse(c, "a pointer is nothing that the driver would put there");
	switch (wire->tag) {
	case TANDEM_WIRE_NULL:
		return 0;
	case TANDEM_WIRE_ERROR:
		if (!tandem_is_error(wire->value))
			return refuse(c, "an error pointer that is none");
		*value = wire->value;
		return 0;
	case TANDEM_WIRE_OBJECT:
		return object_in_wire(c, wire, type, value);
	case TANDEM_WIRE_SYMBOL:
		return symbol_in_wire(c, wire, symbol, value);
	case TANDEM_WIRE_TOKEN:
		token = token_find(&c->worker->tokens, wire->index);
		if (!token)
			return refuse(c, "token %u is not of this call", wire->index);
		if (typecheck && !token_fits(st->plan, token, wire->offset, type))
			return refuse(c, "token %u with offset %u is no %s", wire->index, wire->offset,
				      type_name(st, type));
		*value = token->address + wire->offset;
		return 0;
	}
	return refuse(c, "a value with tag %u is no pointer", wire->tag);
}

static void store(const struct step *s, unsigned long at, u64 now)
{
	switch (s->size) {
	case 8:
		WRITE_ONCE(*(u64 *)at, now);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)at, now);
		break;
	case 2:
		WRITE_ONCE(*(u16 *)at, now);
		break;
	default:
		WRITE_ONCE(*(u8 *)at, now);
	}
}

#define MERGE(type) do {							\
	type *p = (type *)at, cur = READ_ONCE(*p), was;				\
										\
	while ((was = cmpxchg(p, cur, (type)tandem_merge(cur, old, now, mask))) != cur)	\
		cur = was;							\
} while (0)

/* Bits that others changed meanwhile survive. */
static void merge(const struct step *s, unsigned long at, u64 old, u64 now)
{
	u64 mask = s->mask;

	switch (s->size) {
	case 8:
		MERGE(u64);
		break;
	case 4:
		MERGE(u32);
		break;
	case 2:
		MERGE(u16);
		break;
	default:
		MERGE(u8);
	}
}

/* Untyped memory gets its type from the first typed pointer that it is stored in. */
static void type_by_pointer(struct call *c, const struct tandem_wire *wire, u16 type)
{
	struct object *o;

	if (wire->tag != TANDEM_WIRE_OBJECT || wire->offset || type == TANDEM_NONE)
		return;
	o = object_by_handle(c->state, wire->index, wire->gen);
	if (!o || o->kind != TANDEM_OBJECT_DATA || o->nseg)
		return;
	object_retype(c->state, o, type);
	/* The worker that did it has done the same to its copy. */
	if (o->nseg && o->index < c->worker->seen_room &&
	    c->worker->seen[o->index].known >> 32 == o->gen)
		c->worker->seen[o->index].known = (u64)o->gen << 32 | o->version;
}

/* A segment of the object under the view of the call; asked for once for many changes. */
struct aim {
	const struct tandem_segment *seg;
	const struct view *view;
	unsigned long base;
	u32 each;
	u32 segment;
};

static int take_aim(struct call *c, struct object *o, u32 segment, struct aim *aim)
{
	if (segment >= o->nseg)
		return refuse(c, "object %u has no segment %u", o->index, segment);
	aim->seg = &o->seg[segment];
	aim->view = view_of(c->ready, aim->seg->type);
	if (!aim->view)
		return refuse(c, "%s is not in the view of this call",
			      type_name(c->state, aim->seg->type));
	aim->base = o->start + aim->seg->offset;
	aim->each = c->state->plan->type[aim->seg->type].size;
	aim->segment = segment;
	return 0;
}

static int not_written(struct call *c, const struct aim *aim, const struct tandem_change *change)
{
	return refuse(c, "%s: use %u element %u item %u is not written in this call",
		      type_name(c->state, aim->seg->type), change->use, change->element,
		      change->item);
}

static int store_pointer(struct call *c, const struct step *s, unsigned long at,
			 const struct tandem_wire *wire)
{
	u64 v;
	int err = wire_in(c, wire, s->type, s->symbol, s->only, &v);

	if (err)
		return err;
	WRITE_ONCE(*(u64 *)at, v);
	type_by_pointer(c, wire, s->type);
	return 0;
}

static __always_inline int change_apply(struct call *c, const struct aim *aim,
					const struct tandem_change *change)
{
	const struct step *s = &aim->view->step[change->use];
	unsigned long at;

	if (unlikely(change->use >= aim->view->nstep || !s->writable ||
		     change->element >= aim->seg->count || change->item >= s->count))
		return not_written(c, aim, change);
	at = aim->base + s->offset;
	if (change->element)
		at += (u64)change->element * aim->each;
	if (change->item)
		at += (u64)change->item * s->stride;
	if (likely(s->kind == TANDEM_LEAF_WORD)) {
		store(s, at, change->now);
		return 0;
	}
	if (s->kind == TANDEM_LEAF_PTR)
		return store_pointer(c, s, at, &change->wire);
	merge(s, at, change->old, change->now);
	return 0;
}

int flush_apply(struct call *c, const struct tandem_record *rec)
{
	const struct tandem_change *change = (const void *)(rec + 1), *end = change + rec->count;
	struct object *o = object_by_handle(c->state, rec->index, rec->gen);
	struct aim aim __tandem_uninitialized;
	int err;

	lockdep_assert_held(&c->state->mutex);
	if (!o)
		return refuse(c, "FLUSH of %u.%u, which is no object that lives", rec->index, rec->gen);
	/* Should the kernel change it back, that is news. */
	if (!o->gen)
		c->worker->seen_global[o->index].seq = 0;
	else if (o->index < c->worker->seen_room)
		c->worker->seen[o->index].seq = 0;
	c->state->stats.flushes++;
	c->state->stats.changes += rec->count;
	aim.segment = ~0u;
	for (; change < end; change++) {
		if (unlikely(change->segment != aim.segment)) {
			err = take_aim(c, o, change->segment, &aim);
			if (err)
				return err;
		}
		err = change_apply(c, &aim, change);
		if (err)
			return err;
	}
	return 0;
}
