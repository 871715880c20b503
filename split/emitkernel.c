// SPDX-License-Identifier: GPL-2.0
/* The kernel half: stubs in place of moved functions, thunks for what the user half calls. */
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "outline.h"
#include "partition.h"
#include "scan.h"

#define U64 "unsigned long long"

static const char *stub_failure(const struct func *f)
{
	switch (f->result->kind) {
	case TYPE_VOID:
		return "return;";
	case TYPE_INT:
		return f->result->is_signed && f->result->size >= 4 ? "return -5;" : "return 0;";
	default:
		return "return 0;";
	}
}

/* { stub } : arguments as 64-bit values, lengths of buffers, and what a failed call returns. */
static void stub(const struct plan *plan, const struct func *f, struct text *out)
{
	const struct plan_entry *e = &plan->entry[f->entry];
	bool buffers = false;

	text_add(out, "{ ");
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(out, "__typeof__(%s) a%u = %s; ", f->param[i].name, i, f->param[i].name);
	text_add(out, "const " U64 " tandem_a[] = { ");
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(out, "(" U64 ")a%u, ", i);
	text_add(out, "0 }; ");
	for (unsigned int i = 0; i < f->nparam; i++) {
		struct policy_line *l = plan_policy("buffer", f, i);

		if (!l)
			continue;
		if (!buffers)
			text_add(out, "const " U64 " tandem_b[%u] = { ", f->nparam);
		text_add(out, "[%u] = %s, ", i, l->code);
		buffers = true;
	}
	text_add(out, "%s" U64 " tandem_r = 0; ", buffers ? "}; " : "");
	for (unsigned int i = 0; i < f->nparam; i++)
		text_add(out, "(void)a%u; ", i);
	text_add(out, "if (tandem_up(%d, tandem_a, %s, &tandem_r)) { %s } ", f->entry, buffers ? "tandem_b" : "0",
		 e->fail ? e->fail->code : stub_failure(f));
	if (f->result->kind == TYPE_VOID)
		text_add(out, "}");
	else
		text_add(out, "return (__typeof__(%s))tandem_r; }", f->result_text);
}

/* The name of a function's static variable that stands outside of it; NULL: it is none. */
static const char *moved_name(const struct var *v)
{
	if (!v->is_static_local || (v->symbol < 0 && v->global < 0))
		return NULL;
	return v->symbol >= 0 ? text_format("tandem_symbol_%d", v->symbol) : text_format("tandem_global_%d", v->global);
}

/* A moved function's static variables: the true ones live here. */
static void hoisted(const struct func *f, struct text *out)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		const struct var *v = n->kind == N_VAR ? n->var : NULL;

		if (!v || !moved_name(v))
			continue;
		if (!v->type->size) {	/* an address of its own all the same */
			text_add(out, "union { __typeof__(%s) v; char room; } %s;\n", v->type_text, moved_name(v));
			continue;
		}
		text_add(out, "__typeof__(%s) %s", v->type_text, moved_name(v));
		if (v->init)
			emit_initialiser(v, moved_name, out);
		text_add(out, ";\n");
	}
}

/* In front of a moved function: its static variables and regions. */
static void outlined(struct func *f, struct edits *e)
{
	struct text before = { 0 };

	text_add(&before, "\n");
	hoisted(f, &before);
	for (struct region *r = f->regions; r; r = r->next)
		outline_kernel(r, &before);
	if (before.length > 1)
		text_add(&before, "# %u \"%s\"\n", f->line, f->file);
	edit_add(e, f->start, f->start, before.length > 1 ? before.at : "");
}

static void definitions(struct plan *plan, struct tu *tu, struct edits *e)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		const struct tu_list *there = f->is_own && f->side == SIDE_USER && !f->dropped ? tu_place(f, tu) : NULL;
		struct text with = { 0 };

		if (!there)
			continue;
		if (f->tu == tu)
			outlined(f, e);
		if (f->entry >= 0) {
			stub(plan, f, &with);
			edit_add(e, there->body_start, there->body_end, with.at);
		} else {
			edit_add(e, there->start, there->end, "");
		}
	}
}

/* The last node below a designator is its value. */
static struct node *designated(struct node *n)
{
	while (n->child && n->kind == N_OTHER)
		for (n = n->child; n->next;)
			n = n->next;
	return n;
}

/* Two drivers of one name cannot register with one bus. */
static void rename_driver(const char *name, struct node *list, struct edits *e)
{
	for (struct node *n = list->child; n; n = n->next) {
		struct field *field = n->kind == N_OTHER && n->child && n->child->kind == N_MEMBER ? n->child->field : NULL;
		struct node *value = designated(n);

		if (value->kind == N_INIT)
			rename_driver(name, value, e);
		else if (field && policy_find("named", field_name(field)))
			edit_add(e, value->start, value->end, text_format("\"%s\"", name));
	}
}

