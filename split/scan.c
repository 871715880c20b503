// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "policy.h"
#include "plan.h"
#include "scanning.h"
#include "text.h"
#include "xalloc.h"

#define HOW_ADDRESS	64	/* only the address is formed */
#define HOW_BASE	128	/* left part of a longer path */
#define PASSES_MAX	8

void scan_mark(struct scan *s, struct node *n, const char *construct, const char *reason)
{
	struct mark *m = xcalloc(1, sizeof(*m)), **at = &s->f->mark;

	m->construct = construct;
	m->reason = reason;
	m->file = n ? n->file : s->f->file;
	m->line = n ? n->line : s->f->line;
	m->node = n;
	while (*at)	/* the first is the one to tell */
		at = &(*at)->next;
	*at = m;
}

static void touch(struct scan *s, struct field *field, struct var *var, unsigned int how, struct node *n)
{
	struct access *a = xcalloc(1, sizeof(*a));

	a->field = field;
	a->var = var;
	a->how = how & 7;
	a->node = n;
	a->next = s->f->accesses;
	s->f->accesses = a;
}

static void edge(struct scan *s, struct func *callee, struct node *call, bool indirect)
{
	struct edge *e = xcalloc(1, sizeof(*e));

	e->callee = callee;
	e->call = call;
	e->locked = s->depth > 0;
	e->indirect = indirect;
	e->next = s->f->callees;
	s->f->callees = e;
}

static bool learnt;	/* something that another turn over the functions needs */

static void add_role(struct func *f, struct field *field, struct func *callee, unsigned int arg, struct node *n)
{
	struct role *r;

	for (r = f->role; r; r = r->next)
		if (r->field == field && r->callee == callee && r->arg == arg)
			return;
	learnt = true;
	r = xcalloc(1, sizeof(*r));
	r->field = field;
	r->callee = callee;
	r->arg = arg;
	r->file = n->file;
	r->line = n->line;
	r->next = f->role;
	f->role = r;
	if (field) {
		struct func_list *l;

		for (l = field->stored; l; l = l->next)
			if (l->func == f)
				return;
		l = xcalloc(1, sizeof(*l));
		l->func = f;
		l->next = field->stored;
		field->stored = l;
	}
}

static bool is_pointer(const struct type *t)
{
	return t && t->kind == TYPE_POINTER;
}

static bool is_function_pointer(const struct type *t)
{
	return is_pointer(t) && t->target->kind == TYPE_FUNCTION;
}

static bool is_scalar(const struct type *t)
{
	return t && (t->kind == TYPE_INT || t->kind == TYPE_BOOL || t->kind == TYPE_VOID);
}

static const char *record_name(const struct record *r)
{
	return strncmp(r->name, "struct ", 7) ? r->name : r->name + 7;
}

const char *field_name(const struct field *field)
{
	return text_intern(text_format("%s.%s", record_name(field->in), field->name));
}

static bool is_opaque(const struct record *r)
{
	return r && policy_find("opaque", record_name(r));
}

/* ---- what a value stored into a field tells of the field ---- */

static void learn_record(struct model *model, struct func *f, struct field *field, struct node *value, int level);

/* What the driver and its headers hand to a parameter of @f, a void pointer. */
static void learn_argument(struct model *model, struct func *f, const struct var *param, struct field *field, int level)
{
	unsigned int i = 0;

	while (i < f->nparam && f->param[i].var != param)
		i++;
	for (struct func *g = i < f->nparam ? model->func : NULL; g; g = g->next)
		for (struct node *n = node_next(g->body, NULL); n; n = node_next(g->body, n))
			if (n->kind == N_CALL && call_target(n) == f)
				learn_record(model, g, field, call_arg(n, i), level + 1);
}

static void learn_record(struct model *model, struct func *f, struct field *field, struct node *value, int level)
{
	struct node *v = node_strip(value);

	if (!v || !is_pointer(v->type))
		return;
	if (v->type->target->record) {
		if (field->holds && field->holds != v->type->target)
			field->holds_many = true;
		field->holds = v->type->target;
	} else if (v->type->target->kind == TYPE_VOID && v->kind == N_REF && v->var && v->var->is_param && f && level < 4) {
		learn_argument(model, f, v->var, field, level);
	}
}

