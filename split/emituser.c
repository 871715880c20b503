// SPDX-License-Identifier: GPL-2.0
/* The user half: moved functions as they are, stand-ins for everything that stays. */
#include <string.h>

#include "emit.h"
#include "outline.h"
#include "partition.h"
#include "reach.h"
#include "scan.h"
#include "shared.h"
#include "xalloc.h"

#define U64 "unsigned long long"

/* Parameters of a stand-in, as a0, a1 ...: for functions whose names are only declared here. */
static void parameters(const struct func *f, struct text *out)
{
	text_add(out, "(");
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(out, "%s__typeof__(%s) a%u", i ? ", " : "", f->param[i].type_text, i);
	text_add(out, "%s)", f->is_variadic ? ", ..." : f->nparam ? "" : "void");
}

/* The body: tandem_down() with the arguments, whose names are in @name. */
static void down_body(const struct plan *plan, int down, const struct func *f, const char *const *name, struct text *out)
{
	const struct plan_down *d = &plan->down[down];
	bool buffers = false;

	text_add(out, "{ ");
	if (d->print >= 0)
		text_add(out, "__builtin_va_list tandem_ap; __builtin_va_start(tandem_ap, %s); const char *tandem_text = "
			 "tandem_vformat(%s, &tandem_ap); __builtin_va_end(tandem_ap); ", name[f->nparam - 1], name[d->print]);
	for (unsigned int i = 0; i < f->nparam; i++) {
		struct policy_line *l = plan_length(f, i);

		if (!l)
			continue;
		if (!buffers) {
			for (unsigned int j = 0; j < f->nparam; j++)
				if (strcmp(name[j], text_format("a%u", j)))
					text_add(out, "__typeof__(%s) a%u = %s; (void)a%u; ", f->param[j].type_text, j, name[j], j);
			text_add(out, "const " U64 " tandem_b[%u] = { ", f->nparam);
		}
		text_add(out, "[%u] = %s, ", i, l->code);
		buffers = true;
	}
	text_add(out, "%sconst " U64 " tandem_a[] = { ", buffers ? "}; " : "");
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(out, "(" U64 ")%s, ", d->print == (int)i ? "tandem_text" : name[i]);
	text_add(out, "0 }; ");
	if (f->result->kind == TYPE_VOID)
		text_add(out, "tandem_down(%d, tandem_a, %s); }", down, buffers ? "tandem_b" : "0");
	else
		text_add(out, "return (__typeof__(%s))tandem_down(%d, tandem_a, %s); }", f->result_text, down,
			 buffers ? "tandem_b" : "0");
}

static int plain_down(const struct plan *plan, const struct func *f)
{
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].func == f && !plan->down[i].result)
			return i;
	return -1;
}

static const char *const *names_of(const struct func *f, bool own)
{
	const char **name = xcalloc(f->nparam + 1, sizeof(*name));

	for (unsigned int i = 0; i < f->nparam; i++)
		name[i] = own ? f->param[i].name : text_format("a%u", i);
	return name;
}

/* ---- inside the bodies of moved functions ---- */

static bool is_delay(const struct func *f)
{
	return policy_find("delay", f->name) != NULL;
}

static void wrap(struct edits *e, const struct node *n, const char *before, const char *after)
{
	edit_add(e, n->start, n->start, before);
	edit_add_end(e, n->end, after);
}

static void call_edit(struct plan *plan, struct func *f, struct node *n, struct edits *e)
{
	struct func *g = call_target(n);
	struct node *name = node_strip(n->child);
	int down;

	if (!g)
		return;
	if (plan_is_mutex_call(plan, n)) {
		struct policy_line *l = policy_find("mutex", g->name);

		edit_add(e, name->start, name->end, !strcmp(l->arg[1], "lock") ? "tandem_mutex_lock" : "tandem_mutex_unlock");
		if (call_arg(n, 1))	/* lockdep's class */
			edit_add(e, call_arg(n, 0)->end, n->end, ")");
		return;
	}
	down = plan_down_of(plan, f, n);
	if (down >= 0 && plan->down[down].result)
		edit_add(e, name->start, name->end, plan->down[down].variant);
	if (policy_find("register", g->name))
		wrap(e, n, "(tandem_release(), ", ")");
	if (is_delay(g) && reach_waits(plan, f, n)) {
		if (g->result->kind == TYPE_VOID)
			wrap(e, n, "(", ", tandem_sync())");
		else
			wrap(e, n, text_format("({ __typeof__(%s) tandem_d = ", g->result_text), "; tandem_sync(); tandem_d; })");
	}
	if (!strcmp(g->name, "__builtin_unreachable"))
		edit_add(e, n->start, n->end, text_format("tandem_die(\"BUG at %s:%u\")", n->file, n->line));
}

