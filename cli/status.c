// SPDX-License-Identifier: GPL-2.0
/* tandem status: what tandem.ko says about each split driver that is loaded. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "install.h"
#include "isolated.h"

#define DEBUG "/sys/kernel/debug"

static const struct {
	const char *title;
	const char *key;	/* in the file stats */
	int flags;
} columns[] = {
	{ "MODULE", NULL, 0 },
	{ "USER HALF", "attached", 0 },
	{ "WORKERS", "workers", SCOLS_FL_RIGHT },
	{ "UPCALLS", "upcalls", SCOLS_FL_RIGHT },
	{ "CROSSINGS", "crossings", SCOLS_FL_RIGHT },
	{ "REFUSED", "refused", SCOLS_FL_RIGHT },
	{ "HELD", NULL, SCOLS_FL_RIGHT },
	{ "ISOLATED", NULL, 0 },
	{ "CONDEMNED", "condemned", 0 },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))
enum { NAME = 0, HELD = 6, ISOLATED = 7 };

/* The rest of the line "@key value" of @text, or of its first line without a key. */
static char *value(const char *text, const char *key)
{
	size_t n = key ? strlen(key) : 0;

	while (text && *text) {
		size_t end = strcspn(text, "\n");

		if (!key)
			return text_format("%.*s", (int)end, text);
		if (!strncmp(text, key, n) && text[n] == ' ')
			return text_format("%.*s", (int)(end - n - 1), text + n + 1);
		text += end + (text[end] == '\n');
	}
	return text_dup("?");
}

static void add(struct libscols_table *table, const char *module)
{
	char *stats = text_file(text_format(DEBUG "/tandem/%s/stats", module), NULL);
	char *ledger = text_file(text_format(DEBUG "/tandem/%s/ledger", module), NULL);
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (unsigned int i = 0; line && i < COLUMNS; i++) {
		char *cell;

		if (i == NAME)
			cell = text_dup(module);
		else if (i == HELD)
			cell = value(ledger, NULL);
		else if (i == ISOLATED)
			cell = text_dup(isolated(module));
		else
			cell = value(stats, columns[i].key);
		if (columns[i].key && !strcmp(columns[i].key, "attached"))
			cell = text_dup(*cell == '1' ? "+" : *cell == '0' ? "-" : "?");
		scols_line_refer_data(line, i, cell);
	}
	free(stats);
	free(ledger);
}

static int print(DIR *dir, bool raw)
{
	struct libscols_table *table = scols_new_table();
	struct dirent *d;
	unsigned int n = 0;

	if (!table)
		return complain("out of memory");
	for (unsigned int i = 0; i < COLUMNS; i++)
		scols_table_new_column(table, columns[i].title, 0, columns[i].flags);
	scols_table_enable_raw(table, raw);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.') {
			add(table, d->d_name);
			n++;
		}
	if (n)
		scols_print_table(table);
	else
		puts("tandem.ko is loaded; no split driver is.");
	scols_unref_table(table);
	return EXIT_SUCCESS;
}

static int running(bool raw)
{
	DIR *dir;
	int status;

	if (!run_is_dir("/sys/module/tandem"))
		return complain("tandem.ko is not loaded: nothing runs split (tandem run DIR loads it)");
	dir = opendir(DEBUG "/tandem");
	if (!dir && errno == EACCES)
		return complain("no permission to read " DEBUG "/tandem: run tandem status as root");
	if (!dir)
		return complain("no " DEBUG "/tandem: mount -t debugfs none " DEBUG);
	status = print(dir, raw);
	closedir(dir);
	return status;
}

int command_status(int argc, char **argv)
{
	static const struct option known[] = {
		{ "raw", no_argument, NULL, 'w' }, { "installed", no_argument, NULL, 'i' },
		{ "root", required_argument, NULL, 'r' }, { "help", no_argument, NULL, 'h' }, { 0 }
	};
	bool raw = false, installed = false;
	const char *root = "/";
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", known, NULL)) >= 0) {
		if (c == 'h') {
			puts("usage: tandem status [--raw] [--installed [--root DIR]]\n\n"
			     "What runs split, and what tandem install has installed: --installed for that alone.\n"
			     "--raw for scripts.");
			return EXIT_SUCCESS;
		}
		raw = raw || c == 'w';
		installed = installed || c == 'i' || c == 'r';
		root = c == 'r' ? optarg : root;
		if (c == '?' || c == ':')
			return complain_usage("status: unknown argument %s", argv[optind - 1]);
	}
	if (optind < argc)
		return complain_usage("status: unknown argument %s", argv[optind]);
	if (installed)
		return installed_print(root, raw);
	if (raw || !installed_any(root))
		return running(raw);
	c = installed_print(root, raw);
	return run_is_dir("/sys/module/tandem") ? running(raw) : c;
}