static void learn(struct scan *s, struct field *field, struct node *value)
{
	struct node *v = node_strip(value);
	struct func *fn = node_function(value);
	struct policy_line *a;

	if (!v)
		return;
	field->is_stored = true;
	if (v->kind == N_CONDITIONAL && v->child) {
		for (v = v->child->next; v; v = v->next)
			learn(s, field, v);
		return;
	}
	if (fn) {
		add_role(fn, field, NULL, 0, v);
		return;
	}
	if (is_function_pointer(v->type)) {
		struct func_list *l = NULL;

		for (node_functions(s->model, s->f, v, 0, &l); l; l = l->next)
			add_role(l->func, field, NULL, 0, v);
	}
	if (v->kind == N_LITERAL && is_pointer(field->type))
		field->holds_null = true;
	if (v->kind == N_STRING)
		field->holds_string = true;
	if (v->kind == N_REF && v->type && v->type->kind == TYPE_ARRAY)
		field->holds_memory = true;
	if (v->kind == N_CALL && call_target(v)) {
		a = policy_find("alloc", call_target(v)->name);
		field->holds_memory |= a != NULL;
		if (a && !strcmp(a->arg[1], "dma"))
			field->holds_dma = true;
		else if (a && !strcmp(a->arg[1], "mmio"))
			field->holds_mmio = true;
		else if (!a)
			field->holds_other = true;
	}
	learn_record(s->model, s->f, field, v, 0);
}

void scan_init_list(struct scan *s, struct type *type, struct node *list)
{
	unsigned int i = 0;

	for (struct node *n = list->child; n; n = n->next) {
		struct field *field = NULL;
		struct node *value = node_initialiser(n, &field);

		if (value == n && type && type->kind == TYPE_RECORD && i < type->record->nfield)
			field = &type->record->field[i++];
		if (value->kind == N_INIT) {
			scan_init_list(s, field ? field->type : type && type->kind == TYPE_ARRAY ? type->target : NULL, value);
			continue;
		}
		if (field)
			learn(s, field, value);
		else if (node_function(value))
			node_function(value)->taken = true;
		if (s->f)
			scan_expr(s, value, ACC_READ);
	}
}

/* ---- pointers to plain bytes: is their length known? ---- */

/* What @at sets the whole of the variable to, or NULL. */
static struct node *local_value(const struct node *at, const struct var *v)
{
	if (at->kind == N_VAR && at->var == v)
		return at->op == OP_ASSIGN ? at->child : NULL;
	if (at->kind == N_BINARY && at->op == OP_ASSIGN && at->child->kind == N_REF && at->child->var == v)
		return at->child->next;
	return NULL;
}

static const char *unknown_bytes(struct scan *s, struct node *n, int level)
{
	struct node *b = node_strip(n);

	if (!b || level > 6)
		return NULL;
	switch (b->kind) {
	case N_MEMBER:
		if (!b->field || !is_pointer(b->field->type))
			return NULL;
		if (b->field->holds_dma || b->field->holds_mmio || (b->field->holds_string && !b->field->holds_other))
			return NULL;
		if (policy_find("points", field_name(b->field)) || policy_find("string", field_name(b->field)))
			return NULL;
		return text_format("reads memory of unknown length behind %s", field_name(b->field));
	case N_BINARY:
		if (b->op == OP_ARITH && b->child)
			return unknown_bytes(s, is_pointer(b->child->type) ? b->child : b->child->next, level + 1);
		return NULL;
	case N_CALL: {
		struct func *f = call_target(b);

		if (f && is_pointer(f->result) && is_scalar(f->result->target) && !f->has_body &&
		    !policy_find("alloc", f->name) && !policy_find("local", f->name))
			return text_format("reads memory of unknown length that %s returned", f->name);
		return NULL;
	}
	case N_REF:
		if (b->var && b->var->is_local && !b->var->is_param && is_pointer(b->var->type)) {
			struct node *at = NULL;

			while ((at = node_next(s->f->body, at))) {
				const char *why = unknown_bytes(s, local_value(at, b->var), level + 1);

				if (why)
					return why;
			}
		}
		return NULL;
	default:
		return NULL;
	}
}