static void asm_edit(struct node *n, struct edits *e)
{
	for (struct policy_line *l = policy_all(); l; l = l->next) {
		if (strcmp(l->word, "asm") || !strstr(n->text, l->arg[0]) || !strcmp(l->arg[1], "keep"))
			continue;
		if (!strcmp(l->arg[1], "drop"))
			edit_add(e, n->start, n->end, "(void)0");
		else
			edit_add(e, n->start, n->end, text_format("%.*s(\"%s\", %u)", (int)strcspn(l->arg[1], "("), l->arg[1],
								 n->file, n->line));
		return;
	}
}

/* The name of a function's static variable that stands outside of it; NULL: it is none. */
static const char *moved_name(const struct var *v)
{
	if (!v->is_static_local || (v->symbol < 0 && v->global < 0))
		return NULL;
	return v->symbol >= 0 ? text_format("tandem_table_%d", v->symbol) : text_format("tandem_local_%d.v", v->global);
}

/*
 * Can the table be the same in the user half? Of the kernel's own (net_device_ops and the like) only the
 * address means anything here: the driver's code hands them over, and does not look into them.
 */
static bool is_whole_here(const struct var *v)
{
	const struct type *t = type_element(v->type);
	struct node *n = NULL;

	if (t->kind == TYPE_RECORD && !t->record->is_own)
		return false;
	while ((n = node_next(v->init, n)))
		if (n->kind == N_REF && ((n->func && n->func->symbol < 0 && !runs_in_user(n->func)) ||
					 (n->var && !(n->var->is_own && n->var->is_const))))
			return false;
	return true;
}

/* Without what it starts with; @from is before that. sizeof() may ask for the length of an array that its values give. */
static void empty(const struct var *v, uint32_t from, struct edits *e)
{
	uint32_t at = v->init ? v->init->start : 0;

	if (!v->init)
		return;
	while (at > from && v->tu->text[at] != '=')
		at--;
	edit_add(e, at, v->init->end, v->type->kind == TYPE_ARRAY && v->type->count ?
		 text_format("= { [%llu] = { 0 } }", (unsigned long long)v->type->count - 1) : "");
}

static void body_edits(struct plan *plan, struct func *f, struct edits *e)
{
	struct node *n = NULL;

	for (struct region *r = f->regions; r && f->side == SIDE_USER; r = r->next) {
		struct text with = { 0 };

		outline_user(r, &with);
		edit_add(e, r->first->start, r->last->end, with.at);
	}
	while ((n = node_next(f->body, n))) {
		if (f->side == SIDE_USER && node_region(f, n))
			continue;
		if (n->kind == N_CALL)
			call_edit(plan, f, n, e);
		else if (n->kind == N_ASM)
			asm_edit(n, e);
		else if (n->kind == N_WHILE || n->kind == N_DO || n->kind == N_FOR)
			shared_loop(plan, f, n, e);
		else if (n->kind == N_GOTO)
			shared_jump(plan, f, n, e);
		else if (n->kind == N_BINARY)
			shared_store(f, n, e);
		else if (n->kind == N_DECL && !strncmp(f->tu->text + n->start, "register ", 9))
			edit_add(e, n->start, n->start + 9, "");	/* a region may need its address */
		else if (n->kind == N_REF && n->var && policy_find("value", n->var->name))
			edit_add(e, n->start, n->end, policy_find("value", n->var->name)->arg[1]);
		else if (n->kind == N_REF && n->var && n->var->global >= 0 && !n->var->is_own)
			edit_add(e, n->start, n->end, text_format("tandem_extern_%d", n->var->global));
		else if (n->kind == N_VAR && n->var->is_static_local && n->var->symbol >= 0)
			empty(n->var, n->start, e);
		else if (n->kind == N_VAR && n->var->is_static_local && n->var->global >= 0) {
			const char *t = f->tu->text + n->start;

			edit_add(e, n->start + (strncmp(t, "static", 6) ? 0 : 6), n->start + (strncmp(t, "static", 6) ? 0 : 6), " __thread");
		}
	}
}

