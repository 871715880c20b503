// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "fail.h"
#include "html.h"
#include "partition.h"
#include "place.h"
#include "reach.h"
#include "report.h"
#include "scan.h"
#include "xalloc.h"

static bool counts(const struct func *f)
{
	return f->is_own && f->has_body && !f->dropped;
}

static bool names_driver(const struct model *model, const char *word)
{
	size_t n = strcspn(word, "./");

	for (const struct func *f = model->func; f; f = f->next)
		if (f->is_own && f->has_body && !strncmp(f->name, word, n) && !f->name[n])
			return true;
	for (const struct record *r = model->record; r; r = r->next) {
		const char *name = strncmp(r->name, "struct ", 7) ? r->name : r->name + 7;

		if (r->is_own && !strncmp(name, word, n) && !name[n])
			return true;
	}
	for (const struct var *v = model->var; v; v = v->next)
		if (v->is_own && !v->is_local && !strncmp(v->name, word, n) && !v->name[n])
			return true;
	return false;
}

unsigned int report_annotations(const struct model *model)
{
	unsigned int n = 0;

	for (struct policy_line *l = policy_all(); l; l = l->next)
		for (unsigned int i = 0; i < l->narg; i++)
			if (names_driver(model, l->arg[i])) {
				n++;
				break;
			}
	return n;
}

/* ---- the driver's functions, in the order of their source ---- */

struct own {
	struct func **func;
	unsigned int count;
	unsigned int user, duplicated, regions, lines, user_lines;
};

static int by_place(const void *a, const void *b)
{
	const struct func *x = *(struct func *const *)a, *y = *(struct func *const *)b;
	int order = strcmp(x->file, y->file);

	if (!order)
		order = x->line < y->line ? -1 : x->line > y->line;
	return order ? order : strcmp(x->name, y->name);
}

static void collect(const struct model *model, struct own *own)
{
	unsigned int n = 0;

	memset(own, 0, sizeof(*own));
	for (struct func *f = model->func; f; f = f->next)
		n += counts(f);
	own->func = xcalloc(n + 1, sizeof(*own->func));
	for (struct func *f = model->func; f; f = f->next) {
		if (!counts(f))
			continue;
		own->func[own->count++] = f;
		own->user += f->side == SIDE_USER;
		own->duplicated += f->duplicated;
		own->lines += f->lines;
		own->user_lines += f->side == SIDE_USER ? f->lines : 0;
		for (const struct region *r = f->regions; f->side == SIDE_USER && r; r = r->next)
			own->regions++;
	}
	qsort(own->func, own->count, sizeof(*own->func), by_place);
}

static int number_of(const struct own *own, const struct func *f)
{
	struct func **at = f ? bsearch(&f, own->func, own->count, sizeof(*at), by_place) : NULL;

	return at && *at == f ? at - own->func : -1;
}

/* ---- report.json ---- */

static json_t *count(unsigned int total, unsigned int user)
{
	return json_pack("{s:i, s:i, s:i}", "total", total, "user", user, "kernel", total - user);
}

static json_t *refused(const struct own *own)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < own->count; i++) {
		const struct func *f = own->func[i];

		if (explain_construct(f))
			json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s*}", "file",
				f->reason_file ? f->reason_file : "", "line", f->reason_line, "construct",
				explain_construct(f), "reason", f->reason, "function", f->name, "hint", explain_hint(f)));
	}
	return list;
}

struct site {
	struct func *to;
	const char *through;
	unsigned int line;
	bool region;
};

static int by_line(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->to->name, y->to->name);
}

static unsigned int sites(const struct func *f, struct site **out)
{
	struct site *s = NULL;
	unsigned int n = 0;

	for (const struct edge *e = f->callees; e; e = e->next) {
		struct func_list direct = { e->callee, NULL }, *l = &direct;

		if (!e->call)
			continue;
		for (l = e->indirect ? call_targets(e) : l; l; l = l->next) {
			if (!l->func || !counts(l->func))
				continue;
			s = xrealloc(s, (n + 1) * sizeof(*s));
			s[n++] = (struct site){ l->func, explain_through(e), e->call->line,
						f->side == SIDE_USER && node_region(f, e->call) };
		}
	}
	if (n)
		qsort(s, n, sizeof(*s), by_line);
	*out = s;
	return n;
}