/* ---- pointers to records that are used as arrays: is the array's length known? ---- */

static const char *unknown_array(struct scan *s, struct node *n, int level)
{
	struct node *b = node_strip(n), *at = NULL;
	const char *why = NULL;

	if (!b || level > 6)
		return NULL;
	if (b->kind == N_MEMBER && b->field && is_pointer(b->field->type) && !b->field->holds_memory &&
	    !b->field->holds_dma && !b->field->holds_mmio)
		return text_format("uses %s as an array, whose length is not known", field_name(b->field));
	if (b->kind == N_CALL && call_target(b) && !call_target(b)->has_body && !policy_find("alloc", call_target(b)->name) &&
	    !policy_find("local", call_target(b)->name))
		return text_format("uses what %s returned as an array, whose length is not known", call_target(b)->name);
	if (b->kind == N_REF && b->var && b->var->is_local && !b->var->is_param)
		while (!why && (at = node_next(s->f->body, at)))
			if (local_value(at, b->var))
				why = unknown_array(s, local_value(at, b->var), level + 1);
	return why;
}

static void index_record(struct scan *s, struct node *pointer, struct node *at)
{
	const char *why;

	if (!pointer || !is_pointer(pointer->type) || !pointer->type->target->record || is_opaque(pointer->type->target->record))
		return;
	why = unknown_array(s, pointer, 0);
	if (why)
		scan_mark(s, at, "array", why);
}

static void deref(struct scan *s, struct node *pointer, struct node *at)
{
	struct type *t = pointer && pointer->type ? pointer->type : NULL;
	const char *why;

	if (!is_pointer(t) || !is_scalar(t->target))
		return;
	why = unknown_bytes(s, pointer, 0);
	if (why)
		scan_mark(s, at, "pointer", why);
}

/* ---- expressions ---- */

static void whole_record(struct scan *s, struct record *r, unsigned int how, struct node *n, int level)
{
	if (level > 8 || is_opaque(r))
		return;
	for (unsigned int i = 0; i < r->nfield; i++) {
		struct type *t = type_element(r->field[i].type);

		if (t->kind == TYPE_RECORD)
			whole_record(s, t->record, how, n, level + 1);
		else
			touch(s, &r->field[i], NULL, how, n);
	}
}

/* ---- a record's address plus a number that is not known: which field, nobody knows ---- */

static bool is_byte_pointer(const struct type *t)
{
	return is_pointer(t) && (t->target->kind == TYPE_VOID || (t->target->kind == TYPE_INT && t->target->size == 1));
}

/* The record that @n points to as bytes, or NULL. */
static struct record *bytes_of(struct scan *s, struct node *n, int level)
{
	struct record *r = NULL;
	struct node *at = NULL;

	if (!n || level > 6 || !is_pointer(n->type))
		return NULL;
	if (n->type->target->record)
		return level ? n->type->target->record : NULL;
	if (!is_byte_pointer(n->type))
		return NULL;
	if (n->kind == N_REF && n->var && n->var->is_local && !n->var->is_param) {
		while (!r && (at = node_next(s->f->body, at)))
			r = bytes_of(s, local_value(at, n->var), level + 1);
		return r;
	}
	if (n->kind != N_CAST && (n->kind != N_OTHER || !n->child || n->child->next))
		return NULL;
	for (n = n->child; n && n->next;)
		n = n->next;
	return bytes_of(s, n, level + 1);
}

static bool is_constant(struct node *n)
{
	struct node *at = NULL;

	while ((at = node_next(n, at)))
		if (at->kind == N_CALL || (at->kind == N_REF && at->var))
			return false;
	return true;
}

