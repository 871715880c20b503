// SPDX-License-Identifier: GPL-2.0
/* Collects what crosses: entries, downcalls, symbols, globals. */
#include <stdlib.h>
#include <string.h>

#include "outline.h"
#include "partition.h"
#include "plan.h"
#include "reach.h"
#include "scan.h"
#include "scanning.h"
#include "spot.h"
#include "symbols.h"
#include "xalloc.h"

#define ADD(array, count) ({ \
	if (((count) & 63) == 0) \
		(array) = xrealloc((array), ((count) + 64) * sizeof(*(array))); \
	memset(&(array)[count], 0, sizeof(*(array))); \
	&(array)[(count)++]; })

bool plan_is_local(struct func *f)
{
	if (f->is_own && f->has_body)
		return runs_in_user(f);
	return inline_class(f) == INLINE_LOCAL;
}

struct policy_line *plan_policy(const char *word, const struct func *f, int arg)
{
	char key[512];
	struct policy_line *l;

	for (struct role *r = f->role; r; r = r->next) {
		if (!r->field)
			continue;
		if (arg >= 0)
			snprintf(key, sizeof(key), "%s/%d", field_name(r->field), arg);
		else
			snprintf(key, sizeof(key), "%s", field_name(r->field));
		l = policy_find(word, key);
		if (l)
			return l;
	}
	if (arg >= 0)
		snprintf(key, sizeof(key), "%s/%d", f->name, arg);
	else
		snprintf(key, sizeof(key), "%s", f->name);
	return policy_find(word, key);
}

struct record *plan_result(const struct func *in, const struct node *call)
{
	const struct node *n = call;
	struct node *p;
	struct type *t = NULL;

	for (p = n->parent; p; n = p, p = p->parent) {
		if (p->kind == N_VAR && node_yields(p))
			p = node_yields(p);
		else if (p->kind == N_COMPOUND && p->parent && p->parent->kind == N_STMTEXPR && !n->next)
			p = p->parent;
		if (p->kind == N_CAST) {
			t = p->type;
			break;
		}
		if (p->kind == N_BINARY && p->op == OP_ASSIGN && p->child->next == n) {
			t = p->child->type;
			break;
		}
		if (p->kind == N_VAR) {
			t = p->var->type;
			break;
		}
		if (p->kind == N_RETURN) {
			t = in->result;
			break;
		}
		if (p->kind != N_OTHER && p->kind != N_CONDITIONAL && p->kind != N_STMTEXPR)
			break;
	}
	return t && t->kind == TYPE_POINTER ? t->target->record : NULL;
}

/* ---- downcalls ---- */

static int down_find(const struct plan *plan, const struct func *f, const struct record *result)
{
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].func == f && f && plan->down[i].result == result)
			return i;
	return -1;
}

static struct record *variant(const struct func *in, const struct node *call, const struct func *f)
{
	struct policy_line *l = policy_find("alloc", f->name);

	if (!l || strcmp(l->arg[1], "data") || !call)
		return NULL;
	if (l->narg > 4 && !strcmp(l->arg[4], "tail"))
		return NULL;
	return plan_result(in, call);
}

int plan_down_of(struct plan *plan, const struct func *in, const struct node *call)
{
	struct func *f = call_target(call);

	if (!f || plan_is_local(f) || policy_find("constant", f->name))
		return -1;
	return down_find(plan, f, variant(in, call, f));
}

static struct tu *home(const struct func *f, struct tu *fallback)
{
	if (f->is_own && f->tu)
		return f->tu;
	for (struct tu_list *d = f->defs; d; d = d->next)
		if (d->tu == fallback)
			return d->tu;
	return fallback;
}

static int down_add(struct plan *plan, struct func *f, struct record *result, struct tu *tu)
{
	int i = down_find(plan, f, result);
	struct policy_line *l;
	struct plan_down *d;

	if (i >= 0)
		return i;
	d = ADD(plan->down, plan->ndown);
	d->name = f->name;
	d->func = f;
	d->result = result;
	d->tu = home(f, tu);
	d->alloc = policy_find("alloc", f->name);
	l = policy_find("print", f->name);
	d->print = l ? atoi(l->arg[1]) : -1;
	d->variant = result ? text_intern(text_format("tandem_down_%u", plan->ndown - 1)) : f->name;
	return plan->ndown - 1;
}