/* Each callee once, with the lines of its calls. */
static json_t *calls(const struct own *own, const struct func *f)
{
	json_t *list = json_array(), *lines;
	struct site *s;
	unsigned int n = sites(f, &s);

	for (unsigned int i = 0; i < n; i++) {
		if (!s[i].to)
			continue;
		lines = json_array();
		for (unsigned int k = i + 1; k < n; k++)
			if (s[k].to == s[i].to && s[k].region == s[i].region && s[k].line == s[i].line)
				s[k].to = NULL;
		json_array_append_new(lines, json_integer(s[i].line));
		for (unsigned int k = i + 1; k < n; k++)
			if (s[k].to && s[k].to == s[i].to && s[k].region == s[i].region) {
				json_array_append_new(lines, json_integer(s[k].line));
				s[k].to = NULL;
			}
		json_array_append_new(list, json_pack("{s:s, s:i, s:o, s:b, s:s*}", "name", s[i].to->name, "function",
			number_of(own, s[i].to), "lines", lines, "region", s[i].region, "through", s[i].through));
	}
	free(s);
	return list;
}

static int by_start(const void *a, const void *b)
{
	const struct region *x = *(const struct region *const *)a, *y = *(const struct region *const *)b;

	return x->first->start < y->first->start ? -1 : x->first->start > y->first->start;
}

static json_t *regions(const struct func *f)
{
	const struct region **all = NULL;
	json_t *list = json_array();
	unsigned int n = 0;

	for (const struct region *r = f->regions; f->side == SIDE_USER && r; r = r->next) {
		all = xrealloc(all, (n + 1) * sizeof(*all));
		all[n++] = r;
	}
	if (n)
		qsort(all, n, sizeof(*all), by_start);
	for (unsigned int i = 0; i < n; i++) {
		const struct region *r = all[i];
		char *text = place_text(r->first->file, r->first->line, r->last->line);

		json_array_append_new(list, json_pack("{s:i, s:i, s:s, s:s*}", "line", r->first->line, "last", r->last->line,
						      "why", r->why, "text", text));
		free(text);
	}
	free(all);
	return list;
}

static json_t *callbacks(const struct func *f)
{
	json_t *list = json_array();

	for (const struct role *r = f->role; r; r = r->next)
		json_array_append_new(list, json_pack("{s:o, s:s, s:i}", "as", r->field ? json_string(field_name(r->field)) :
			json_sprintf("%s/%u", r->callee->name, r->arg), "file", r->file, "line", r->line));
	return list;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of downcalls, sorted, each once. */
static json_t *names(const struct plan *plan, const unsigned char *which)
{
	const char **name = xcalloc(plan->ndown + 1, sizeof(*name));
	json_t *list = json_array();
	unsigned int n = 0;

	for (unsigned int i = 0; i < plan->ndown; i++)
		if (!which || which[i])
			name[n++] = plan->down[i].name;
	qsort(name, n, sizeof(*name), by_text);
	for (unsigned int i = 0; i < n; i++)
		if (!i || strcmp(name[i], name[i - 1]))
			json_array_append_new(list, json_string(name[i]));
	free(name);
	return list;
}

static json_t *reach_json(struct plan *plan, struct func *f)
{
	unsigned int reads, writes;
	struct plan_reach reach;
	json_t *root;

	reach_of(plan, f, &reach);
	explain_fields(plan, &reach, &reads, &writes);
	root = json_pack("{s:i, s:i, s:o}", "fields", reads, "written", writes, "downcalls", names(plan, reach.down));
	free(reach.field_how);
	free(reach.var_how);
	free(reach.down);
	return root;
}

static json_t *function(struct plan *plan, const struct own *own, struct func *f)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:s, s:b, s:b, s:b, s:s, s:s*, s:i}",
		"name", f->name, "file", f->file, "line", f->line, "lines", f->lines,
		"side", f->side == SIDE_USER ? "user" : "kernel", "atomic", f->atomic, "duplicated", f->duplicated,
		"entry", f->entry >= 0, "reason", f->reason ? f->reason : "", "reason_file", f->reason_file,
		"reason_line", f->reason_line);
	char *text = f->side == SIDE_KERNEL && f->reason_file ? place_line(f->reason_file, f->reason_line) : NULL;

	if (text)
		json_object_set_new(o, "reason_text", json_string(text));
	if (explain_construct(f))
		json_object_set_new(o, "construct", json_string(explain_construct(f)));
	if (explain_hint(f))
		json_object_set_new(o, "hint", json_string(explain_hint(f)));
	if (f->because)
		json_object_set_new(o, "because", json_pack("{s:s, s:i}", "name", f->because->name, "function",
							    number_of(own, f->because)));
	json_object_set_new(o, "callbacks", callbacks(f));
	json_object_set_new(o, "calls", calls(own, f));
	json_object_set_new(o, "regions", regions(f));
	if (f->side == SIDE_USER)
		json_object_set_new(o, "reach", reach_json(plan, f));
	free(text);
	return o;
}

