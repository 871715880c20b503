// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "fail.h"
#include "partition.h"
#include "place.h"
#include "reach.h"
#include "scan.h"
#include "xalloc.h"

#define WIDTH 100

/* ---- questions that the reports ask too ---- */

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

const char *explain_construct(const struct func *f)
{
	if (f->side != SIDE_KERNEL || f->because || !f->reason || begins(f->reason, "root: ") ||
	    begins(f->reason, "policy: ") || begins(f->reason, "module entry"))
		return NULL;
	if (begins(f->reason, "callback ") || strstr(f->reason, "takes its address"))
		return "callback";
	for (const struct mark *m = f->mark; m; m = m->next)
		if (m->line == f->reason_line && begins(f->reason, m->reason))
			return m->construct;
	if (begins(f->reason, "region "))
		return "region";
	return f->reason_line == f->line ? "parameter" : "call";
}

const char *explain_hint(const struct func *f)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{ " is not in policy", "say in policy/ whether it may sleep (`sleeps`) or not (`root`)" },
		{ "memory of unknown length behind", "`points` or `string` in policy/ tells how long it is" },
		{ "which does not know its length", "`buffer` in policy/ tells how long it is" },
		{ "memory of unknown length", "`buffer` in policy/ tells how long it is" },
		{ "variable number of arguments", "`print` in policy/, if it formats a message" },
		{ "casts ", "`overlay` in policy/, if the one record lies in a union of the other" },
		{ "inline assembler", "`asm` in policy/, if it has a meaning in a process" },
	};

	for (size_t i = 0; explain_construct(f) && i < sizeof(hints) / sizeof(*hints); i++)
		if (strstr(f->reason, hints[i].part))
			return hints[i].hint;
	return NULL;
}

const char *explain_through(const struct edge *e)
{
	struct node *n = e->indirect && e->call ? node_strip(e->call->child) : NULL;

	while (n && n->kind == N_UNARY && n->op == OP_DEREF)
		n = node_strip(n->child);
	return n && n->kind == N_MEMBER && n->field ? field_name(n->field) : NULL;
}

void explain_fields(const struct plan *plan, const struct plan_reach *reach, unsigned int *reads, unsigned int *writes)
{
	*reads = *writes = 0;
	for (unsigned int t = 0; t < plan->ntype; t++)
		for (unsigned int k = 0; k < plan->type[t].nleaf; k++) {
			const struct plan_leaf *l = &plan->type[t].leaf[k];
			unsigned int how = l->field ? reach->field_how[l->field->number] : 0;

			*reads += how != 0;
			*writes += how & ACC_WRITE && !l->is_const;
		}
	for (unsigned int g = 0; g < plan->nglobal; g++) {
		*reads += reach->var_how[g] != 0;
		*writes += (reach->var_how[g] & ACC_WRITE) != 0;
	}
}

/* ---- pieces of the answer ---- */

/* file:line: the text that stands there. */
static void place(const char *file, uint32_t line)
{
	char *text = place_line(file, line);

	printf("      %s:%u%s%s\n", place_name(file), line, text ? ": " : "", text ? text : "");
	free(text);
}

static void indent(const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		printf("        %.*s\n", (int)n, text);
	}
}

