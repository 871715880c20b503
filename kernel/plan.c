// SPDX-License-Identifier: GPL-2.0
/*
 * The plan made ready: views as flat tables, symbols by address.
 */
#include <linux/hash.h>
#include <linux/slab.h>

#include "internal.h"

static u32 moves_of(const struct view *view, u32 *align)
{
	u32 i, n = 0;

	*align = 1;
	for (i = 0; i < view->nstep; i++) {
		const struct step *s = &view->step[i];

		if (s->kind == TANDEM_LEAF_STR)
			return 0;
		n += s->count;
		*align = max_t(u32, *align, s->size);
	}
	return n <= MOVES_MAX ? n : 0;
}

/* Where each value goes; @kind of nmove is written if @m is there. */
static u32 lay_out(const struct view *view, unsigned int kind, struct move **m)
{
	static const u8 size_of[] = { 8, 4, 2, 1 };
	u32 i, j, at = 0;

	for (i = 0; i < view->nstep; i++) {
		const struct step *s = &view->step[i];
		bool pointer = s->kind == TANDEM_LEAF_PTR;

		for (j = 0; j < s->count; j++) {
			at = ALIGN(at, s->size);
			if (kind < 4 ? !pointer && s->size == size_of[kind] : pointer)
				*(*m)++ = (struct move){ s->offset + j * s->stride, at, i };
			at += pointer ? sizeof(struct tandem_wire) : s->size;
		}
	}
	return at;
}

