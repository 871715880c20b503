// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "scanning.h"
#include "spot.h"
#include "xalloc.h"

static bool is_named(const struct record *r)
{
	return r->is_complete && r->type && !strchr(r->name, '(');
}

/* All that the calls give. */
struct gives {
	struct plan_arg *arg;
	struct record *record;
	bool other;	/* what is not understood, or several kinds */
};

static void give_field(struct gives *g, struct record *in, uint64_t offset, uint64_t bytes)
{
	struct plan_arg *arg = g->arg;

	for (unsigned int i = 0; i < arg->nspot; i++)
		if (arg->spot[i].in == in && arg->spot[i].offset == offset)
			return;
	arg->spot = xrealloc(arg->spot, (arg->nspot + 1) * sizeof(*arg->spot));
	arg->spot[arg->nspot].in = in;
	arg->spot[arg->nspot].offset = offset;
	arg->spot[arg->nspot++].bytes = bytes;
}

/* &n, or the array n: a field, whole, or a local variable. */
static void give_place(struct gives *g, struct node *n)
{
	struct field *field = NULL;
	uint64_t offset = 0, bytes = 0;
	bool element = false;		/* of an array, whose index is not known: no one place */

	for (n = node_strip(n); n; n = node_strip(n->child)) {
		if (n->kind == N_INDEX && n->child && node_strip(n->child)->type &&
		    node_strip(n->child)->type->kind == TYPE_ARRAY) {
			element |= !field || !is_named(field->in);
			continue;
		}
		if (n->kind != N_MEMBER || !n->field || n->field->bits)
			break;
		/* of the members that are named one after the other, the last in a record with a name */
		if (!field || !is_named(field->in)) {
			bytes = bytes ? bytes : n->field->type->size;
			offset += n->field->offset_bits / 8;
			field = n->field;
		}
		if (n->arrow)
			break;
	}
	if (n && n->kind == N_REF && n->var && n->var->is_local && !n->var->is_static_local)
		g->arg->local = true;
	else if (field && is_named(field->in) && bytes && !element)
		give_field(g, field->in, offset, bytes);
	else
		g->other = true;
}

static void give(struct gives *g, struct node *n)
{
	struct type *t;

	n = node_strip(n);
	t = n ? n->type : NULL;
	if (!t || n->kind == N_LITERAL)	/* NULL; may_be_null() knows of it */
		return;
	if (n->kind == N_UNARY && n->op == OP_ADDRESS && n->child && t->kind == TYPE_POINTER &&
	    t->target->kind != TYPE_RECORD) {
		give_place(g, n->child);
	} else if (t->kind == TYPE_ARRAY && t->target->kind != TYPE_RECORD) {
		give_place(g, n);
	} else if (t->kind == TYPE_POINTER && t->target->kind == TYPE_RECORD && is_named(t->target->record) &&
		   (!g->record || g->record == t->target->record)) {
		g->record = t->target->record;
	} else {
		g->other = true;
	}
}

void spot_find(const struct plan *plan, struct func *f, unsigned int i, struct plan_arg *arg)
{
	struct gives g = { .arg = arg };

	if (f->param[i].type->target->kind == TYPE_FUNCTION)
		return;
	for (struct func *in = plan->model->func; in; in = in->next)
		for (struct edge *e = in->has_body && runs_in_user(in) ? user_edge(in, NULL) : NULL; e; e = user_edge(in, e))
			if (edge_calls(e, f))
				give(&g, call_arg(e->call, i));
	if (g.record && !g.other && !arg->local && !arg->nspot)
		arg->record = g.record;
	if (g.record || g.other) {
		arg->local = false;
		arg->nspot = 0;
	}
}

struct record *spot_result(const struct plan *plan, const struct func *f)
{
	struct record *all = NULL;

	for (struct func *in = plan->model->func; in; in = in->next)
		for (struct edge *e = in->has_body && runs_in_user(in) ? user_edge(in, NULL) : NULL; e; e = user_edge(in, e)) {
			struct record *r = edge_calls(e, f) && !node_is_unused(e->call) ? plan_result(in, e->call) : NULL;

			if (edge_calls(e, f) && !node_is_unused(e->call) && (!r || (all && r != all)))
				return NULL;
			all = r ? r : all;
		}
	return all;
}