/* Is memory written through what @n becomes? Doubt counts as yes. */
static bool is_written(struct scan *s, const struct node *n, int level)
{
	const struct node *up = n->parent, *was = n;
	struct node *at = NULL;

	for (; up && (up->kind == N_CAST || (up->kind == N_OTHER && up->child == was && !was->next)); up = up->parent)
		was = up;
	if (!up || level > 3)
		return true;
	if (up->kind == N_INDEX || (up->kind == N_UNARY && up->op == OP_DEREF)) {
		for (was = up, up = up->parent; up && (up->kind == N_CAST || up->kind == N_OTHER); up = up->parent)
			was = up;
		return up && ((up->kind == N_UNARY && up->op != OP_PLAIN) || (up->kind == N_BINARY && up->child == was &&
			      (up->op == OP_ASSIGN || up->op == OP_COMPOUND || up->op == OP_COMPOUND_BITS)));
	}
	if (up->kind != N_VAR && (up->kind != N_BINARY || up->op != OP_ASSIGN || up->child->kind != N_REF || was == up->child))
		return true;
	up = up->kind == N_VAR ? up : up->child;
	if (!up->var || !up->var->is_local)
		return true;
	while ((at = node_next(s->f->body, at)))
		if (at->kind == N_REF && at->var == up->var && !(at->parent && at->parent->kind == N_BINARY &&
		    at->parent->op == OP_ASSIGN && at->parent->child == at) && is_written(s, at, level + 1))
			return true;
	return false;
}

static void numbers(struct scan *s, struct record *r, unsigned int how, struct node *n, int level)
{
	for (unsigned int i = 0; level <= 8 && !is_opaque(r) && i < r->nfield; i++) {
		struct type *t = type_element(r->field[i].type);

		if (t->kind == TYPE_RECORD)
			numbers(s, t->record, how, n, level + 1);
		else if (t->kind == TYPE_INT || t->kind == TYPE_BOOL)
			touch(s, &r->field[i], NULL, how, n);
	}
}

/* A table of offsets, as of counters: any number of the record may be meant. */
static void some_field(struct scan *s, struct node *n)
{
	struct record *r = n->child && n->child->next && is_byte_pointer(n->type) ? bytes_of(s, n->child, 0) : NULL;

	if (r && r->is_complete && !is_constant(n->child->next))
		numbers(s, r, ACC_READ | (is_written(s, n, 0) ? ACC_WRITE : 0), n, 0);
}

/* Part of a variable of which each half has its own (policy: private). */
static bool in_private(const struct node *n)
{
	struct node *base = node_strip(n->child);

	while (base && (base->kind == N_MEMBER || (base->kind == N_UNARY && base->op == OP_ADDRESS) ||
			(base->kind == N_OTHER && base->child && !base->child->next)))
		base = node_strip(base->child);
	return base && base->kind == N_REF && base->var && base->var->type->record &&
	       policy_find("private", record_name(base->var->type->record));
}

static bool device_pointer(struct scan *s, struct node *n, int level)
{
	struct node *at = NULL;

	n = node_strip(n);
	if (!n || level > 4)
		return false;
	if (n->kind == N_MEMBER && n->field && is_pointer(n->field->type))
		return n->field->holds_mmio || n->field->holds_dma;
	if ((n->kind == N_INDEX || n->kind == N_UNARY || n->kind == N_BINARY) && n->child)
		return device_pointer(s, n->child, level + 1);
	if (n->kind == N_REF && n->var && n->var->is_local && !n->var->is_param)
		while ((at = node_next(s->f->body, at)))
			if (local_value(at, n->var) && device_pointer(s, local_value(at, n->var), level + 1))
				return true;
	return false;
}

/* A record in registers or DMA memory: both halves have the memory itself, no field crosses. */
static bool in_device(struct scan *s, const struct node *n)
{
	while (n && n->kind == N_MEMBER && !n->arrow)
		n = node_strip(n->child);
	if (n && n->kind == N_INDEX)
		return device_pointer(s, n->child, 0);
	return n && n->kind == N_MEMBER && device_pointer(s, n->child, 0);
}

/* What the kernel has put behind a void pointer is what the driver takes it for. */
static void learn_use(struct scan *s, struct node *n)
{
	struct field *f = n->field;
	struct record *as = s->f && s->f->is_own ? plan_result(s->f, n) : NULL;

	if (!is_pointer(f->type) || f->type->target->kind != TYPE_VOID || !as)
		return;
	if (f->read_as && f->read_as != as)
		f->read_as_many = true;
	f->read_as = as;
	if (f->read_as_many && !f->is_stored)
		scan_mark(s, n, "void pointer", text_format("takes %s for a %s, and elsewhere for another record", field_name(f),
							    as->name));
}