/* The function as user-half code, in its own unit's text. */
static void moved_function(struct plan *plan, struct func *f, struct edits *e)
{
	struct text before = { 0 };

	for (struct region *r = f->regions; r && f->side == SIDE_USER; r = r->next) {
		text_add(&before, "\n");
		outline_prototype(r, &before);
		text_add(&before, ";\n");
	}
	for (struct edge *edge = user_edge(f, NULL); edge; edge = user_edge(f, edge)) {
		int variant = edge->call && edge->callee ? plan_down_of(plan, f, edge->call) : -1;

		if (variant < 0 || !plan->down[variant].result)
			continue;
		text_add(&before, "\n__typeof__(%s) %s", edge->callee->result_text, plan->down[variant].variant);
		parameters(edge->callee, &before);
		text_add(&before, ";\n");
	}
	for (struct access *a = f->accesses; a; a = a->next)
		if (a->var && a->var->global >= 0 && !a->var->is_own)
			text_add(&before, "\nextern __thread __typeof__(%s) tandem_extern_%d;\n", a->var->name, a->var->global);
	if (before.length) {
		text_add(&before, "# %u \"%s\"\n", f->line, f->file);
		edit_add(e, f->start, f->start, before.at);
	}
	body_edits(plan, f, e);
}

/* An inline was read in one unit; in another that has it, it becomes the same. */
static void same_there(const struct func *f, const struct tu_list *there, struct edits *own, struct edits *e)
{
	struct text with = { 0 };

	if (!own->count)
		return;
	text_add(&with, "\n# %u \"%s\"\n", f->line, f->file);
	edit_apply(own, f->tu->text, f->start, f->end, &with);
	text_add(&with, "\n# %u \"%s\"\n", f->end_line, f->file);
	edit_add(e, there->start, there->end, with.at);
}

static void own_function(struct plan *plan, struct func *f, const struct tu_list *there, struct edits *e)
{
	struct text with = { 0 };
	int down;

	if (runs_in_user(f) && !f->dropped) {
		struct edits own = { 0 };

		moved_function(plan, f, f->tu == there->tu ? e : &own);
		same_there(f, there, &own, e);
		return;
	}
	down = f->user_needs ? plain_down(plan, f) : -1;
	if (down < 0) {
		edit_add(e, there->start, there->end, "");
		return;
	}
	down_body(plan, down, f, names_of(f, true), &with);
	edit_add(e, there->body_start, there->body_end, with.at);
}

static void values(const struct func *f, struct edits *e)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n)))
		if (n->kind == N_REF && n->var && policy_find("value", n->var->name))
			edit_add(e, n->start, n->end, policy_find("value", n->var->name)->arg[1]);
}

static void header_function(struct plan *plan, struct func *f, const struct tu_list *there, struct edits *e)
{
	struct policy_line *l = policy_find("constant", f->name);
	int down = plain_down(plan, f);

	if (l) {
		edit_add(e, there->body_start, there->body_end,
			 f->result->kind == TYPE_VOID ? "{ }" : text_format("{ return %s; }", l->arg[1]));
	} else if (down >= 0) {
		struct text with = { 0 };

		down_body(plan, down, f, names_of(f, true), &with);
		edit_add(e, there->body_start, there->body_end, with.at);
	} else if (f->inline_class == INLINE_LOCAL && f->body) {
		struct edits own = { 0 };

		values(f, f->tu == there->tu ? e : &own);
		same_there(f, there, &own, e);
	}
}

/* ---- file-scope text ---- */

static void cut_section(struct edits *e, const char *text, uint32_t start, uint32_t end)
{
	const char *at = text + start;

	end += strcspn(text + end, ";,=");	/* it may stand behind the name */
	while ((at = strstr(at, "__section__")) && at < text + end) {
		const char *from = at, *to = at;
		int depth = 0;

		while (from > text + start && strncmp(from, "__attribute__", 13))
			from--;
		while (to < text + end && (*to != ')' || --depth > 0 || to[1] == ')'))
			depth += *to++ == '(';
		while (*to == ')')
			to++;
		edit_add(e, from - text, to - text, "");
		at = to;
	}
}

static void top_edit(struct plan *plan, struct tu *tu, struct top *t, struct edits *e)
{
	struct var *v = t->var;
	const char *text = tu->text + t->start;

	(void)plan;
	if (!t->own)
		return;
	if (!v) {
		bool is_asm = memmem(text, t->end - t->start, "asm", 3) != NULL;
		bool alias = memmem(text, t->end - t->start, "alias(", 6) != NULL;

		if (is_asm || alias)
			edit_add(e, t->start, t->end, "");
		return;
	}
	if (v->is_static_local || !v->is_own)
		return;
	if (!v->user && v->symbol < 0) {
		edit_add(e, t->start, t->end, "");
		return;
	}
	if (v->global >= 0) {
		uint32_t at = t->start;

		if (!strncmp(text, "static", 6))
			at += 6;
		else if (!strncmp(text, "extern", 6))
			at += 6;
		cut_section(e, tu->text, t->start, t->end);
		edit_add(e, at, at, " __thread ");
		if (v->init && !is_whole_here(v))	/* its value comes from the kernel half */
			empty(v, at, e);
		return;
	}
	cut_section(e, tu->text, t->start, t->end);
	if (v->symbol >= 0 && v->init && !is_whole_here(v))
		empty(v, t->start, e);
}

