// SPDX-License-Identifier: GPL-2.0
/* The plan as C initialisers. */
#include <stdlib.h>
#include <string.h>

#include "partition.h"
#include "xalloc.h"
#include "plan.h"
#include "quiet.h"
#include "scan.h"
#include "scanning.h"

static const char *leaf_kind(int kind)
{
	static const char *const name[] = { "0", "TANDEM_LEAF_WORD", "TANDEM_LEAF_BITS", "TANDEM_LEAF_PTR", "TANDEM_LEAF_STR" };

	return name[kind];
}

static unsigned int id(int type)
{
	return type < 0 ? 0xffff : (unsigned int)type;
}

static void write_symbols(const struct plan_symbols *s, struct text *out)
{
	if (!s->n) {
		text_add(out, "0");
		return;
	}
	text_add(out, "(const __u16[]){");
	for (unsigned int i = 0; i < s->n; i++)
		text_add(out, " %u,", s->id[i]);
	text_add(out, " 0xffff }");
}

static const char *only(const struct plan_symbols *s)
{
	return s->only ? "TANDEM_ONLY_SYMBOLS" : s->code ? "TANDEM_ONLY_CODE" : "0";
}

static void write_leaf(const struct plan_leaf *l, struct text *out)
{
	text_add(out, "\t{ \"%s\", %u, %u, %u, %u, %s, %u, %d, %s, 0x%llxULL, ", l->name, l->offset,
		 l->count > 1 ? l->stride : 0, l->count, id(l->type), leaf_kind(l->kind), l->size, l->is_const, only(&l->symbols),
		 (unsigned long long)l->mask);
	write_symbols(&l->symbols, out);
	text_add(out, " },\n");
}

static void write_types(const struct plan *plan, struct text *out)
{
	for (unsigned int i = 0; i < plan->ntype; i++) {
		const struct plan_type *t = &plan->type[i];

		if (t->nleaf) {
			text_add(out, "static const struct tandem_leaf leaf_%u[] = {\t/* %s */\n", i, t->name);
			for (unsigned int k = 0; k < t->nleaf; k++)
				write_leaf(&t->leaf[k], out);
			text_add(out, "};\n");
		}
		if (t->nembed) {
			text_add(out, "static const struct tandem_embed embed_%u[] = {\n", i);
			for (unsigned int k = 0; k < t->nembed; k++)
				if (plan_type_of(plan, t->embed[k].record) >= 0)
					text_add(out, "\t{ %u, %u, %u, %u },\n", t->embed[k].offset, t->embed[k].stride,
						 t->embed[k].count, id(plan_type_of(plan, t->embed[k].record)));
			text_add(out, "\t{ 0xffffffff, 0, 0, 0xffff },\n};\n");
		}
	}
	text_add(out, "static const struct tandem_type plan_type[] = {\n");
	for (unsigned int i = 0; i < plan->ntype; i++) {
		const struct plan_type *t = &plan->type[i];
		unsigned int nembed = 0;

		for (unsigned int k = 0; k < t->nembed; k++)
			nembed += plan_type_of(plan, t->embed[k].record) >= 0;
		text_add(out, "\t{ \"%s\", %u, %u, %u, ", t->name, t->size, t->nleaf, nembed);
		text_add(out, t->nleaf ? "leaf_%u, " : "0, ", i);
		text_add(out, t->nembed ? "embed_%u, " : "0, ", i);
		text_add(out, "%u, %s, %u, %d, %d },\n", id(t->tail), t->device ? "TANDEM_LIFE_DEVICE" : "TANDEM_LIFE_CALL",
			 t->tail_offset, t->opaque, t->anywhere);
	}
	text_add(out, "\t{ 0 }\n};\n");
}

/* ---- values ---- */

/* Values that the kernel half gives may be any. */
static const struct plan_symbols any;

/* A pointer argument of a downcall, beyond its type. */
struct aim {
	const struct plan_arg *arg;
	const struct policy_line *room;
	unsigned int down, n;
};

