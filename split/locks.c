// SPDX-License-Identifier: GPL-2.0
/* Statements: which locks are held where, and the regions that they make. */
#include <string.h>

#include "policy.h"
#include "scanning.h"
#include "text.h"
#include "xalloc.h"

struct label {
	const char *name;
	int depth;
	struct label *next;
};

void scan_lock_call(struct scan *s, const struct func *f, struct node *n)
{
	int effect = policy_find("lock", f->name) ? 1 : policy_find("unlock", f->name) ? -1 : f->lock_effect;

	if (effect < 0 && s->depth == 0) {
		s->releases = true;
		scan_mark(s, n, "lock", "releases a lock that it did not take");
	} else {
		s->depth += effect;
	}
}

static struct label *label_of(struct scan *s, const char *name)
{
	struct label *l;

	for (l = s->label; l; l = l->next)
		if (!strcmp(l->name, name))
			return l;
	l = xcalloc(1, sizeof(*l));
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
	struct region *r = xcalloc(1, sizeof(*r)), **at = &s->f->regions;

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

		ends = scan_stmt(s, c);
		if (outer == 0 && before == 0 && s->depth > 0 && !first)
			first = c;
		if (first && s->depth == 0 && outer == 0) {
			add_region(s, first, c, "takes a lock");
			first = NULL;
		}
	}
	if (first && !ends)
		scan_mark(s, first, "lock", "a lock is held at the end of a block");
	else if (first)
		scan_mark(s, first, "lock", "a lock's region ends in a jump");
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

	scan_expr(s, c, ACC_READ);
	d_then = d_other = s->depth;
	if (s->depth > before) {	/* an attempt to lock */
		int sign = sense(s, c);

		if (!sign)
			scan_mark(s, n, "lock", "may take a lock in a condition");
		else if (sign > 0)
			d_other = before;
		else
			d_then = before;
	}
	then = c ? c->next : NULL;
	other = then ? then->next : NULL;
	s->depth = d_then;
	e1 = scan_stmt(s, then);
	d1 = s->depth;
	s->depth = d_other;
	if (other)
		e2 = scan_stmt(s, other);
	if (e2 && !e1)
		s->depth = d1;
	else if (!e1 && !e2 && d1 != s->depth) {
		scan_mark(s, n, "lock", "a lock is taken or released in one branch only");
		s->depth = d1 > s->depth ? d1 : s->depth;
	}
	return e1 && e2;
}

static void loop(struct scan *s, struct node *n)
{
	int d0 = s->depth, saved = s->break_depth;

	s->break_depth = -1;
	for (struct node *c = n->child; c; c = c->next)
		scan_stmt(s, c);
	if (s->depth != d0 && s->depth > 0)
		scan_mark(s, n, "lock", "a lock is held across turns of a loop");
	if (s->break_depth > d0)
		scan_mark(s, n, "lock", "a loop is left with a lock held");
	s->depth = d0;
	s->break_depth = saved;
}

static void switch_(struct scan *s, struct node *n)
{
	int d0, saved = s->break_depth;
	struct node *body = n->child;

	s->break_depth = -1;
	for (; body && body->next; body = body->next)
		scan_expr(s, body, ACC_READ);
	d0 = s->depth;
	if (body && body->kind == N_COMPOUND) {
		struct node *first = NULL;

		for (struct node *c = body->child; c; c = c->next) {
			int before;

			if (c->kind == N_CASE || c->kind == N_DEFAULT) {
				if (first)
					scan_mark(s, first, "lock", "a lock is held from one case into the next");
				s->depth = d0;
				first = NULL;
			}
			before = s->depth;
			scan_stmt(s, c);
			if (d0 == 0 && before == 0 && s->depth > 0 && !first)
				first = c;
			if (first && s->depth == 0) {
				add_region(s, first, c, "takes a lock");
				first = NULL;
			}
		}
	} else {
		scan_stmt(s, body);
	}
	if (s->break_depth > d0)
		scan_mark(s, n, "lock", "a switch is left with a lock held");
	s->depth = d0;
	s->break_depth = saved;
}

/* do { ... } while (0), the shape of a macro: its locks belong to the statements around it. */
static bool once(struct scan *s, struct node *n)
{
	struct node *body = n->child, *c;
	bool ends = false;

	if (body->kind != N_COMPOUND)
		return scan_stmt(s, body);
	for (c = body->child; c; c = c->next)
		ends = scan_stmt(s, c);
	return ends;
}

bool scan_stmt(struct scan *s, struct node *n)
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
		if (node_is_once(s->f, n))
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
			ends = scan_stmt(s, c);
		return ends;
	case N_LABEL:
		l = label_of(s, n->text);
		if (l->depth > s->depth)
			s->depth = l->depth;
		l->depth = s->depth;
		for (struct node *c = n->child; c; c = c->next)
			ends = scan_stmt(s, c);
		return ends;
	case N_GOTO:
		l = label_of(s, n->text);
		if (l->depth >= 0 && l->depth != s->depth)
			scan_mark(s, n, "lock", "jumps reach a label with different locks held");
		if (s->depth > l->depth)
			l->depth = s->depth;
		return true;
	case N_INDIRECT_GOTO:
		scan_mark(s, n, "goto", "computed goto");
		return true;
	case N_RETURN:
		for (struct node *c = n->child; c; c = c->next)
			scan_expr(s, c, ACC_READ);
		if (s->depth > 0) {
			scan_mark(s, n, "lock", "returns with a lock held");
			s->holds = true;
		}
		return true;
	case N_BREAK: case N_CONTINUE:
		if (s->depth > s->break_depth)
			s->break_depth = s->depth;
		return true;
	case N_DECL:
		if (memmem(s->f->tu->text + n->start, n->end - n->start, "cleanup", 7))
			scan_mark(s, n, "cleanup", "runs a function when a variable goes out of scope");
		for (struct node *c = n->child; c; c = c->next)
			scan_stmt(s, c);
		return false;
	case N_VAR:
		for (struct node *c = n->var->is_static_local ? NULL : n->child; c; c = c->next) {
			if (c->kind == N_INIT)
				scan_init_list(s, n->type, c);
			else
				scan_expr(s, c, ACC_READ);
		}
		return false;
	case N_NULL:
		return false;
	default:
		scan_expr(s, n, ACC_READ);
		if (n->kind == N_CALL && call_target(n) && policy_find("noreturn", call_target(n)->name))
			return true;
		return false;
	}
}
