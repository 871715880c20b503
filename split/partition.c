// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "fuse.h"
#include "length.h"
#include "memory.h"
#include "outline.h"
#include "partition.h"
#include "policy.h"
#include "scan.h"
#include "text.h"
#include "xalloc.h"

static void place(struct func *f, enum side side, const char *reason, struct func *because,
		  const char *file, uint32_t line)
{
	f->side = side;
	f->reason = reason;
	f->because = because;
	f->reason_file = file;
	f->reason_line = line;
}

/* "int (struct nic *, u32)": as the type of a pointer to the function spells it. */
static const char *function_type(const struct func *f)
{
	struct text t = { 0 };

	text_add(&t, "%s (", f->result->name);
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(&t, "%s%s", i ? ", " : "", f->param[i].type->name);
	text_add(&t, "%s%s)", f->nparam ? "" : "void", f->is_variadic ? ", ..." : "");
	return text_intern(t.at);
}

bool func_is_of_type(const struct func *f, const struct type *type)
{
	return !strcmp(function_type(f), type->name);
}

static struct func *all_functions;	/* of the model, for call_targets() */

/* Every function of the driver whose address is taken and whose type fits. */
static struct func_list *targets_by_type(const struct type *pointer)
{
	struct func_list *list = NULL;

	if (pointer->kind == TYPE_POINTER)
		pointer = pointer->target;
	for (struct func *f = all_functions; f; f = f->next) {
		struct func_list *l;

		if (!f->is_own || !f->has_body || !f->address_taken || !func_is_of_type(f, pointer))
			continue;
		l = xcalloc(1, sizeof(*l));
		l->func = f;
		l->next = list;
		list = l;
	}
	return list;
}

struct func_list *call_targets(const struct edge *e)
{
	struct node *n = e->call ? node_strip(e->call->child) : NULL;

	if (!e->indirect)
		return NULL;
	while (n && n->kind == N_UNARY && n->op == OP_DEREF)
		n = node_strip(n->child);
	if (n && n->kind == N_MEMBER && n->field && (n->field->stored || !n->field->in->is_own))
		return n->field->stored;
	return n && n->type ? targets_by_type(n->type) : NULL;
}

bool edge_calls(const struct edge *e, const struct func *f)
{
	if (e->callee == f && e->call)
		return true;
	for (struct func_list *l = e->indirect && e->call ? call_targets(e) : NULL; l; l = l->next)
		if (l->func == f)
			return true;
	return false;
}

static void addresses_taken(struct model *model)
{
	all_functions = model->func;
	for (struct func *f = model->func; f; f = f->next) {
		f->address_taken |= f->role || f->taken;
		for (struct edge *e = f->callees; e; e = e->next)
			if (e->callee && !e->call)
				e->callee->address_taken = true;
	}
}

struct edge *user_edge(const struct func *f, struct edge *at)
{
	for (at = at ? at->next : f->callees; at; at = at->next)
		if (!at->call || !node_region(f, at->call))
			return at;
	return NULL;
}

bool runs_in_user(const struct func *f)
{
	if (f->is_own && f->has_body)
		return f->side == SIDE_USER || f->duplicated;
	return f->has_body && f->inline_class == INLINE_LOCAL;
}

/* ---- header inlines ---- */

static bool inline_touches_kernel(struct func *f)
{
	for (struct access *a = f->accesses; a; a = a->next)
		if (a->var && !a->var->is_const && !a->var->is_static_local && !policy_find("value", a->var->name))
			return true;
	return f->mark != NULL;
}

int inline_class(struct func *f)
{
	if (f->inline_class || (f->is_own && f->has_body))
		return f->inline_class;
	if (policy_find("local", f->name) || policy_find("constant", f->name) ||
	    !strncmp(f->name, "__builtin_", 10))
		return f->inline_class = INLINE_LOCAL;
	if (!f->has_body || policy_find("downcall", f->name) || f->is_variadic)
		return f->inline_class = INLINE_DOWN;
	if (f->visiting)
		return INLINE_LOCAL;
	if (inline_touches_kernel(f))
		return f->inline_class = INLINE_DOWN;
	f->visiting = true;
	for (struct edge *e = f->callees; e; e = e->next)
		if (e->indirect || (e->callee && e->callee != f && inline_class(e->callee) == INLINE_DOWN)) {
			f->visiting = false;
			return f->inline_class = INLINE_DOWN;
		}
	f->visiting = false;
	return f->inline_class = INLINE_LOCAL;
}