static const char *dir_of(const struct policy_line *buffer, const struct type *t)
{
	if (buffer)
		return !strcmp(buffer->arg[1], "in") ? "TANDEM_IN" : !strcmp(buffer->arg[1], "out") ? "TANDEM_OUT" :
			"TANDEM_IN | TANDEM_OUT";
	return t->target_const ? "TANDEM_IN" : "TANDEM_IN | TANDEM_OUT";
}

static void value(const struct plan *plan, struct text *out, struct type *t, const char *name, struct policy_line *buffer,
		  const char *text_kind, struct record *record, bool null, const struct aim *aim,
		  const struct plan_symbols *symbols)
{
	static const struct plan_arg nothing;
	const struct plan_arg *arg = aim ? aim->arg : &nothing;

	switch (t->kind) {
	case TYPE_VOID:
		text_add(out, "{ TANDEM_VALUE_VOID, 0, 0, 0, 0xffff, 0, 0, 0, \"%s\" }", name);
		return;
	case TYPE_INT: case TYPE_BOOL:
		text_add(out, "{ TANDEM_VALUE_SCALAR, %u, %d, 0, 0xffff, 0, 0, 0, \"%s\" }", (unsigned int)t->size, t->is_signed, name);
		return;
	default:
		break;
	}
	if (buffer) {
		text_add(out, "{ TANDEM_VALUE_BUFFER, 8, 0, %s, 0xffff, %d, 0, 0, \"%s\" }", dir_of(buffer, t), null, name);
		return;
	}
	if (text_kind) {
		text_add(out, "{ %s, 8, 0, TANDEM_IN, 0xffff, %d, 0, 0, \"%s\" }", text_kind, null, name);
		return;
	}
	if (!record && t->kind == TYPE_POINTER)
		record = t->target->record;
	text_add(out, "{ TANDEM_VALUE_PTR, 8, 0, %s%s, %u, %d, %s%s, %u, \"%s\"", dir_of(NULL, t),
		 aim && aim->room ? " | TANDEM_ROOM" : "", id(plan_type_of(plan, record)), null,
		 arg->local ? "TANDEM_SPOT_LOCAL" : "0", arg->nspot ? " | TANDEM_SPOT_FIELDS" : "",
		 t->kind == TYPE_POINTER && type_is_flat(t->target) ? (unsigned int)t->target->size : 0, name);
	text_add(out, arg->nspot ? ", spot_%u_%u, " : ", 0, ", aim ? aim->down : 0, aim ? aim->n : 0);
	write_symbols(symbols, out);
	text_add(out, ", %s }", only(symbols));
}

/* Does policy, a call in the driver, or @f itself, which looks first, let argument @i be NULL? */
static bool may_be_null(const struct plan *plan, const struct func *f, unsigned int i)
{
	for (struct policy_line *l = policy_find("null", f->name); l; l = l->same)
		if ((unsigned int)atoi(l->arg[1]) == i)
			return true;
	if (node_param_is_tested(f, i))
		return true;
	for (struct func *in = plan->model->func; in; in = in->next)
		for (struct edge *e = in->has_body ? in->callees : NULL; e; e = e->next)
			if (e->callee == f && e->call && runs_in_user(in) && node_may_be_null(plan->model, in, call_arg(e->call, i), 0))
				return true;
	return false;
}

static bool keeps(const char *name, unsigned int i)
{
	for (struct policy_line *l = policy_find("keeps", name); l; l = l->same)
		if ((unsigned int)atoi(l->arg[1]) == i)
			return true;
	return false;
}

static struct record *typed_param(const struct plan *plan, const struct func *f, unsigned int i)
{
	for (struct policy_line *l = plan_policy("type", f, -1); l; l = l->same)
		if ((unsigned int)atoi(l->arg[1]) == i)
			return model_record(plan->model, text_format("struct %s", l->arg[2]));
	return NULL;
}