/* Names after each other, in lines. */
static void list(char *const *name, unsigned int count)
{
	int at = 0;

	for (unsigned int i = 0; i < count; i++) {
		int n = strlen(name[i]) + (i + 1 < count);

		if (!at || at + 1 + n > WIDTH) {
			printf("%s     ", at ? "\n" : "");
			at = 5;
		}
		printf(" %s%s", name[i], i + 1 < count ? "," : "\n");
		at += n + 1;
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_sorted(char **name, unsigned int count)
{
	unsigned int kept = 0;

	if (count)
		qsort(name, count, sizeof(*name), by_text);
	for (unsigned int i = 0; i < count; i++)
		if (!kept || strcmp(name[kept - 1], name[i]))
			name[kept++] = name[i];
	list(name, kept);
}

/* ---- a function of the kernel half ---- */

static void obstacles(const struct func *f)
{
	bool said = false;

	for (const struct mark *m = f->mark; m; m = m->next) {
		if (m->line == f->reason_line && begins(f->reason, m->reason))
			continue;
		if (!said)
			printf("  in it there is also\n");
		said = true;
		printf("    %s\n", m->reason);
		place(m->file, m->line);
	}
}

static void in_kernel(const struct func *f)
{
	const struct func *at = f;

	for (; at->because; at = at->because) {
		printf("  %s\n", at->reason);
		place(at->reason_file, at->reason_line);
	}
	if (at->side == SIDE_USER) {
		printf("  %s itself is in the user half: only what it does under the lock stays here\n", at->name);
	} else {
		printf("  %s\n", at->reason);
		place(at->reason_file, at->reason_line);
	}
	if (explain_hint(at))
		printf("  to move it: %s; see docs/policy.md\n", explain_hint(at));
	if (explain_construct(f))
		obstacles(f);
}

/* ---- a function of the user half ---- */

struct step {
	struct func *func;	/* calls the one before it */
	const struct edge *edge;
	int before;
};

/* The functions from which @f is reached inside the user half, nearest first. */
static unsigned int reached_from(const struct model *model, struct func *f, struct step **out)
{
	unsigned int n = 1, room = 1, done;
	struct step *s;

	for (struct func *g = model->func; g; g = g->next)
		room++;
	s = xcalloc(room, sizeof(*s));
	s[0] = (struct step){ f, NULL, -1 };
	for (done = 0; done < n; done++)
		for (struct func *g = model->func; g; g = g->next) {
			const struct edge *found = NULL;
			unsigned int i;

			if (!g->is_own || g->side != SIDE_USER || g->dropped)
				continue;
			for (struct edge *e = user_edge(g, NULL); e; e = user_edge(g, e)) {
				bool hits = e->call && e->callee == s[done].func;

				for (struct func_list *l = e->indirect ? call_targets(e) : NULL; l; l = l->next)
					hits |= l->func == s[done].func;
				if (hits)
					found = e;
			}
			for (i = 0; found && i < n && s[i].func != g; i++)
				;
			if (found && i == n)
				s[n++] = (struct step){ g, found, done };
		}
	*out = s;
	return n;
}

static void entry_of(const struct plan *plan, const struct func *f)
{
	bool said = false;

	for (const struct role *r = f->role; r; r = r->next) {
		if (r->field)
			printf("  %s is the driver's %s\n", f->name, field_name(r->field));
		else
			printf("  %s is given to %s\n", f->name, r->callee->name);
		place(r->file, r->line);
		said = true;
	}
	for (const struct func *g = plan->model->func; g; g = g->next)
		for (const struct edge *e = g->callees; e && !said; e = e->next)
			if (e->callee == f && e->call && g->is_own && (g->side == SIDE_KERNEL || node_region(g, e->call))) {
				printf("  called from the kernel half by %s\n", g->name);
				place(e->call->file, e->call->line);
				said = true;
			}
}

static void way_in(const struct plan *plan, const struct step *s, int entry)
{
	int step[64], n = 0;

	for (int i = entry; i > 0 && n < 64; i = s[i].before)
		step[n++] = i;
	while (n--) {
		const struct step *by = &s[step[n]];
		const char *through = explain_through(by->edge);

		printf("  called by %s%s%s\n", by->func->name, through ? " through " : "", through ? through : "");
		place(by->edge->call->file, by->edge->call->line);
	}
	entry_of(plan, s[entry].func);
}

static void ways_in(const struct plan *plan, struct func *f)
{
	struct step *s;
	unsigned int n = reached_from(plan->model, f, &s), nentry = 0;
	char **name = xcalloc(n, sizeof(*name));

	for (unsigned int i = 0; i < n; i++) {
		if (s[i].func->entry < 0)
			continue;
		if (!nentry)
			way_in(plan, s, i);
		name[nentry++] = (char *)s[i].func->name;
	}
	if (!nentry)
		printf("  nothing that the kernel can call leads to it\n");
	if (nentry > 1) {
		printf("  %u entry points lead to it\n", nentry);
		list_sorted(name, nentry);
	}
	free(name);
	free(s);
}

static void may_do(struct plan *plan, struct func *f)
{
	struct plan_reach reach;
	unsigned int reads = 0, writes = 0, n = 0;
	char **name = xcalloc(plan->ndown + 1, sizeof(*name));

	reach_of(plan, f, &reach);
	explain_fields(plan, &reach, &reads, &writes);
	for (unsigned int i = 0; i < plan->ndown; i++)
		if (reach.down[i])
			name[n++] = (char *)plan->down[i].name;
	printf("  with all it calls, it may read %u fields, write %u of them, and make %u kinds of downcalls\n",
	       reads, writes, n);
	list_sorted(name, n);
	free(name);
}

static void in_user(struct plan *plan, struct func *f)
{
	ways_in(plan, f);
	for (const struct region *r = f->regions; r; r = r->next) {
		char *text = place_text(r->first->file, r->first->line, r->last->line);

		printf("  stays in the kernel: %s\n      %s:%u\n", r->why, place_name(r->first->file), r->first->line);
		if (text)
			indent(text);
		free(text);
	}
	may_do(plan, f);
}

/* ---- a function that is not the driver's ---- */

static void foreign(struct plan *plan, struct func *f)
{
	static const char *const words[] = { "local", "constant", "downcall", "lock", "unlock" };
	bool local = inline_class(f) == INLINE_LOCAL;

	printf("%s: not the driver's; in the user half a call of it is %s\n", f->name, local ?
	       f->has_body ? "compiled as it stands in the kernel's header" : "served by the runtime" : "a downcall");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct policy_line *l = policy_find(words[i], f->name);

		if (l)
			printf("  policy: %s:%u: %s %s\n", l->file, l->line, l->word, l->arg[0]);
	}
	if (f->file && f->has_body)
		place(f->file, f->line);
	(void)plan;
}

/* ---- names that are nearly right ---- */

static unsigned int distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned int *row = xcalloc(n + 1, sizeof(*row)), last;

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		unsigned int corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned int best = corner + (a[i] != b[j]);

			best = row[j] + 1 < best ? row[j] + 1 : best;
			best = row[j + 1] + 1 < best ? row[j + 1] + 1 : best;
			corner = row[j + 1];
			row[j + 1] = best;
		}
	}
	last = row[n];
	free(row);
	return last;
}