/* What a member of a union holds: 1 numbers, 2 pointers, 3 both. */
static int content(const struct type *t, int level)
{
	int all = 0;

	t = type_element(t);
	if (t->kind != TYPE_RECORD)
		return t->kind == TYPE_POINTER ? 2 : 1;
	for (unsigned int i = 0; level < 8 && !is_opaque(t->record) && i < t->record->nfield; i++)
		all |= content(t->record->field[i].type, level + 1);
	return all;
}

/* Each to a record, and not to the same: a pointer from the kernel half could be either. */
static bool points_elsewhere(const struct type *a, const struct type *b)
{
	return is_pointer(a) && is_pointer(b) && a->target->record && b->target->record && a->target->record != b->target->record;
}

/* Which of them is there only the driver knows: a pointer crosses as a handle, a number as it is. */
static void in_union(struct scan *s, struct node *n)
{
	struct field *f = n->field;

	f->used |= s->f->is_own;
	for (unsigned int i = 0; s->f->is_own && f->in->is_union && i < f->in->nfield; i++) {
		struct field *other = &f->in->field[i];

		if (other == f || !other->used)
			continue;
		if ((content(f->type, 0) | content(other->type, 0)) == 3)
			scan_mark(s, n, "union", text_format("uses %s, in whose place %s has a pointer or a number", field_name(f),
							     *other->name ? other->name : "another member"));
		else if (points_elsewhere(f->type, other->type))
			scan_mark(s, n, "union", text_format("uses %s, in whose place %s points to another record", field_name(f),
							     other->name));
		else
			continue;
		return;
	}
}

static void member(struct scan *s, struct node *n, unsigned int how)
{
	struct field *f = n->field;
	struct type *t;

	if (!n->child || in_private(n))		/* a designator, or offsetof's member */
		return;
	scan_expr(s, n->child, n->arrow ? ACC_READ : HOW_BASE);
	if (!f)
		return;
	if (how & ACC_READ)
		learn_use(s, n);
	t = type_element(f->type);
	if (is_opaque(f->in)) {
		scan_mark(s, n, "opaque type", text_format("touches %s.%s, which stays in the kernel", f->in->name, f->name));
		return;
	}
	if (in_device(s, n))
		return;
	in_union(s, n);
	if (s->f->is_own && f->in->is_own && f->type->kind == TYPE_ARRAY && !f->type->count) {
		scan_mark(s, n, "flexible array", text_format("uses %s, an array whose length is not known", field_name(f)));
		return;
	}
	if (t->kind == TYPE_RECORD) {
		if (is_opaque(t->record)) {
			if (!(how & (HOW_ADDRESS | HOW_BASE)))
				scan_mark(s, n, "opaque type", text_format("copies a %s, which stays in the kernel", t->record->name));
		} else if (how & 7) {
			if (f->type->kind != TYPE_ARRAY)
				whole_record(s, t->record, how, n, 0);
		}
		return;
	}
	if (how & HOW_ADDRESS)
		how = ACC_READ | ACC_WRITE;
	else if (f->type->kind == TYPE_ARRAY && !(how & HOW_BASE))
		how |= ACC_READ | ACC_WRITE;
	touch(s, f, NULL, how & HOW_BASE ? (how & 7 ? how : ACC_READ | ACC_WRITE) : how, n);
}

static void reference(struct scan *s, struct node *n, unsigned int how)
{
	if (n->func) {
		edge(s, n->func, NULL, false);
		return;
	}
	if (n->var && !n->var->is_local) {
		if (how & HOW_ADDRESS)
			how = ACC_READ | ACC_WRITE;
		if (how & HOW_BASE && !(how & 7))
			how = ACC_READ;
		if (n->var->type->kind == TYPE_ARRAY || n->var->type->kind == TYPE_RECORD)
			how |= ACC_READ | (n->var->is_const ? 0 : ACC_WRITE);
		touch(s, NULL, n->var, how, n);
	}
}

