// SPDX-License-Identifier: GPL-2.0
/*
 * Templates: the body of a CALL that looks like the last one of the same entry, but for
 * the values. A template belongs to a worker, and holds as long as no object comes, goes or
 * gets a type, and the pointers in arguments and fields are the same. It is an
 * abbreviation of marshal_call(), nothing else: what it cannot say is not learnt. The worker
 * is told the template's number, the shape, and may reply by it.
 */
#include <linux/slab.h>

#include "internal.h"

#define BYTES_MAX	1024
#define LOADS_MAX	96

struct template {
	u64 epoch;
	u64 shape;				/* 0: none */
	u64 writable;				/* by load: may be in a shaped reply */
	u64 words[4];				/* by load: those of 8, 4, 2, 1 bytes */
	struct scope *scope;			/* of the call; or NULL */
	u64 pointer[TANDEM_ARGS_MAX];		/* by argument: what those were */
	u64 same[LOADS_MAX];			/* by load: what must be there, if it is a pointer */
	u32 end[5];				/* of loads of 8, 4, 2, 1 bytes, pointers */
	u32 values_at;				/* of the CALL's arguments */
	u32 bytes;
	u8 nfixed, nscalar;			/* arguments that must be the same; the others */
	u8 fixed[TANDEM_ARGS_MAX], scalar[TANDEM_ARGS_MAX];
	/* By load: where the value is in the kernel, in the body, in object[]. */
	unsigned long from[LOADS_MAX];
	u32 to[LOADS_MAX];
	u8 of[LOADS_MAX];
	struct hold object[LOADS_MAX];
	u64 body[BYTES_MAX / 8];
};

/* The CALL that is being written has this template. */
static void shape_is(struct worker *w, const struct template *t)
{
	w->shaped = t && t->shape ? t : NULL;
	w->area->up_shape = t ? t->shape : 0;
}

/* ---- using ---- */

static bool fits(const struct template *t, const struct call *c)
{
	u32 i;

	/* A nested call's values would not be known to have crossed when the outer goes on. */
	if (t->epoch != c->state->objects.epoch || c->worker->ngone || c->outer)
		return false;
	for (i = 0; i < t->nfixed; i++)
		if (c->arg[t->fixed[i]] != t->pointer[t->fixed[i]])
			return false;
	for (i = t->end[3]; i < t->end[4]; i++)
		if (READ_ONCE(*(u64 *)t->from[i]) != t->same[i])
			return false;
	return true;
}

#define LOADS(type, kind) do {							\
	for (n = t->end[kind]; i < n; i++)					\
		*(type *)(p + t->to[i]) = READ_ONCE(*(type *)t->from[i]);	\
} while (0)

/* Writes the body of the CALL, if a template of it holds. */
bool template_use(struct call *c)
{
	struct worker *w = c->worker;
	const struct template *t = w->template[c->id];
	const struct tandem_value *arg = c->entry->arg;
	u8 *p = w->up.home;
	u32 i, n;

	if (!t || !fits(t, c)) {
		shape_is(w, NULL);
		return false;
	}
	shape_is(w, t);
	c->scope = t->scope;
	w->up.base = w->up.home;
	w->up.room = TANDEM_UP_BYTES;
	w->up.at = t->bytes;
	w->up.nbuffer = 0;
	/* Unless it stands there still: who else writes there harms his own view only. */
	if (w->up.holds != t) {
		for (i = 0; i < t->bytes / 8; i++)
			((u64 *)p)[i] = t->body[i];
		w->up.holds = t;
	}
	i = 0;
	LOADS(u64, 0);
	LOADS(u32, 1);
	LOADS(u16, 2);
	LOADS(u8, 3);
	p += t->values_at + offsetof(struct tandem_wire, value);
	for (i = 0; i < t->nscalar; i++) {
		n = t->scalar[i];
		*(u64 *)(p + n * sizeof(struct tandem_wire)) =
			tandem_scalar(c->arg[n], arg[n].size, arg[n].is_signed);
	}
	return true;
}

/* ---- replying ---- */

/* What a changed word lies in may have died meanwhile, through another worker. */
static bool alive(const struct template *t, u64 changed)
{
	for (; changed; changed &= changed - 1) {
		const struct hold *h = &t->object[t->of[__ffs64(changed)]];

		if (!h->object->size || h->object->gen != h->gen)
			return false;
	}
	return true;
}

#define STORES(type, kind) do {							\
	for (left = changed & t->words[kind]; left; left &= left - 1, now++)	\
		WRITE_ONCE(*(type *)t->from[__ffs64(left)], READ_ONCE(*now));	\
} while (0)

