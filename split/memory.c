// SPDX-License-Identifier: GPL-2.0
/*
 * A pointer to numbers says nothing of how many there are. Where it leads into an object both
 * halves know its length; a local variable crosses as one element, which is right for `&value` and
 * wrong for an array that the other half walks through. So it is looked up where the value comes
 * from, through variables and callers, and what is done with it, through what is called. Doubt
 * counts as the worst.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "partition.h"
#include "plan.h"
#include "policy.h"
#include "scanning.h"
#include "text.h"

#define LEVELS	8

/* What a value may lead to: any number of these. */
#define MEMORY_FIELD	1	/* memory of both halves: in an object, in the device, or only handed back */
#define MEMORY_ONE	2	/* a local variable, or a member of it */
#define MEMORY_MANY	4	/* a local array, a constant table, a caller's buffer */
#define MEMORY_BYTES	8	/* allocated here as numbers: they do not cross */
#define MEMORY_UNKNOWN	16

static bool is_pointer(const struct type *t)
{
	return t && t->kind == TYPE_POINTER;
}

static bool is_number(const struct type *t)
{
	return t->kind == TYPE_INT || t->kind == TYPE_BOOL;
}

/* ---- where it leads ---- */

static unsigned int leads(struct model *model, struct func *f, struct node *n, int level);

/* An address inside what @where says: part of an array is an array. */
static unsigned int part_of(unsigned int where, bool of_array)
{
	if (of_array && where & MEMORY_ONE)
		where = (where & ~MEMORY_ONE) | MEMORY_MANY;
	return where;
}

/* The memory of the lvalue @n. */
static unsigned int place(struct model *model, struct func *f, struct node *n, int level)
{
	bool of_array = n->type && n->type->kind == TYPE_ARRAY && n->type->count != 1;

	for (n = node_strip(n); n; n = node_strip(n->child)) {
		of_array |= n->kind == N_INDEX;
		if (n->kind == N_MEMBER && !n->arrow)
			continue;
		if (n->kind == N_INDEX && n->child->type && n->child->type->kind == TYPE_ARRAY)
			continue;
		break;
	}
	if (!n)
		return MEMORY_UNKNOWN;
	if (n->kind == N_MEMBER || n->kind == N_INDEX || (n->kind == N_UNARY && n->op == OP_DEREF)) {
		unsigned int where = part_of(leads(model, f, n->child, level + 1), of_array);

		/* What a record is in, unless it is a variable, are both halves' objects. */
		if (n->kind == N_MEMBER && (!where || where & ~(MEMORY_ONE | MEMORY_MANY)))
			return (where & (MEMORY_ONE | MEMORY_MANY)) | MEMORY_FIELD;
		return where;
	}
	if (n->kind != N_REF || !n->var)
		return MEMORY_UNKNOWN;
	if (n->var->is_local || n->var->is_const)
		return part_of(MEMORY_ONE, of_array);
	return MEMORY_FIELD;
}

static bool has_address_taken(const struct func *f, const struct var *v)
{
	struct node *n = NULL, *of;

	while ((n = node_next(f->body, n))) {
		of = n->kind == N_UNARY && n->op == OP_ADDRESS ? node_strip(n->child) : NULL;
		if (of && of->kind == N_REF && of->var == v)
			return true;
	}
	return false;
}

/* What all callers give. Those of a moved function that are in the kernel half have their own rule. */
static unsigned int given(struct model *model, struct func *f, unsigned int i, int level)
{
	unsigned int where = 0;

	for (struct role *r = f->role; r; r = r->next)
		where |= is_pointer(f->param[i].type) && !f->param[i].type->target->record ? MEMORY_MANY : MEMORY_FIELD;
	for (struct func *g = model->func; g; g = g->next)
		for (struct edge *e = g->has_body && !g->dropped ? g->callees : NULL; e; e = e->next)
			if (e->callee == f && e->call &&
			    (!runs_in_user(f) || (runs_in_user(g) && !node_region(g, e->call))))
				where |= leads(model, g, call_arg(e->call, i), level + 1);
	return where;
}

