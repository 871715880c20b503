// SPDX-License-Identifier: GPL-2.0
/*
 * Templates: the body of a CALL that looks like the last one of the same entry, but for
 * the values. A template belongs to a worker, and holds as long as no object comes, goes or
 * gets a type, and the pointers in arguments and fields are the same. It is an
 * abbreviation of marshal_call(), nothing else: what it cannot say is not learnt.
 */
#include <linux/slab.h>

#include "internal.h"

#define BYTES_MAX	1024
#define LOADS_MAX	96

/* A value's place in the kernel and in the body. */
struct load {
	unsigned long from;
	u32 to;
	u32 unused;
};

struct template {
	u64 epoch;
	u64 pointer[TANDEM_ARGS_MAX];		/* arguments; 0 for scalars */
	u64 same[LOADS_MAX];			/* by pointer load: what must be there */
	u32 nload[5];				/* in this order: of 8, 4, 2, 1 bytes, pointers */
	u32 values_at;				/* of the CALL's arguments */
	u32 bytes;
	struct load load[LOADS_MAX];
	u64 body[BYTES_MAX / 8];
};

/* ---- using ---- */

static bool fits(const struct template *t, const struct call *c)
{
	const struct tandem_value *arg = c->entry->arg;
	const struct load *l;
	u32 i, n;

	if (t->epoch != c->state->objects.epoch || c->worker->ngone)
		return false;
	for (i = 0; i < c->entry->nargs; i++)
		if (arg[i].kind == TANDEM_VALUE_PTR && c->arg[i] != t->pointer[i])
			return false;
	n = t->nload[4];
	if (!n)
		return true;
	l = t->load + t->nload[0] + t->nload[1] + t->nload[2] + t->nload[3];
	for (i = 0; i < n; i++)
		if (READ_ONCE(*(u64 *)l[i].from) != t->same[i])
			return false;
	return true;
}

#define LOADS(type, kind) do {							\
	_Pragma("GCC unroll 4")							\
	for (end = l + t->nload[kind]; l < end; l++)				\
		*(type *)(p + l->to) = READ_ONCE(*(type *)l->from);		\
} while (0)

/* Writes the body of the CALL, if a template of it holds. */
bool template_use(struct call *c)
{
	struct worker *w = c->worker;
	const struct template *t = w->template[c->id];
	const struct tandem_value *arg = c->entry->arg;
	const struct load *l, *end;
	u8 *p = w->up.home;
	u32 i;

	if (!t || !fits(t, c))
		return false;
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
	l = t->load;
	LOADS(u64, 0);
	LOADS(u32, 1);
	LOADS(u16, 2);
	LOADS(u8, 3);
	p += t->values_at + offsetof(struct tandem_wire, value);
	for (i = 0; i < c->entry->nargs; i++, arg++, p += sizeof(struct tandem_wire))
		if (arg->kind == TANDEM_VALUE_SCALAR)
			*(u64 *)p = tandem_scalar(c->arg[i], arg->size, arg->is_signed);
	return true;
}

/* ---- learning ---- */

struct lesson {
	struct walk *k;
	struct template *t;
	u32 at;
	u32 nload;
	u32 kind;		/* that is being listed: places in nload[] */
};

static bool learn_pointer(struct lesson *s, const struct step *step, const struct load *l)
{
	struct tandem_wire wire;
	u64 v = READ_ONCE(*(u64 *)l->from);
	struct object *o;

	if (wire_out(s->k, v, step->type, false, &wire) || wire.tag == TANDEM_WIRE_TOKEN)
		return false;
	o = wire.tag == TANDEM_WIRE_OBJECT ? object_find(s->k->st, v) : NULL;
	if (o && step->access & TANDEM_READ && o->walk != s->k->st->walk)
		return false;
	s->t->same[s->t->nload[4]] = v;
	memcpy((u8 *)s->t->body + l->to, &wire, sizeof(wire));
	return true;
}

static bool learn_element(struct lesson *s, const struct view *view, unsigned long base)
{
	const struct move *m = view->move;
	struct load *l;
	u32 i, n;

	for (i = 0; i < s->kind; i++)
		m += view->nmove[i];
	for (n = view->nmove[s->kind]; n; n--, m++) {
		if (s->nload == LOADS_MAX)
			return false;
		l = &s->t->load[s->nload++];
		l->from = base + m->from;
		l->to = s->at + m->to;
		if (s->kind == 4 && !learn_pointer(s, &view->step[m->step], l))
			return false;
		s->t->nload[s->kind]++;
	}
	s->at += view->bytes;
	return s->at <= BYTES_MAX;
}

static bool learn_object(struct lesson *s, const struct object *o)
{
	u32 begin = s->at, i, el;
	struct tandem_record *rec = (void *)((u8 *)s->t->body + begin);

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
	for (i = 0; i < c->entry->nargs; i++)
		if (c->entry->arg[i].kind == TANDEM_VALUE_PTR)
			s->t->pointer[i] = c->arg[i];
	s->t->values_at = s->at + sizeof(*rec);
	s->t->bytes = s->at + bytes;
	return true;
}

static bool learn(struct lesson *s)
{
	struct object *o;

	/* The loads are sorted by kind: one pass for each. */
	for (s->kind = 0; s->kind < 5; s->kind++) {
		s->at = 0;
		for (o = s->k->first; o; o = o->next)
			if (!learn_object(s, o))
				return false;
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

	if (k->b->at > BYTES_MAX || k->b->nbuffer)
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