static void prologue(struct text *out)
{
	text_add(out, "# 1 \"generated\"\n" U64 " tandem_down(unsigned int, const " U64 " *, const " U64 " *);\n"
		 "void tandem_sync(void); void tandem_release(void); " U64 " tandem_jiffies(void);\n"
		 "void tandem_stored(const volatile void *, unsigned int, " U64 ");\n"
		 "const char *tandem_vformat(const char *, __builtin_va_list *);\n"
		 "void tandem_warn(const char *, unsigned int); void tandem_mutex_lock(void *); void tandem_mutex_unlock(void *);\n"
		 "void tandem_die(const char *, ...) __attribute__((noreturn));\n");
}

/* Only declared, as what a checking kernel's inlines call: each unit that knows the name has it. */
static void constants(struct plan *plan, struct tu *tu, struct text *out)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		struct policy_line *l = f->has_body || f->is_own ? NULL : policy_find("constant", f->name);

		for (struct tu_list *d = l ? f->decls : NULL; d; d = d->next) {
			if (d->tu != tu)
				continue;
			text_add(out, "__attribute__((weak)) __typeof__(%s) %s", f->result_text, f->name);
			parameters(f, out);
			text_add(out, f->result->kind == TYPE_VOID ? "\n{ }\n" : "\n{ return %s; }\n", l->arg[1]);
			break;
		}
	}
}

/* Functions of the kernel that are only declared: defined once, in the unit that first calls them. */
static void externs(struct plan *plan, struct tu *tu, struct text *out)
{
	for (unsigned int i = 0; i < plan->ndown; i++) {
		const struct plan_down *d = &plan->down[i];
		const struct func *f = d->func;

		if (d->tu != tu)
			continue;
		if (d->region) {
			struct var *var[64];
			bool address[64];
			unsigned int n = outline_params(d->region, var, address, 63);

			outline_prototype(d->region, out);
			text_add(out, "\n{ const " U64 " tandem_a[] = { ");
			for (unsigned int j = 0; j < n; j++)
				text_add(out, "(" U64 ")%s%s, ", var[j]->name, address[j] ? "_p" : "");
			if (outline_returns_value(d->region))
				text_add(out, "(" U64 ")tandem_ret, ");
			text_add(out, "0 }; return (long)tandem_down(%u, tandem_a, 0); }\n", i);
			continue;
		}
		if (d->result) {
			text_add(out, "__typeof__(%s) %s", f->result_text, d->variant);
		} else {
			if (f->has_body)
				continue;	/* its own body was replaced */
			if (!f->user_needs)
				continue;
			/* what is no port, the runtime does */
			text_add(out, "__typeof__(%s) %s%s", f->result_text, policy_find("port", f->name) ? "tandem_port_" : "", f->name);
		}
		parameters(f, out);
		text_add(out, "\n");
		down_body(plan, i, f, names_of(f, false), out);
		text_add(out, "\n");
	}
}

static void tables(struct plan *plan, struct tu *tu, struct text *out)
{
	for (unsigned int i = 0; i < plan->nentry; i++) {
		const struct func *f = plan->entry[i].func;

		if (f->tu != tu)
			continue;
		text_add(out, U64 " tandem_entry_%u(const " U64 " *a)\n{ (void)a; %s", i, f->result->kind == TYPE_VOID ? "" : "return (" U64 ")");
		text_add(out, "%s(", f->name);
		for (unsigned int j = 0; j < f->nparam; j++)
			text_add(out, "%s(__typeof__(%s))a[%u]", j ? ", " : "", f->param[j].type_text, j);
		text_add(out, ");%s }\n", f->result->kind == TYPE_VOID ? " return 0;" : "");
	}
	for (unsigned int i = 0; i < plan->nsymbol; i++) {
		const struct var *v = plan->symbol[i].var;

		if (plan->symbol[i].tu == tu)
			text_add(out, "const void *const tandem_symbol_%u = &%s;\n", i,
				 v && moved_name(v) ? moved_name(v) : plan->symbol[i].name);
	}
	for (unsigned int i = 0; i < plan->nglobal; i++) {
		const struct var *v = plan->global[i];

		if (v->tu == tu && !v->is_own)
			text_add(out, "__thread __typeof__(%s) tandem_extern_%u;\nvoid *tandem_global_%u(void) { return &tandem_extern_%u; }\n",
				 v->name, i, i, i);
		else if (v->tu == tu && !v->is_static_local)
			text_add(out, "void *tandem_global_%u(void) { return (void *)&%s; }\n", i, v->name);
	}
}