static void write_entries(const struct plan *plan, struct text *out)
{
	for (unsigned int i = 0; i < plan->nentry; i++) {
		const struct plan_entry *e = &plan->entry[i];
		const struct func *f = e->func;
		unsigned int views = 0;
		int type = -1;

		if (f->nparam) {
			text_add(out, "static const struct tandem_value entry_arg_%u[] = {\t/* %s */\n", i, f->name);
			for (unsigned int j = 0; j < f->nparam; j++) {
				text_add(out, "\t");
				value(plan, out, f->param[j].type, f->param[j].name, plan_policy("buffer", f, j), NULL,
				      typed_param(plan, f, j), true, NULL, &any);
				text_add(out, ",\n");
			}
			text_add(out, "};\n");
		}
		for (unsigned int k = 0; k < e->nuse; k++) {
			if (e->use[k].type != type) {
				if (type >= 0)
					text_add(out, " };\n");
				type = e->use[k].type;
				text_add(out, "static const struct tandem_use use_%u_%d[] = {", i, type);
			}
			text_add(out, " { %u, %u },", e->use[k].leaf, e->use[k].access);
		}
		if (type >= 0)
			text_add(out, " };\n");
		text_add(out, "static const struct tandem_view view_%u[] = {", i);
		for (unsigned int k = 0; k < e->nuse; ) {
			unsigned int n = 0;

			type = e->use[k].type;
			while (k + n < e->nuse && e->use[k + n].type == type)
				n++;
			text_add(out, " { %d, %u, use_%u_%d },", type, n, i, type);
			views++;
			k += n;
		}
		text_add(out, " { 0xffff, 0, 0 } };\nstatic const __u16 entry_global_%u[] = {", i);
		for (unsigned int g = 0; g < plan->nglobal; g++)
			if (e->reach.var_how[g])
				text_add(out, " %u,", g);
		text_add(out, " 0xffff };\nstatic const __u64 may_%u[] = {", i);
		for (unsigned int w = 0; w <= plan->ndown / 64; w++) {
			unsigned long long bits = 0;

			for (unsigned int b = 0; b < 64 && w * 64 + b < plan->ndown; b++)
				if (e->reach.down[w * 64 + b])
					bits |= 1ULL << b;
			text_add(out, " 0x%llxULL,", bits);
		}
		text_add(out, " };\n#define NVIEW_%u %u\n", i, views);
	}
	text_add(out, "static const struct tandem_entry plan_entry[] = {\n");
	for (unsigned int i = 0; i < plan->nentry; i++) {
		const struct plan_entry *e = &plan->entry[i];
		unsigned int nglobal = 0;

		for (unsigned int g = 0; g < plan->nglobal; g++)
			nglobal += e->reach.var_how[g] != 0;
		text_add(out, "\t{ \"%s\", ", e->func->name);
		text_add(out, e->func->nparam ? "entry_arg_%u, " : "0, ", i);
		value(plan, out, e->func->result, "result", NULL, NULL, NULL, true, NULL, &e->symbols);
		text_add(out, ", %u, 0%s%s%s, %u, NVIEW_%u, %u, view_%u, entry_global_%u, may_%u },\n", e->func->nparam,
			 e->reads ? " | TANDEM_ENTRY_READS" : "", e->begins ? " | TANDEM_ENTRY_BEGINS" : "",
			 e->ends ? " | TANDEM_ENTRY_ENDS" : "", id(e->closes), i, nglobal, i, i, i);
	}
	text_add(out, "\t{ 0 }\n};\n");
}

/* ---- downcalls ---- */

static void region_args(const struct plan *plan, const struct plan_down *d, struct text *out)
{
	for (unsigned int j = 0; j < d->nparam; j++) {
		struct aim aim = { .arg = &d->arg[j] };

		text_add(out, "\t");
		value(plan, out, d->param[j].type, d->param[j].name, NULL, NULL, NULL, d->param[j].null, &aim, &d->arg[j].symbols);
		text_add(out, ",\n");
	}
}