static bool runs_here(const struct func *f)
{
	return policy_find("local", f->name) || !strncmp(f->name, "__builtin_", 10) ||
	       (f->has_body && !policy_find("downcall", f->name));
}

static void call(struct scan *s, struct node *n)
{
	struct func *f = call_target(n);
	struct node *callee = node_strip(n->child), *arg;
	unsigned int i = 0;

	if (f) {
		edge(s, f, n, false);
		scan_lock_call(s, f, n);
	} else if (callee && callee->kind == N_MEMBER && callee->field) {
		scan_expr(s, callee, ACC_READ);
		if (!callee->field->in->is_own && !callee->field->stored)
			scan_mark(s, n, "indirect call", text_format("calls through %s.%s, whose targets are not known",
								 callee->field->in->name, callee->field->name));
		edge(s, NULL, n, true);
	} else {
		scan_expr(s, n->child, ACC_READ);
		edge(s, NULL, n, true);
		if (s->f->is_own)
			scan_mark(s, n, "indirect call", "calls through a pointer whose targets are not known");
	}
	for (arg = n->child ? n->child->next : NULL; arg; arg = arg->next, i++) {
		struct node *v = node_strip(arg);
		struct func *fn = node_function(arg);

		if (f && v && (fn || is_function_pointer(v->type))) {
			struct func_list *l = NULL;

			for (node_functions(s->model, s->f, arg, 0, &l); l; l = l->next)
				add_role(l->func, NULL, f, i, v);
		}
		/* a record handed as plain memory to code that runs in this half */
		if (f && runs_here(f) && i < f->nparam && is_pointer(f->param[i].type) && v && is_pointer(v->type)) {
			if (is_scalar(f->param[i].type->target) && v->type->target->record)
				whole_record(s, v->type->target->record,
					     ACC_READ | (f->param[i].type->target_const ? 0 : ACC_WRITE), v, 0);
			else if (is_scalar(f->param[i].type->target))
				deref(s, arg, n);
		}
		scan_expr(s, arg, ACC_READ);
	}
}

static void cast(struct scan *s, struct node *n)
{
	struct node *v = n->child;
	struct record *to = is_pointer(n->type) ? n->type->target->record : NULL, *from;

	while (v && v->next)
		v = v->next;
	from = v && is_pointer(v->type) ? v->type->target->record : NULL;
	if (to && from && to != from && !(from->nfield && from->field[0].type == to->type) &&
	    !(to->nfield && to->field[0].type == from->type) && !is_opaque(to) && !is_opaque(from) &&
	    !policy_find("overlay", record_name(to)))
		scan_mark(s, n, "cast", text_format("casts %s to %s", from->name, to->name));
	/* a record read as an array of numbers */
	if (v && is_pointer(n->type) && n->type->target->kind == TYPE_INT && n->type->target->size > 1 && from &&
	    n->parent && (n->parent->kind == N_INDEX || n->parent->kind == N_OTHER || n->parent->kind == N_VAR))
		whole_record(s, from, ACC_READ | ACC_WRITE, n, 0);
}