static unsigned int variable(struct model *model, struct func *f, struct var *v, int level)
{
	unsigned int where = 0;
	struct node *at = NULL;

	if (v->type->kind == TYPE_ARRAY || v->type->kind == TYPE_RECORD)
		return v->is_local || v->is_const ? part_of(MEMORY_ONE, v->type->count != 1) : MEMORY_FIELD;
	if (!v->is_local)
		return MEMORY_FIELD;
	if (!f || !f->body || has_address_taken(f, v))
		return MEMORY_UNKNOWN;
	while ((at = node_next(f->body, at)))
		if (node_value_of(at, v) && node_value_of(at, v)->type)
			where |= leads(model, f, node_value_of(at, v), level + 1);
	for (unsigned int i = 0; i < f->nparam; i++)
		if (f->param[i].var == v)
			where |= given(model, f, i, level);
	return where;
}

static unsigned int result(struct model *model, struct func *f, struct node *call, int level)
{
	struct func *g = call_target(call);
	struct policy_line *l = g ? policy_find("alloc", g->name) : NULL;
	unsigned int where = 0;
	struct node *at = NULL;

	if (l)
		return strcmp(l->arg[1], "data") || plan_result(f, call) || (l->narg > 4) ? MEMORY_FIELD : MEMORY_BYTES;
	if (!g || !g->has_body || !runs_in_user(g))
		return MEMORY_FIELD;
	while ((at = node_next(g->body, at)))
		if (at->kind == N_RETURN && at->child)
			where |= leads(model, g, at->child, level + 1);
	return where;
}

static unsigned int leads(struct model *model, struct func *f, struct node *n, int level)
{
	unsigned int where = 0;

	n = n ? node_strip(n) : NULL;
	if (!n || level > LEVELS)
		return n && n->type && is_pointer(n->type) && n->type->target->record ? MEMORY_FIELD : MEMORY_UNKNOWN;
	switch (n->kind) {
	case N_LITERAL:
		return 0;
	case N_STRING:
		return MEMORY_MANY;
	case N_REF:
		return n->var ? variable(model, f, n->var, level) : MEMORY_FIELD;
	case N_MEMBER:
		if (n->type && n->type->kind == TYPE_ARRAY)
			return place(model, f, n, level);
		return n->arrow || !is_pointer(n->type) ? MEMORY_FIELD : MEMORY_UNKNOWN;
	case N_INDEX:
		return n->type && n->type->kind == TYPE_ARRAY ? place(model, f, n, level) : MEMORY_FIELD;
	case N_CALL:
		return result(model, f, n, level);
	case N_UNARY:
		if (n->op == OP_ADDRESS)
			return place(model, f, n->child, level);
		if (n->op == OP_INCDEC)
			return part_of(leads(model, f, n->child, level + 1), true);
		return MEMORY_FIELD;
	case N_BINARY:
		if (n->op == OP_ARITH && n->child && n->child->next) {
			struct node *p = is_pointer(n->child->type) || (n->child->type && n->child->type->kind == TYPE_ARRAY) ?
					 n->child : n->child->next;

			return part_of(leads(model, f, p, level + 1), true);
		}
		return n->op == OP_ASSIGN ? leads(model, f, n->child->next, level + 1) : MEMORY_UNKNOWN;
	case N_CONDITIONAL:
		for (n = n->child->next; n; n = n->next)
			where |= leads(model, f, n, level + 1);
		return where;
	default:
		return is_pointer(n->type) && n->type->target->record ? MEMORY_FIELD : MEMORY_UNKNOWN;
	}
}

bool memory_is_shared(struct model *model, struct func *f, struct node *n)
{
	return place(model, f, n, 0) & (MEMORY_FIELD | MEMORY_UNKNOWN | MEMORY_BYTES);
}

/* ---- how much is used ---- */

static bool walked(const struct func *f, const struct node *first, const struct node *last, const struct var *v, int level);

