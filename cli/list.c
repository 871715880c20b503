// SPDX-License-Identifier: GPL-2.0
/* tandem list: the splits that are there, and which of them run. */
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "load.h"
#include "result.h"

#define DEPTH 2	/* build/split/6.1/MODULE */

enum { MODULE, FUNCTIONS, LINES, ANNOTATIONS, REFUSED, STATE, FOLDER };

static const char *state(const struct result *r)
{
	return load_is_loaded(r->module) ? "loaded" : r->built ? "built" : "not built";
}

static void add(const struct result *r, void *data)
{
	struct libscols_line *line = scols_table_new_line(data, NULL);

	if (!line)
		return;
	scols_line_set_data(line, MODULE, r->module);
	scols_line_refer_data(line, FUNCTIONS, text_format("%lld/%lld", r->user, r->total));
	scols_line_refer_data(line, LINES, text_format("%lld/%lld", r->user_lines, r->lines));
	scols_line_refer_data(line, ANNOTATIONS, text_format("%lld", r->annotations));
	scols_line_refer_data(line, REFUSED, text_format("%lld", r->refused));
	scols_line_set_data(line, STATE, state(r));
	scols_line_set_data(line, FOLDER, r->dir);
}

/* Fails, silently without arguments, if there is no split. */
int command_list(int argc, char **argv)
{
	static char *usual[] = { "list", ".", "build/split" };
	static const char *const titles[] = { "MODULE", "USER FNS", "USER LINES", "ANNOTATIONS",
					      "REFUSED", "STATE", "FOLDER" };
	struct libscols_table *table;
	bool asked = argc > 1;
	unsigned int n = 0;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		puts("usage: tandem list [DIR...]\n\nThe splits in DIR (default: here and build/split).");
		return EXIT_SUCCESS;
	}
	table = scols_new_table();
	if (!table)
		return complain("out of memory");
	for (unsigned int i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		scols_table_new_column(table, titles[i], 0, i >= FUNCTIONS && i <= REFUSED ?
				       SCOLS_FL_RIGHT : 0);
	if (!asked) {
		argc = sizeof(usual) / sizeof(*usual);
		argv = usual;
	}
	for (int i = 1; i < argc; i++)
		n += result_each(argv[i], DEPTH, add, table);
	if (n)
		scols_print_table(table);
	scols_unref_table(table);
	if (!n && asked)
		return complain("no split in %s: make one with tandem split", argv[1]);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