static void write_spots(const struct plan *plan, unsigned int down, unsigned int n, struct text *out)
{
	const struct plan_arg *arg = &plan->down[down].arg[n];

	if (!arg->nspot)
		return;
	text_add(out, "static const struct tandem_spot spot_%u_%u[] = {\n", down, n);
	for (unsigned int i = 0; i < arg->nspot; i++)
		text_add(out, "\t{ %u, 0, %u, %u },\t/* %s */\n", id(plan_type_of(plan, arg->spot[i].in)),
			 (unsigned int)arg->spot[i].offset, (unsigned int)arg->spot[i].bytes, arg->spot[i].in->name);
	text_add(out, "\t{ 0xffff, 0, 0, 0 }\n};\n");
}

static int down_named(const struct plan *plan, const char *name)
{
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].func && !strcmp(plan->down[i].func->name, name) && !plan->down[i].result)
			return i;
	return -1;
}

static const char *from_text(const char *word)
{
	if (!strcmp(word, "ret"))
		return "TANDEM_FROM_RESULT";
	if (!strncmp(word, "out", 3))
		return text_format("TANDEM_FROM_OUT | %d", atoi(word + 3));
	return text_format("%d", atoi(word));
}

static bool is_down(const struct plan *plan, const char *name)
{
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (plan->down[i].func && policy_fits(name, plan->down[i].func->name))
			return true;
	return false;
}

static bool is_single(const struct policy_line *acquire)
{
	return policy_find("single", acquire->arg[0]);
}

static bool is_undo(const char *name)
{
	for (struct policy_line *a = policy_all(); a; a = a->next)
		if (!strcmp(a->word, "acquire") && a->narg > 2 && !strcmp(a->arg[2], name))
			return true;
	return false;
}

/* Does @release give back what @undo does? Policy may let it do so for several: `also`. */
static bool gives_back(const char *release, const char *undo)
{
	bool also = !strcmp(release, undo);

	for (struct policy_line *l = policy_find("also", release); l && !also; l = l->same)
		also = !strcmp(l->arg[1], undo);
	return also;
}

/*
 * Can the ledger know of everything that @undo gives back? Not if the driver's kernel half acquires
 * or releases such things by itself. Nor does it keep count of states, which are left without being
 * entered ("always"), unless policy calls them `single`.
 */
static bool all_recorded(const struct plan *plan, const char *undo)
{
	bool any = false;

	if (plan_kernel_calls(plan, undo))
		return false;
	/* what it may give back, too, but nobody records */
	for (struct policy_line *l = policy_find("also", undo); l; l = l->same)
		if (!is_undo(l->arg[1]) && (is_down(plan, l->arg[1]) || plan_kernel_calls(plan, l->arg[1])))
			return false;
	for (struct policy_line *a = policy_all(); a; a = a->next) {
		if (strcmp(a->word, "acquire") || a->narg < 3 || !gives_back(undo, a->arg[2]))
			continue;
		if ((!strcmp(a->arg[1], "always") && !is_single(a)) || plan_kernel_calls(plan, a->arg[0]))
			return false;
		any |= is_down(plan, a->arg[0]);
	}
	return any;
}

static void rule(struct text *out, const char *kind, const char *when, int undo, struct policy_line *l, bool own, bool strict,
		 const char *also)
{
	text_add(out, "{ TANDEM_LEDGER_%s, %s, %d, %u, { ", kind, when, undo, l->narg - 3);
	for (unsigned int n = 3; n < l->narg; n++)
		text_add(out, "%s, ", own ? from_text(l->arg[n]) : text_format("%u", n - 3));
	text_add(out, "}, %d, %s }", strict, also);
}

