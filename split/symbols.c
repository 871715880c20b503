// SPDX-License-Identifier: GPL-2.0
/*
 * A value is followed to what it is made of: through variables, parameters, results and fields of the
 * driver's own, whichever half stores there. Where that ends, every symbol of its type may be meant.
 */
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "scanning.h"
#include "symbols.h"
#include "xalloc.h"

/* One question: the answer, and the variables and fields that were followed already. */
struct search {
	const struct plan *plan;
	struct plan_symbols *out;
	const void **seen;
	unsigned int nseen;
};

static bool is_new(struct search *s, const void *what)
{
	for (unsigned int i = 0; i < s->nseen; i++)
		if (s->seen[i] == what)
			return false;
	s->seen = xrealloc(s->seen, (s->nseen + 1) * sizeof(*s->seen));
	s->seen[s->nseen++] = what;
	return true;
}

static void add_id(struct search *s, int id)
{
	struct plan_symbols *out = s->out;

	if (id < 0) {
		out->only = false;
		return;
	}
	for (unsigned int i = 0; i < out->n; i++)
		if (out->id[i] == (unsigned int)id)
			return;
	out->id = xrealloc(out->id, (out->n + 1) * sizeof(*out->id));
	out->id[out->n++] = id;
}

static bool is_pointer_to(const struct type *t, enum type_kind kind)
{
	return t && t->kind == TYPE_POINTER && t->target->kind == kind;
}

/* Does a pointer of this type say what it points to? */
static bool is_typed(const struct type *t)
{
	return is_pointer_to(t, TYPE_RECORD) || is_pointer_to(t, TYPE_INT) || is_pointer_to(t, TYPE_FUNCTION);
}

/* Is it this record, or one that begins with it? */
static bool begins_with(const struct type *t, const struct record *r)
{
	while (t && t->kind == TYPE_RECORD && t->record != r)
		t = t->record->nfield ? t->record->field[0].type : NULL;
	return t && t->kind == TYPE_RECORD;
}

/* What a pointer of this type could be, for all that its type says. */
static void add_by_type(struct search *s, struct type *t)
{
	t = type_element(t);
	t = t && t->kind == TYPE_POINTER ? t->target : NULL;
	s->out->only = false;
	for (unsigned int i = 0; i < s->plan->nsymbol; i++) {
		const struct plan_symbol *symbol = &s->plan->symbol[i];
		struct type *table = symbol->var ? type_element(symbol->var->type) : NULL;

		if (!t || t->kind == TYPE_VOID || table == t ||
		    (t->kind == TYPE_FUNCTION && symbol->func && func_is_of_type(symbol->func, t)) ||
		    (t->kind == TYPE_RECORD && begins_with(table, t->record)))
			add_id(s, i);
	}
}

/* The driver's variable of which @n is the address, or in which it lies; or NULL. */
static struct var *variable_at(struct node *n)
{
	n = node_strip(n);
	if (n && n->kind == N_UNARY && n->op == OP_ADDRESS)
		n = node_strip(n->child);
	else if (!n || !n->type || n->type->kind != TYPE_ARRAY)
		return NULL;
	while (n && ((n->kind == N_MEMBER && !n->arrow) || n->kind == N_INDEX))
		n = node_strip(n->child);
	return n && n->kind == N_REF && n->var && !n->var->is_local ? n->var : NULL;
}

/* Is it, in the body of @f, set by assignments and by callers alone? */
static bool is_assigned_only(struct func *f, const struct var *v)
{
	struct node *n = NULL;

	if (!f || !f->body || !v->is_local || v->is_static_local)
		return false;
	while ((n = node_next(f->body, n)))
		if (n->kind == N_UNARY && n->op == OP_ADDRESS && node_strip(n->child) && node_strip(n->child)->var == v)
			return false;
	return true;
}

/* NULL; other numbers are errors, or addresses of nothing. */
static bool is_zero(const struct func *f, const struct node *n)
{
	return f && n->end == n->start + 1 && f->tu->text[n->start] == '0';
}