void scan_expr(struct scan *s, struct node *n, unsigned int how)
{
	if (!n)
		return;
	switch (n->kind) {
	case N_BINARY:
		if (n->op == OP_ASSIGN || n->op == OP_COMPOUND || n->op == OP_COMPOUND_BITS) {
			struct node *l = node_strip(n->child);

			scan_expr(s, n->child, n->op == OP_ASSIGN ? ACC_WRITE :
			     n->op == OP_COMPOUND ? ACC_READ | ACC_WRITE : ACC_READ | ACC_WRITE | ACC_MERGE);
			if (n->op == OP_COMPOUND)
				index_record(s, n->child, n);
			if (n->op == OP_ASSIGN && l && l->kind == N_MEMBER && l->field && n->child)
				learn(s, l->field, n->child->next);
			scan_expr(s, n->child ? n->child->next : NULL, ACC_READ);
			return;
		}
		if (n->op == OP_ARITH && n->child && is_pointer(n->type)) {
			index_record(s, n->child, n);
			some_field(s, n);
		}
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, ACC_READ);
		return;
	case N_UNARY:
		if (n->op == OP_ADDRESS)
			scan_expr(s, n->child, HOW_ADDRESS);
		else if (n->op == OP_INCDEC) {
			scan_expr(s, n->child, ACC_READ | ACC_WRITE);
			index_record(s, n->child, n);
		}
		else if (n->op == OP_DEREF) {
			scan_expr(s, n->child, ACC_READ);
			deref(s, n->child, n);
			if (n->type && n->type->kind == TYPE_RECORD && how & 7)
				whole_record(s, n->type->record, how, n, 0);
		} else
			scan_expr(s, n->child, how & HOW_ADDRESS ? how : ACC_READ);
		return;
	case N_MEMBER:
		member(s, n, how);
		return;
	case N_REF:
		reference(s, n, how);
		return;
	case N_INDEX:
		if (n->child && n->child->type && n->child->type->kind == TYPE_ARRAY)
			scan_expr(s, n->child, how & (HOW_ADDRESS | HOW_BASE) ? HOW_BASE : how | HOW_BASE);
		else {
			scan_expr(s, n->child, ACC_READ);
			deref(s, n->child, n);
			index_record(s, n->child, n);
		}
		if (n->type && n->type->kind == TYPE_RECORD && how & 7)
			whole_record(s, n->type->record, how, n, 0);
		scan_expr(s, n->child ? n->child->next : NULL, ACC_READ);
		return;
	case N_CALL:
		call(s, n);
		return;
	case N_CAST:
		cast(s, n);
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, how);
		return;
	case N_INIT:
		scan_init_list(s, n->type, n);
		return;
	case N_STMTEXPR:
	case N_COMPOUND: case N_DO: case N_IF: case N_FOR: case N_WHILE: case N_SWITCH: case N_DECL:
		for (struct node *c = n->kind == N_STMTEXPR ? n->child : NULL; c; c = c->next)
			scan_stmt(s, c);
		if (n->kind != N_STMTEXPR)
			scan_stmt(s, n);
		return;
	case N_ASM:
		if (!policy_find("asm", "any")) {
			bool known = false;

			for (struct policy_line *l = policy_all(); l; l = l->next)
				if (!strcmp(l->word, "asm") && strstr(n->text, l->arg[0]))
					known = true;
			if (!known && !strstr(n->text, "(\"\"") && !strstr(n->text, "\"\" :") && !strstr(n->text, "\"\":"))
				scan_mark(s, n, "assembler", "inline assembler");
		}
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, ACC_READ | ACC_WRITE);
		return;
	case N_SIZEOF:
		return;
	case N_CONDITIONAL:
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, c == n->child ? ACC_READ : how);
		return;
	default:
		if (n->child && !n->child->next) {	/* parenthesis and the like */
			scan_expr(s, n->child, how);
			return;
		}
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, ACC_READ);
	}
}

/* True if what its callers must know of its locks has changed. */
static bool scan(struct model *model, struct func *f)
{
	struct scan s = { .model = model, .f = f, .break_depth = -1 };

	f->accesses = NULL;
	f->callees = NULL;
	f->mark = NULL;
	f->regions = NULL;
	if (!scan_stmt(&s, f->body) && s.depth > 0)
		s.holds = true;
	if (f->lock_effect == s.holds - s.releases)
		return false;
	f->lock_effect = s.holds - s.releases;
	return true;
}

void scan_all(struct model *model)
{
	struct scan s = { .model = model };

	/* at least twice: what is learnt of fields in one function is used in all */
	for (struct var *v = model->var; v; v = v->next) {
		struct func *f = v->init ? node_function(v->init) : NULL;

		if (f)
			f->taken = true;
		else if (v->init && v->init->kind == N_INIT)
			scan_init_list(&s, v->type, v->init);
	}
	for (int pass = 0, changed = 1; pass < 2 || (changed && pass < PASSES_MAX); pass++) {
		learnt = false;
		changed = 0;
		for (struct func *f = model->func; f; f = f->next)
			if (f->body)
				changed |= scan(model, f);
		changed |= learnt;
	}
}