/* How far apart: a name without the driver's prefix is as good as one with it. */
static unsigned int miss(const char *asked, const char *name)
{
	const char *rest = strchr(name, '_');
	unsigned int whole = distance(asked, name), part = rest ? distance(asked, rest + 1) + 1 : whole;

	return part < whole ? part : whole;
}

static int unknown(const struct plan *plan, const char *name)
{
	const struct func *best = NULL;
	unsigned int least = 0;

	for (const struct func *f = plan->model->func; f; f = f->next) {
		unsigned int d;

		if (!f->is_own || !f->has_body || f->dropped)
			continue;
		d = miss(name, f->name);
		if (!best || d < least) {
			best = f;
			least = d;
		}
	}
	if (best && least <= strlen(name) / 3 + 1)
		return fail(-ENOENT, "%s has no function %s: did you mean %s?", plan->model->module, name, best->name);
	return fail(-ENOENT, "%s has no function %s", plan->model->module, name);
}

int explain(struct plan *plan, const char *name)
{
	struct func *other = NULL;
	bool found = false;

	for (struct func *f = plan->model->func; f; f = f->next) {
		if (strcmp(f->name, name))
			continue;
		if (!f->is_own || !f->has_body || f->dropped) {
			other = f;
			continue;
		}
		found = true;
		printf("%s: %s half%s\n", f->name, f->side == SIDE_USER ? "user" : "kernel",
		       f->duplicated ? ", and a copy in the user half, because it touches only what it is given" : "");
		place(f->file, f->line);
		if (f->side == SIDE_USER)
			in_user(plan, f);
		else
			in_kernel(f);
	}
	if (!found && other)
		foreign(plan, other);
	return found || other ? 0 : unknown(plan, name);
}