/*
 * A reply in the worker's area, where it may still be written to: each word of it is read
 * once, and any value of a field that is the user half's to write is as good as another.
 */
int template_reply(struct call *c, u64 *result)
{
	const struct tandem_value *value = &c->entry->result;
	struct worker *w = c->worker;
	const struct template *t = w->shaped;
	const struct tandem_shaped *said = (void *)w->area + TANDEM_DOWN_OFFSET;
	u64 changed = READ_ONCE(said->changed), left;
	const u64 *now = said->now;
	u32 n = hweight64(changed);

	if (w->in_bytes != sizeof(*said) + n * sizeof(*now))
		return refuse(c, "a short reply of %u bytes", w->in_bytes);
	if (changed & ~t->writable)
		return refuse(c, "%s: words %llx are not written in this call", c->entry->name,
			      changed & ~t->writable);
	if (unlikely(t->epoch != c->state->objects.epoch) && !alive(t, changed))
		return refuse(c, "a short reply about an object that is dead");
	*result = value->kind == TANDEM_VALUE_VOID ? 0 :
		  tandem_scalar(READ_ONCE(said->result), value->size, value->is_signed);
	STORES(u64, 0);
	STORES(u32, 1);
	STORES(u16, 2);
	STORES(u8, 3);
	c->state->stats.flushes++;
	c->state->stats.changes += n;
	c->state->stats.bytes_down += w->in_bytes;
	return TOOK_REPLY;
}

/* ---- learning ---- */

struct lesson {
	struct walk *k;
	struct template *t;
	u32 at;
	u32 nload;
	u32 nobject;
	u32 kind;		/* that is being listed: places in end[] */
};

static bool learn_pointer(struct lesson *s, const struct step *step, u32 load)
{
	struct tandem_wire wire;
	u64 v = READ_ONCE(*(u64 *)s->t->from[load]);
	struct object *o;

	if (wire_out(s->k, v, step->type, false, &wire) || wire.tag == TANDEM_WIRE_TOKEN)
		return false;
	o = wire.tag == TANDEM_WIRE_OBJECT ? object_find(s->k->st, v) : NULL;
	if (o && step->access & TANDEM_READ && o->walk != s->k->st->walk)
		return false;
	s->t->same[load] = v;
	memcpy((u8 *)s->t->body + s->t->to[load], &wire, sizeof(wire));
	return true;
}

static void learn_word(struct lesson *s, const struct step *step, u32 load)
{
	u64 bit = load < TANDEM_SHAPE_WORDS ? 1ull << load : 0;

	s->t->words[s->kind] |= bit;
	if (step->writable && step->kind == TANDEM_LEAF_WORD)
		s->t->writable |= bit;
}

static bool learn_element(struct lesson *s, const struct view *view, unsigned long base)
{
	const struct move *m = view->move;
	u32 i, n, load;

	for (i = 0; i < s->kind; i++)
		m += view->nmove[i];
	for (n = view->nmove[s->kind]; n; n--, m++) {
		if (s->nload == LOADS_MAX)
			return false;
		load = s->nload++;
		s->t->from[load] = base + m->from;
		s->t->to[load] = s->at + m->to;
		s->t->of[load] = s->nobject;
		if (s->kind < 4)
			learn_word(s, &view->step[m->step], load);
		else if (!learn_pointer(s, &view->step[m->step], load))
			return false;
	}
	s->at += view->bytes;
	return s->at <= BYTES_MAX;
}

static bool learn_object(struct lesson *s, const struct object *o)
{
	u32 begin = s->at, i, el;
	struct tandem_record *rec = (void *)((u8 *)s->t->body + begin);

	if (s->nobject == LOADS_MAX)
		return false;
	s->t->object[s->nobject] = (struct hold){ (struct object *)o, o->gen };
	for (i = 0; i < o->nseg; i++) {
		const struct tandem_segment *seg = &o->seg[i];
		const struct view *view = view_of(s->k->c->ready, seg->type);
		u32 each = s->k->st->plan->type[seg->type].size;

		if (!view)
			continue;
		if (s->at == begin)
			s->at += sizeof(*rec);
		if (!view->move || s->at % 8 || (seg->count > 1 && !view->alike))
			return false;
		for (el = 0; el < seg->count; el++)
			if (!learn_element(s, view, o->start + seg->offset + (u64)el * each))
				return false;
	}
	s->nobject++;
	if (s->at == begin)
		return true;
	s->at = ALIGN(s->at, 8);
	if (s->at > BYTES_MAX)
		return false;
	*rec = (struct tandem_record){
		.kind = TANDEM_REC_SYNC, .bytes = s->at - begin, .index = o->index, .gen = o->gen,
	};
	return true;
}

