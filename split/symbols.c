// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "partition.h"
#include "scanning.h"
#include "symbols.h"
#include "xalloc.h"

static void add_id(struct symbols *s, int id)
{
	if (id < 0)
		return;
	for (unsigned int i = 0; i < s->n; i++)
		if (s->id[i] == (unsigned int)id)
			return;
	s->id = xrealloc(s->id, (s->n + 1) * sizeof(*s->id));
	s->id[s->n++] = id;
}

static struct type *element_of(struct type *t)
{
	while (t && t->kind == TYPE_ARRAY)
		t = t->target;
	return t;
}

/* What a pointer of this type could be, for all that its type says. */
static void add_by_type(struct symbols *s, struct type *t)
{
	t = element_of(t);
	t = t && t->kind == TYPE_POINTER ? t->target : NULL;
	for (unsigned int i = 0; i < s->plan->nsymbol; i++) {
		const struct plan_symbol *symbol = &s->plan->symbol[i];
		struct type *table = symbol->var ? element_of(symbol->var->type) : NULL;

		if (!t || t->kind == TYPE_VOID || (t->kind == TYPE_FUNCTION ? symbol->func != NULL :
						   table && table->kind == t->kind && table->record == t->record))
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

static bool is_from_allocator(const struct node *call)
{
	return call_target(call) && policy_find("alloc", call_target(call)->name);
}

static bool is_pointer_to(const struct type *t, enum type_kind kind)
{
	return t && t->kind == TYPE_POINTER && t->target->kind == kind;
}

static bool is_typed(const struct type *t)
{
	return is_pointer_to(t, TYPE_RECORD) || is_pointer_to(t, TYPE_INT);
}

static void add_value(struct symbols *s, struct func *f, struct node *n, struct type *as, int level);
static void add_member(struct symbols *s, const struct field *field, struct type *as, int level);

/* What the variable is set to: by the body of @f, and by those who call it. */
static void add_variable(struct symbols *s, struct func *f, const struct var *v, struct type *as, int level)
{
	struct node *n = NULL;

	if (level > 4 || !is_assigned_only(f, v) || (v->is_param && f->entry >= 0)) {
		add_by_type(s, as);
		return;
	}
	while ((n = node_next(f->body, n)))
		if (node_value_of(n, v))
			add_value(s, f, node_value_of(n, v), as, level + 1);
	for (unsigned int i = 0; v->is_param && i < f->nparam; i++)
		for (struct func *in = s->plan->model->func; f->param[i].var == v && in; in = in->next)
			for (struct edge *e = in->has_body && runs_in_user(in) ? in->callees : NULL; e; e = e->next)
				if (edge_calls(e, f))
					add_value(s, in, call_arg(e->call, i), as, level + 1);
}

/* A pointer that is no symbol by itself. */
static void add_pointer(struct symbols *s, struct func *f, struct node *v, struct type *as, int level)
{
	struct func_list *some = NULL;

	if (is_pointer_to(v->type, TYPE_FUNCTION))
		node_functions(s->plan->model, f, v, 0, &some);
	for (struct func_list *l = some; l; l = l->next)
		add_id(s, l->func->symbol);
	if (some)
		return;
	if (v->kind == N_REF && v->var)
		add_variable(s, f, v->var, as, level);
	else if (v->kind == N_MEMBER)
		add_member(s, v->field, as, level);
	else if (v->kind != N_CALL || !is_from_allocator(v))
		add_by_type(s, as);
}

/* @as: what is known of the type of the place that the value goes to. */
static void add_value(struct symbols *s, struct func *f, struct node *n, struct type *as, int level)
{
	struct node *v = node_strip(n);

	if (v && v->kind == N_LITERAL)
		return;
	if (v && v->kind == N_CONDITIONAL && v->child && v->child->next) {
		add_value(s, f, v->child->next, as, level);
		add_value(s, f, v->child->next->next, as, level);
	} else if (node_function(v)) {
		s->only &= node_function(v)->symbol >= 0;
		add_id(s, node_function(v)->symbol);
	} else if (variable_at(v)) {
		s->only &= variable_at(v)->symbol >= 0;
		add_id(s, variable_at(v)->symbol);
	} else {
		s->only = false;
		if (v && !(v->kind == N_UNARY && v->op == OP_ADDRESS))	/* memory has no symbol */
			add_pointer(s, f, v, is_typed(v->type) ? v->type : as, level);
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

	if (!field || element_of(field->type)->kind != TYPE_POINTER)
		return;
	s = xcalloc(1, sizeof(*s));
	s->in = f;
	s->value = value;
	s->outside = runs_in_user(f) && !node_region(f, at);
	s->next = field->stores;
	field->stores = s;
}

/* What names its members in other ways than `.field = value` may mean any of them. */
static void initialiser(struct func *f, const struct node *list, const struct record *r)
{
	unsigned int i = 0;

	for (struct node *n = list->child; n; n = n->next) {
		bool named = n->kind == N_OTHER && n->child && n->child->kind == N_MEMBER;
		struct node *value = named ? n->child : n;

		while (named && value->next)
			value = value->next;
		if (named && !n->child->child)
			store_add(f, n, n->child->field, value);
		else if (!named && i < r->nfield)
			store_add(f, n, &r->field[i++], value);
		else
			for (unsigned int k = 0; k < r->nfield; k++)
				store_add(f, n, &r->field[k], value);
	}
}

/* Is a whole record written here, by an assignment or a copy? */
static bool copies(const struct node *n)
{
	const struct node *p = n->parent;

	while (p && (p->kind == N_CAST || p->kind == N_OTHER || (p->kind == N_UNARY && p->op == OP_ADDRESS))) {
		n = p;
		p = p->parent;
	}
	if (p && p->kind == N_CALL)
		return call_target(p) && (strstr(call_target(p)->name, "memcpy") || strstr(call_target(p)->name, "memmove"));
	return p && p->kind == N_BINARY && p->op == OP_ASSIGN && p->child == n;
}

static void stores_of(struct func *f)
{
	struct node *n = NULL;

	for (const struct access *a = f->accesses; a && runs_in_user(f); a = a->next)
		if (a->field && a->how & ACC_WRITE && field_at(a->node) != a->field && copies(a->node))
			a->field->is_copied = true;
	while (f->has_body && (n = node_next(f->body, n))) {
		if (n->kind == N_INIT && n->type && n->type->kind == TYPE_RECORD)
			initialiser(f, n, n->type->record);
		else if (n->kind == N_BINARY && n->op == OP_ASSIGN)
			store_add(f, n, field_at(n->child), n->child->next);
		else if (n->kind == N_UNARY && n->op == OP_ADDRESS)
			store_add(f, n, field_at(n->child), NULL);
	}
}

/* All stores of the model, by field; once. */
static struct store *stores(struct model *model, const struct field *field)
{
	for (struct func *f = model->stores_known ? NULL : model->func; f; f = f->next)
		stores_of(f);
	model->stores_known = true;
	return field->stores;
}

static void add_store(struct symbols *s, const struct store *store, const struct field *field, int level)
{
	if (store->value) {
		add_value(s, store->in, store->value, field->type, level);
		return;
	}
	s->only = false;
	add_by_type(s, field->type);
}

/* What either half stores in a field of the driver's own. */
static void add_member(struct symbols *s, const struct field *field, struct type *as, int level)
{
	if (level > 4 || !field || !field->in->is_own) {
		add_by_type(s, as);
		return;
	}
	for (struct store *at = stores(s->plan->model, field); at; at = at->next)
		add_store(s, at, field, level + 1);
}

static void add_field(struct symbols *s, const struct field *field)
{
	struct type *t = element_of(field->type);

	for (struct store *at = stores(s->plan->model, field); at; at = at->next)
		if (at->outside)
			add_store(s, at, field, 0);
	if (!field->is_copied)
		return;
	/* what other records of the kind hold there */
	s->only = false;
	if (is_pointer_to(t, TYPE_FUNCTION) || is_pointer_to(t, TYPE_RECORD))
		add_by_type(s, t);
}

static bool is_written(const struct plan *plan, const struct field *field)
{
	for (unsigned int i = 0; i < plan->nentry; i++)
		if (plan->entry[i].reach.field_how[field->number] & ACC_WRITE)
			return true;
	return false;
}

void symbols_of_leaf(const struct plan *plan, const struct plan_leaf *leaf, struct symbols *out)
{
	*out = (struct symbols){ .plan = plan, .only = true };
	if (!leaf->field) {
		out->only = false;
		if (!leaf->is_const)
			add_by_type(out, leaf->var->type);
		return;
	}
	for (unsigned int i = 0; i <= leaf->nalso; i++) {
		const struct field *field = i ? leaf->also[i - 1] : leaf->field;

		if (is_written(plan, field))
			add_field(out, field);
	}
	out->only &= out->n > 0 && !leaf->nalso;
}

/* ---- arguments and results ---- */

static void add_region_arg(struct symbols *s, const struct plan_down *d, unsigned int i)
{
	if (!d->param[i].address)
		add_variable(s, d->region->in, d->param[i].var, d->param[i].type, 0);
}

void symbols_of_arg(const struct plan *plan, const struct plan_down *d, unsigned int i, struct symbols *out)
{
	*out = (struct symbols){ .plan = plan };
	if (d->region) {
		add_region_arg(out, d, i);
		return;
	}
	for (struct func *in = plan->model->func; in; in = in->next)
		for (struct edge *e = in->has_body && runs_in_user(in) ? user_edge(in, NULL) : NULL; e; e = user_edge(in, e))
			if (edge_calls(e, d->func))
				add_value(out, in, call_arg(e->call, i), d->func->param[i].type, 0);
}

void symbols_of_result(const struct plan *plan, struct func *f, struct symbols *out)
{
	struct node *n = NULL;

	*out = (struct symbols){ .plan = plan };
	while (f->body && (n = node_next(f->body, n)))
		if (n->kind == N_RETURN && n->child)
			add_value(out, f, n->child, f->result, 0);
}
