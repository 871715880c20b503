// SPDX-License-Identifier: GPL-2.0
/* Questions about nodes: what is called, what a value may be, which statement something is in. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "scanning.h"
#include "xalloc.h"

static struct node *last_of(struct node *n)
{
	while (n && n->next)
		n = n->next;
	return n;
}

/* What the statement expression is worth: its last expression. */
static struct node *value_of(const struct node *expr)
{
	struct node *body = expr->child && expr->child->kind == N_COMPOUND ? expr->child->child : expr->child;

	return last_of(body);
}

/* What a variable of the statement expression starts with, if that is all that it is ever set to. */
static struct node *start_of(struct node *expr, const struct var *v)
{
	struct node *n = NULL, *start = NULL;

	while ((n = node_next(expr, n))) {
		if (n->kind == N_UNARY && n->op == OP_ADDRESS && n->child && n->child->var == v)
			return NULL;
		if (!node_value_of(n, v))
			continue;
		if (start || n->kind != N_VAR)
			return NULL;
		start = node_value_of(n, v);
	}
	return start;
}

/* The node that stands for the value of a statement expression, or NULL. */
static struct node *inside(struct node *expr)
{
	struct node *value = node_strip(value_of(expr));

	if (value && value->kind == N_REF && value->var && value->var->is_local)
		return start_of(expr, value->var);
	return value && value->type && value->kind != N_BINARY ? value : NULL;
}

struct node *node_yields(struct node *decl)
{
	struct node *expr = decl->parent, *value;

	while (expr && (expr->kind == N_DECL || expr->kind == N_COMPOUND))
		expr = expr->parent;
	if (!expr || expr->kind != N_STMTEXPR)
		return NULL;
	value = node_strip(value_of(expr));
	return value && value->kind == N_REF && value->var == decl->var && start_of(expr, decl->var) ? expr : NULL;
}

