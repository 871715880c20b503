// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "source.h"
#include "text.h"

#define LINES_MAX 12

static const struct source *source;

void place_open(const struct source *src)
{
	source = src;
}

const char *place_name(const char *file)
{
	const char *own = source->ntu ? source->tu[0].c : "", *slash = strrchr(own, '/');
	size_t n = slash ? slash - own + 1 : 0;

	if (!file)
		return "";
	return strncmp(file, own, n) ? file : file + n;
}

/* The whole file; the last one read is kept. */
static const char *text_of(const char *file)
{
	static char *name, *text;
	char *root, *path;

	if (name && !strcmp(name, file))
		return text;
	free(name);
	free(text);
	root = source_root(source);
	path = *file == '/' ? text_dup(file) : text_format("%s/%s", root, file);
	name = text_dup(file);
	text = text_file(path, NULL);
	free(path);
	free(root);
	return text;
}

static size_t indent_of(const char *line)
{
	size_t n = strspn(line, " \t");

	return line[n] == '\n' || !line[n] ? (size_t)-1 : n;
}

char *place_text(const char *file, uint32_t first, uint32_t last)
{
	const char *text = file && first ? text_of(file) : NULL, *at, *end;
	uint32_t cut = last > first + LINES_MAX ? first + LINES_MAX - 2 : last;
	size_t indent = -1;
	struct text t = { 0 };

	for (uint32_t line = 1; text && line < first; line++) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	if (!text || !*text)
		return NULL;
	at = text;
	for (uint32_t line = first; at && line <= cut; line++, at = end ? end + 1 : NULL) {
		end = strchr(at, '\n');
		indent = indent_of(at) < indent ? indent_of(at) : indent;
	}
	at = text;
	for (uint32_t line = first; at && line <= cut; line++, at = end ? end + 1 : NULL) {
		size_t n = strcspn(at, "\n"), skip = indent_of(at) == (size_t)-1 ? n : indent;

		end = strchr(at, '\n');
		while (n > skip && strchr(" \t\r", at[n - 1]))
			n--;
		text_add(&t, "%s%.*s", line == first ? "" : "\n", (int)(n - skip), at + skip);
	}
	if (cut < last)
		text_add(&t, "\n... %u more lines", last - cut);
	return t.at;
}

char *place_line(const char *file, uint32_t line)
{
	return place_text(file, line, line);
}
