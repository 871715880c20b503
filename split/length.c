// SPDX-License-Identifier: GPL-2.0
/*
 * Memory whose length only one half knows: an array that the kernel half has allocated (the
 * user half's copy is one element), and a caller's buffer, whose copy in the user half is
 * no object that a region could be given.
 */
#include <stdlib.h>
#include <string.h>

#include "length.h"
#include "memory.h"
#include "partition.h"
#include "policy.h"
#include "scan.h"
#include "text.h"

static bool is_pointer_to(const struct type *t, enum type_kind kind)
{
	return t && t->kind == TYPE_POINTER && t->target->kind == kind;
}

/* p[i], p++, p + i with p of this type; what a region does, the kernel half does. */
static struct node *walks(const struct func *f, const struct type *t)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		struct node *p = n->child ? node_strip(n->child) : NULL;
		bool steps = n->op == OP_INCDEC || n->op == OP_COMPOUND || n->op == OP_ARITH;

		if (!p || p->type != t || node_region(f, n))
			continue;
		if (n->kind == N_INDEX || (steps && n->type == t))
			return n;
	}
	return NULL;
}

static bool allocates(const struct func *g, const struct field *field)
{
	struct node *n = NULL;

	while ((n = node_next(g->body, n))) {
		struct node *to, *from;
		struct policy_line *l;

		if (n->kind != N_BINARY || n->op != OP_ASSIGN || !n->child || !n->child->next)
			continue;
		to = node_strip(n->child);
		from = node_strip(n->child->next);
		if (!to || to->kind != N_MEMBER || to->field != field || !from || from->kind != N_CALL ||
		    !call_target(from))
			continue;
		l = policy_find("alloc", call_target(from)->name);
		if (l && !strcmp(l->arg[1], "data") && (g->side == SIDE_KERNEL || node_region(g, n)))
			return true;
	}
	return false;
}

const char *length_of_array(struct model *model, const struct func *f, struct node **at)
{
	for (struct access *a = f->accesses; a; a = a->next) {
		if (!a->field || !(a->how & ACC_READ) || !is_pointer_to(a->field->type, TYPE_RECORD) ||
		    !a->field->type->target->record->is_own || node_region(f, a->node))
			continue;
		*at = walks(f, a->field->type);
		for (struct func *g = *at ? model->func : NULL; g; g = g->next)
			if (g->is_own && g->has_body && allocates(g, a->field))
				return text_format("walks through %s, which %s allocates in the kernel half",
						   field_name(a->field), g->name);
	}
	return NULL;
}

static bool is_buffer_parameter(const struct func *f, const struct var *v)
{
	for (unsigned int i = 0; i < f->nparam; i++)
		for (struct role *r = f->param[i].var == v ? f->role : NULL; r; r = r->next)
			if (policy_find("buffer", text_format("%s/%u", role_name(r), i)))
				return true;
	return false;
}

/* A parameter, or a local variable that was given its value. */
static bool is_buffer(const struct func *f, const struct var *v)
{
	struct node *n = NULL;

	if (!is_pointer_to(v->type, TYPE_VOID) && !is_pointer_to(v->type, TYPE_INT))
		return false;
	if (v->is_param)
		return is_buffer_parameter(f, v);
	while ((n = node_next(f->body, n))) {
		struct node *value = node_value_of(n, v);

		value = value ? node_strip(value) : NULL;
		if (value && value->kind == N_REF && value->var && value->var->is_param && is_buffer_parameter(f, value->var))
			return true;
	}
	return false;
}

const char *length_of_region(struct model *model, const struct region *r)
{
	for (struct region_var *v = r->vars; v; v = v->next)
		if (is_buffer(r->in, v->var))
			return text_format("uses the caller's buffer %s", v->var->name);
	return memory_of_region(model, r);
}
