// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel says: the objects that a view can reach, their values, and the call or
 * the answer itself. All under state.mutex: an object that is found here cannot be freed
 * by a downcall before it has been read.
 */
#include <linux/slab.h>

#include "internal.h"

/* ---- announcing ---- */

static int seen_grow(struct worker *w, u32 index)
{
	u32 room = max(w->seen_room ?: 128, roundup_pow_of_two(index + 1));
	struct seen *more = kvcalloc(room, sizeof(*more), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	if (w->seen_room)
		memcpy(more, w->seen, w->seen_room * sizeof(*more));
	kvfree(w->seen);
	w->seen = more;
	w->seen_room = room;
	return 0;
}

/*
 * Room for a record in front of the SYNC that is being written: what that says may name
 * the object that this one announces. What was promised behind stays promised.
 */
static void *insert(struct walk *k, u32 bytes)
{
	struct body *b = k->b;
	u8 *at;

	if (!body_need(b, bytes))
		return NULL;
	at = b->base + k->rec;
	if (b->at > k->rec)
		memmove(at + bytes, at, b->at - k->rec);
	b->at += bytes;
	k->rec += bytes;
	return at;
}

static int announce(struct walk *k, struct object *o)
{
	u64 want = (u64)o->gen << 32 | o->version;
	struct worker *w = k->w;
	struct tandem_new *new;
	u32 bytes;
	int err;

	if (!o->gen)
		return 0;
	if (o->life == TANDEM_LIFE_CALL) {
		err = object_hold(k->c->outermost, o);
		if (err) {
			/* Nobody else would end it. */
			if (!o->holders)
				object_kill(k->st, o);
			return err;
		}
	}
	if (likely(o->index < w->seen_room && w->seen[o->index].known == want))
		return 0;
	if (o->index >= w->seen_room && seen_grow(w, o->index))
		return -ENOMEM;
	bytes = sizeof(*new) + o->nseg * sizeof(o->seg[0]);
	new = insert(k, bytes);
	if (!new)
		return -ENOMEM;
	*new = (struct tandem_new){
		.rec = {
			.kind = TANDEM_REC_NEW, .id = o->kind, .bytes = bytes,
			.index = o->index, .gen = o->gen, .count = o->nseg,
		},
		.size = o->size,
		.page_offset = o->kind == TANDEM_OBJECT_DATA ? 0 : window_offset(o),
	};
	memcpy(new + 1, o->seg, o->nseg * sizeof(o->seg[0]));
	w->seen[o->index].known = want;
	w->seen[o->index].seq = 0;
	return 0;
}

/* Puts the object on the walk's list, unless it is. */
static void reach(struct walk *k, struct object *o)
{
	if (o->walk == k->st->walk)
		return;
	o->walk = k->st->walk;
	o->next = NULL;
	if (k->last)
		k->last->next = o;
	else
		k->first = o;
	k->last = o;
}

/* ---- pointers, kernel to wire ---- */

/* Does the call look into such a record, or into what follows it in its memory? */
static bool looks_into(const struct walk *k, u16 type)
{
	u16 tail = k->st->plan->type[type].tail_type;

	return view_of(k->c->ready, type) || (tail != TANDEM_NONE && view_of(k->c->ready, tail));
}

static struct object *twin_of(struct walk *k, unsigned long v, u16 type)
{
	if (type == TANDEM_NONE)
		return NULL;
	if (!looks_into(k, type) && k->st->plan->type[type].life != TANDEM_LIFE_DEVICE)
		return NULL;
	return object_twin(k->c, v, type);
}

int wire_out(struct walk *k, u64 v, u16 type, bool follow, struct tandem_wire *out)
{
	struct object *o;
	int symbol, err;

	*out = (struct tandem_wire){ .tag = TANDEM_WIRE_NULL };
	if (!v)
		return 0;
	if (tandem_is_error(v)) {
		out->tag = TANDEM_WIRE_ERROR;
		out->value = v;
		return 0;
	}
	o = object_find(k->st, v);
	if (!o) {
		symbol = symbol_find(k->st, v);
		if (symbol >= 0) {
			out->tag = TANDEM_WIRE_SYMBOL;
			out->index = symbol;
			return 0;
		}
		o = twin_of(k, v, type);
		if (IS_ERR(o))
			return PTR_ERR(o);
	}
	if (!o) {
		out->tag = TANDEM_WIRE_TOKEN;
		return token_of(k->w, v, type, &out->index);
	}
	err = announce(k, o);
	if (err)
		return err;
	if (follow)
		reach(k, o);
	out->tag = TANDEM_WIRE_OBJECT;
	out->index = o->index;
	out->gen = o->gen;
	out->offset = v - o->start;
	return 0;
}

/* ---- values of objects ---- */

static int sync_string(struct body *b, const char *s, u32 keep)
{
	u32 length = s ? strnlen(s, PAGE_SIZE) : 0;
	u8 *p = body_need(b, 8 + length + keep);

	if (!p)
		return -ENOMEM;
	p = PTR_ALIGN(p, 4);
	*(u32 *)p = s ? length : ~0u;
	p += 4;
	if (length)
		memcpy(p, s, length);
	b->at = p + length - b->base;
	return 0;
}

static int sync_pointers(struct walk *k, const struct step *s, unsigned long from, u32 keep)
{
	bool follow = s->access & TANDEM_READ;
	struct body *b = k->b;
	struct tandem_wire wire __tandem_uninitialized;
	u16 n = s->count;
	u8 *p;
	int err;

	for (; n; n--, from += s->stride) {
		u64 v = READ_ONCE(*(u64 *)from);

		if (s->kind == TANDEM_LEAF_STR) {
			err = sync_string(b, (const char *)v, keep);
		} else {
			err = wire_out(k, v, s->type, follow, &wire);
			p = err ? NULL : body_need(b, sizeof(wire) + 8 + keep);
			if (!p)
				return err ?: -ENOMEM;
			p = PTR_ALIGN(p, 8);
			*(struct tandem_wire *)p = wire;
			b->at = p + sizeof(wire) - b->base;
		}
		if (err)
			return err;
	}
	return 0;
}

#define MOVES(type, kind) do {							\
	for (n = view->nmove[kind]; n; n--, m++)				\
		*(type *)(p + m->to) = READ_ONCE(*(type *)(base + m->from));	\
} while (0)

