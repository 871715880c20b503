// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "scan.h"
#include "text.h"

#define HOW_ADDRESS	64	/* only the address is formed */
#define PASSES_MAX	8
#define HOW_BASE	128	/* left part of a longer path */

struct label {
	const char *name;
	int depth;
	struct label *next;
};

struct scan {
	struct model *model;
	struct func *f;
	int depth;			/* locks held here */
	struct label *label;
	int break_depth;		/* of the innermost switch or loop, -1: none seen */
	struct node *region_first;
	bool holds, releases;		/* returns with a lock, releases one that it did not take */
};

static void expr(struct scan *s, struct node *n, unsigned int how);
static bool stmt(struct scan *s, struct node *n);

/* ---- small questions ---- */

struct node *node_strip(struct node *n)
{
	while (n && n->child) {
		if (n->kind == N_CAST || (n->kind == N_OTHER && !n->child->next && n->type)) {
			/* a cast's type operand leaves no node: the operand is the last child */
			n = n->child;
			while (n->next)
				n = n->next;
			continue;
		}
		if (n->kind == N_UNARY && n->op == OP_PLAIN && !n->child->next && n->type == n->child->type) {
			n = n->child;
			continue;
		}
		break;
	}
	return n;
}

struct func *call_target(const struct node *call)
{
	struct node *n = node_strip(call->child);

	while (n && n->kind == N_UNARY && n->op == OP_DEREF)
		n = node_strip(n->child);
	return n && n->kind == N_REF ? n->func : NULL;
}

struct node *call_arg(const struct node *call, unsigned int i)
{
	struct node *n = call->child ? call->child->next : NULL;

	while (n && i--)
		n = n->next;
	return n;
}

struct region *node_region(const struct func *f, const struct node *n)
{
	for (struct region *r = f->regions; r; r = r->next)
		if (n->start >= r->first->start && n->end <= r->last->end)
			return r;
	return NULL;
}

static bool is_statement(const struct node *n)
{
	return n->kind >= N_COMPOUND && n->kind <= N_NULL && n->kind != N_VAR && n->kind != N_CASE &&
	       n->kind != N_DEFAULT && n->kind != N_LABEL;
}

static bool in_list(const struct node *n)
{
	return n->parent && (n->parent->kind == N_COMPOUND || n->parent->kind == N_CASE ||
			     n->parent->kind == N_DEFAULT || n->parent->kind == N_LABEL);
}

/* A statement that hangs on an if or a loop, as opposed to their conditions. */
static bool is_branch(const struct node *n)
{
	const struct node *p = n->parent;

	if (!p)
		return false;
	if (p->kind == N_IF)
		return n != p->child;
	if (p->kind == N_DO)
		return n == p->child;
	return (p->kind == N_FOR || p->kind == N_WHILE) && !n->next;
}

struct node *node_statement(const struct func *f, struct node *n)
{
	const char *text = f->tu->text;
	struct node *best = NULL;

	for (; n && n != f->body; n = n->parent) {
		if (!is_statement(n) && n->parent != f->body && !in_list(n) && !is_branch(n))
			continue;
		if (best && memchr(text + n->start, '\n', n->end - n->start))
			break;
		if (n->kind == N_CASE || n->kind == N_DEFAULT || n->kind == N_LABEL)
			break;
		best = n;
	}
	return best;
}

static void mark(struct scan *s, struct node *n, const char *construct, const char *reason)
{
	struct mark *m = calloc(1, sizeof(*m)), **at = &s->f->mark;

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
	struct access *a = calloc(1, sizeof(*a));

	a->field = field;
	a->var = var;
	a->how = how & 7;
	a->node = n;
	a->next = s->f->accesses;
	s->f->accesses = a;
}

static void edge(struct scan *s, struct func *callee, struct node *call, bool indirect)
{
	struct edge *e = calloc(1, sizeof(*e));

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
	r = calloc(1, sizeof(*r));
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
		l = calloc(1, sizeof(*l));
		l->func = f;
		l->next = field->stored;
		field->stored = l;
	}
}

/* The function whose address @n is, or NULL. ?: gives the first; both are added by the caller. */
static struct func *address_of_function(struct node *n)
{
	n = node_strip(n);
	if (n && n->kind == N_UNARY && n->op == OP_ADDRESS)
		n = node_strip(n->child);
	return n && n->kind == N_REF ? n->func : NULL;
}

