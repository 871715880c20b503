// SPDX-License-Identifier: GPL-2.0
/*
 * Members of a union have the same bytes. Of numbers each byte crosses, in the widest of them; pointers cross as pointers, and functions that use a number in the place of a
 * pointer are not moved (scan.c).
 */
#include <stdlib.h>
#include <string.h>

#include "leaf.h"
#include "xalloc.h"

static bool is_sparse(const struct plan_leaf *l)
{
	return l->count > 1 && l->stride > l->size;
}

/* Of a field in an array of records, the first element stands for all. */
static uint32_t length(const struct plan_leaf *l)
{
	return l->count > 1 && !is_sparse(l) ? l->count * l->size : l->size;
}

static bool overlap(const struct plan_leaf *a, const struct plan_leaf *b)
{
	return a->offset < b->offset + length(b) && b->offset < a->offset + length(a);
}

static uint32_t end_of(const struct plan_leaf *l)
{
	return l->offset + length(l);
}

static void take_fields(struct plan_leaf *to, const struct plan_leaf *from)
{
	to->also = xrealloc(to->also, (to->nalso + from->nalso + 1) * sizeof(*to->also));
	if (from->field)
		to->also[to->nalso++] = from->field;
	for (unsigned int i = 0; i < from->nalso; i++)
		to->also[to->nalso++] = from->also[i];
	to->is_const &= from->is_const;
}

/* What of @l is from @begin to @end: whole elements if it can be, else bytes. */
static void add_part(struct plan_type *t, const struct plan_leaf *l, uint32_t begin, uint32_t end)
{
	struct plan_leaf part = *l;

	if (begin >= end)
		return;
	/* a list of its own, without the leaf's field, which comes with the rest */
	part.also = NULL;
	part.nalso = 0;
	for (unsigned int i = 0; i < l->nalso; i++) {
		struct plan_leaf one = { .field = l->also[i], .is_const = part.is_const };

		take_fields(&part, &one);
	}
	part.offset = begin;
	if (is_sparse(l)) {
		part.size = 1;
		for (; part.offset < end; part.offset++)
			leaf_add(t, &part);
		return;
	}
	if ((begin - l->offset) % l->size || (end - begin) % l->size)
		part.size = 1;
	part.count = (end - begin) / part.size;
	part.stride = part.size;
	leaf_add(t, &part);
}

static void add_rest(struct plan_type *t, const struct plan_leaf *of, const struct plan_leaf *without)
{
	uint32_t end = end_of(of), from = end_of(without);

	add_part(t, of, of->offset, end < without->offset ? end : without->offset);
	add_part(t, of, of->offset > from ? of->offset : from, end);
}

static void insert(struct plan_type *t, const struct plan_leaf *leaf)
{
	if ((t->nleaf & 63) == 0)
		t->leaf = xrealloc(t->leaf, (t->nleaf + 64) * sizeof(*t->leaf));
	t->leaf[t->nleaf++] = *leaf;
}

/* The wider of two numbers keeps its width, since each is one store; what the other has beside it is added. */
void leaf_add(struct plan_type *t, const struct plan_leaf *leaf)
{
	struct plan_leaf one = *leaf, was;

	for (unsigned int i = 0; i < t->nleaf && one.kind != LEAF_BITS; i++) {
		struct plan_leaf *l = &t->leaf[i];

		if (l->kind == LEAF_BITS || !overlap(l, &one))
			continue;
		if (l->kind == LEAF_PTR && one.kind == LEAF_PTR) {
			l->type = l->type == one.type ? l->type : -1;
			l->to = l->to == one.to ? l->to : NULL;
			take_fields(l, &one);
		}
		if (l->kind != LEAF_WORD || one.kind != LEAF_WORD)
			return;
		was = *l;
		if (was.size >= one.size) {
			take_fields(l, &one);
			add_rest(t, &one, &was);
		} else {
			*l = t->leaf[--t->nleaf];
			take_fields(&one, &was);
			leaf_add(t, &one);
			add_rest(t, &was, &one);
		}
		return;
	}
	insert(t, &one);
}

unsigned int leaf_access(const struct plan_leaf *leaf, const unsigned char *how)
{
	unsigned int all = how[leaf->field->number];

	for (unsigned int i = 0; i < leaf->nalso; i++)
		all |= how[leaf->also[i]->number];
	return all;
}

bool leaf_is_read_atomically(const struct plan_leaf *leaf)
{
	bool is = leaf->field->atomic_reads;

	for (unsigned int i = 0; i < leaf->nalso; i++)
		is |= leaf->also[i]->atomic_reads;
	return is;
}

static void share(struct record *r, struct field *all, bool give, int level)
{
	for (unsigned int i = 0; i < r->nfield && level < 8; i++) {
		struct field *f = &r->field[i], *to = give ? f : all, *from = give ? all : f;

		if (f->type->kind == TYPE_RECORD)
			share(f->type->record, all, give, level + 1);
		to->kernel_reads |= from->kernel_reads;
		to->kernel_writes |= from->kernel_writes;
		to->atomic_reads |= from->atomic_reads;
		to->atomic_writes |= from->atomic_writes;
		to->beside_writes |= from->beside_writes;
	}
}

void leaf_share_unions(struct model *model)
{
	for (struct record *r = model->record; r; r = r->next) {
		struct field all = { 0 };

		if (!r->is_union || !r->is_complete)
			continue;
		share(r, &all, false, 0);
		share(r, &all, true, 0);
	}
}