/* ---- roots ---- */

const char *role_name(const struct role *r)
{
	return r->field ? field_name(r->field) : text_intern(text_format("%s/%u", r->callee->name, r->arg));
}

static void make_atomic(struct func *f, const char *reason, struct func *because, const char *file, uint32_t line)
{
	if (f->atomic)
		return;
	f->atomic = true;
	if (f->is_own && f->has_body)
		place(f, SIDE_KERNEL, reason, because, file, line);
	for (struct edge *e = f->callees; e; e = e->next) {
		uint32_t at = e->call ? e->call->line : f->line;

		if (e->indirect) {
			for (struct func_list *l = call_targets(e); l; l = l->next)
				make_atomic(l->func, text_format("called by %s through a field", f->name), f, f->file, at);
		} else if (e->call && e->callee) {
			make_atomic(e->callee, text_format("called by %s", f->name), f, f->file, at);
		}
	}
}

/* When the user half has died, what undoes an acquisition must be there, and all it calls. */
static bool is_undo(const struct func *f)
{
	for (struct policy_line *l = policy_all(); l; l = l->next)
		if (!strcmp(l->word, "acquire") && l->narg > 2 && !strcmp(l->arg[2], f->name)) {
			l->used++;
			return true;
		}
	return false;
}

static void roots(struct model *model)
{
	for (struct func *f = model->func; f; f = f->next) {
		if (!f->is_own || !f->has_body)
			continue;
		if (policy_find("root-function", f->name))
			make_atomic(f, "policy: root-function", NULL, f->file, f->line);
		if (is_undo(f))
			make_atomic(f, "policy: undoes an acquisition", NULL, f->file, f->line);
		for (struct role *r = f->role; r; r = r->next)
			if (policy_find("root", role_name(r)))
				make_atomic(f, text_format("root: %s may run in atomic context", role_name(r)),
					    NULL, r->file, r->line);
	}
	for (struct func *f = model->func; f; f = f->next)
		for (struct edge *e = f->callees; f->is_own && e; e = e->next) {
			if (!e->locked)
				continue;
			if (e->indirect)
				for (struct func_list *l = call_targets(e); l; l = l->next)
					make_atomic(l->func, text_format("called by %s under a lock", f->name), f, f->file, e->call->line);
			else if (e->callee && e->call)
				make_atomic(e->callee, text_format("called by %s under a lock", f->name), f, f->file, e->call->line);
		}
}

/* A callback nobody classified: it might run in any context. */
static void unknown_roles(struct model *model)
{
	for (struct func *f = model->func; f; f = f->next)
		for (struct edge *e = f->callees; e; e = e->next)
			if (e->callee && !e->call && !e->indirect && e->callee->is_own && e->callee->has_body && !e->callee->role)
				make_atomic(e->callee, text_format("%s takes its address for a use that is not understood", f->name),
					    NULL, f->file, f->line);
	for (struct func *f = model->func; f; f = f->next)
		if (f->is_own && f->has_body && f->taken && !f->atomic)
			make_atomic(f, "its address is in a table or variable whose use is not understood", NULL, f->file, f->line);
	for (struct func *f = model->func; f; f = f->next) {
		if (!f->is_own || !f->has_body || f->atomic)
			continue;
		for (struct role *r = f->role; r; r = r->next) {
			if (r->field ? r->field->in->is_own : r->callee->is_own)
				continue;
			if (!policy_find("sleeps", role_name(r)) && !policy_find("root", role_name(r)))
				make_atomic(f, text_format("callback %s is not in policy", role_name(r)), NULL, r->file, r->line);
		}
	}
}

/* init_module and cleanup_module are aliases of the driver's functions. */
static void module_entries(struct model *model)
{
	for (struct tu *tu = model->tu; tu; tu = tu->next)
		for (unsigned int i = 0; i < tu->ntop; i++) {
			const char *at;
			struct func *f;
			size_t n;

			if (!tu->top[i].name || (strcmp(tu->top[i].name, "init_module") && strcmp(tu->top[i].name, "cleanup_module")))
				continue;
			at = strstr(tu->text + tu->top[i].start, "alias(\"");
			if (!at)
				continue;
			at += 7;
			n = strcspn(at, "\"");
			for (f = model->func; f; f = f->next)
				if (f->is_own && strlen(f->name) == n && !strncmp(f->name, at, n))
					place(f, SIDE_KERNEL, "module entry: registers the driver with its bus", NULL, f->file, f->line);
		}
}