/* Most records are small and have no strings: straight lists of loads and stores. */
static int flatten(struct view *view)
{
	u32 align, kind, n = moves_of(view, &align), at = 0;
	struct move *m, *begin;

	if (!n)
		return 0;
	m = kvcalloc(n, sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	view->move = m;
	for (kind = 0; kind < 5; kind++) {
		begin = m;
		at = lay_out(view, kind, &m);
		view->nmove[kind] = m - begin;
	}
	view->bytes = at;
	view->alike = at % align == 0;
	return 0;
}

static int view_prepare(const struct tandem_plan *plan, const struct tandem_view *from,
			struct view *view)
{
	unsigned int i;

	view->type = from->type;
	view->nstep = from->nuse;
	view->step = kvcalloc(from->nuse ?: 1, sizeof(*view->step), GFP_KERNEL);
	if (!view->step)
		return -ENOMEM;
	for (i = 0; i < from->nuse; i++) {
		const struct tandem_leaf *leaf = &plan->type[from->type].leaf[from->use[i].leaf];
		struct step *s = &view->step[i];

		s->offset = leaf->offset;
		s->stride = leaf->stride;
		s->count = leaf->count;
		s->type = leaf->kind == TANDEM_LEAF_PTR ? leaf->type : TANDEM_NONE;
		s->kind = leaf->kind;
		s->size = leaf->size;
		s->access = from->use[i].access;
		s->writable = s->access & (TANDEM_WRITE | TANDEM_RELEASE) && !leaf->is_const &&
			      leaf->kind != TANDEM_LEAF_STR;
		s->mask = leaf->mask;
		s->symbol = leaf->symbol;
		s->only = leaf->only;
		view->room += leaf->kind == TANDEM_LEAF_PTR ?
			      leaf->count * sizeof(struct tandem_wire) + 8 :
			      leaf->count * leaf->size + 8;
	}
	return flatten(view);
}

static int entry_prepare(const struct tandem_plan *plan, const struct tandem_entry *from,
			 struct entry *entry)
{
	unsigned int i;
	int err;

	entry->view_of = kvmalloc_array(plan->ntype ?: 1, sizeof(*entry->view_of), GFP_KERNEL);
	entry->view = kvcalloc(from->nview ?: 1, sizeof(*entry->view), GFP_KERNEL);
	if (!entry->view_of || !entry->view)
		return -ENOMEM;
	memset(entry->view_of, 0xff, plan->ntype * sizeof(*entry->view_of));
	for (i = 0; i < from->nargs; i++)
		entry->nback += from->arg[i].kind == TANDEM_VALUE_BUFFER &&
				from->arg[i].dir & TANDEM_OUT;
	for (i = 0; i < from->nview; i++) {
		err = view_prepare(plan, &from->view[i], &entry->view[i]);
		if (err)
			return err;
		if (from->view[i].nuse)
			entry->view_of[from->view[i].type] = i;
	}
	return 0;
}

static int symbols_prepare(struct state *st)
{
	u32 n = st->plan->nsymbol, i, at;

	st->symbol_mask = roundup_pow_of_two(2 * n + 2) - 1;
	st->symbol = kvcalloc(st->symbol_mask + 1, sizeof(*st->symbol), GFP_KERNEL);
	if (!st->symbol)
		return -ENOMEM;
	/* Two names of one address: the first wins, both translate back. */
	for (i = n; i--;) {
		unsigned long address = (unsigned long)st->half->symbol[i];

		if (!address)
			continue;
		at = hash_long(address, 32) & st->symbol_mask;
		while (st->symbol[at].address && st->symbol[at].address != address)
			at = (at + 1) & st->symbol_mask;
		st->symbol[at].address = address;
		st->symbol[at].id = i;
	}
	return 0;
}

int symbol_find(const struct state *st, unsigned long address)
{
	u32 at = hash_long(address, 32) & st->symbol_mask;

	for (; st->symbol[at].address; at = (at + 1) & st->symbol_mask)
		if (st->symbol[at].address == address)
			return st->symbol[at].id;
	return -1;
}

/* Types of which the user half stores pointers, or passes them: it may have freed what they point to. */
static void given_prepare(struct state *st)
{
	const struct tandem_plan *plan = st->plan;
	unsigned int i, j, k;

	for (i = 0; i < plan->nentry; i++)
		for (j = 0; j < plan->entry[i].nview; j++)
			for (k = 0; k < st->entry[i].view[j].nstep; k++) {
				const struct step *s = &st->entry[i].view[j].step[k];

				if (s->writable && s->kind == TANDEM_LEAF_PTR && s->type != TANDEM_NONE)
					__set_bit(s->type, st->given);
			}
	for (i = 0; i < plan->ndown; i++)
		for (j = 0; j < plan->down[i].nargs; j++)
			if (plan->down[i].arg[j].kind == TANDEM_VALUE_PTR && plan->down[i].arg[j].type != TANDEM_NONE)
				__set_bit(plan->down[i].arg[j].type, st->given);
}

int plan_prepare(struct state *st)
{
	const struct tandem_plan *plan = st->plan;
	unsigned int i;
	int err;

	st->entry = kvcalloc(plan->nentry ?: 1, sizeof(*st->entry), GFP_KERNEL);
	st->warned = bitmap_zalloc(plan->nentry ?: 1, GFP_KERNEL);
	st->given = bitmap_zalloc(plan->ntype ?: 1, GFP_KERNEL);
	st->stats.up = kvcalloc(plan->nentry ?: 1, sizeof(u64), GFP_KERNEL);
	st->stats.down = kvcalloc(plan->ndown ?: 1, sizeof(u64), GFP_KERNEL);
	if (!st->entry || !st->warned || !st->given || !st->stats.up || !st->stats.down)
		return -ENOMEM;
	for (i = 0; i < plan->nentry; i++) {
		err = entry_prepare(plan, &plan->entry[i], &st->entry[i]);
		if (err)
			return err;
	}
	given_prepare(st);
	return symbols_prepare(st);
}

void plan_forget(struct state *st)
{
	unsigned int i, j;

	for (i = 0; st->entry && i < st->plan->nentry; i++) {
		for (j = 0; st->entry[i].view && j < st->plan->entry[i].nview; j++) {
			kvfree(st->entry[i].view[j].step);
			kvfree(st->entry[i].view[j].move);
		}
		kvfree(st->entry[i].view);
		kvfree(st->entry[i].view_of);
	}
	kvfree(st->entry);
	bitmap_free(st->warned);
	bitmap_free(st->given);
	kvfree(st->symbol);
	kvfree(st->stats.up);
	kvfree(st->stats.down);
}