static bool learn_call(struct lesson *s)
{
	const struct call *c = s->k->c;
	u32 bytes = sizeof(struct tandem_record) + c->entry->nargs * sizeof(struct tandem_wire);
	struct tandem_record *rec = (void *)((u8 *)s->t->body + s->at);
	u32 i;

	if (s->at + bytes > BYTES_MAX)
		return false;
	*rec = (struct tandem_record){
		.kind = TANDEM_REC_CALL, .id = c->id, .bytes = bytes, .count = c->entry->nargs,
	};
	memcpy(rec + 1, c->worker->wire, c->entry->nargs * sizeof(struct tandem_wire));
	for (i = 0; i < c->entry->nargs; i++) {
		s->t->pointer[i] = c->arg[i];
		if (c->entry->arg[i].kind == TANDEM_VALUE_SCALAR)
			s->t->scalar[s->t->nscalar++] = i;
		else
			s->t->fixed[s->t->nfixed++] = i;
	}
	s->t->scope = c->scope;
	s->t->values_at = s->at + sizeof(*rec);
	s->t->bytes = s->at + bytes;
	return true;
}

static bool learn(struct lesson *s)
{
	struct object *o;

	/* The loads are sorted by kind: one pass for each. */
	for (s->kind = 0; s->kind < 5; s->kind++) {
		s->at = s->nobject = 0;
		for (o = s->k->first; o; o = o->next)
			if (!learn_object(s, o))
				return false;
		s->t->end[s->kind] = s->nload;
	}
	/* Something else crossed too: it may do so again. */
	return learn_call(s) && s->t->bytes == s->k->b->at;
}

/* Arguments that are the same each time, and objects that stay. */
static bool learnable(const struct walk *k)
{
	const struct call *c = k->c;
	const struct object *o;
	u32 i;

	if (k->b->at > BYTES_MAX || k->b->nbuffer || c->outer ||
	    c->entry->flags & (TANDEM_ENTRY_BEGINS | TANDEM_ENTRY_ENDS))
		return false;
	for (i = 0; i < c->entry->nargs; i++)
		if (c->worker->wire[i].tag == TANDEM_WIRE_TOKEN)
			return false;
	for (o = k->first; o; o = o->next)
		if (o->life == TANDEM_LIFE_CALL)
			return false;
	return true;
}

static u64 likeness(const struct call *c)
{
	u64 like = c->state->objects.epoch + 1;
	u32 i;

	for (i = 0; i < c->entry->nargs; i++)
		if (c->entry->arg[i].kind == TANDEM_VALUE_PTR)
			like = (like ^ c->arg[i]) * 0x9e3779b97f4a7c15ull;
	return like;
}

static u64 shape_number(struct worker *w, const struct template *t, const struct call *c)
{
	u8 kind = c->entry->result.kind;

	if (t->end[3] > TANDEM_SHAPE_WORDS ||
	    (kind != TANDEM_VALUE_SCALAR && kind != TANDEM_VALUE_VOID))
		return 0;
	return ++w->shapes << 16 | c->id;
}

/* After the second call that is like the one before. */
void template_learn(struct walk *k)
{
	struct worker *w = k->w;
	u16 id = k->c->id;
	u64 like = likeness(k->c);
	struct lesson lesson = { .k = k };

	if (w->tried[id] != like || !learnable(k)) {
		w->tried[id] = like;
		return;
	}
	w->tried[id] = 0;
	if (w->up.holds == w->template[id])
		w->up.holds = NULL;
	kvfree(w->template[id]);
	w->template[id] = NULL;
	lesson.t = kvzalloc(sizeof(*lesson.t), GFP_KERNEL | __GFP_NOWARN);
	if (!lesson.t)
		return;
	if (learn(&lesson) && likeness(k->c) == like) {
		lesson.t->epoch = k->st->objects.epoch;
		lesson.t->shape = shape_number(w, lesson.t, k->c);
		shape_is(w, lesson.t);
		w->template[id] = lesson.t;
	} else {
		kvfree(lesson.t);
	}
}

void templates_free(struct worker *w)
{
	u32 i;

	for (i = 0; w->template && i < w->channel->nentry; i++)
		kvfree(w->template[i]);
	kvfree(w->template);
	kvfree(w->tried);
}