static json_t *policy_used(bool with_text)
{
	json_t *list = json_array();

	for (struct policy_line *l = policy_all(); l; l = l->next) {
		struct text t = { 0 };

		if (!l->used)
			continue;
		text_add(&t, "%s:%u", l->file, l->line);
		if (with_text) {
			text_add(&t, ": %s", l->word);
			for (unsigned int i = 0; i < l->narg; i++)
				text_add(&t, " %s", l->arg[i]);
			if (l->code)
				text_add(&t, " {%s}", l->code);
		}
		json_array_append_new(list, json_string(t.at));
		free(t.at);
	}
	return list;
}

static json_t *report_json(struct plan *plan, const struct own *own, const char *release)
{
	json_t *entries = json_array(), *functions = json_array();

	for (unsigned int i = 0; i < own->count; i++) {
		const struct func *f = own->func[i];

		if (f->entry >= 0)
			json_array_append_new(entries, json_pack("{s:s, s:i, s:i}", "name", f->name, "fields",
				plan->entry[f->entry].nuse, "function", i));
		json_array_append_new(functions, function(plan, own, own->func[i]));
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "module", plan->model->module,
			 "kernel", release, "functions", count(own->count, own->user),
			 "lines", count(own->lines, own->user_lines), "duplicated", own->duplicated,
			 "regions", own->regions, "annotations", report_annotations(plan->model),
			 "policy", policy_used(false), "refused", refused(own), "entries", entries,
			 "downcalls", names(plan, NULL), "function", functions);
}

/* ---- report.txt ---- */

static int write_text(const struct plan *plan, const struct own *own, const char *out)
{
	struct text t = { 0 };
	char *path = text_format("%s/report.txt", out);
	int e;

	text_add(&t, "%s: %u of %u functions (%u of %u lines) in the user half\n", plan->model->module, own->user, own->count,
		 own->user_lines, own->lines);
	text_add(&t, "%u entry points, %u downcalls, %u policy lines name a symbol of the driver\n\n", plan->nentry, plan->ndown,
		 report_annotations(plan->model));
	for (unsigned int i = 0; i < own->count; i++) {
		const struct func *f = own->func[i];

		text_add(&t, "%-7s %-40s %s:%u  %s", f->side == SIDE_USER ? "user" : f->duplicated ? "both" : "kernel",
			 f->name, place_name(f->file), f->line, f->reason ? f->reason : "");
		if (f->reason_file && (f->reason_line != f->line))
			text_add(&t, " (%s:%u)", place_name(f->reason_file), f->reason_line);
		text_add(&t, "\n");
		for (const struct region *r = f->regions; f->side == SIDE_USER && r; r = r->next)
			text_add(&t, "        kernel statements at %s:%u: %s\n", place_name(r->first->file), r->first->line, r->why);
	}
	e = text_write(&t, path);
	free(t.at);
	return e ? fail(e, "cannot write %s: %s", path, strerror(-e)) : 0;
}

int report(struct plan *plan, const char *release, const char *out)
{
	char *json = text_format("%s/report.json", out), *html = text_format("%s/report.html", out);
	struct own own;
	json_t *root;
	int e;

	collect(plan->model, &own);
	root = report_json(plan, &own, release);
	e = !root || json_dump_file(root, json, JSON_INDENT(1)) ? fail(-EIO, "cannot write %s", json) : 0;
	e = e ? e : write_text(plan, &own, out);
	if (!e) {
		json_object_set_new(root, "policy", policy_used(true));
		e = html_write(root, html);
	}
	json_decref(root);
	free(own.func);
	free(json);
	free(html);
	return e;
}