/* ---- NULL ---- */

/* Is @ref, a use of a variable, one that goes through it? */
static bool goes_through(const struct node *ref)
{
	const struct node *n = ref, *p = ref->parent;

	while (p && (p->kind == N_CAST || (p->kind == N_OTHER && p->child == n && !n->next))) {
		n = p;
		p = p->parent;
	}
	return p && p->child == n && ((p->kind == N_MEMBER && p->arrow) || p->kind == N_INDEX ||
				      (p->kind == N_UNARY && p->op == OP_DEREF));
}

/* Could @ref ask whether the variable is NULL? All that is not known to be something else could. */
static bool could_ask(const struct node *ref)
{
	const struct node *n = ref, *p = ref->parent;

	while (p && (p->kind == N_CAST || (p->kind == N_OTHER && p->child == n && !n->next))) {
		n = p;
		p = p->parent;
	}
	if (goes_through(ref) || (p && p->kind == N_BINARY && p->op == OP_ASSIGN))
		return false;
	if (!p || p->kind != N_CALL)
		return !p || p->kind != N_VAR;
	while (p && (p->kind == N_CALL || p->kind == N_CAST || p->kind == N_OTHER || p->kind == N_MEMBER)) {
		n = p;
		p = p->parent;
	}
	return p && (p->kind == N_CONDITIONAL || p->kind == N_UNARY || (p->kind == N_BINARY && p->op != OP_ASSIGN) ||
		     (p->kind == N_IF && p->child == n));
}

static bool inside(const struct region *r, const struct node *n)
{
	return n->start >= r->first->start && n->end <= r->last->end;
}

/* Is the value an address that something has, whatever it was made of? */
static bool is_address(struct model *model, struct func *f, struct node *n, int level);

static bool returns_address(struct model *model, struct func *f, int level)
{
	struct node *n = NULL;
	bool any = false;

	while (f && f->body && (n = node_next(f->body, n)))
		if (n->kind == N_RETURN && n->child) {
			if (!is_address(model, f, n->child, level))
				return false;
			any = true;
		}
	return any;
}

static bool holds_address(struct model *model, struct func *f, const struct var *v, int level)
{
	struct node *n = NULL, *value;
	bool any = false;

	if (v->is_param)
		return !node_param_may_be_null(model, f, v, level);
	while (v->is_local && !v->is_static_local && (n = node_next(f->body, n))) {
		if (n->kind == N_UNARY && n->op == OP_ADDRESS && node_strip(n->child) && node_strip(n->child)->var == v)
			return false;
		value = node_value_of(n, v);
		if (value && !is_address(model, f, value, level))
			return false;
		any |= value != NULL;
	}
	return any;
}

static bool is_address(struct model *model, struct func *f, struct node *n, int level)
{
	n = node_strip(n);
	if (!n || level > 4)
		return false;
	if (n->kind == N_UNARY)
		return n->op == OP_ADDRESS;
	if (n->kind == N_BINARY)
		return n->op == OP_ARITH;
	if (n->kind == N_CALL)
		return returns_address(model, call_target(n), level + 1);
	return n->kind == N_REF && n->var && holds_address(model, f, n->var, level + 1);
}

/*
 * The driver sets it to no NULL. If moreover it never asks, and the region goes through it, then
 * NULL would have been the end before the split, too.
 */
bool spot_null(struct model *model, const struct region *r, const struct var *v)
{
	bool used = false;
	struct node *n = NULL;

	if (v->is_param || holds_address(model, r->in, v, 0))
		return v->is_param && node_param_may_be_null(model, r->in, v, 0);
	while ((n = node_next(r->in->body, n))) {
		if (n->kind != N_REF || n->var != v)
			continue;
		if (could_ask(n) || node_may_be_null(model, r->in, n, 0))
			return true;
		used |= inside(r, n) && goes_through(n);
	}
	return !used;
}