/* Is @n the variable, or part of what it is set to in @f? Gives the value, or NULL. */
static struct node *value_of(struct node *n, const struct var *v)
{
	struct node *l;

	if (n->kind == N_VAR && n->var == v)
		return n->child;
	if (n->kind != N_BINARY || n->op != OP_ASSIGN)
		return NULL;
	l = node_strip(n->child);
	while (l && l->kind == N_INDEX)
		l = node_strip(l->child);
	return l && l->kind == N_REF && l->var == v ? n->child->next : NULL;
}

static void values_add(struct func *f, struct func_list **out)
{
	struct func_list *l;

	for (l = *out; l; l = l->next)
		if (l->func == f)
			return;
	l = calloc(1, sizeof(*l));
	l->func = f;
	l->next = *out;
	*out = l;
}

/* Functions whose address @n may be, in the body of @f: through variables, parameters, tables, results. */
static void values(struct model *model, struct func *f, struct node *n, int level, struct func_list **out)
{
	struct func *fn = address_of_function(n);
	struct node *v = node_strip(n), *at = NULL;
	struct func_list *l;

	if (fn) {
		values_add(fn, out);
		return;
	}
	while (v && v->kind == N_INDEX)
		v = node_strip(v->child);
	if (!v || level > 6)
		return;
	if (v->kind == N_INIT || v->kind == N_CONDITIONAL || v->kind == N_OTHER || v->kind == N_STMTEXPR) {
		for (at = v->kind == N_CONDITIONAL ? v->child->next : v->child; at; at = at->next)
			values(model, f, at, level + 1, out);
	} else if (v->kind == N_MEMBER && v->field) {
		for (l = v->field->stored; l; l = l->next)
			values_add(l->func, out);
	} else if (v->kind == N_CALL && call_target(v) && call_target(v)->body) {
		while ((at = node_next(call_target(v)->body, at)))
			if (at->kind == N_RETURN && at->child)
				values(model, call_target(v), at->child, level + 1, out);
	} else if (v->kind == N_REF && v->var && v->var->init) {
		values(model, f, v->var->init, level + 1, out);
	} else if (v->kind == N_REF && v->var && f) {
		while ((at = node_next(f->body, at)))
			if (value_of(at, v->var))
				values(model, f, value_of(at, v->var), level + 1, out);
		for (unsigned int i = 0; i < f->nparam && v->var->is_param; i++)
			for (struct func *g = model->func; g && f->param[i].var == v->var; g = g->next)
				for (struct role *r = g->role; r; r = r->next)
					if (r->callee == f && r->arg == i)
						values_add(g, out);
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

static void learn(struct scan *s, struct field *field, struct node *value)
{
	struct node *v = node_strip(value);
	struct func *fn = address_of_function(value);
	struct policy_line *a;

	if (!v)
		return;
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

		for (values(s->model, s->f, v, 0, &l); l; l = l->next)
			add_role(l->func, field, NULL, 0, v);
	}
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
	if (is_pointer(v->type) && v->type->target->record) {
		if (field->holds && field->holds != v->type->target)
			field->holds_many = true;
		field->holds = v->type->target;
	}
}

static void init_list(struct scan *s, struct type *type, struct node *list)
{
	unsigned int i = 0;

	for (struct node *n = list->child; n; n = n->next) {
		struct node *value = n;
		struct field *field = NULL;

		if (n->kind == N_OTHER && n->child && n->child->kind == N_MEMBER && !n->child->child) {
			field = n->child->field;
			while (value->child && value == n)
				value = value->child;
			while (value->next)
				value = value->next;
		} else if (type && type->kind == TYPE_RECORD && i < type->record->nfield) {
			field = &type->record->field[i++];
		}
		if (value->kind == N_INIT) {
			init_list(s, field ? field->type : type && type->kind == TYPE_ARRAY ? type->target : NULL, value);
			continue;
		}
		if (field)
			learn(s, field, value);
		else if (address_of_function(value))
			address_of_function(value)->taken = true;
		if (s->f)
			expr(s, value, ACC_READ);
	}
}

/* ---- pointers to plain bytes: is their length known? ---- */

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
				const char *why = NULL;

				if (at->kind == N_VAR && at->var == b->var && at->child)
					why = unknown_bytes(s, at->child, level + 1);
				else if (at->kind == N_BINARY && at->op == OP_ASSIGN && at->child->kind == N_REF &&
					 at->child->var == b->var)
					why = unknown_bytes(s, at->child->next, level + 1);
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

static struct node *local_value(const struct node *at, const struct var *v)
{
	if (at->kind == N_VAR && at->var == v)
		return at->child;
	if (at->kind == N_BINARY && at->op == OP_ASSIGN && at->child->kind == N_REF && at->child->var == v)
		return at->child->next;
	return NULL;
}

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
		mark(s, at, "array", why);
}