static bool is_error(const struct node *n)
{
	return n->kind == N_CALL && call_target(n) &&
	       (!strcmp(call_target(n)->name, "ERR_PTR") || !strcmp(call_target(n)->name, "ERR_CAST"));
}

static bool is_from_allocator(const struct node *n)
{
	return n->kind == N_CALL && call_target(n) && policy_find("alloc", call_target(n)->name);
}

static void add_value(struct search *s, struct func *f, struct node *n, struct type *as);
static void add_member(struct search *s, const struct field *field, struct type *as);

/* What the variable is set to: by the body of @f, and by those who call it. */
static void add_variable(struct search *s, struct func *f, const struct var *v, struct type *as)
{
	struct node *n = NULL;

	if (!is_assigned_only(f, v)) {
		add_by_type(s, as);
		return;
	}
	if (!is_new(s, v))
		return;
	while ((n = node_next(f->body, n)))
		if (node_value_of(n, v))
			add_value(s, f, node_value_of(n, v), as);
	if (v->is_param && f->role)	/* the kernel calls it, too */
		add_by_type(s, as);
	for (unsigned int i = 0; v->is_param && i < f->nparam; i++)
		for (struct func *in = s->plan->model->func; f->param[i].var == v && in; in = in->next)
			for (struct edge *e = in->has_body ? in->callees : NULL; e; e = e->next)
				if (edge_calls(e, f))
					add_value(s, in, call_arg(e->call, i), as);
}

static void add_result(struct search *s, const struct node *call, struct type *as)
{
	struct func *f = call_target(call);
	struct node *n = NULL;

	if (!f || !f->body) {
		add_by_type(s, as);
		return;
	}
	if (!is_new(s, f))
		return;
	while ((n = node_next(f->body, n)))
		if (n->kind == N_RETURN && n->child)
			add_value(s, f, n->child, as);
}

/* A pointer that is no symbol by itself. */
static void add_pointer(struct search *s, struct func *f, struct node *v, struct type *as)
{
	if (v->kind == N_REF && v->var) {
		add_variable(s, f, v->var, as);
	} else if (v->kind == N_MEMBER) {
		add_member(s, v->field, as);
	} else if (v->kind == N_CALL) {
		add_result(s, v, as);
	} else if (v->kind == N_BINARY && v->op == OP_ARITH && v->child && v->child->next) {
		struct type *t = v->child->type;

		s->out->only = false;
		add_value(s, f, t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY) ? v->child : v->child->next, as);
	} else {
		add_by_type(s, as);
	}
}

/* @as: what is known of the type of the place that the value goes to. */
static void add_value(struct search *s, struct func *f, struct node *n, struct type *as)
{
	struct node *v = node_strip(n);

	if (v && v->kind == N_LITERAL) {
		s->out->only &= is_zero(f, v);
		return;
	}
	if (v && v->kind == N_CONDITIONAL && v->child && v->child->next) {
		add_value(s, f, v->child->next, as);
		add_value(s, f, v->child->next->next, as);
	} else if (node_function(v)) {
		add_id(s, node_function(v)->symbol);
	} else if (variable_at(v)) {
		add_id(s, variable_at(v)->symbol);
	} else if (!v) {
		add_by_type(s, as);
	} else if ((v->kind == N_UNARY && v->op == OP_ADDRESS) || is_from_allocator(v) || is_error(v) || (v->type && v->type->kind == TYPE_ARRAY)) {
		s->out->only = false;	/* no symbol */
	} else {
		add_pointer(s, f, v, is_typed(v->type) ? v->type : as);
	}
}

/* ---- fields ---- */

/* The field, or an element of it, that is written with @n on the left; not what it points to. */
static struct field *field_at(struct node *n)
{
	n = node_strip(n);
	while (n && n->kind == N_INDEX && node_strip(n->child) && node_strip(n->child)->type &&
	       node_strip(n->child)->type->kind == TYPE_ARRAY)
		n = node_strip(n->child);
	return n && n->kind == N_MEMBER ? n->field : NULL;
}