/* EXPORT_SYMBOL() leaves a name of its own beside the function's: @name is one for @f. */
static bool exports(const char *name, const struct func *f)
{
	static const char old[] = "__kstrtab_", now[] = "__UNIQUE_ID___addressable_";	/* since 6.4; a number follows */
	size_t n = strlen(f->name);

	if (!strncmp(name, old, sizeof(old) - 1))
		return !strcmp(name + sizeof(old) - 1, f->name);
	name += sizeof(now) - 1;
	return !strncmp(name + 1 - sizeof(now), now, sizeof(now) - 1) && !strncmp(name, f->name, n) &&
	       strspn(name + n, "0123456789") == strlen(name + n);
}

/* Other modules call these, in what context and with what is not known. */
static void exported(struct model *model)
{
	for (struct var *v = model->var; v; v = v->next)
		for (struct func *f = strncmp(v->name, "__", 2) ? NULL : model->func; f; f = f->next)
			if (f->is_own && f->has_body && exports(v->name, f))
				make_atomic(f, "exported: other modules call it", NULL, f->file, f->line);
}

/* ---- calls that cannot cross ---- */

/* A table that stays in the kernel half is known to both by its name. Its elements are not. NULL: @v is none. */
static const char *nameless_constant(struct node *v)
{
	struct node *n = v && v->kind == N_UNARY && v->op == OP_ADDRESS ? node_strip(v->child) : NULL;

	if (!n || n->kind != N_INDEX)
		return NULL;
	n = node_strip(n->child);
	if (!n || n->kind != N_REF || !n->var || !n->var->is_own || !n->var->is_const || n->var->type->kind == TYPE_POINTER ||
	    (n->var->is_local && !n->var->is_static_local))
		return NULL;
	return text_format("an element of %s", n->var->name);
}

static const char *argument_problem(struct func *g, unsigned int i, struct node *arg)
{
	struct type *t = g->param[i].type;
	struct node *v = node_strip(arg);
	char *key = text_format("%s/%u", g->name, i);
	bool known = policy_find("buffer", key) || policy_find("type", key);

	free(key);
	if (known)
		return NULL;
	switch (t->kind) {
	case TYPE_INT: case TYPE_BOOL:
		return t->size > 8 ? "argument wider than 64 bits" : NULL;
	case TYPE_POINTER:
		if (nameless_constant(v))
			return text_format("passes %s, to %s: it has no name that both halves know", nameless_constant(v),
					   g->name);
		if (t->target->kind == TYPE_POINTER && v && v->kind == N_UNARY && v->op == OP_ADDRESS)
			return text_format("passes the address of a pointer to %s", g->name);
		if (t->target->kind == TYPE_VOID && v && v->kind == N_UNARY && v->op == OP_ADDRESS && v->child &&
		    node_strip(v->child) && node_strip(v->child)->var && node_strip(v->child)->var->is_local)
			return text_format("passes memory of unknown length to %s", g->name);
		return NULL;
	default:
		return text_format("passes a %s by value to %s", t->name, g->name);
	}
}

static bool may_duplicate(struct func *f);

/* A call through a pointer, which may lead to functions of the kernel half. */
static const char *indirect_problem(struct model *model, struct func *f, struct edge *e)
{
	for (struct func_list *l = call_targets(e); l; l = l->next)
		for (unsigned int i = 0; !runs_in_user(l->func) && i < l->func->nparam; i++) {
			const char *why = memory_of_argument(model, f, l->func, e->call, i);

			if (why)
				return why;
		}
	return NULL;
}