struct node *node_strip(struct node *n)
{
	while (n && n->child) {
		if (n->kind == N_STMTEXPR) {
			struct node *value = inside(n);

			if (!value)
				break;
			n = value;
			continue;
		}
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

/* What is in a statement expression cannot be taken out of it: a macro's parts need each other, and its value is wanted. */
static struct node *around_macros(struct node *n)
{
	struct node *top = n;

	for (; n; n = n->parent)
		if (n->kind == N_STMTEXPR)
			top = n;
	return top;
}

struct node *node_statement(const struct func *f, struct node *n)
{
	const char *text = f->tu->text;
	struct node *best = NULL;

	for (n = around_macros(n); n && n != f->body; n = n->parent) {
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

bool node_is_unused(const struct node *n)
{
	while (n->parent && (n->parent->kind == N_CAST || (n->parent->kind == N_OTHER && !n->next && n->parent->child == n)))
		n = n->parent;
	/* the last statement of a statement expression is its value */
	if (in_list(n) && n->parent->parent && n->parent->parent->kind == N_STMTEXPR && !n->next)
		return false;
	return in_list(n) || is_branch(n);
}

bool node_is_once(const struct func *f, const struct node *n)
{
	const struct node *last = n->child;

	while (last && last->next)
		last = last->next;
	return last && last != n->child && last->end - last->start == 1 && f->tu->text[last->start] == '0';
}

struct node *node_initialiser(struct node *item, struct field **field)
{
	struct node *value = item->child;

	if (item->kind != N_OTHER || !value || !value->next)
		return item;
	if (value->kind == N_LITERAL || value->kind == N_BINARY) {	/* [n] = */
		while (value->next)
			value = value->next;
		return value;
	}
	if (value->kind != N_MEMBER || value->child)
		return item;
	for (; value->next; value = value->next)
		if (value->kind == N_MEMBER && !value->child)
			*field = value->field;
	return value;
}

struct func *node_function(struct node *n)
{
	n = node_strip(n);
	if (n && n->kind == N_UNARY && n->op == OP_ADDRESS)
		n = node_strip(n->child);
	return n && n->kind == N_REF ? n->func : NULL;
}

struct node *node_value_of(struct node *n, const struct var *v)
{
	struct node *l;

	if (n->kind == N_VAR && n->var == v)
		return n->op == OP_ASSIGN ? n->child : NULL;
	if (n->kind != N_BINARY || n->op != OP_ASSIGN)
		return NULL;
	l = node_strip(n->child);
	while (l && l->kind == N_INDEX)
		l = node_strip(l->child);
	return l && l->kind == N_REF && l->var == v ? n->child->next : NULL;
}

static void add_function(struct func *f, struct func_list **out)
{
	struct func_list *l;

	for (l = *out; l; l = l->next)
		if (l->func == f)
			return;
	l = xcalloc(1, sizeof(*l));
	l->func = f;
	l->next = *out;
	*out = l;
}

void node_functions(struct model *model, struct func *f, struct node *n, int level, struct func_list **out)
{
	struct func *fn = node_function(n);
	struct node *v = node_strip(n), *at = NULL;
	struct func_list *l;

	if (fn) {
		add_function(fn, out);
		return;
	}
	while (v && v->kind == N_INDEX)
		v = node_strip(v->child);
	if (!v || level > 6)
		return;
	if (v->kind == N_INIT || v->kind == N_CONDITIONAL || v->kind == N_OTHER || v->kind == N_STMTEXPR) {
		for (at = v->kind == N_CONDITIONAL ? v->child->next : v->child; at; at = at->next)
			node_functions(model, f, at, level + 1, out);
	} else if (v->kind == N_MEMBER && v->field) {
		for (l = v->field->stored; l; l = l->next)
			add_function(l->func, out);
	} else if (v->kind == N_CALL && call_target(v) && call_target(v)->body) {
		while ((at = node_next(call_target(v)->body, at)))
			if (at->kind == N_RETURN && at->child)
				node_functions(model, call_target(v), at->child, level + 1, out);
	} else if (v->kind == N_REF && v->var && v->var->init) {
		node_functions(model, f, v->var->init, level + 1, out);
	} else if (v->kind == N_REF && v->var && f) {
		while ((at = node_next(f->body, at)))
			if (node_value_of(at, v->var))
				node_functions(model, f, node_value_of(at, v->var), level + 1, out);
		for (unsigned int i = 0; i < f->nparam && v->var->is_param; i++)
			for (struct func *g = model->func; g && f->param[i].var == v->var; g = g->next)
				for (struct role *r = g->role; r; r = r->next)
					if (r->callee == f && r->arg == i)
						add_function(g, out);
	}
}

static bool is_null(const struct node *n)
{
	return n->type && n->type->kind == TYPE_POINTER && node_strip((struct node *)n)->kind == N_LITERAL;
}

/* What policy says of argument @i of a callback that @f is. */
static bool role_may_be_null(const struct func *f, unsigned int i)
{
	for (const struct role *r = f->role; r; r = r->next)
		for (struct policy_line *l = r->field ? policy_find("null", field_name(r->field)) : NULL; l; l = l->same)
			if ((unsigned int)atoi(l->arg[1]) == i)
				return true;
	return false;
}

bool node_param_may_be_null(struct model *model, struct func *f, const struct var *v, int level)
{
	for (unsigned int i = 0; i < f->nparam && level < 4; i++) {
		if (f->param[i].var == v && role_may_be_null(f, i))
			return true;
		for (struct func *g = model->func; g && f->param[i].var == v; g = g->next)
			for (struct edge *e = g->has_body ? g->callees : NULL; e; e = e->next)
				if (e->callee == f && e->call &&
				    node_may_be_null(model, g, call_arg(e->call, i), level + 1))
					return true;
	}
	return false;
}

/* Is the parameter a condition, or part of a comparison with NULL? */
static bool is_tested(const struct func *f, const struct var *v)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		const struct node *at = n, *up = n->parent;

		if (n->kind != N_REF || n->var != v)
			continue;
		while (up && (up->kind == N_CAST || (up->kind == N_OTHER && up->child == at && !at->next))) {
			at = up;
			up = up->parent;
		}
		if (up && ((up->kind == N_UNARY && f->tu->text[up->start] == '!') ||
			   ((up->kind == N_IF || up->kind == N_CONDITIONAL || up->kind == N_WHILE) && up->child == at) ||
			   (up->kind == N_BINARY && up->op == OP_LOGIC) ||
			   (up->kind == N_BINARY && up->op == OP_COMPARE && is_null(at->next ? at->next : up->child))))
			return true;
	}
	return false;
}

bool node_param_is_tested(const struct func *f, unsigned int i)
{
	return f->body && i < f->nparam && f->param[i].var && is_tested(f, f->param[i].var);
}

bool node_may_be_null(struct model *model, struct func *f, struct node *n, int level)
{
	struct node *at = n, *v = node_strip(n);

	if (!n || level > 4)
		return false;
	if (v->kind == N_LITERAL)
		return true;
	for (; at; at = node_next(n, at))
		if (is_null(at))
			return true;
	if (v->kind == N_MEMBER && v->field)
		return v->field->holds_null;
	if (v->kind != N_REF || !v->var)
		return false;
	for (at = NULL; !v->var->is_static_local && (at = node_next(f->body, at)); )
		if (node_value_of(at, v->var) && node_may_be_null(model, f, node_value_of(at, v->var), level + 1))
			return true;
	return v->var->is_param && node_param_may_be_null(model, f, v->var, level);
}