static struct func *find_extern(struct model *model, const char *name)
{
	struct func *best = NULL;

	for (struct func *f = model->func; f; f = f->next)
		if (!strcmp(f->name, name) && (!best || f->has_body))
			best = f;
	return best;
}

bool plan_is_mutex_call(struct plan *plan, const struct node *call)
{
	struct func *f = call ? call_target(call) : NULL;
	struct node *arg;

	if (!f || !policy_find("mutex", f->name))
		return false;
	arg = node_strip(call_arg(call, 0));
	if (arg && arg->kind == N_UNARY && arg->op == OP_ADDRESS)
		arg = node_strip(arg->child);
	return arg && arg->kind == N_REF && arg->var && is_user_mutex(plan->model, arg->var);
}

static struct type *pointer_to(struct type *t)
{
	struct type *p = xcalloc(1, sizeof(*p));

	p->name = text_intern(text_format("%s *", t->name));
	p->kind = TYPE_POINTER;
	p->size = 8;
	p->target = t;
	return p;
}

static void region_down(struct plan *plan, struct func *f, struct region *r)
{
	static struct type result = { .name = "long", .kind = TYPE_INT, .is_signed = true, .size = 8 };
	struct plan_down *d = ADD(plan->down, plan->ndown);
	struct var *var[64];
	bool address[64];

	outline_check(r);
	r->down = plan->ndown - 1;
	r->id = r->down;
	d->name = text_intern(text_format("%s:%u", f->name, r->first->line));
	d->region = r;
	d->tu = f->tu;
	d->print = -1;
	d->region_result = &result;
	d->nparam = outline_params(r, var, address, 63);
	d->param = xcalloc(d->nparam + 1, sizeof(*d->param));
	for (unsigned int i = 0; i < d->nparam; i++) {
		d->param[i].name = var[i]->name;
		d->param[i].var = var[i];
		d->param[i].type = address[i] ? pointer_to(var[i]->type) : var[i]->type;
		d->param[i].address = address[i];
		d->param[i].null = !address[i] && spot_null(plan->model, r, var[i]);
	}
	if (outline_returns_value(r)) {
		d->param[d->nparam].name = "tandem_ret";
		d->param[d->nparam].address = true;
		d->param[d->nparam++].type = pointer_to(f->result);
	}
}

static void downs_of(struct plan *plan, struct func *f)
{
	for (struct edge *e = user_edge(f, NULL); e; e = user_edge(f, e)) {
		struct func *g = e->callee;

		if (e->call && g && policy_find("port", g->name))
			down_add(plan, g, NULL, f->tu);
		if (!e->call || !g || plan_is_local(g) || policy_find("constant", g->name) || plan_is_mutex_call(plan, e->call))
			continue;
		down_add(plan, g, variant(f, e->call, g), f->tu);
	}
	for (struct region *r = f->regions; r && f->side == SIDE_USER; r = r->next)
		region_down(plan, f, r);
}

/* What undoes an acquisition must have a thunk, whether or not the driver calls it. */
static void undo_downs(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->ndown; i++) {
		struct policy_line *l = plan->down[i].func ? policy_find("acquire", plan->down[i].func->name) : NULL;
		struct func *undo;

		if (!l || l->narg < 3 || !strcmp(l->arg[2], "-"))
			continue;
		undo = find_extern(plan->model, l->arg[2]);
		if (undo)
			down_add(plan, undo, NULL, plan->down[i].tu);
	}
}

/* ---- entries ---- */

static bool kernel_refers(const struct model *model, const struct func *f)
{
	for (struct func *g = model->func; g; g = g->next) {
		if (!g->is_own || g->dropped)
			continue;
		for (struct edge *e = g->callees; e; e = e->next) {
			bool in_kernel = g->side == SIDE_KERNEL || (e->call && node_region(g, e->call));
			struct func_list *l;

			if (e->callee == f && (in_kernel || !e->call))
				return true;
			if (e->indirect && in_kernel)
				for (l = call_targets(e); l; l = l->next)
					if (l->func == f)
						return true;
		}
	}
	return false;
}