static const char *module_entry(struct tu *tu, const char *which, char *name, size_t room)
{
	for (unsigned int i = 0; i < tu->ntop; i++) {
		const char *at;
		size_t n;

		if (!tu->top[i].name || strcmp(tu->top[i].name, which))
			continue;
		at = strstr(tu->text + tu->top[i].start, "alias(\"");
		if (!at || at > tu->text + tu->top[i].end)
			continue;
		at += 7;
		n = strcspn(at, "\"");
		if (n >= room)
			continue;
		snprintf(name, room, "%.*s", (int)n, at);
		return name;
	}
	return NULL;
}

static void thunk(const struct plan *plan, unsigned int i, struct text *out)
{
	const struct plan_down *d = &plan->down[i];
	struct text call = { 0 };
	bool void_result = d->func && d->func->result->kind == TYPE_VOID;

	if (d->region) {
		struct var *var[64];
		bool address[64];
		unsigned int n = outline_params(d->region, var, address, 63), j;

		text_add(&call, "tandem_region_%u(", i);
		for (j = 0; j < n; j++)
			text_add(&call, "%s(__typeof__(__typeof__(%s)%s))a[%u]", j ? ", " : "", var[j]->type_text,
				 address[j] ? " *" : "", j);
		if (outline_returns_value(d->region))
			text_add(&call, "%s(__typeof__(__typeof__(%s) *))a[%u]", j ? ", " : "", d->region->in->result_text, j);
	} else {
		text_add(&call, "%s(", d->func->name);
		for (unsigned int j = 0; j < d->func->nparam; j++) {
			if (d->print == (int)j)
				text_add(&call, "%s\"%%s\"", j ? ", " : "");
			text_add(&call, "%s(__typeof__(%s))a[%u]", j || d->print == (int)j ? ", " : "",
				 d->func->param[j].type_text, j);
		}
	}
	text_add(out, U64 " tandem_thunk_%u(const " U64 " *a)\n{\n\t(void)a;\n\t", i);
	if (void_result)
		text_add(out, "%s);\n\treturn 0;\n}\n", call.at);
	else
		text_add(out, "return (" U64 ")%s);\n}\n", call.at);
}

static bool has_length(const struct plan_down *d)
{
	for (unsigned int j = 0; d->func && j < d->func->nparam; j++)
		if (plan_length(d->func, j))
			return true;
	return false;
}

static struct policy_line *check_of(const struct plan_down *d)
{
	return d->func ? policy_find("check", d->func->name) : NULL;
}

/* The arguments as policy names them. */
static void named_arguments(const struct func *f, struct text *out)
{
	for (unsigned int j = 0; j < f->nparam; j++)
		text_add(out, "\t__typeof__(%s) a%u = (__typeof__(%s))a[%u];\n", f->param[j].type_text, j, f->param[j].type_text, j);
	for (unsigned int j = 0; j < f->nparam; j++)
		text_add(out, "\t(void)a%u;\n", j);
}

static void check(const struct plan_down *d, unsigned int i, const struct policy_line *line, struct text *out)
{
	text_add(out, "_Bool tandem_check_%u(const " U64 " *a)\n{\n", i);
	named_arguments(d->func, out);
	text_add(out, "\treturn (%s);\n}\n", line->code);
}

static void length(const struct plan_down *d, unsigned int i, struct text *out)
{
	const struct func *f = d->func;

	text_add(out, U64 " tandem_length_%u(const " U64 " *a, unsigned int n)\n{\n", i);
	named_arguments(f, out);
	text_add(out, "\tswitch (n) {\n");
	for (unsigned int j = 0; j < f->nparam; j++) {
		struct policy_line *l = plan_length(f, j);

		if (l)
			text_add(out, "\tcase %u: return (%s);\n", j, l->code);
	}
	text_add(out, "\t}\n\treturn 0;\n}\n");
}

/* Not defined in the unit under its own name: the kernel's, or moved out of a function. */
static bool is_elsewhere(const struct plan_symbol *s)
{
	return s->func ? !s->func->has_body : s->var->is_static_local;
}

void emit_kernel_unit(struct plan *plan, struct tu *tu, struct text *out)
{
	const struct policy_line *line;
	struct edits e = { 0 };
	char name[256];

	definitions(plan, tu, &e);
	for (unsigned int i = 0; i < tu->ntop; i++)
		if (tu->top[i].name && (!strcmp(tu->top[i].name, "init_module") || !strcmp(tu->top[i].name, "cleanup_module")))
			edit_add(&e, tu->top[i].start, tu->top[i].end, "");
	for (struct var *v = plan->model->var; v && plan->model->rename; v = v->next)
		if (v->tu == tu && v->is_own && v->init && v->init->kind == N_INIT)
			rename_driver(plan->model->rename, v->init, &e);
	text_add(out, "int tandem_up(unsigned int, const " U64 " *, const " U64 " *, " U64 " *);\n");
	edit_apply(&e, tu->text, 0, tu->length, out);
	text_add(out, "\n# 1 \"%s-generated\"\n", tu->name);
	if (module_entry(tu, "init_module", name, sizeof(name)))
		text_add(out, "int __attribute__((__section__(\".init.text\"))) tandem_driver_init(void)\n{\n\treturn %s();\n}\n", name);
	if (module_entry(tu, "cleanup_module", name, sizeof(name)))
		text_add(out, "void __attribute__((__section__(\".exit.text\"))) tandem_driver_exit(void)\n{\n\t%s();\n}\n", name);
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].tu == tu) {
			thunk(plan, i, out);
			if (has_length(&plan->down[i]))
				length(&plan->down[i], i, out);
			line = check_of(&plan->down[i]);
			if (line)
				check(&plan->down[i], i, line, out);
		}
	for (unsigned int i = 0; i < plan->nsymbol; i++)
		if (plan->symbol[i].tu == tu && !is_elsewhere(&plan->symbol[i]))
			text_add(out, "extern __typeof__(%s) tandem_symbol_%u __attribute__((alias(\"%s\")));\n",
				 plan->symbol[i].name, i, plan->symbol[i].name);
	for (unsigned int i = 0; i < plan->nglobal; i++) {
		const struct var *v = plan->global[i];

		if (v->tu == tu && !v->is_static_local && v->is_own)
			text_add(out, "extern __typeof__(%s) tandem_global_%u __attribute__((alias(\"%s\")));\n", v->name, i, v->name);
	}
}

