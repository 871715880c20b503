// SPDX-License-Identifier: GPL-2.0
/*
 * A driver polls a device through functions that a lock keeps in the kernel half, and often
 * calls several of them in each turn of a loop. The statements from the first such call of a
 * block to the last become a region: one crossing for all of them. What stands between them
 * runs in the kernel half then, as it did before the split, so that nothing can be wrong with
 * it; it only has to be little.
 */
#include <stdlib.h>

#include "fuse.h"
#include "length.h"
#include "outline.h"
#include "partition.h"
#include "policy.h"
#include "scan.h"
#include "xalloc.h"

enum class { CALLS, PLAIN, BARRIER };

/* What the ledger records must stay a downcall of its own. */
static bool is_recorded(const struct func *g)
{
	return policy_find("acquire", g->name) || policy_find("alloc", g->name) || policy_find("frees", g->name) ||
	       policy_find("mutex", g->name);
}

static bool may_call(struct func *g, bool *calls)
{
	if (!g || is_recorded(g))
		return false;
	if (!g->is_own || !g->has_body)
		return inline_class(g) == INLINE_LOCAL;
	*calls |= !g->duplicated;	/* a copy is called without a crossing */
	return g->side == SIDE_KERNEL;
}

/* A call in one branch only is no reason to move the statement. */
static enum class class_of(const struct func *f, struct node *s)
{
	struct node *n = NULL;
	bool calls = false;

	if (node_region(f, s) || s->kind == N_DECL)
		return BARRIER;
	while ((n = node_next(s, n))) {
		switch (n->kind) {
		case N_CALL:
			if (!may_call(call_target(n), &calls))
				return BARRIER;
			break;
		case N_FOR: case N_WHILE: case N_DO: case N_SWITCH: case N_CASE: case N_DEFAULT: case N_LABEL:
		case N_ASM: case N_INDIRECT_GOTO:
			return BARRIER;
		default:
			break;
		}
	}
	return calls && s->kind != N_IF && s->kind != N_COMPOUND ? CALLS : PLAIN;
}

static bool add(struct model *model, struct func *f, struct node *first, struct node *last)
{
	struct region *r = xcalloc(1, sizeof(*r));

	r->in = f;
	r->first = first;
	r->last = last;
	r->why = "calls functions of the kernel half in a row";
	r->down = -1;
	if (outline_lines(r) * 2 > f->lines || outline_check(r) || length_of_region(model, r)) {
		free(r);
		return false;
	}
	r->next = f->regions;
	f->regions = r;
	return true;
}

/* The longest run from @first on. Returns its last statement, or NULL. */
static struct node *run(struct model *model, struct func *f, struct node *first)
{
	struct node *end[64];
	unsigned int n = 0;

	for (struct node *s = first->next; s && n < sizeof(end) / sizeof(*end); s = s->next) {
		enum class class = class_of(f, s);

		if (class == BARRIER)
			break;
		if (class == CALLS)
			end[n++] = s;
	}
	while (n--)
		if (add(model, f, first, end[n]))
			return end[n];
	return NULL;
}

static bool in_loop(const struct func *f, const struct node *n)
{
	for (; n && n != f->body; n = n->parent)
		if (n->kind == N_FOR || n->kind == N_WHILE || (n->kind == N_DO && !node_is_once(f, n)))
			return true;
	return false;
}

void fuse(struct model *model, struct func *f)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		if (n->kind != N_COMPOUND || !in_loop(f, n))
			continue;
		for (struct node *s = n->child; s; s = s->next) {
			struct node *last = class_of(f, s) == CALLS ? run(model, f, s) : NULL;

			if (last)
				s = last;
		}
	}
}