/* The other undos whose part a downcall may take, as a table of its own; its name, or "0". */
static const char *also_table(const struct plan *plan, unsigned int i, struct text *out)
{
	const struct func *f = plan->down[i].func;
	struct policy_line *l = f ? policy_find("also", f->name) : NULL;

	if (!l)
		return "0";
	text_add(out, "static const __u16 also_%u[] = { ", i);
	for (; l; l = l->same)
		if (down_named(plan, l->arg[1]) >= 0)
			text_add(out, "%d, ", down_named(plan, l->arg[1]));
	text_add(out, "0xffff };\n");
	return text_intern(text_format("also_%u", i));
}

static void ledger(const struct plan *plan, const struct plan_down *d, const char *also, struct text *out)
{
	struct policy_line *l = d->func ? policy_find("acquire", d->func->name) : NULL;
	bool lock = l && !strcmp(l->arg[1], "lock"), unlock = l && !strcmp(l->arg[1], "unlock");

	if (l && !unlock && down_named(plan, l->arg[2]) >= 0) {
		rule(out, lock ? "LOCK" : "ACQUIRE",
		     !strcmp(l->arg[1], "zero") ? "TANDEM_WHEN_ZERO" : !strcmp(l->arg[1], "nonzero") ? "TANDEM_WHEN_NONZERO" :
		     "TANDEM_WHEN_ALWAYS", down_named(plan, l->arg[2]), l, true,
		     !lock && is_single(l) && all_recorded(plan, l->arg[2]), "0");
		return;
	}
	if (unlock) {
		rule(out, "UNLOCK", "0", 0xffff, l, true, false, "0");
		return;
	}
	/* what undoes something releases it */
	for (struct policy_line *a = policy_all(); a && d->func; a = a->next)
		if (!strcmp(a->word, "acquire") && a->narg > 2 && gives_back(d->func->name, a->arg[2]) && strcmp(a->arg[1], "lock")) {
			rule(out, "RELEASE", "0", 0xffff, a, false, all_recorded(plan, d->func->name), also);
			return;
		}
	text_add(out, "{ 0, 0, 0xffff, 0, { 0 }, 0, 0 }");
}

static const char *size_arg(const char *word)
{
	return !strcmp(word, "-") ? "0xff" : word;
}

static void alloc(const struct plan *plan, const struct plan_down *d, struct text *out)
{
	struct policy_line *l = d->alloc;
	bool tail = l && l->narg > 5 && !strcmp(l->arg[4], "tail");
	struct record *r = tail ? model_record(plan->model, text_format("struct %s", l->arg[5])) : d->result;

	if (!l) {
		text_add(out, "{ 0, { 0xff, 0xff }, 0, 0xffff, 0 }");
		return;
	}
	text_add(out, "{ TANDEM_ALLOC_%s, { %s, %s }, 0, %u, %d }", !strcmp(l->arg[1], "dma") ? "DMA" :
		 !strcmp(l->arg[1], "mmio") ? "MMIO" : "DATA", size_arg(l->arg[2]), size_arg(l->arg[3]),
		 id(plan_type_of(plan, r)), tail);
}

/* A call that is not waited for has no result: none of the user half's calls may look at it. */
static bool is_queued(const struct plan *plan, int down)
{
	const struct func *called = plan->down[down].func;

	if (!called || !policy_find("queued", called->name))
		return false;
	for (struct func *f = plan->model->func; f && called->result->kind != TYPE_VOID; f = f->next)
		for (struct edge *e = runs_in_user(f) ? user_edge(f, NULL) : NULL; e; e = user_edge(f, e))
			if (e->callee == called && (!e->call || !node_is_unused(e->call)))
				return false;
	return true;
}