/* What a body stores in a field; NULL where it takes the field's address. */
struct store {
	struct func *in;
	struct node *value;
	bool outside;		/* user-half code, and in none of its regions */
	struct store *next;
};

static void store_add(struct func *f, const struct node *at, struct field *field, struct node *value)
{
	struct store *s;

	if (!field || type_element(field->type)->kind != TYPE_POINTER)
		return;
	s = xcalloc(1, sizeof(*s));
	s->in = f;
	s->value = value;
	s->outside = f && runs_in_user(f) && !node_region(f, at);
	s->next = field->stores;
	field->stores = s;
}

static void store_anywhere(struct func *f, struct node *at, const struct record *r, unsigned int level)
{
	for (unsigned int i = 0; i < r->nfield && level < 4; i++) {
		struct type *t = type_element(r->field[i].type);

		store_add(f, at, &r->field[i], at);
		if (t->kind == TYPE_RECORD)
			store_anywhere(f, at, t->record, level + 1);
	}
}

/* Where braces are left out, a value may be for any field. */
static void initialiser(struct func *f, struct node *list)
{
	struct record *r = list->type && list->type->kind == TYPE_RECORD ? list->type->record : NULL;
	unsigned int i = 0;

	if (list->child && list->child->kind == N_INIT && list->child->type == list->type)	/* (struct s){ ... } */
		return;
	for (struct node *n = list->child; n; n = n->next) {
		struct field *field = NULL;
		struct node *value = node_initialiser(n, &field);
		struct type *t;

		if (!r)
			continue;
		if (!field)
			field = i < r->nfield ? &r->field[i++] : NULL;
		t = field ? field->type : NULL;
		if (!t || ((t->kind == TYPE_RECORD || t->kind == TYPE_ARRAY) && value->kind != N_INIT && value->type &&
			   value->type->kind != t->kind))
			store_anywhere(f, value, r, 0);
		else if (value->kind == N_INIT && t->kind == TYPE_ARRAY)
			for (struct node *item = value->child; item; item = item->next)
				store_add(f, item, field, node_initialiser(item, &(struct field *){ NULL }));
		else
			store_add(f, n, field, value);
	}
}

static bool is_variable(struct node *n, const struct var *v)
{
	n = node_strip(n);
	while (n && (n->kind == N_INDEX || (n->kind == N_UNARY && n->op == OP_DEREF) || n->kind == N_BINARY))
		n = node_strip(n->child);
	return n && n->kind == N_REF && n->var == v;
}

/* Does @f write, other than with numbers, to the memory that its argument @i points to? */
static bool fills(const struct func *f, unsigned int i, int level)
{
	struct node *n = NULL;

	if (!f || level > 4)
		return true;
	if (strstr(f->name, "memset") || i >= f->nparam)
		return false;
	if (strstr(f->name, "memcpy") || strstr(f->name, "memmove"))
		return i == 0;
	if (!f->body)	/* a downcall, unless it is said to run here */
		return policy_find("local", f->name) && f->param[i].type->kind == TYPE_POINTER && !f->param[i].type->target_const;
	while ((n = node_next(f->body, n))) {
		const struct node *to = n->kind == N_BINARY && n->op == OP_ASSIGN ? node_strip(n->child) : NULL;

		if (to && to->kind != N_REF && to->kind != N_MEMBER && is_variable(n->child, f->param[i].var))
			return true;
		/* another name for it */
		if (((to && to->kind == N_REF) || n->kind == N_VAR) && n->op == OP_ASSIGN &&
		    is_variable(to ? n->child->next : n->child, f->param[i].var))
			return true;
		for (unsigned int k = 0; n->kind == N_CALL && call_arg(n, k); k++)
			if (is_variable(call_arg(n, k), f->param[i].var) && fills(call_target(n), k, level + 1))
				return true;
	}
	return false;
}