static const char *call_problem(struct model *model, struct func *f, struct edge *e)
{
	struct func *g = e->callee;

	if (e->indirect)
		return indirect_problem(model, f, e);
	if (!g || !e->call || runs_in_user(g) || inline_class(g) == INLINE_LOCAL)
		return NULL;
	if (policy_find("lock", g->name) || policy_find("unlock", g->name) || g->lock_effect)
		return "lock outside a region that could be outlined";
	if (g->is_variadic && !policy_find("print", g->name))
		return text_format("%s takes a variable number of arguments", g->name);
	if (g->result->kind == TYPE_RECORD || g->result->kind == TYPE_OTHER)
		return text_format("%s returns a %s by value", g->name, g->result->name);
	for (unsigned int i = 0; i < g->nparam; i++) {
		const char *why = argument_problem(g, i, call_arg(e->call, i));

		if (!why && !may_duplicate(g))
			why = memory_of_argument(model, f, g, e->call, i);

		if (why)
			return why;
	}
	return NULL;
}

/* Parameters of a function that the kernel half calls. */
static const char *entry_problem(struct func *f)
{
	bool entry = f->role != NULL;

	if (f->is_variadic)
		return "takes a variable number of arguments";
	if (f->result->kind == TYPE_RECORD || f->result->kind == TYPE_OTHER)
		return text_format("returns a %s by value", f->result->name);
	if (!entry)
		return NULL;
	for (unsigned int i = 0; i < f->nparam; i++) {
		struct type *t = f->param[i].type;
		bool known = false;

		if (t->kind == TYPE_RECORD || t->kind == TYPE_OTHER || t->kind == TYPE_ARRAY)
			return text_format("takes a %s by value", t->name);
		if (t->kind != TYPE_POINTER || t->target->kind != TYPE_INT)
			continue;
		for (struct role *r = f->role; r; r = r->next)
			if (policy_find("buffer", text_format("%s/%u", role_name(r), i)))
				known = true;
		if (!known && !policy_find("buffer", text_format("%s/%u", f->name, i)))
			return text_format("parameter %s points to memory of unknown length", f->param[i].name);
	}
	return NULL;
}

/* ---- statements that go to the kernel half on their own ---- */

static bool same_region(struct func *f, struct node *statement)
{
	return node_region(f, statement) != NULL;
}

static bool changed;	/* a function or a region: what was judged before may be wrong now */

