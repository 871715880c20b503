// SPDX-License-Identifier: GPL-2.0
/*
 * split_pass POLICY UNIT.i NAME.c...: runs the passes over preprocessed files (pairs) and
 * prints where each function is and why, with the text of its regions. With -o FILE in
 * front, it also writes the first unit with each region as a function of its own, which
 * does the same as the original.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../split/fail.h"
#include "../split/outline.h"
#include "../split/partition.h"
#include "../split/policy.h"
#include "../split/scan.h"
#include "../split/source.h"
#include "../split/text.h"

static struct model model;

static int by_place(const void *a, const void *b)
{
	const struct func *x = *(struct func *const *)a, *y = *(struct func *const *)b;

	if (strcmp(x->file, y->file))
		return strcmp(x->file, y->file);
	return x->line < y->line ? -1 : x->line > y->line;
}

static unsigned int list(struct func **out, unsigned int max)
{
	unsigned int n = 0;

	for (struct func *f = model.func; f && n < max; f = f->next)
		if (f->is_own && f->has_body)
			out[n++] = f;
	qsort(out, n, sizeof(*out), by_place);
	return n;
}

static void number_regions(struct func **f, unsigned int n)
{
	unsigned int id = 0;

	for (unsigned int i = 0; i < n; i++)
		for (struct region *r = f[i]->regions; r && f[i]->side == SIDE_USER; r = r->next) {
			r->id = id++;
			if (outline_check(r))
				fprintf(stderr, "%s: a region that cannot be\n", f[i]->name);
		}
}

static void show(const struct func *f)
{
	printf("%s: %s%s, %s", f->name, f->side == SIDE_USER ? "user" : "kernel",
	       f->duplicated ? " and a copy" : f->dropped ? " (dropped)" : "", f->reason);
	if (f->side != SIDE_USER)
		printf(" (%s:%u)", f->reason_file, f->reason_line);
	printf("\n");
	for (struct region *r = f->regions; r && f->side == SIDE_USER; r = r->next) {
		struct text kernel = { 0 }, user = { 0 };

		outline_kernel(r, &kernel);
		outline_user(r, &user);
		printf("  region at line %u: %s\n----- kernel\n%s----- user\n%s\n-----\n", r->first->line, r->why,
		       kernel.at, user.at);
	}
}

/* The unit, with what both halves have of each region. */
static int join(struct func **f, unsigned int n, const char *path)
{
	struct edits e = { 0 };
	struct text out = { 0 };

	for (unsigned int i = 0; i < n; i++) {
		struct text before = { 0 };

		for (struct region *r = f[i]->regions; r && f[i]->side == SIDE_USER; r = r->next) {
			struct text with = { 0 };

			text_add(&before, "\n");
			outline_kernel(r, &before);
			outline_user(r, &with);
			edit_add(&e, r->first->start, r->last->end, with.at);
		}
		if (before.length)
			edit_add(&e, f[i]->start, f[i]->start, before.at);
	}
	edit_apply(&e, model.tu->text, 0, model.tu->length, &out);
	return text_write(&out, path);
}

int main(int argc, char **argv)
{
	struct source_tu tu[8] = { 0 };
	struct source src = { .module = "test", .tu = tu };
	struct func *f[512];
	const char *to = NULL;
	unsigned int n;

	if (argc > 2 && !strcmp(argv[1], "-o")) {
		to = argv[2];
		argc -= 2;
		argv += 2;
	}
	for (int i = 2; i + 1 < argc && src.ntu < 8; i += 2)
		tu[src.ntu++] = (struct source_tu){ .name = argv[i + 1], .c = argv[i + 1], .i = argv[i] };
	if (argc < 2 || policy_load(argv[1]) || analyse(&model, &src)) {
		fprintf(stderr, "%s\n", argc < 2 ? "usage: split_pass [-o FILE] POLICY UNIT.i NAME.c..." : fail_text());
		return 2;
	}
	scan_all(&model);
	partition(&model);
	n = list(f, 512);
	number_regions(f, n);
	for (unsigned int i = 0; i < n; i++)
		show(f[i]);
	return to && join(f, n, to) ? 2 : 0;
}