/* Is a whole record written here, by an assignment or a copy? */
static bool copies(const struct node *n)
{
	const struct node *p = n->parent;

	while (p && (p->kind == N_CAST || p->kind == N_OTHER || (p->kind == N_UNARY && p->op == OP_ADDRESS))) {
		n = p;
		p = p->parent;
	}
	for (unsigned int i = 0; p && p->kind == N_CALL && call_arg(p, i); i++)
		if (call_arg(p, i) == n)
			return fills(call_target(p), i, 0);
	return p && p->kind == N_BINARY && p->op == OP_ASSIGN && p->child == n;
}

/* Is it used as a whole, as an array's name is that a function is given? */
static bool decays(const struct node *n)
{
	const struct node *p = n->parent;

	if (!n->field || !n->type || n->type->kind != TYPE_ARRAY)
		return false;
	while (p && (p->kind == N_CAST || (p->kind == N_OTHER && p->child == n && !n->next) ||
		     (p->kind == N_INDEX && p->child == n && p->type && p->type->kind == TYPE_ARRAY))) {
		n = p;
		p = p->parent;
	}
	return !p || (p->kind != N_INDEX && p->kind != N_MEMBER);
}

static void store_at(struct func *f, struct node *n)
{
	if (n->kind == N_INIT)
		initialiser(f, n);
	else if (n->kind == N_BINARY && n->op == OP_ASSIGN)
		store_add(f, n, field_at(n->child), n->child->next);
	else if ((n->kind == N_BINARY && n->op == OP_COMPOUND) || (n->kind == N_UNARY && n->op == OP_INCDEC))
		store_add(f, n, field_at(n->child), n->child);
	else if (n->kind == N_UNARY && n->op == OP_ADDRESS)
		store_add(f, n, field_at(n->child), NULL);
	else if (n->kind == N_MEMBER && decays(n))
		store_add(f, n, n->field, NULL);
}

static void stores_of(struct func *f)
{
	struct node *n = NULL;

	for (const struct access *a = f->accesses; a && runs_in_user(f); a = a->next)
		if (a->field && a->how & ACC_WRITE && field_at(a->node) != a->field && copies(a->node))
			a->field->is_copied = true;
	while (f->has_body && (n = node_next(f->body, n)))
		store_at(f, n);
}

/* All stores of the model, by field. */
static void find_stores(struct model *model)
{
	for (struct func *f = model->func; f; f = f->next)
		stores_of(f);
	for (struct var *v = model->var; v; v = v->next)
		for (struct node *n = v->init; n; n = node_next(v->init, n))
			store_at(NULL, n);
}

static void add_store(struct search *s, const struct store *store, const struct field *field, struct type *as)
{
	struct type *t = is_typed(type_element(field->type)) ? type_element(field->type) : as;

	if (store->value)
		add_value(s, store->in, store->value, t);
	else
		add_by_type(s, t);
}

static void add_stores(struct search *s, const struct field *field, struct type *as)
{
	for (struct store *at = is_new(s, field) ? field->stores : NULL; at; at = at->next)
		add_store(s, at, field, as);
}

/* What either half stores in a field of the driver's own; in a union, in any. */
static void add_member(struct search *s, const struct field *field, struct type *as)
{
	if (!field || !field->in->is_own || type_element(field->type)->kind != TYPE_POINTER) {
		add_by_type(s, as);
		return;
	}
	if (!field->in->is_union)
		add_stores(s, field, as);
	for (unsigned int i = 0; field->in->is_union && i < field->in->nfield; i++)
		add_stores(s, &field->in->field[i], as);
}

/* What user-half code stores there, by itself or with the whole record. */
static void add_field(struct search *s, const struct field *field)
{
	struct type *t = type_element(field->type);

	for (struct store *at = field->stores; at; at = at->next)
		if (at->outside || field->is_copied)
			add_store(s, at, field, t);
	if (!field->is_copied)
		return;
	s->out->only = false;
	if (is_typed(t))
		add_by_type(s, t);
}

