// SPDX-License-Identifier: GPL-2.0
/* tandem status --installed: what the inventory says, and what of it is true. */
#include <glob.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../split/text.h"
#include "command.h"
#include "install.h"
#include "inventory.h"
#include "load.h"
#include "step.h"

enum { OWNER, KIND, WHAT, STATE, LOADED, COLUMNS };

static const char *const states[] = {
	[STEP_OK] = "ok", [STEP_MISSING] = "missing", [STEP_CHANGED] = "changed", [STEP_INTERRUPTED] = "interrupted",
};

static const char *loaded(const char *root, const struct entry *x)
{
	if (*root || strcmp(x->kind, "dkms"))
		return "-";
	if (!load_is_loaded(x->owner))
		return "no";
	return !strcmp(x->owner, "tandem") || load_runs_split(x->owner) ? "yes" : "stock";
}

static void add(struct libscols_table *table, const char *owner, const char *kind, const char *what,
		const char *state, const char *load)
{
	const char *const cells[COLUMNS] = { owner, kind, what, state, load };
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (unsigned int i = 0; line && i < COLUMNS; i++)
		scols_line_set_data(line, i, cells[i]);
}

/* Is @path, below the root, or something above or in it, in the inventory? */
static bool is_known(const struct inventory *inv, const char *path)
{
	for (unsigned int i = 0; i < inv->count; i++) {
		const struct entry *x = &inv->entry[i];
		size_t n = strlen(x->what);

		if (x->gone)
			continue;
		if (!strcmp(x->kind, "dkms")) {
			const char *name = path + strlen("var/lib/dkms/");

			/* DKMS's folder of it, or a user half of it, for whichever kernel */
			if (!strncmp(path, "var/lib/dkms/", strlen("var/lib/dkms/")) &&
			    !strncmp(x->what, name, strlen(name)) && x->what[strlen(name)] == '/')
				return true;
			name = strrchr(path, '/') + 1;
			n = strlen(x->owner);
			if (!strncmp(path, "usr/lib/tandem/", strlen("usr/lib/tandem/")) &&
			    !strncmp(name, x->owner, n) && !strncmp(name + n, "-user", 5))
				return true;
		} else if (!strncmp(x->what, path, n) && (!path[n] || !strcmp(path + n, STEP_NEW))) {
			return true;
		}
	}
	return false;
}

/* What bears our names and is not in the inventory. */
static unsigned int add_foreign(const struct inventory *inv, struct libscols_table *table)
{
	static const char *const patterns[] = {
		"etc/modprobe.d/tandem-*.conf", "etc/modprobe.d/tandem.conf", "usr/lib/tandem/start-half",
		"etc/systemd/system/tandem@.service", "usr/src/tandem-*", "var/lib/dkms/tandem",
		"var/lib/dkms/tandem-*", "usr/lib/tandem/halves/*/*", "usr/share/dkms/modules_to_force_install/tandem-*",
	};
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		char *path = text_format("%s/%s", inv->root, patterns[i]);
		glob_t found;

		if (!glob(path, 0, NULL, &found)) {
			for (size_t j = 0; j < found.gl_pathc; j++) {
				const char *below = found.gl_pathv[j] + strlen(inv->root) + 1;

				if (is_known(inv, below))
					continue;
				add(table, "-", "-", below, "foreign", "-");
				n++;
			}
			globfree(&found);
		}
		free(path);
	}
	return n;
}

static int print(const struct inventory *inv, struct libscols_table *table)
{
	static const char *const titles[COLUMNS] = { "OWNER", "KIND", "WHAT", "STATE", "LOADED" };
	unsigned int n = 0, wrong = 0;

	for (unsigned int i = 0; i < COLUMNS; i++)
		scols_table_new_column(table, titles[i], 0, 0);
	for (unsigned int i = 0; i < inv->count; i++) {
		const struct entry *x = &inv->entry[i];
		enum step_state state;

		if (x->gone)
			continue;
		state = step_state(inv->root, x);
		wrong += state != STEP_OK;
		n++;
		add(table, x->owner, x->kind, x->what, states[state], loaded(inv->root, x));
	}
	wrong += add_foreign(inv, table);
	if (n || wrong)
		scols_print_table(table);
	else
		puts("nothing is installed");
	return wrong ? complain("not all is as it was installed: tandem install or remove mends what is not foreign") :
	       EXIT_SUCCESS;
}

int installed_print(const char *root, bool raw)
{
	struct libscols_table *table = scols_new_table();
	struct inventory inv = { .fd = -1, .lock = -1 };
	int e;

	if (!table)
		return complain("out of memory");
	scols_table_enable_raw(table, raw);
	e = inventory_open(&inv, root);
	if (!e)
		e = print(&inv, table);
	inventory_close(&inv);
	scols_unref_table(table);
	return e;
}

bool installed_any(const char *root)
{
	char *path = text_format("%s/" INVENTORY, root);
	bool yes = !access(path, F_OK);

	free(path);
	return yes;
}