/* Puts the statement around @n into a region. NULL, or why that is not possible. */
static const char *outline_statement(struct model *model, struct func *f, struct node *n, const char *why)
{
	struct node *s = node_statement(f, n);
	struct region *r, **at;
	const char *problem;
	unsigned int lines;

	if (!s)
		return "no statement around it";
	if (same_region(f, s))
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->in = f;
	r->first = r->last = s;
	r->why = why;
	r->down = -1;
	lines = outline_lines(r);
	if (lines * 2 > f->lines)
		return "most of the function would move";
	problem = outline_check(r) ?: length_of_region(model, r);
	if (problem)
		return problem;
	changed = true;
	for (at = &f->regions; *at; ) {	/* the larger one takes the place of those inside it */
		if ((*at)->first->start >= s->start && (*at)->last->end <= s->end)
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	*at = r;
	return NULL;
}

/* Regions that follow each other become one: one crossing instead of several. */
static void merge_regions(struct model *model, struct func *f)
{
	for (struct region *r = f->regions; r; r = r->next) {
		struct region **at = &f->regions;

		while (*at) {
			struct region *q = *at, joined = *r;

			if (q != r && r->last->next == q->first && r->last->parent == q->first->parent &&
			    q->first->parent->kind != N_IF &&
			    q->first->kind != N_CASE && q->first->kind != N_LABEL && q->first->kind != N_DEFAULT) {
				joined.last = q->last;
				joined.vars = NULL;
				joined.nexit = 0;
				if (!outline_check(&joined) && !length_of_region(model, &joined)) {
					r->last = q->last;
					*at = q->next;
					continue;
				}
			}
			at = &q->next;
		}
	}
}

static void keep(struct func *f, const char *reason, const char *file, uint32_t line)
{
	changed |= f->side != SIDE_KERNEL;
	if (f->side != SIDE_KERNEL)
		place(f, SIDE_KERNEL, reason, NULL, file, line);
}

/* A call through a pointer all of whose targets are the driver's own. */
static bool known_call(const struct func *f, const struct node *call)
{
	for (struct edge *e = f->callees; e; e = e->next)
		if (e->indirect && e->call == call)
			return call_targets(e) != NULL;
	return false;
}

/* Does @g acquire, by its role, what @f gives back? */
static bool is_pair(const struct func *f, const struct func *g)
{
	for (const struct role *a = f->role; a; a = a->next)
		for (const struct role *b = g->role; b; b = b->next) {
			struct policy_line *l = policy_find("closes", role_name(a));

			if (l && l->arg[1] == role_name(b))
				return true;
			if (a->field && b->field && a->field->in == b->field->in &&
			    policy_find("ends", role_name(a)) && policy_find("begins", role_name(b)))
				return true;
		}
	return false;
}

/* The ledger knows only what is acquired and given back in the same half. */
static const char *pair_problem(struct model *model, const struct func *f)
{
	for (struct func *g = f->role ? model->func : NULL; g; g = g->next)
		if (g->is_own && g->has_body && g->role && g->side == SIDE_KERNEL && (is_pair(f, g) || is_pair(g, f)))
			return text_format("its counterpart %s stays in the kernel half", g->name);
	return NULL;
}

/* Who allocates what @frees frees, by policy: does user-half code, does the kernel half? */
static void allocators(struct model *model, const struct func *frees, bool *user, bool *kernel)
{
	for (struct policy_line *l = policy_all(); l; l = l->next)
		for (struct func *f = !strcmp(l->word, "acquire") && !strcmp(l->arg[2], frees->name) ? model->func : NULL;
		     f; f = f->next)
			for (struct edge *e = f->callees; e; e = e->next) {
				/* one inline of policy's may call another */
				if (!f->is_own || !e->call || !e->callee || strcmp(e->callee->name, l->arg[0]))
					continue;
				if (f->side == SIDE_KERNEL || node_region(f, e->call))
					*kernel = true;
				else
					*user = true;
			}
}

/* The user half may free only what it has allocated. */
static const char *frees_problem(struct model *model, const struct edge *e)
{
	bool user = false, kernel = false;

	if (!e->callee || e->callee->is_own || !policy_find("frees", e->callee->name))
		return NULL;
	allocators(model, e->callee, &user, &kernel);
	return kernel && !user ? text_format("%s frees what the kernel half allocates", e->callee->name) : NULL;
}

/* A static variable is moved out of its function, and its type must be known there. */
static const char *static_problem(struct func *f, struct node **at)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		const struct type *t = n->kind == N_VAR && n->var->is_static_local && !n->var->is_const ? type_element(n->var->type) : NULL;

		*at = n;
		if (t && t->kind == TYPE_RECORD && t->record->is_local)
			return text_format("the type of its variable %s is declared inside it", n->var->name);
	}
	return NULL;
}

static void judge(struct model *model, struct func *f)
{
	struct node *at;
	const char *why;

	why = entry_problem(f) ?: pair_problem(model, f);
	if (why) {
		keep(f, why, f->file, f->line);
		return;
	}
	for (struct region *r = f->regions; r; r = r->next) {
		why = outline_check(r) ?: length_of_region(model, r);
		if (why) {
			keep(f, text_format("region cannot be outlined: %s", why), r->first->file, r->first->line);
			return;
		}
	}
	why = static_problem(f, &at) ?: length_of_array(model, f, &at) ?: memory_of_entry(model, f, &at);
	if (why) {
		keep(f, why, at->file, at->line);
		return;
	}
	for (struct mark *m = f->mark; m; m = m->next) {
		if (m->node && (node_region(f, m->node) || known_call(f, m->node)))
			continue;
		if (!strcmp(m->construct, "union") && !memory_is_shared(model, f, m->node))
			continue;
		why = m->node && strcmp(m->construct, "lock") && strcmp(m->construct, "goto") &&
			strcmp(m->construct, "cleanup") ?
			outline_statement(model, f, m->node, m->reason) : "the whole function";
		if (why) {
			keep(f, text_format("%s (%s)", m->reason, why), m->file, m->line);
			return;
		}
	}
	for (struct edge *e = f->callees; e; e = e->next) {
		const char *p;

		if (!e->call || node_region(f, e->call))
			continue;
		p = frees_problem(model, e);
		if (p) {
			keep(f, p, e->call->file, e->call->line);
			return;
		}
		p = call_problem(model, f, e);
		if (!p)
			continue;
		why = outline_statement(model, f, e->call, p);
		if (why) {
			keep(f, text_format("%s (%s)", p, why), e->call->file, e->call->line);
			return;
		}
	}
	for (struct access *a = f->accesses; a; a = a->next) {
		struct var *v = a->var;

		if (!v || node_region(f, a->node) || v->is_own || v->is_const || policy_find("value", v->name))
			continue;
		if (!(a->how & ACC_WRITE) && (v->type->kind == TYPE_INT || v->type->kind == TYPE_BOOL))
			continue;
		why = outline_statement(model, f, a->node, text_format("uses the kernel's variable %s", v->name));
		if (why) {
			keep(f, text_format("uses the kernel's variable %s (%s)", v->name, why), a->node->file, a->node->line);
			return;
		}
	}
}