static bool is_zero(const struct func *f, struct node *n)
{
	n = n ? node_strip(n) : NULL;
	return n && n->kind == N_LITERAL && n->end - n->start == 1 && f->tu->text[n->start] == '0';
}

static bool walked_by(struct func *g, unsigned int i, int level)
{
	if (!g || level > LEVELS)
		return true;
	if (policy_find("frees", g->name))
		return false;
	if (!g->body || i >= g->nparam || !g->param[i].var)
		return true;
	if (g->visiting)
		return false;
	return walked(g, g->body, g->body, g->param[i].var, level + 1);
}

/* What is done with one use of the pointer. */
static bool walks(const struct func *f, const struct node *ref, const struct var *v, int level)
{
	const struct node *n = ref, *up = n->parent;

	while (up && (up->kind == N_CAST || (up->kind == N_OTHER && up->child == n && !n->next))) {
		n = up;
		up = up->parent;
	}
	if (!up)
		return true;
	switch (up->kind) {
	case N_UNARY:
		return up->op != OP_DEREF && up->op != OP_PLAIN;
	case N_MEMBER:
		return false;
	case N_INDEX:
		return up->child != n || !is_zero(f, n->next);
	case N_CALL: {
		unsigned int i = 0;

		for (const struct node *arg = up->child ? up->child->next : NULL; arg && arg != n; arg = arg->next)
			i++;
		return up->child != n && walked_by(call_target(up), i, level);
	}
	case N_BINARY:
		if (up->op == OP_COMPARE || up->op == OP_LOGIC)
			return false;
		if (up->op != OP_ASSIGN)
			return true;
		if (up->child == n)
			return false;
		up = node_strip(up->child);
		return !up || up->kind != N_REF || !up->var || !up->var->is_local || level > LEVELS ||
		       (up->var != v && walked(f, f->body, f->body, up->var, level + 1));
	case N_VAR:
		return level > LEVELS || walked(f, f->body, f->body, up->var, level + 1);
	case N_IF: case N_WHILE: case N_DO: case N_FOR: case N_COMPOUND:
		return false;
	case N_CONDITIONAL:
		return up->child != n;
	default:
		return true;
	}
}

static bool walked(const struct func *f, const struct node *first, const struct node *last, const struct var *v, int level)
{
	bool found = false, was = f->visiting;

	((struct func *)f)->visiting = true;
	for (const struct node *s = first; s && !found; s = s == last ? NULL : s->next) {
		struct node *n = NULL;

		while (!found && (n = node_next(s, n)))
			found = n->kind == N_REF && n->var == v && walks(f, n, v, level);
	}
	((struct func *)f)->visiting = was;
	return found;
}

/* ---- numbers that were allocated ---- */

static bool runs_beside(struct func *h)
{
	return h && (runs_in_user(h) || inline_class(h) == INLINE_LOCAL);
}

/* Does moved code read or write the memory that @v points to? */
static bool is_touched(const struct func *f, const struct var *v)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		const struct node *at = n, *up = n->parent;

		if (n->kind != N_REF || n->var != v || node_region(f, n))
			continue;
		while (up && (up->kind == N_CAST || (up->kind == N_OTHER && up->child == at && !at->next) ||
			      (up->kind == N_BINARY && up->op == OP_ARITH))) {
			at = up;
			up = up->parent;
		}
		if (up && ((up->kind == N_UNARY && up->op != OP_PLAIN) || (up->kind == N_INDEX && up->child == at) ||
			   (up->kind == N_CALL && up->child != at && runs_beside(call_target(up)))))
			return true;
	}
	return false;
}

/* Each half has its own bytes of what is allocated as numbers: wrong once this half looks at them. */
static bool is_own_bytes(const struct func *f, unsigned int where, struct node *pointer)
{
	struct node *n = node_strip(pointer);

	while (n && n->kind == N_BINARY && n->op == OP_ARITH)
		n = node_strip(is_pointer(n->child->type) ? n->child : n->child->next);
	return where & MEMORY_BYTES && n && n->kind == N_REF && n->var && (n->var->is_param || is_touched(f, n->var));
}