static void write_downs(const struct plan *plan, struct text *out)
{
	const char **also = xcalloc(plan->ndown + 1, sizeof(*also));

	for (unsigned int i = 0; i < plan->ndown; i++) {
		const struct plan_down *d = &plan->down[i];
		const struct func *f = d->func;

		for (unsigned int j = 0; f && j < f->nparam; j++)
			write_spots(plan, i, j, out);
		text_add(out, "static const struct tandem_value down_arg_%u[] = {\t/* %s */\n", i, d->name);
		if (d->region)
			region_args(plan, d, out);
		for (unsigned int j = 0; f && j < f->nparam; j++) {
			struct aim aim = { .arg = &d->arg[j], .down = i, .n = j, .room = policy_find("room", text_format("%s/%u", f->name, j)) };
			const char *kind = NULL;

			if (plan_is_string(f->param[j].type))
				kind = keeps(f->name, j) ? "TANDEM_VALUE_INTERN" : "TANDEM_VALUE_STRING";
			text_add(out, "\t");
			value(plan, out, f->param[j].type, f->param[j].name, policy_find("buffer", text_format("%s/%u", f->name, j)),
			      kind, d->arg[j].record, may_be_null(plan, f, j), &aim, &d->arg[j].symbols);
			text_add(out, ",\n");
		}
		text_add(out, "\t{ 0 }\n};\n");
		also[i] = also_table(plan, i, out);
	}
	text_add(out, "static const struct tandem_down plan_down[] = {\n");
	for (unsigned int i = 0; i < plan->ndown; i++) {
		const struct plan_down *d = &plan->down[i];
		const struct func *f = d->func;
		static struct type none = { .kind = TYPE_VOID };
		bool queued = is_queued(plan, i);
		struct type *result = queued ? &none : f ? f->result : d->region_result;

		text_add(out, "\t{ \"%s\", down_arg_%u, ", d->name, i);
		value(plan, out, result, "result", NULL, f && plan_is_string(result) ? "TANDEM_VALUE_STRING" : NULL, d->gives, true, NULL,
		      &any);
		text_add(out, ", %u, 0%s%s%s%s%s, 0, ", f ? f->nparam : d->nparam,
			 f && policy_find("short", f->name) ? " | TANDEM_DOWN_SHORT" : "",
			 queued ? " | TANDEM_DOWN_QUEUED" : "",
			 f && policy_find("frees", f->name) ? " | TANDEM_DOWN_FREES" : "",
			 f && policy_find("stops", f->name) ? " | TANDEM_DOWN_STOPS" : "",
			 quiet(d) ? " | TANDEM_DOWN_QUIET" : "");
		alloc(plan, d, out);
		text_add(out, ", ");
		ledger(plan, d, also[i], out);
		text_add(out, " },\n");
	}
	text_add(out, "\t{ 0 }\n};\n");
	free(also);
}

void plan_write(const struct plan *plan, const char *build_id, struct text *out)
{
	text_add(out, "/* SPDX-License-Identifier: GPL-2.0 */\n/* Generated: the plan of %s, the same text in both halves. */\n",
		 plan->model->module);
	text_add(out, "#include \"plan.h\"\n\n");
	write_types(plan, out);
	write_entries(plan, out);
	write_downs(plan, out);
	text_add(out, "static const struct tandem_global plan_global[] = {\n");
	for (unsigned int i = 0; i < plan->nglobal; i++)
		text_add(out, "\t{ \"%s\", %d, 0, %u },\n", plan->global[i]->name, plan->global[i]->global_type,
			 plan->global[i]->type->size ? (unsigned int)plan->global[i]->type->size : 1);
	text_add(out, "\t{ 0 }\n};\nstatic const char *const plan_symbol[] = {\n");
	for (unsigned int i = 0; i < plan->nsymbol; i++)
		text_add(out, "\t\"%s\",\n", plan->symbol[i].name);
	text_add(out, "\t0\n};\n");
	text_add(out, "static const struct tandem_plan tandem_plan = {\n\t\"%s\", \"%s\", plan_type, plan_entry, plan_down, plan_global, plan_symbol,\n"
		 "\t%u, %u, %u, %u, %u\n};\n", plan->model->module, build_id, plan->ntype, plan->nentry, plan->ndown,
		 plan->nglobal, plan->nsymbol);
}