static bool is_written(const struct plan *plan, const struct field *field)
{
	for (unsigned int i = 0; i < plan->nentry; i++)
		if (plan->entry[i].reach.field_how[field->number] & ACC_WRITE)
			return true;
	return false;
}

static bool is_code(const struct plan_leaf *leaf)
{
	bool code = is_pointer_to(type_element(leaf->field ? leaf->field->type : leaf->var->type), TYPE_FUNCTION);

	for (unsigned int i = 0; i < leaf->nalso; i++)
		code &= is_pointer_to(type_element(leaf->also[i]->type), TYPE_FUNCTION);
	return code;
}

static void of_leaf(struct search *s, const struct plan_leaf *leaf)
{
	bool written = false;

	s->out->only = !leaf->nalso;
	for (unsigned int i = 0; leaf->field && i <= leaf->nalso; i++) {
		const struct field *field = i ? leaf->also[i - 1] : leaf->field;

		if (!is_written(s->plan, field))
			continue;
		written = true;
		add_field(s, field);
	}
	if (leaf->var && !leaf->is_const) {
		written = true;
		add_by_type(s, leaf->var->type);
	}
	s->out->only &= written;
	s->out->code = written && is_code(leaf);
}

/* ---- arguments and results ---- */

static void of_arg(struct search *s, const struct plan_down *d, unsigned int i)
{
	struct type *t = d->func ? d->func->param[i].type : d->param[i].type;

	s->out->only = s->out->code = is_pointer_to(t, TYPE_FUNCTION);
	if (d->region && !d->param[i].address)
		add_variable(s, d->region->in, d->param[i].var, t);
	for (struct func *in = d->region ? NULL : s->plan->model->func; in; in = in->next)
		for (struct edge *e = in->has_body && runs_in_user(in) ? user_edge(in, NULL) : NULL; e; e = user_edge(in, e))
			if (edge_calls(e, d->func))
				add_value(s, in, call_arg(e->call, i), t);
}

static void of_result(struct search *s, struct func *f)
{
	struct node *n = NULL;

	s->out->only = s->out->code = is_pointer_to(f->result, TYPE_FUNCTION);
	while (f->body && (n = node_next(f->body, n)))
		if (n->kind == N_RETURN && n->child)
			add_value(s, f, n->child, f->result);
}

static struct search question(const struct plan *plan, struct plan_symbols *out)
{
	return (struct search){ .plan = plan, .out = out };
}

void symbols_find(struct plan *plan)
{
	struct search s;

	find_stores(plan->model);
	for (unsigned int i = 0; i < plan->ntype; i++)
		for (unsigned int k = 0; k < plan->type[i].nleaf; k++) {
			s = question(plan, &plan->type[i].leaf[k].symbols);
			if (plan->type[i].leaf[k].kind == LEAF_PTR)
				of_leaf(&s, &plan->type[i].leaf[k]);
			free(s.seen);
		}
	for (unsigned int i = 0; i < plan->ndown; i++) {
		struct plan_down *d = &plan->down[i];
		unsigned int n = d->func ? d->func->nparam : d->nparam;

		for (unsigned int k = 0; k < n; k++) {
			struct type *t = d->func ? d->func->param[k].type : d->param[k].type;

			s = question(plan, &d->arg[k].symbols);
			/* what is a field or a local variable is no symbol */
			if (t->kind == TYPE_POINTER && !d->arg[k].local && !d->arg[k].nspot)
				of_arg(&s, d, k);
			free(s.seen);
		}
	}
	for (unsigned int i = 0; i < plan->nentry; i++) {
		s = question(plan, &plan->entry[i].symbols);
		if (plan->entry[i].func->result->kind == TYPE_POINTER)
			of_result(&s, plan->entry[i].func);
		free(s.seen);
	}
}