/* One READ_ONCE of its own width for each scalar: the other half of flush_apply(). */
static __always_inline int sync_flat(struct walk *k, const struct view *view, unsigned long base)
{
	const struct move *m = view->move;
	struct body *b = k->b;
	u8 *p = body_need(b, view->bytes);
	u32 n, at = b->at, rec;
	int err;

	if (unlikely(!p))
		return -ENOMEM;
	b->at += view->bytes;
	MOVES(u64, 0);
	MOVES(u32, 1);
	MOVES(u16, 2);
	MOVES(u8, 3);
	for (n = view->nmove[4]; n; n--, m++) {
		const struct step *s = &view->step[m->step];
		struct tandem_wire wire __tandem_uninitialized;

		rec = k->rec;
		err = wire_out(k, READ_ONCE(*(u64 *)(base + m->from)), s->type,
			       s->access & TANDEM_READ, &wire);
		if (err)
			return err;
		/* Announcing may have moved what is written so far. */
		at += k->rec - rec;
		*(struct tandem_wire *)(b->base + at + m->to) = wire;
	}
	return 0;
}

/* The same for elements with strings and long arrays, or at any alignment. */
static int sync_element(struct walk *k, const struct view *view, unsigned long base)
{
	const struct step *s = view->step, *end = s + view->nstep;
	struct body *b = k->b;
	u8 *p = body_need(b, view->room);
	int err;

	if (!p)
		return -ENOMEM;
	for (; s < end; s++) {
		unsigned long from = base + s->offset;
		u16 n = s->count;

		if (s->kind >= TANDEM_LEAF_PTR) {
			b->at = p - b->base;
			err = sync_pointers(k, s, from, view->room);
			if (err)
				return err;
			p = b->base + b->at;
			continue;
		}
		switch (s->size) {
		case 8:
			for (p = PTR_ALIGN(p, 8); n; n--, p += 8, from += s->stride)
				*(u64 *)p = READ_ONCE(*(u64 *)from);
			break;
		case 4:
			for (p = PTR_ALIGN(p, 4); n; n--, p += 4, from += s->stride)
				*(u32 *)p = READ_ONCE(*(u32 *)from);
			break;
		case 2:
			for (p = PTR_ALIGN(p, 2); n; n--, p += 2, from += s->stride)
				*(u16 *)p = READ_ONCE(*(u16 *)from);
			break;
		default:
			for (; n; n--, p++, from += s->stride)
				*p = READ_ONCE(*(u8 *)from);
		}
	}
	b->at = p - b->base;
	return 0;
}

