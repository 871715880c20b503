// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "outline.h"
#include "scan.h"
#include "xalloc.h"

#define EXIT_RETURN	1
#define EXIT_JUMP	2	/* and up */

static bool inside(const struct region *r, const struct node *n)
{
	return n->start >= r->first->start && n->end <= r->last->end;
}

unsigned int outline_lines(const struct region *r)
{
	const char *text = r->in->tu->text;
	unsigned int lines = 1;

	for (uint32_t i = r->first->start; i < r->last->end; i++)
		lines += text[i] == '\n';
	return lines;
}

static bool is_flat(const struct type *t)
{
	switch (t->kind) {
	case TYPE_INT: case TYPE_BOOL:
		return true;
	case TYPE_ARRAY:
		return t->count && is_flat(t->target);
	case TYPE_RECORD:
		if (!t->record->is_complete || strchr(t->name, '('))
			return false;
		for (unsigned int i = 0; i < t->record->nfield; i++)
			if (!is_flat(t->record->field[i].type))
				return false;
		return true;
	default:
		return false;
	}
}

/* How the variable that @ref names is used. */
static void usage(struct region_var *v, struct node *ref)
{
	struct node *n = ref, *p = ref->parent;

	while (p && (p->kind == N_CAST || (p->kind == N_OTHER && p->child == n && !n->next) ||
		     (p->kind == N_MEMBER && !p->arrow) || (p->kind == N_INDEX && p->child == n && n->type &&
							      n->type->kind == TYPE_ARRAY))) {
		n = p;
		p = p->parent;
	}
	if (p && p->kind == N_BINARY && p->child == n && (p->op == OP_ASSIGN || p->op == OP_COMPOUND || p->op == OP_COMPOUND_BITS)) {
		v->written = true;
		v->read |= p->op != OP_ASSIGN;
	} else if (p && p->kind == N_UNARY && p->op == OP_INCDEC) {
		v->written = v->read = true;
	} else if (p && p->kind == N_UNARY && p->op == OP_ADDRESS) {
		v->address = v->read = true;
	} else {
		v->read = true;
		if (n->type && n->type->kind == TYPE_ARRAY)
			v->address = true;
	}
}

static struct region_var *var_in(struct region *r, struct var *var)
{
	struct region_var *v, **at;

	for (at = &r->vars; *at; at = &(*at)->next)
		if ((*at)->var == var)
			return *at;
	v = xcalloc(1, sizeof(*v));
	v->var = var;
	*at = v;
	return v;
}

static bool declared_inside(const struct region *r, const struct var *v)
{
	return !v->is_param && v->start >= r->first->start && v->end <= r->last->end;
}

/* Is every use of the variable inside the region, and its declaration without a value? */
static bool is_private(const struct region *r, const struct var *v)
{
	struct node *n = NULL;

	if (v->is_param)
		return false;
	while ((n = node_next(r->in->body, n))) {
		if (n->kind == N_REF && n->var == v && !inside(r, n))
			return false;
		if (n->kind == N_VAR && n->var == v && n->op == OP_ASSIGN)
			return false;
	}
	return true;
}

static const struct node *label_node(const struct func *f, const char *name)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n)))
		if (n->kind == N_LABEL && !strcmp(n->text, name))
			return n;
	return NULL;
}

static const char *exits(struct region *r)
{
	struct node *n = NULL;
	int next = EXIT_JUMP;

	r->nexit = 0;
	while ((n = node_next(r->in->body, n))) {
		const struct node *p;

		if (n->kind == N_GOTO && !inside(r, n) && label_node(r->in, n->text) && inside(r, label_node(r->in, n->text)))
			return "a jump leads into the region";
		if (!inside(r, n))
			continue;
		switch (n->kind) {
		case N_RETURN:
			break;
		case N_GOTO:
			p = label_node(r->in, n->text);
			if (p && inside(r, p))
				continue;
			break;
		case N_BREAK: case N_CONTINUE:
			for (p = n->parent; p; p = p->parent)
				if (p->kind == N_FOR || p->kind == N_WHILE || p->kind == N_DO ||
				    (p->kind == N_SWITCH && n->kind == N_BREAK))
					break;
			if (p && inside(r, p))
				continue;
			break;
		default:
			continue;
		}
		if (r->nexit == sizeof(r->exit) / sizeof(*r->exit))
			return "too many exits";
		r->exit[r->nexit].node = n;
		r->exit[r->nexit].code = n->kind == N_RETURN ? EXIT_RETURN : next++;
		r->nexit++;
	}
	return NULL;
}

static bool returns_value(const struct region *r)
{
	for (unsigned int i = 0; i < r->nexit; i++)
		if (r->exit[i].code == EXIT_RETURN && r->exit[i].node->child)
			return true;
	return false;
}