void emit_kernel_half(struct plan *plan, struct text *out)
{
	text_add(out, "/* SPDX-License-Identifier: GPL-2.0 */\n/* Generated: the kernel half of %s. */\n", plan->model->module);
	text_add(out, "#include <linux/module.h>\n#include \"half.h\"\n#include \"../plan.c\"\n\n");
	for (unsigned int i = 0; i < plan->ndown; i++) {
		text_add(out, "u64 tandem_thunk_%u(const u64 *a);\n", i);
		if (has_length(&plan->down[i]))
			text_add(out, "u64 tandem_length_%u(const u64 *a, unsigned int n);\n", i);
		if (check_of(&plan->down[i]))
			text_add(out, "bool tandem_check_%u(const u64 *a);\n", i);
	}
	for (unsigned int i = 0; i < plan->nsymbol; i++) {
		const struct func *f = plan->symbol[i].func;

		text_add(out, "extern const char tandem_symbol_%u[]", i);
		if (f && !f->has_body)
			text_add(out, " __asm__(\"%s\")", f->name);
		text_add(out, ";\n");
	}
	for (unsigned int i = 0; i < plan->nglobal; i++) {
		if (plan->global[i]->is_own)
			text_add(out, "extern char tandem_global_%u[];\n", i);
		else
			text_add(out, "extern char tandem_global_%u[] __asm__(\"%s\");\n", i, plan->global[i]->name);
	}
	text_add(out, "\nstatic const tandem_thunk down_thunk[] = {\n");
	for (unsigned int i = 0; i < plan->ndown; i++)
		text_add(out, "\ttandem_thunk_%u,\n", i);
	text_add(out, "\tNULL\n};\nstatic const tandem_length down_length[] = {\n");
	for (unsigned int i = 0; i < plan->ndown; i++)
		text_add(out, has_length(&plan->down[i]) ? "\ttandem_length_%u,\n" : "\tNULL,\n", i);
	text_add(out, "\tNULL\n};\nstatic const tandem_check down_check[] = {\n");
	for (unsigned int i = 0; i < plan->ndown; i++)
		text_add(out, check_of(&plan->down[i]) ? "\ttandem_check_%u,\n" : "\tNULL,\n", i);
	text_add(out, "\tNULL\n};\nstatic const void *const symbol_address[] = {\n");
	for (unsigned int i = 0; i < plan->nsymbol; i++)
		text_add(out, "\ttandem_symbol_%u,\n", i);
	text_add(out, "\tNULL\n};\nstatic void *const global_address[] = {\n");
	for (unsigned int i = 0; i < plan->nglobal; i++)
		text_add(out, "\ttandem_global_%u,\n", i);
	text_add(out, "\tNULL\n};\n\nstatic struct tandem_half half = {\n\t.size = sizeof(half),\n\t.abi = TANDEM_HALF_ABI,\n\t.plan = &tandem_plan,\n\t.owner = THIS_MODULE,\n"
		 "\t.down = down_thunk,\n\t.length = down_length,\n\t.check = down_check,\n\t.symbol = symbol_address,\n\t.global = global_address,\n};\n\n");
	text_add(out, "int tandem_up(unsigned int entry, const u64 *arg, const u64 *bytes, u64 *result);\n"
		 "int tandem_up(unsigned int entry, const u64 *arg, const u64 *bytes, u64 *result)\n{\n"
		 "\treturn tandem_upcall(&half, entry, arg, bytes, result);\n}\n\n"
		 "int tandem_driver_init(void);\nvoid tandem_driver_exit(void);\n\n"
		 "static int __init tandem_half_init(void)\n{\n\tint e = tandem_half_register(&half);\n\n\tif (e)\n\t\treturn e;\n"
		 "\te = tandem_driver_init();\n\tif (e)\n\t\ttandem_half_unregister(&half);\n\treturn e;\n}\n"
		 "module_init(tandem_half_init);\n\n"
		 "static void __exit tandem_half_exit(void)\n{\n\ttandem_driver_exit();\n\ttandem_half_unregister(&half);\n}\n"
		 "module_exit(tandem_half_exit);\n");
}