static void deref(struct scan *s, struct node *pointer, struct node *at)
{
	struct type *t = pointer && pointer->type ? pointer->type : NULL;
	const char *why;

	if (!is_pointer(t) || !is_scalar(t->target))
		return;
	why = unknown_bytes(s, pointer, 0);
	if (why)
		mark(s, at, "pointer", why);
}

/* ---- expressions ---- */

static void whole_record(struct scan *s, struct record *r, unsigned int how, struct node *n, int level)
{
	if (level > 8 || is_opaque(r))
		return;
	for (unsigned int i = 0; i < r->nfield; i++) {
		struct type *t = r->field[i].type;

		while (t->kind == TYPE_ARRAY)
			t = t->target;
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
		struct type *t = r->field[i].type;

		while (t->kind == TYPE_ARRAY)
			t = t->target;
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

static void member(struct scan *s, struct node *n, unsigned int how)
{
	struct field *f = n->field;
	struct type *t;

	if (!n->child || in_private(n))		/* a designator, or offsetof's member */
		return;
	expr(s, n->child, n->arrow ? ACC_READ : HOW_BASE);
	if (!f)
		return;
	t = f->type;
	while (t->kind == TYPE_ARRAY)
		t = t->target;
	if (is_opaque(f->in)) {
		mark(s, n, "opaque type", text_format("touches %s.%s, which stays in the kernel", f->in->name, f->name));
		return;
	}
	if (in_device(s, n))
		return;
	if (t->kind == TYPE_RECORD) {
		if (is_opaque(t->record)) {
			if (!(how & (HOW_ADDRESS | HOW_BASE)))
				mark(s, n, "opaque type", text_format("copies a %s, which stays in the kernel", t->record->name));
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
	return policy_find("local", f->name) || (f->has_body && !policy_find("downcall", f->name));
}

static void lock_call(struct scan *s, const struct func *f, struct node *n)
{
	int effect = policy_find("lock", f->name) ? 1 : policy_find("unlock", f->name) ? -1 : f->lock_effect;

	if (effect < 0 && s->depth == 0) {
		s->releases = true;
		mark(s, n, "lock", "releases a lock that it did not take");
	} else {
		s->depth += effect;
	}
}

static void call(struct scan *s, struct node *n)
{
	struct func *f = call_target(n);
	struct node *callee = node_strip(n->child), *arg;
	unsigned int i = 0;

	if (f) {
		edge(s, f, n, false);
		lock_call(s, f, n);
	} else if (callee && callee->kind == N_MEMBER && callee->field) {
		expr(s, callee, ACC_READ);
		if (!callee->field->in->is_own && !callee->field->stored)
			mark(s, n, "indirect call", text_format("calls through %s.%s, whose targets are not known",
								 callee->field->in->name, callee->field->name));
		edge(s, NULL, n, true);
	} else {
		expr(s, n->child, ACC_READ);
		edge(s, NULL, n, true);
		if (s->f->is_own)
			mark(s, n, "indirect call", "calls through a pointer whose targets are not known");
	}
	for (arg = n->child ? n->child->next : NULL; arg; arg = arg->next, i++) {
		struct node *v = node_strip(arg);
		struct func *fn = address_of_function(arg);

		if (f && v && (fn || is_function_pointer(v->type))) {
			struct func_list *l = NULL;

			for (values(s->model, s->f, arg, 0, &l); l; l = l->next)
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
		expr(s, arg, ACC_READ);
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
		mark(s, n, "cast", text_format("casts %s to %s", from->name, to->name));
	/* a record read as an array of numbers */
	if (v && is_pointer(n->type) && n->type->target->kind == TYPE_INT && n->type->target->size > 1 && from &&
	    n->parent && (n->parent->kind == N_INDEX || n->parent->kind == N_OTHER || n->parent->kind == N_VAR))
		whole_record(s, from, ACC_READ | ACC_WRITE, n, 0);
}

static void expr(struct scan *s, struct node *n, unsigned int how)
{
	if (!n)
		return;
	switch (n->kind) {
	case N_BINARY:
		if (n->op == OP_ASSIGN || n->op == OP_COMPOUND || n->op == OP_COMPOUND_BITS) {
			struct node *l = node_strip(n->child);

			expr(s, n->child, n->op == OP_ASSIGN ? ACC_WRITE :
			     n->op == OP_COMPOUND ? ACC_READ | ACC_WRITE : ACC_READ | ACC_WRITE | ACC_MERGE);
			if (n->op == OP_COMPOUND)
				index_record(s, n->child, n);
			if (n->op == OP_ASSIGN && l && l->kind == N_MEMBER && l->field && n->child)
				learn(s, l->field, n->child->next);
			expr(s, n->child ? n->child->next : NULL, ACC_READ);
			return;
		}
		if (n->op == OP_ARITH && n->child && is_pointer(n->type)) {
			index_record(s, n->child, n);
			some_field(s, n);
		}
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, ACC_READ);
		return;
	case N_UNARY:
		if (n->op == OP_ADDRESS)
			expr(s, n->child, HOW_ADDRESS);
		else if (n->op == OP_INCDEC) {
			expr(s, n->child, ACC_READ | ACC_WRITE);
			index_record(s, n->child, n);
		}
		else if (n->op == OP_DEREF) {
			expr(s, n->child, ACC_READ);
			deref(s, n->child, n);
			if (n->type && n->type->kind == TYPE_RECORD && how & 7)
				whole_record(s, n->type->record, how, n, 0);
		} else
			expr(s, n->child, how & HOW_ADDRESS ? how : ACC_READ);
		return;
	case N_MEMBER:
		member(s, n, how);
		return;
	case N_REF:
		reference(s, n, how);
		return;
	case N_INDEX:
		if (n->child && n->child->type && n->child->type->kind == TYPE_ARRAY)
			expr(s, n->child, how & (HOW_ADDRESS | HOW_BASE) ? HOW_BASE : how | HOW_BASE);
		else {
			expr(s, n->child, ACC_READ);
			deref(s, n->child, n);
			index_record(s, n->child, n);
		}
		if (n->type && n->type->kind == TYPE_RECORD && how & 7)
			whole_record(s, n->type->record, how, n, 0);
		expr(s, n->child ? n->child->next : NULL, ACC_READ);
		return;
	case N_CALL:
		call(s, n);
		return;
	case N_CAST:
		cast(s, n);
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, how);
		return;
	case N_INIT:
		init_list(s, n->type, n);
		return;
	case N_STMTEXPR:
	case N_COMPOUND: case N_DO: case N_IF: case N_FOR: case N_WHILE: case N_SWITCH: case N_DECL:
		for (struct node *c = n->kind == N_STMTEXPR ? n->child : NULL; c; c = c->next)
			stmt(s, c);
		if (n->kind != N_STMTEXPR)
			stmt(s, n);
		return;
	case N_ASM:
		if (!policy_find("asm", "any")) {
			bool known = false;

			for (struct policy_line *l = policy_all(); l; l = l->next)
				if (!strcmp(l->word, "asm") && strstr(n->text, l->arg[0]))
					known = true;
			if (!known && !strstr(n->text, "(\"\"") && !strstr(n->text, "\"\" :") && !strstr(n->text, "\"\":"))
				mark(s, n, "assembler", "inline assembler");
		}
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, ACC_READ | ACC_WRITE);
		return;
	case N_SIZEOF:
		return;
	case N_CONDITIONAL:
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, c == n->child ? ACC_READ : how);
		return;
	default:
		if (n->child && !n->child->next) {	/* parenthesis and the like */
			expr(s, n->child, how);
			return;
		}
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, ACC_READ);
	}
}

/* ---- statements: locks and their regions ---- */

static struct label *label_of(struct scan *s, const char *name)
{
	struct label *l;

	for (l = s->label; l; l = l->next)
		if (!strcmp(l->name, name))
			return l;
	l = calloc(1, sizeof(*l));
	l->name = name;
	l->depth = -1;
	l->next = s->label;
	s->label = l;
	return l;
}

static struct node *unwrap(struct node *n)
{
	while (n && (n->kind == N_CASE || n->kind == N_DEFAULT || n->kind == N_LABEL)) {
		struct node *c = n->child;

		if (!c)
			break;
		while (c->next)
			c = c->next;
		n = c;
	}
	return n;
}

static void add_region(struct scan *s, struct node *first, struct node *last, const char *why)
{
	struct region *r = calloc(1, sizeof(*r)), **at = &s->f->regions;

	r->in = s->f;
	r->first = unwrap(first);
	r->last = last;
	r->why = why;
	r->down = -1;
	while (*at)
		at = &(*at)->next;
	*at = r;
}

/* Statements of a block in order; true if the end is not reached. */
static bool block(struct scan *s, struct node *n)
{
	struct node *first = NULL;
	bool ends = false;
	int outer = s->depth;

	for (struct node *c = n->child; c; c = c->next) {
		int before = s->depth;

		ends = stmt(s, c);
		if (outer == 0 && before == 0 && s->depth > 0 && !first)
			first = c;
		if (first && s->depth == 0 && outer == 0) {
			add_region(s, first, c, "takes a lock");
			first = NULL;
		}
	}
	if (first && !ends)
		mark(s, first, "lock", "a lock is held at the end of a block");
	else if (first)
		mark(s, first, "lock", "a lock's region ends in a jump");
	return ends;
}

/* 1: what a condition locks is locked if it is true; -1: if it is not; 0: who knows. */
static int sense(const struct scan *s, struct node *n)
{
	int sign = 1;

	while (n) {
		if (n->kind == N_CAST || n->kind == N_OTHER) {
			for (n = n->child; n && n->next; )
				n = n->next;
		} else if (n->kind == N_UNARY && s->f->tu->text[n->start] == '!') {
			sign = -sign;
			n = n->child;
		} else if (n->kind == N_CALL && call_target(n) && !strcmp(call_target(n)->name, "__builtin_expect")) {
			n = call_arg(n, 0);
		} else if (n->kind == N_BINARY && n->op == OP_LOGIC) {
			return sign > 0 && memmem(s->f->tu->text + n->child->end,
						  n->child->next->start - n->child->end, "&&", 2);
		} else {
			return n->kind == N_CALL || n->kind == N_STMTEXPR || n->kind == N_CONDITIONAL ? sign : 0;
		}
	}
	return 0;
}

static bool branch(struct scan *s, struct node *n)
{
	struct node *c = n->child, *then, *other;
	int before = s->depth, d_then, d_other, d1;
	bool e1, e2 = false;

	expr(s, c, ACC_READ);
	d_then = d_other = s->depth;
	if (s->depth > before) {	/* an attempt to lock */
		int sign = sense(s, c);

		if (!sign)
			mark(s, n, "lock", "may take a lock in a condition");
		else if (sign > 0)
			d_other = before;
		else
			d_then = before;
	}
	then = c ? c->next : NULL;
	other = then ? then->next : NULL;
	s->depth = d_then;
	e1 = stmt(s, then);
	d1 = s->depth;
	s->depth = d_other;
	if (other)
		e2 = stmt(s, other);
	if (e2 && !e1)
		s->depth = d1;
	else if (!e1 && !e2 && d1 != s->depth) {
		mark(s, n, "lock", "a lock is taken or released in one branch only");
		s->depth = d1 > s->depth ? d1 : s->depth;
	}
	return e1 && e2;
}

static void loop(struct scan *s, struct node *n)
{
	int d0 = s->depth, saved = s->break_depth;

	s->break_depth = -1;
	for (struct node *c = n->child; c; c = c->next)
		stmt(s, c);
	if (s->depth != d0 && s->depth > 0)
		mark(s, n, "lock", "a lock is held across turns of a loop");
	if (s->break_depth > d0)
		mark(s, n, "lock", "a loop is left with a lock held");
	s->depth = d0;
	s->break_depth = saved;
}

static void switch_(struct scan *s, struct node *n)
{
	int d0, saved = s->break_depth;
	struct node *body = n->child;

	s->break_depth = -1;
	for (; body && body->next; body = body->next)
		expr(s, body, ACC_READ);
	d0 = s->depth;
	if (body && body->kind == N_COMPOUND) {
		struct node *first = NULL;

		for (struct node *c = body->child; c; c = c->next) {
			int before;

			if (c->kind == N_CASE || c->kind == N_DEFAULT) {
				if (first)
					mark(s, first, "lock", "a lock is held from one case into the next");
				s->depth = d0;
				first = NULL;
			}
			before = s->depth;
			stmt(s, c);
			if (d0 == 0 && before == 0 && s->depth > 0 && !first)
				first = c;
			if (first && s->depth == 0) {
				add_region(s, first, c, "takes a lock");
				first = NULL;
			}
		}
	} else {
		stmt(s, body);
	}
	if (s->break_depth > d0)
		mark(s, n, "lock", "a switch is left with a lock held");
	s->depth = d0;
	s->break_depth = saved;
}

/* do { ... } while (0), the shape of a macro: its locks belong to the statements around it. */
static bool once(struct scan *s, struct node *n)
{
	struct node *body = n->child, *c;
	bool ends = false;

	if (body->kind != N_COMPOUND)
		return stmt(s, body);
	for (c = body->child; c; c = c->next)
		ends = stmt(s, c);
	return ends;
}

static bool is_once(const struct scan *s, const struct node *n)
{
	const struct node *last = n->child;

	while (last && last->next)
		last = last->next;
	return last && last != n->child && last->end - last->start == 1 && s->f->tu->text[last->start] == '0';
}

static bool stmt(struct scan *s, struct node *n)
{
	struct label *l;
	bool ends = false;

	if (!n)
		return false;
	switch (n->kind) {
	case N_COMPOUND:
		return block(s, n);
	case N_IF:
		return branch(s, n);
	case N_DO:
		if (is_once(s, n))
			return once(s, n);
		/* fall through */
	case N_FOR: case N_WHILE:
		loop(s, n);
		return false;
	case N_SWITCH:
		switch_(s, n);
		return false;
	case N_CASE: case N_DEFAULT:
		for (struct node *c = n->child; c; c = c->next)
			ends = stmt(s, c);
		return ends;
	case N_LABEL:
		l = label_of(s, n->text);
		if (l->depth > s->depth)
			s->depth = l->depth;
		l->depth = s->depth;
		for (struct node *c = n->child; c; c = c->next)
			ends = stmt(s, c);
		return ends;
	case N_GOTO:
		l = label_of(s, n->text);
		if (l->depth >= 0 && l->depth != s->depth)
			mark(s, n, "lock", "jumps reach a label with different locks held");
		if (s->depth > l->depth)
			l->depth = s->depth;
		return true;
	case N_INDIRECT_GOTO:
		mark(s, n, "goto", "computed goto");
		return true;
	case N_RETURN:
		for (struct node *c = n->child; c; c = c->next)
			expr(s, c, ACC_READ);
		if (s->depth > 0) {
			mark(s, n, "lock", "returns with a lock held");
			s->holds = true;
		}
		return true;
	case N_BREAK: case N_CONTINUE:
		if (s->depth > s->break_depth)
			s->break_depth = s->depth;
		return true;
	case N_DECL:
		if (memmem(s->f->tu->text + n->start, n->end - n->start, "cleanup", 7))
			mark(s, n, "cleanup", "runs a function when a variable goes out of scope");
		for (struct node *c = n->child; c; c = c->next)
			stmt(s, c);
		return false;
	case N_VAR:
		for (struct node *c = n->child; c; c = c->next) {
			if (c->kind == N_INIT)
				init_list(s, n->type, c);
			else
				expr(s, c, ACC_READ);
		}
		return false;
	case N_NULL:
		return false;
	default:
		expr(s, n, ACC_READ);
		if (n->kind == N_CALL && call_target(n) && policy_find("noreturn", call_target(n)->name))
			return true;
		return false;
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
	if (!stmt(&s, f->body) && s.depth > 0)
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
	for (struct var *v = model->var; v; v = v->next)
		if (v->init && v->init->kind == N_INIT)
			init_list(&s, v->type, v->init);
	for (int pass = 0, changed = 1; pass < 2 || (changed && pass < PASSES_MAX); pass++) {
		learnt = false;
		changed = 0;
		for (struct func *f = model->func; f; f = f->next)
			if (f->body)
				changed |= scan(model, f);
		changed |= learnt;
	}
}