static int sync_segment(struct walk *k, const struct view *view, const struct object *o,
			const struct tandem_segment *seg)
{
	unsigned long base = o->start + seg->offset;
	u32 each = k->st->plan->type[seg->type].size, el;
	bool flat = view->move && k->b->at % 8 == 0 && (seg->count == 1 || view->alike);
	int err;

	for (el = 0; el < seg->count; el++, base += each) {
		err = flat ? sync_flat(k, view, base) : sync_element(k, view, base);
		if (err)
			return err;
	}
	return 0;
}

#define HASHED_LEAST	128

/*
 * Fields that the worker has already as they are need not cross again within one call.
 * (In the next one they must: its user half compares what a call brought.)
 */
static bool said_before(struct walk *k, const struct object *o)
{
	struct worker *w = k->w;
	struct seen *seen = o->gen ? &w->seen[o->index] : &w->seen_global[o->index];
	const u64 *p = (const u64 *)(k->b->base + k->rec);
	const u64 *end = (const u64 *)(k->b->base + k->b->at);
	u64 hash = 0;

	for (; p < end; p++) {
		hash = (hash ^ *p) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	if (seen->seq == k->c->seq && seen->hash == hash)
		return true;
	seen->seq = k->c->seq;
	seen->hash = hash;
	return false;
}

static int sync_object(struct walk *k, struct object *o)
{
	struct body *b = k->b;
	struct tandem_record *rec;
	u32 i, pad;
	int err;

	k->rec = b->at;
	for (i = 0; i < o->nseg; i++) {
		const struct view *view = view_of(k->c->ready, o->seg[i].type);

		if (!view)
			continue;
		if (b->at == k->rec) {
			if (!body_need(b, sizeof(*rec)))
				return -ENOMEM;
			b->at += sizeof(*rec);
		}
		err = sync_segment(k, view, o, &o->seg[i]);
		if (err)
			return err;
	}
	if (b->at == k->rec)
		return 0;
	pad = ALIGN(b->at, 8) - b->at;
	if (pad) {
		u8 *p = body_need(b, 8);

		if (!p)
			return -ENOMEM;
		*(u64 *)p = 0;
		b->at += pad;
	}
	rec = (struct tandem_record *)(b->base + k->rec);
	*rec = (struct tandem_record){
		.kind = TANDEM_REC_SYNC, .bytes = b->at - k->rec,
		.index = o->index, .gen = o->gen,
	};
	if (b->at - k->rec >= HASHED_LEAST && said_before(k, o))
		b->at = k->rec;
	return 0;
}

/* ---- the walk ---- */

static int walk_begin(struct walk *k, struct call *c)
{
	struct worker *w = c->worker;
	struct tandem_record *rec;
	u32 i;

	lockdep_assert_held(&c->state->mutex);
	k->c = c;
	k->st = c->state;
	k->w = w;
	k->b = &w->up;
	k->first = k->last = NULL;
	k->rec = 0;
	k->st->walk++;
	body_reset(k->b);
	for (i = 0; i < w->ngone; i += 2) {
		rec = body_need(k->b, sizeof(*rec));
		if (!rec)
			return -ENOMEM;
		*rec = (struct tandem_record){
			.kind = TANDEM_REC_GONE, .bytes = sizeof(*rec),
			.index = w->gone[i], .gen = w->gone[i + 1],
		};
		k->b->at += sizeof(*rec);
	}
	w->ngone = 0;
	return 0;
}

static int walk_run(struct walk *k)
{
	struct call *c = k->c;
	struct object *o;
	u32 i;
	int err;

	for (i = 0; i < c->ngained; i++) {
		o = c->gained[i].object;
		if (!o->size || o->gen != c->gained[i].gen)
			continue;
		k->rec = k->b->at;
		err = announce(k, o);
		if (err)
			return err;
		reach(k, o);
	}
	for (i = 0; i < c->entry->nglobal; i++)
		reach(k, &k->st->objects.global[c->entry->global[i]]);
	for (o = k->first; o; o = o->next) {
		err = sync_object(k, o);
		if (err)
			return err;
	}
	return 0;
}

static int values(struct walk *k, u16 kind, u16 id, const struct tandem_wire *wire, u32 count)
{
	u32 bytes = sizeof(struct tandem_record) + count * sizeof(*wire);
	struct tandem_record *rec = body_need(k->b, bytes);
	struct tandem_wire *to = (struct tandem_wire *)(rec + 1);
	u32 i;

	if (!rec)
		return -ENOMEM;
	*rec = (struct tandem_record){ .kind = kind, .id = id, .bytes = bytes, .count = count };
	for (i = 0; i < count; i++)
		to[i] = wire[i];
	k->b->at += bytes;
	return 0;
}

/* What was announced in a body that is not sent is not known. */
static int unsent(struct walk *k, int err)
{
	if (!err)
		return 0;
	k->st->objects.epoch++;
	if (k->w->seen_room)
		memset(k->w->seen, 0, k->w->seen_room * sizeof(*k->w->seen));
	return err;
}

static int argument(struct walk *k, unsigned int n, struct tandem_wire *wire)
{
	const struct tandem_value *value = &k->c->entry->arg[n];
	u64 v = k->c->arg[n], bytes;

	*wire = (struct tandem_wire){ .tag = TANDEM_WIRE_SCALAR };
	k->rec = k->b->at;
	switch (value->kind) {
	case TANDEM_VALUE_SCALAR:
		wire->value = tandem_scalar(v, value->size, value->is_signed);
		return 0;
	case TANDEM_VALUE_PTR:
		/* What the kernel passes is alive, whoever had its memory before. */
		if (unlikely(k->st->nfreed) && v && value->type != TANDEM_NONE &&
		    freed_forget(k->st, v, object_twin_size(k->st, value->type)))
			return -ENOMEM;
		return wire_out(k, v, value->type, true, wire);
	}
	wire->tag = TANDEM_WIRE_NULL;
	if (!v)
		return 0;
	if (value->kind != TANDEM_VALUE_BUFFER) {
		wire->tag = TANDEM_WIRE_STRING;
		bytes = strlen((const char *)v) + 1;
	} else {
		wire->tag = TANDEM_WIRE_BUFFER;
		bytes = k->c->bytes ? k->c->bytes[n] : 0;
		bytes = bytes ?: value->bytes;
	}
	return body_buffer(k->b, (const void *)v, min_t(u64, bytes, U32_MAX), &wire->index);
}

int marshal_call(struct call *c)
{
	struct tandem_wire *wire = c->worker->wire;
	struct walk k __tandem_uninitialized;
	unsigned int i;
	int err;

	err = walk_begin(&k, c);
	for (i = 0; !err && i < c->entry->nargs; i++)
		err = argument(&k, i, &wire[i]);
	if (!err)
		err = walk_run(&k);
	if (!err)
		err = values(&k, TANDEM_REC_CALL, c->id, wire, c->entry->nargs);
	if (!err)
		template_learn(&k);
	return unsent(&k, err);
}

/* The arguments as roots of a later walk of the same call. */
static int roots(struct walk *k)
{
	const struct tandem_entry *entry = k->c->entry;
	unsigned int i;
	int err;

	for (i = 0; i < entry->nargs; i++) {
		struct object *o;

		if (entry->arg[i].kind != TANDEM_VALUE_PTR || !k->c->arg[i])
			continue;
		o = object_find(k->st, k->c->arg[i]);
		if (!o)
			continue;
		k->rec = k->b->at;
		err = announce(k, o);
		if (err)
			return err;
		reach(k, o);
	}
	return 0;
}

/* The user half got this object as a result: it sees it from now on, reached or not. */
static int gain(struct call *c, struct object *o)
{
	u32 i;

	for (i = 0; i < c->ngained; i++) {
		struct object *was = c->gained[i].object;

		if (was == o || !was->size || was->gen != c->gained[i].gen)
			break;
	}
	if (i == c->gained_room) {
		u32 room = c->gained_room ? 2 * c->gained_room : 8;
		struct hold *more = krealloc_array(c->gained, room, sizeof(*more), GFP_KERNEL);

		if (!more)
			return -ENOMEM;
		c->gained = more;
		c->gained_room = room;
	}
	c->gained[i].object = o;
	c->gained[i].gen = o->gen;
	c->ngained = max(c->ngained, i + 1);
	return 0;
}

/* What a downcall returned becomes a root of this walk and of those that follow. */
static int result_root(struct walk *k, const struct tandem_value *value, u64 v)
{
	struct tandem_wire wire;
	struct object *o;
	int err;

	k->rec = k->b->at;
	err = wire_out(k, v, value->type, true, &wire);
	if (err || wire.tag != TANDEM_WIRE_OBJECT)
		return err;
	o = object_find(k->st, v);
	return o && o->kind == TANDEM_OBJECT_DATA ? gain(k->c, o) : 0;
}

/*
 * The fields of the innermost call again. @result: what kind of value @v is, or NULL.
 * All later parts of the answer go behind them.
 */
int marshal_sync(struct call *c, const struct tandem_value *result, u64 v)
{
	struct walk k __tandem_uninitialized;
	int err;

	err = walk_begin(&k, c);
	if (!err)
		err = roots(&k);
	if (!err && result && result->kind == TANDEM_VALUE_PTR)
		err = result_root(&k, result, v);
	if (!err)
		err = walk_run(&k);
	return unsent(&k, err);
}

/* The answer to a downcall; OUT buffers are in the body already. */
int marshal_return(struct call *c, u16 down, u64 result)
{
	const struct tandem_value *value = &c->state->plan->down[down].result;
	struct tandem_wire wire = { .tag = TANDEM_WIRE_SCALAR };
	struct walk k = { .c = c, .st = c->state, .w = c->worker, .b = &c->worker->up };
	u16 type;
	int err = 0;

	k.rec = k.b->at;
	if (value->kind == TANDEM_VALUE_PTR || value->kind == TANDEM_VALUE_BUFFER) {
		type = value->kind == TANDEM_VALUE_PTR ? value->type : TANDEM_NONE;
		err = wire_out(&k, result, type, false, &wire);
	} else if (value->kind == TANDEM_VALUE_SCALAR) {
		wire.value = tandem_scalar(result, value->size, value->is_signed);
	} else if (value->kind != TANDEM_VALUE_VOID) {
		wire.tag = TANDEM_WIRE_NULL;
		if (result) {
			wire.tag = TANDEM_WIRE_STRING;
			err = body_buffer(k.b, (const void *)result,
					  strlen((const char *)result) + 1, &wire.index);
		}
	}
	if (!err)
		err = values(&k, TANDEM_REC_RETURN, down, &wire, 1);
	return unsent(&k, err);
}