static void entries(struct plan *plan)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		struct plan_entry *e;

		if (!f->is_own || f->side != SIDE_USER || f->dropped || !(f->role || kernel_refers(plan->model, f)))
			continue;
		e = ADD(plan->entry, plan->nentry);
		e->func = f;
		e->closes = -1;
		f->entry = plan->nentry - 1;
		e->reads = plan_policy("reads", f, -1) != NULL;
		e->begins = plan_policy("begins", f, -1) != NULL;
		e->ends = plan_policy("ends", f, -1) != NULL;
		e->fail = plan_policy("fail", f, -1);
	}
	for (unsigned int i = 0; i < plan->nentry; i++) {
		struct policy_line *l = plan_policy("closes", plan->entry[i].func, -1);

		for (unsigned int j = 0; l && j < plan->nentry; j++)
			for (struct role *r = plan->entry[j].func->role; r; r = r->next)
				if (r->field && !strcmp(field_name(r->field), l->arg[1]))
					plan->entry[i].closes = j;
	}
}

/* ---- symbols and globals ---- */

static bool holds_address(const struct node *init)
{
	struct node *n = NULL;

	while (init && (n = node_next(init, n)))
		if (n->kind == N_REF && (n->func || (n->var && !n->var->is_local)))
			return true;
	return false;
}

/* @tu: a unit that names it */
static void symbol_add(struct plan *plan, struct func *f, struct var *v, struct tu *tu)
{
	struct plan_symbol *s;

	if (f ? f->symbol >= 0 : v->symbol >= 0)
		return;
	s = ADD(plan->symbol, plan->nsymbol);
	s->func = f;
	s->var = v;
	s->name = f ? f->name : v->name;
	s->tu = tu;
	if (f)
		f->symbol = plan->nsymbol - 1;
	else
		v->symbol = plan->nsymbol - 1;
}

static void global_add(struct plan *plan, struct var *v)
{
	if (v->global >= 0)
		return;
	*ADD(plan->global, plan->nglobal) = v;
	v->global = plan->nglobal - 1;
}

static void variable(struct plan *plan, struct var *v);

/* A function's own table is moved in front of it in both halves, if that leaves the kernel half. */
static bool has_name(const struct var *v)
{
	const struct type *t = type_element(v->type);

	if (!v->is_static_local)
		return true;
	return v->in && v->in->side == SIDE_USER && !v->in->dropped && !(t->kind == TYPE_RECORD && t->record->is_local);
}

/* A function whose address user-half code uses; one of the kernel's, or of another module, by its stand-in. */
static void function(struct plan *plan, struct func *f, struct tu *tu)
{
	if (f->has_body ? f->is_own : !plan_is_local(f) && !f->is_variadic)
		symbol_add(plan, f, NULL, f->has_body ? f->tu : tu);
}

/*
 * Code that looks into a table may follow it to others. What a variable starts with, the kernel half has put
 * there: each half must know it for what it is. So must the user half what stays inside a function.
 */
static void tables_in(struct plan *plan, const struct var *in)
{
	bool named = in->is_const && has_name(in), of_functions = type_element(in->type)->kind == TYPE_POINTER;
	struct node *n = NULL;

	while (in->init && (n = node_next(in->init, n))) {
		if (n->kind != N_REF)
			continue;
		if (n->var && n->var->is_own && n->var->is_const) {
			variable(plan, n->var);
			if (!named && has_name(n->var))
				symbol_add(plan, NULL, n->var, n->var->tu);
		} else if (n->func && in->is_const && (!named || of_functions)) {
			function(plan, n->func, in->tu);
		}
	}
}

static void variable(struct plan *plan, struct var *v)
{
	if (policy_find("value", v->name))
		return;
	v->user = true;
	if (is_user_mutex(plan->model, v))
		return;
	if (v->type->record && !strncmp(v->type->name, "struct ", 7) && policy_find("private", v->type->name + 7))
		return;
	if (v->is_own && v->is_const) {
		if (holds_address(v->init) && v->symbol < 0) {
			if (has_name(v))
				symbol_add(plan, NULL, v, v->tu);
			tables_in(plan, v);
		}
		return;
	}
	if (!v->is_own && (v->is_const || (!v->is_extern && v->is_static_local)))
		return;
	if (v->global < 0) {
		global_add(plan, v);
		tables_in(plan, v);
	}
}

/* Is the address of the whole record taken? Then it may be put where the other half finds it. */
static bool is_handed_on(const struct node *ref)
{
	const struct node *p = ref->parent;

	return ref->kind == N_REF && ref->type && ref->type->kind == TYPE_RECORD && p && p->kind == N_UNARY &&
	       p->op == OP_ADDRESS;
}

