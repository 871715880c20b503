// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "fail.h"
#include "partition.h"
#include "report.h"
#include "scan.h"

static bool counts(const struct func *f)
{
	return f->is_own && f->has_body && !f->dropped;
}

static const char *base(const char *file)
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	return slash ? slash + 1 : file ? file : "";
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

int report_explain(struct model *model, const char *name)
{
	struct func *f = model_func(model, name);

	if (!f)
		return fail(-ENOENT, "%s has no function %s", model->module, name);
	printf("%s: %s half%s\n", f->name, f->side == SIDE_USER ? "user" : "kernel",
	       f->duplicated ? ", and a copy in the user half" : "");
	for (const struct func *at = f; at; at = at->because) {
		printf("  %s%s: %s", at == f ? "" : "by ", at->name, at->reason);
		if (at->reason_file)
			printf(" (%s:%u)", at->reason_file, at->reason_line);
		printf("\n");
	}
	if (f->side == SIDE_USER)
		for (const struct region *r = f->regions; r; r = r->next)
			printf("  %s:%u: these statements stay in the kernel: %s\n", r->first->file, r->first->line, r->why);
	return 0;
}

static json_t *count(unsigned int total, unsigned int user)
{
	return json_pack("{s:i, s:i, s:i}", "total", total, "user", user, "kernel", total - user);
}

static json_t *refused(const struct model *model)
{
	json_t *list = json_array();

	for (const struct func *f = model->func; f; f = f->next) {
		if (!counts(f) || f->side != SIDE_KERNEL || f->atomic || !f->reason || !strncmp(f->reason, "module entry", 12))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s}", "file", f->reason_file ? f->reason_file : "",
						      "line", f->reason_line, "construct", f->name, "reason", f->reason));
	}
	return list;
}

static json_t *functions(const struct plan *plan)
{
	json_t *list = json_array();

	for (const struct func *f = plan->model->func; f; f = f->next) {
		json_t *calls, *regions;

		if (!counts(f))
			continue;
		calls = json_array();
		for (const struct edge *e = f->callees; e; e = e->next)
			if (e->callee && e->call && counts(e->callee))
				json_array_append_new(calls, json_string(e->callee->name));
		regions = json_array();
		for (const struct region *r = f->regions; f->side == SIDE_USER && r; r = r->next)
			json_array_append_new(regions, json_pack("{s:i, s:s}", "line", r->first->line, "why", r->why));
		json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i, s:s, s:b, s:b, s:s, s:s?, s:i, s:s?, s:o, s:o}",
			"name", f->name, "file", f->file, "line", f->line, "lines", f->lines,
			"side", f->side == SIDE_USER ? "user" : "kernel", "atomic", f->atomic, "duplicated", f->duplicated,
			"reason", f->reason ? f->reason : "", "reason_file", f->reason_file, "reason_line", f->reason_line,
			"because", f->because ? f->because->name : NULL, "calls", calls, "regions", regions));
	}
	return list;
}

static int write_json(const struct plan *plan, const char *out, unsigned int n[4])
{
	char *path = text_format("%s/report.json", out);
	json_t *policy = json_array(), *downs = json_array(), *entries = json_array(), *root;
	int e;

	for (struct policy_line *l = policy_all(); l; l = l->next)
		if (l->used)
			json_array_append_new(policy, json_sprintf("%s:%u", l->file, l->line));
	for (unsigned int i = 0; i < plan->ndown; i++)
		json_array_append_new(downs, json_string(plan->down[i].name));
	for (unsigned int i = 0; i < plan->nentry; i++)
		json_array_append_new(entries, json_pack("{s:s, s:i}", "name", plan->entry[i].func->name, "fields", plan->entry[i].nuse));
	root = json_pack("{s:s, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o}", "module", plan->model->module,
			 "functions", count(n[0], n[1]), "lines", count(n[2], n[3]),
			 "annotations", report_annotations(plan->model), "policy", policy, "refused", refused(plan->model),
			 "entries", entries, "downcalls", downs, "function", functions(plan));
	e = json_dump_file(root, path, JSON_INDENT(1)) ? fail(-EIO, "cannot write %s", path) : 0;
	json_decref(root);
	return e;
}

static int write_text(const struct plan *plan, const char *out, const unsigned int n[4])
{
	struct text t = { 0 };
	char *path = text_format("%s/report.txt", out);
	int e;

	text_add(&t, "%s: %u of %u functions (%u of %u lines) in the user half\n", plan->model->module, n[1], n[0], n[3], n[2]);
	text_add(&t, "%u entry points, %u downcalls, %u policy lines name a symbol of the driver\n\n", plan->nentry, plan->ndown,
		 report_annotations(plan->model));
	for (const struct func *f = plan->model->func; f; f = f->next)
		if (counts(f)) {
			text_add(&t, "%-7s %-40s %s:%u  %s", f->side == SIDE_USER ? "user" : f->duplicated ? "both" : "kernel",
				 f->name, base(f->file), f->line, f->reason ? f->reason : "");
			if (f->reason_file && (f->reason_line != f->line))
				text_add(&t, " (%s:%u)", base(f->reason_file), f->reason_line);
			text_add(&t, "\n");
			for (const struct region *r = f->regions; f->side == SIDE_USER && r; r = r->next)
				text_add(&t, "        kernel statements at %s:%u: %s\n", base(r->first->file), r->first->line, r->why);
		}
	e = text_write(&t, path);
	return e ? fail(e, "cannot write %s: %s", path, strerror(-e)) : 0;
}

int report(const struct plan *plan, const char *out)
{
	unsigned int n[4] = { 0 };	/* functions: all, user; lines: all, user */
	int e;

	for (const struct func *f = plan->model->func; f; f = f->next) {
		if (!counts(f))
			continue;
		n[0]++;
		n[1] += f->side == SIDE_USER;
		n[2] += f->lines;
		n[3] += f->side == SIDE_USER ? f->lines : 0;
	}
	e = write_json(plan, out, n);
	return e ? e : write_text(plan, out, n);
}