const char *outline_check(struct region *r)
{
	struct node *n = NULL;
	const char *why;

	r->vars = NULL;
	why = exits(r);
	if (why)
		return why;
	if (returns_value(r) && r->in->result->kind != TYPE_INT && r->in->result->kind != TYPE_BOOL)
		return text_format("returns a %s from inside the region", r->in->result->name);
	while ((n = node_next(r->in->body, n))) {
		if (n->kind != N_REF || !n->var)
			continue;
		if (!inside(r, n)) {
			if (n->var->is_local && declared_inside(r, n->var))
				return text_format("%s is declared inside the region and used after it", n->var->name);
			continue;
		}
		if (n->var->is_static_local && !declared_inside(r, n->var))
			return text_format("uses %s, a static variable of the function", n->var->name);
		if (!n->var->is_local || declared_inside(r, n->var))
			continue;
		usage(var_in(r, n->var), n);
	}
	for (struct region_var *v = r->vars; v; v = v->next) {
		struct type *t = v->var->type;

		if (is_private(r, v->var))
			continue;
		if (strchr(t->name, '(') && strstr(t->name, "unnamed"))
			return text_format("%s has a type without a name", v->var->name);
		if (t->kind == TYPE_POINTER && (v->written || v->address))
			return text_format("assigns the pointer %s", v->var->name);
		if (t->kind != TYPE_POINTER && !is_flat(t))
			return text_format("%s is a %s that holds pointers", v->var->name, t->name);
	}
	return NULL;
}

static bool by_address(const struct region_var *v)
{
	return v->written || v->address || v->var->type->kind == TYPE_ARRAY || v->var->type->kind == TYPE_RECORD;
}

unsigned int outline_params(const struct region *r, struct var **var, bool *address, unsigned int max)
{
	unsigned int n = 0;

	for (struct region_var *v = r->vars; v && n < max; v = v->next) {
		if (is_private(r, v->var))
			continue;
		var[n] = v->var;
		address[n++] = by_address(v);
	}
	return n;
}

bool outline_returns_value(const struct region *r)
{
	return returns_value(r);
}

void outline_prototype(const struct region *r, struct text *out)
{
	const char *comma = "";

	text_add(out, "long tandem_region_%u(", r->id);
	for (struct region_var *v = r->vars; v; v = v->next) {
		if (is_private(r, v->var))
			continue;
		text_add(out, "%s__typeof__(%s) %s%s%s", comma, v->var->type_text, by_address(v) ? "*" : "", v->var->name,
			 by_address(v) ? "_p" : "");
		comma = ", ";
	}
	if (returns_value(r)) {
		text_add(out, "%s__typeof__(%s) *tandem_ret", comma, r->in->result_text);
		comma = ", ";
	}
	text_add(out, "%s)", *comma ? "" : "void");
}

static void exit_edit(struct edits *e, const struct region *r, unsigned int i)
{
	const struct node *n = r->exit[i].node;

	if (n->kind == N_RETURN && n->child) {
		edit_add(e, n->start, n->child->start, "return (*tandem_ret = (");
		edit_add(e, n->end, n->end, text_format("), %dL)", EXIT_RETURN));
	} else {
		edit_add(e, n->start, n->end, text_format("return %dL", r->exit[i].code));
	}
}

void outline_kernel(const struct region *r, struct text *out)
{
	uint32_t end = r->last->end + (r->in->tu->text[r->last->end] == ';');	/* an edit may stand at the end */
	struct edits e = { 0 };
	struct node *n = NULL;

	outline_prototype(r, out);
	text_add(out, "\n{\n");
	for (struct region_var *v = r->vars; v; v = v->next)
		if (is_private(r, v->var) || by_address(v))	/* the latter for sizeof, whose operand stays as it is */
			text_add(out, "\t__typeof__(%s) %s __attribute__((unused));\n", v->var->type_text, v->var->name);
	while ((n = node_next(r->in->body, n))) {
		if (n->kind != N_REF || !n->var || !n->var->is_local || !inside(r, n) || declared_inside(r, n->var))
			continue;
		if (!is_private(r, n->var) && by_address(var_in((struct region *)r, n->var)))
			edit_add(&e, n->start, n->end, text_format("(*%s_p)", n->var->name));
	}
	for (unsigned int i = 0; i < r->nexit; i++)
		exit_edit(&e, r, i);
	text_add(out, "# %u \"%s\"\n", r->first->line, r->first->file);
	edit_apply(&e, r->in->tu->text, r->first->start, end, out);
	text_add(out, ";\n\treturn 0L;\n}\n");
}

void outline_user(const struct region *r, struct text *out)
{
	const char *comma = "", *text = r->in->tu->text;
	uint32_t at = r->last->end;

	text_add(out, "({ ");
	if (returns_value(r))
		text_add(out, "__typeof__(%s) tandem_r = 0; ", r->in->result_text);
	text_add(out, "%standem_region_%u(", r->nexit ? "long tandem_s = " : "", r->id);
	for (struct region_var *v = r->vars; v; v = v->next) {
		if (is_private(r, v->var))
			continue;
		text_add(out, "%s%s%s", comma, by_address(v) ? "&" : "", v->var->name);
		comma = ", ";
	}
	if (returns_value(r))
		text_add(out, "%s&tandem_r", comma);
	text_add(out, "); ");
	for (unsigned int i = 0; i < r->nexit; i++) {
		const struct node *n = r->exit[i].node;
		bool seen = false;

		for (unsigned int j = 0; j < i; j++)
			seen |= r->exit[j].code == r->exit[i].code;
		if (seen)
			continue;
		text_add(out, "if (tandem_s == %d) ", r->exit[i].code);
		if (n->kind == N_RETURN)
			text_add(out, "return%s; ", n->child ? " tandem_r" : "");
		else
			text_add(out, "%.*s; ", (int)(n->end - n->start), text + n->start);
	}
	text_add(out, "(void)0; })");
	while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n')
		at++;
	if (text[at] != ';')
		text_add(out, ";");
}