/* ---- kernel functions that user-half code would call all the time ---- */

static bool may_duplicate(struct func *f)
{
	if (f->duplicated || f->side == SIDE_USER)
		return true;
	if (!f->is_own || !f->atomic || !f->has_body || f->mark || f->regions || f->visiting || entry_problem(f))
		return false;
	for (struct access *a = f->accesses; a; a = a->next)
		if (a->var && !a->var->is_const)
			return false;
	f->visiting = true;
	for (struct edge *e = f->callees; e; e = e->next) {
		bool ok;

		if (e->indirect || !e->callee)
			ok = false;
		else if (e->callee->is_own)
			ok = e->callee == f || may_duplicate(e->callee);
		else
			ok = inline_class(e->callee) == INLINE_LOCAL || policy_find("print", e->callee->name);
		if (!ok) {
			f->visiting = false;
			return false;
		}
	}
	f->visiting = false;
	return true;
}

static void duplicate(struct func *f)
{
	if (f->duplicated || f->side == SIDE_USER)
		return;
	f->duplicated = true;
	for (struct edge *e = f->callees; e; e = e->next)
		if (e->callee && e->callee->is_own)
			duplicate(e->callee);
}

static void duplicates(struct model *model)
{
	for (struct func *f = model->func; f; f = f->next) {
		if (!f->is_own || f->side != SIDE_USER)
			continue;
		for (struct edge *e = user_edge(f, NULL); e; e = user_edge(f, e))
			if (e->callee && e->callee->is_own && e->call && may_duplicate(e->callee))
				duplicate(e->callee);
	}
}

bool is_user_mutex(const struct model *model, const struct var *v)
{
	if (!v->is_own || strcmp(v->type->name, "struct mutex"))
		return false;
	for (struct func *f = model->func; f; f = f->next)
		for (struct access *a = f->accesses; a; a = a->next) {
			struct node *call;

			if (a->var != v)
				continue;
			if (f->side != SIDE_USER || node_region(f, a->node))
				return false;
			for (call = a->node; call && call->kind != N_CALL; call = call->parent)
				;
			if (!call || !call_target(call) || !policy_find("mutex", call_target(call)->name))
				return false;
		}
	return true;
}

static bool is_used(const struct model *model, const struct func *f)
{
	if (f->role)
		return true;
	for (struct func *g = model->func; g; g = g->next)
		for (struct edge *e = g->callees; e; e = e->next)
			if (e->callee == f)
				return true;
	return false;
}

void partition(struct model *model)
{
	addresses_taken(model);
	for (struct func *f = model->func; f; f = f->next)
		inline_class(f);
	roots(model);
	exported(model);
	unknown_roles(model);
	module_entries(model);
	for (struct func *f = model->func; f; f = f->next) {
		if (!f->is_own || !f->has_body || f->side == SIDE_KERNEL)
			continue;
		if (f->is_static && f->is_inline && !is_used(model, f))
			f->dropped = true;	/* a macro's type check */
		else if (policy_find("keep", f->name))
			place(f, SIDE_KERNEL, "policy: keep", NULL, f->file, f->line);
		else
			place(f, SIDE_USER, "nothing keeps it in the kernel", NULL, f->file, f->line);
	}
	/* a function that stays makes its callers' calls downcalls, which may not be possible either */
	do {
		changed = false;
		for (struct func *f = model->func; f; f = f->next)
			if (f->is_own && f->has_body && f->side == SIDE_USER)
				judge(model, f);
	} while (changed);
	duplicates(model);
	for (struct func *f = model->func; f; f = f->next)
		if (f->is_own && f->side == SIDE_USER) {
			fuse(model, f);
			merge_regions(model, f);
		}
}