/* ---- what cannot cross ---- */

enum target { OTHER, NUMBERS, ANYTHING, FLAT_RECORD };

static enum target target_of(const struct type *t)
{
	if (!is_pointer(t))
		return OTHER;
	if (is_number(t->target))
		return NUMBERS;
	if (t->target->kind == TYPE_VOID)
		return ANYTHING;
	return t->target->kind == TYPE_RECORD && type_is_flat(t->target) ? FLAT_RECORD : OTHER;
}

static bool is_string(const struct type *t)
{
	return t->target_const && !strcmp(t->target->name, "char");
}

static bool has_policy(const struct func *f, unsigned int i)
{
	return policy_find("buffer", text_format("%s/%u", f->name, i)) || policy_find("type", text_format("%s/%u", f->name, i));
}

static bool parameter_is_walked(struct func *f, unsigned int i)
{
	return !f->body || !f->param[i].var || walked(f, f->body, f->body, f->param[i].var, 0);
}

const char *memory_of_argument(struct model *model, struct func *from, struct func *to, const struct node *call, unsigned int i)
{
	enum target target = target_of(to->param[i].type);
	struct node *arg = call_arg(call, i);
	unsigned int where;

	if (target == OTHER || !arg || has_policy(to, i) || (target == NUMBERS && is_string(to->param[i].type)))
		return NULL;
	where = leads(model, from, arg, 0);
	if (is_own_bytes(from, where, arg) && !policy_find("frees", to->name))
		return text_format("passes numbers that it allocated to %s, where they are others", to->name);
	if (target == ANYTHING)
		return where & (MEMORY_ONE | MEMORY_MANY) ? text_format("passes memory of unknown length to %s", to->name) : NULL;
	if (where & (target == NUMBERS ? MEMORY_MANY | MEMORY_UNKNOWN : MEMORY_MANY) && parameter_is_walked(to, i))
		return text_format("passes an array to %s, which does not know its length", to->name);
	return NULL;
}

static const char *handed(struct model *model, struct func *from, struct func *to, const struct node *call)
{
	for (unsigned int i = 0; i < to->nparam; i++) {
		enum target target = target_of(to->param[i].type);
		unsigned int where;

		if (target == OTHER || target == ANYTHING || !call_arg(call, i) || has_policy(to, i))
			continue;
		where = leads(model, from, call_arg(call, i), 0);
		if (target == NUMBERS ? where & ~MEMORY_FIELD : where & MEMORY_MANY && parameter_is_walked(to, i))
			return text_format("%s hands it memory of unknown length as %s", from->name, to->param[i].name);
	}
	return NULL;
}

const char *memory_of_entry(struct model *model, struct func *to, struct node **at)
{
	for (struct func *g = model->func; g; g = g->next)
		for (struct edge *e = g->is_own && g->has_body && !g->dropped ? g->callees : NULL; e; e = e->next) {
			const char *why;

			if (e->callee != to || !e->call || (g->side == SIDE_USER && !node_region(g, e->call)))
				continue;
			*at = e->call;
			why = handed(model, g, to, e->call);
			if (why)
				return why;
		}
	return NULL;
}

const char *memory_of_region(struct model *model, const struct region *r)
{
	for (struct region_var *v = r->vars; v; v = v->next) {
		enum target target = target_of(v->var->type);
		unsigned int where = target == OTHER ? 0 : variable(model, r->in, v->var, 0);

		if (where & MEMORY_BYTES && (v->var->is_param || is_touched(r->in, v->var)))
			return text_format("uses numbers behind %s, which each half has of its own", v->var->name);
		if (target == ANYTHING && where & (MEMORY_ONE | MEMORY_MANY))
			return text_format("uses memory of unknown length behind %s", v->var->name);
		if (where & (target == NUMBERS ? MEMORY_MANY | MEMORY_UNKNOWN : MEMORY_MANY) &&
		    walked(r->in, r->first, r->last, v->var, 0))
			return text_format("uses %s as an array, whose length is not known", v->var->name);
	}
	return NULL;
}
