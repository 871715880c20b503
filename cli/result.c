// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../split/out.h"
#include "../split/run.h"
#include "../split/text.h"
#include "result.h"

static bool has(const char *dir, const char *format, const char *module)
{
	char *name = text_format(format, module), *path = text_format("%s/%s", dir, name);
	bool yes = run_is_file(path);

	free(path);
	free(name);
	return yes;
}

/* A file of that name that says something else is none of ours. */
static bool sane(const struct result *r, const char *module)
{
	return *module && !strchr(module, '/') && r->user >= 0 && r->user <= r->total && r->user_lines >= 0 &&
	       r->user_lines <= r->lines && r->annotations >= 0;
}

bool result_read(struct result *r, const char *dir)
{
	char *path = text_format("%s/report.json", dir);
	json_t *json = has(dir, "%s", OUT_MARK) ? json_load_file(path, 0, NULL) : NULL;
	json_t *refused;
	const char *module;

	memset(r, 0, sizeof(*r));
	free(path);
	if (!json || json_unpack(json, "{s:s, s:{s:I, s:I}, s:{s:I, s:I}, s:I, s:o}", "module",
				 &module, "functions", "total", &r->total, "user", &r->user, "lines",
				 "total", &r->lines, "user", &r->user_lines, "annotations",
				 &r->annotations, "refused", &refused) || !sane(r, module)) {
		json_decref(json);
		return false;
	}
	r->refused = json_array_size(refused);
	r->module = text_dup(module);
	r->dir = realpath(dir, NULL);
	r->built = has(dir, "%s.ko", module) && has(dir, "%s-user", module);
	json_decref(json);
	return true;
}

void result_free(struct result *r)
{
	free(r->dir);
	free(r->module);
}

static unsigned int one(const char *dir, void (*with)(const struct result *r, void *data),
			void *data)
{
	struct result r;

	if (!result_read(&r, dir))
		return 0;
	with(&r, data);
	result_free(&r);
	return 1;
}

unsigned int result_each(const char *dir, unsigned int depth,
			 void (*with)(const struct result *r, void *data), void *data)
{
	unsigned int n = one(dir, with, data);
	struct dirent **entry;
	int count = n || !depth ? 0 : scandir(dir, &entry, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char *path = text_format("%s/%s", dir, entry[i]->d_name);

		if (entry[i]->d_name[0] != '.' && entry[i]->d_type == DT_DIR)
			n += result_each(path, depth - 1, with, data);
		free(path);
		free(entry[i]);
	}
	if (count > 0)
		free(entry);
	return n;
}