/* A static variable inside a function is moved out, so that its address can be asked for. */
static void static_local(const struct var *v, struct edits *e)
{
	struct text with = { 0 };
	struct node *n = NULL;

	if (v->symbol >= 0) {
		text_add(&with, "\nstatic __typeof__(%s) %s", v->type_text, moved_name(v));
		if (v->init && is_whole_here(v))
			emit_initialiser(v, moved_name, &with);
		text_add(&with, ";\n");
	} else {
		text_add(&with, "\nstatic __thread union { __typeof__(%s) v; char room; } tandem_local_%d;\n"
			 "void *tandem_global_%d(void) { return (void *)&tandem_local_%d; }\n",
			 v->type_text, v->global, v->global, v->global);
	}
	text_add(&with, "# %u \"%s\"\n", v->in->line, v->in->file);
	edit_add(e, v->in->start, v->in->start, with.at);
	while ((n = node_next(v->in->body, n)))
		if (n->kind == N_REF && n->var == v)
			edit_add(e, n->start, n->end, moved_name(v));
}

static void static_locals(struct plan *plan, struct tu *tu, struct edits *e)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		struct node *n = NULL;

		while (f->is_own && f->tu == tu && f->side == SIDE_USER && (n = node_next(f->body, n)))
			if (n->kind == N_VAR && moved_name(n->var))
				static_local(n->var, e);
	}
}

void emit_user_unit(struct plan *plan, struct tu *tu, struct text *out)
{
	struct edits e = { 0 };

	for (struct func *f = plan->model->func; f; f = f->next) {
		const struct tu_list *there = tu_place(f, tu);

		if (there && f->is_own && f->has_body)
			own_function(plan, f, there, &e);
		else if (there)
			header_function(plan, f, there, &e);
	}
	for (unsigned int i = 0; i < tu->ntop; i++)
		top_edit(plan, tu, &tu->top[i], &e);
	static_locals(plan, tu, &e);
	prologue(out);
	edit_apply(&e, tu->text, 0, tu->length, out);
	text_add(out, "\n# 1 \"%s-generated\"\n", tu->name);
	constants(plan, tu, out);
	externs(plan, tu, out);
	tables(plan, tu, out);
}

void emit_user_half(struct plan *plan, struct text *out)
{
	text_add(out, "/* SPDX-License-Identifier: GPL-2.0 */\n/* Generated: the user half of %s. */\n", plan->model->module);
	text_add(out, "#include <stddef.h>\n#include \"half.h\"\n#include \"../plan.c\"\n\n");
	for (unsigned int i = 0; i < plan->nentry; i++)
		text_add(out, "tandem_u64 tandem_entry_%u(const tandem_u64 *a);\n", i);
	for (unsigned int i = 0; i < plan->nsymbol; i++)
		text_add(out, "extern const void *const tandem_symbol_%u;\n", i);
	for (unsigned int i = 0; i < plan->nglobal; i++)
		text_add(out, "void *tandem_global_%u(void);\n", i);
	text_add(out, "\nstatic const tandem_thunk entry_thunk[] = {\n");
	for (unsigned int i = 0; i < plan->nentry; i++)
		text_add(out, "\ttandem_entry_%u,\n", i);
	text_add(out, "\tNULL\n};\nstatic const void *symbol_address[%u];\nstatic void *(*const global_address[])(void) = {\n",
		 plan->nsymbol + 1);
	for (unsigned int i = 0; i < plan->nglobal; i++)
		text_add(out, "\ttandem_global_%u,\n", i);
	text_add(out, "\tNULL\n};\n\nstatic const struct tandem_uhalf half = {\n\t&tandem_plan, entry_thunk, symbol_address, global_address\n};\n\n"
		 "int main(int argc, char **argv)\n{\n");
	for (unsigned int i = 0; i < plan->nsymbol; i++)
		text_add(out, "\tsymbol_address[%u] = tandem_symbol_%u;\n", i, i);
	text_add(out, "\treturn tandem_half_main(argc, argv, &half);\n}\n");
}