/* What is only asked for its size must be there, too. */
static void sizes(struct plan *plan, struct func *f)
{
	for (struct node *n = node_next(f->body, NULL); n; n = node_next(f->body, n)) {
		struct var *v = n->kind == N_SIZEOF ? n->sized : NULL;

		if (!v || !v->is_own || v->is_local || node_region(f, n))
			continue;
		if (v->is_const)
			variable(plan, v);
		else
			v->user = true;
	}
}

/* Is its address taken outside of regions? */
static bool is_pointed_to(const struct func *in, const struct func *f)
{
	struct node *n = NULL;

	while ((n = node_next(in->body, n)))
		if (n->kind == N_REF && n->func == f && (!n->parent || n->parent->kind != N_CALL || n->parent->child != n) &&
		    !node_region(in, n))
			return true;
	return false;
}

static void use_of_variable(struct plan *plan, const struct access *a)
{
	struct var *v = a->var;

	variable(plan, v);
	if (v->user && v->is_own && v->is_const && v->global < 0 && is_handed_on(a->node) && has_name(v))
		symbol_add(plan, NULL, v, v->tu);
}

static void symbols(struct plan *plan)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		if (!runs_in_user(f))
			continue;
		for (struct edge *e = user_edge(f, NULL); e; e = user_edge(f, e))
			if (!e->call && !e->indirect && e->callee && f->is_own && is_pointed_to(f, e->callee))
				function(plan, e->callee, f->tu);
		for (struct access *a = f->accesses; a; a = a->next)
			if (a->var && f->is_own && !node_region(f, a->node))
				use_of_variable(plan, a);
		if (f->is_own)
			sizes(plan, f);
	}
	/* functions that fields of the driver's own records hold are called from either half */
	for (struct func *f = plan->model->func; f; f = f->next)
		for (struct role *r = f->role; f->is_own && f->has_body && r; r = r->next)
			if (r->field && r->field->in->is_own)
				symbol_add(plan, f, NULL, f->tu);
}

/* ---- arguments ---- */

struct policy_line *plan_length(const struct func *f, unsigned int i)
{
	char *key = text_format("%s/%u", f->name, i);
	struct policy_line *l = policy_find("buffer", key);

	l = l ? l : policy_find("room", key);
	free(key);
	return l;
}

bool plan_is_string(const struct type *t)
{
	return t->kind == TYPE_POINTER && t->target_const && t->target->kind == TYPE_INT && t->target->size == 1 &&
	       !strcmp(t->target->name, "char");
}

static void arguments(struct plan *plan, struct plan_down *d)
{
	unsigned int n = d->func ? d->func->nparam : d->nparam;

	d->arg = xcalloc(n + 1, sizeof(*d->arg));
	if (d->func && d->func->result->kind == TYPE_POINTER)
		d->gives = d->func->result->target->record ? d->func->result->target->record :
			   d->func->result->target->kind == TYPE_VOID && !d->alloc ? spot_result(plan, d->func) : NULL;
	for (unsigned int i = 0; i < n; i++) {
		struct type *t = d->func ? d->func->param[i].type : d->param[i].type;

		if (t->kind != TYPE_POINTER)
			continue;
		d->arg[i].local = !d->func && d->param[i].address;
		if (t->target->record)
			d->arg[i].record = t->target->record;
		else if (d->func && !plan_is_string(t))
			spot_find(plan, d->func, i, &d->arg[i]);
	}
}

/* Kernel functions whose stand-in user-half code needs. */
static void needs(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].func)
			plan->down[i].func->user_needs = true;
	for (unsigned int i = 0; i < plan->nsymbol; i++) {
		struct func *f = plan->symbol[i].func;

		if (f) {
			f->user_needs = true;
			if (!runs_in_user(f))
				down_add(plan, f, NULL, plan->symbol[i].tu);
		}
	}
}

struct plan *plan_make(struct model *model)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));

	plan->model = model;
	for (struct func *f = model->func; f; f = f->next)
		if (f->is_own && runs_in_user(f) && !f->dropped)
			downs_of(plan, f);
	undo_downs(plan);
	symbols(plan);
	needs(plan);
	entries(plan);
	for (unsigned int i = 0; i < plan->ndown; i++)
		arguments(plan, &plan->down[i]);
	reach(plan);
	symbols_find(plan);
	return plan;
}
