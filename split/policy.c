// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "policy.h"
#include "text.h"
#include "xalloc.h"

/* The words there are, with how many arguments they take, and whether C text follows. */
static const struct word {
	const char *name;
	unsigned int min, max;
	bool code;
} words[] = {
	{ "root", 1, 1, false }, { "sleeps", 1, 1, false }, { "root-function", 1, 1, false }, { "keep", 1, 2, false },
	{ "lock", 1, 1, false }, { "unlock", 1, 1, false }, { "opaque", 1, 1, false },
	{ "local", 1, 1, false }, { "downcall", 1, 1, false }, { "constant", 2, 2, false }, { "value", 2, 2, false },
	{ "asm", 2, 2, false }, { "delay", 1, 1, false }, { "register", 1, 1, false },
	{ "print", 2, 2, false }, { "keeps", 2, 2, false }, { "null", 2, 2, false }, { "short", 1, 1, false }, { "queued", 1, 1, false },
	{ "quiet", 1, 1, false },
	{ "alloc", 3, 6, false }, { "frees", 1, 1, false }, { "stops", 1, 1, false }, { "acquire", 3, 10, false }, { "single", 1, 1, false }, { "also", 2, 2, false }, { "mutex", 2, 4, false },
	{ "buffer", 3, 3, true }, { "room", 1, 1, true }, { "check", 1, 1, true }, { "type", 3, 3, false }, { "points", 2, 2, false }, { "string", 1, 1, false },
	{ "fail", 1, 1, true }, { "reads", 1, 2, false }, { "begins", 1, 1, false }, { "ends", 1, 1, false }, { "closes", 2, 2, false },
	{ "tail", 3, 3, false }, { "life", 2, 2, false }, { "overlay", 3, 3, false }, { "noreturn", 1, 1, false }, { "named", 1, 1, false }, { "private", 1, 1, false },
};

static struct policy_line *lines, **tail = &lines;
static struct policy_line *patterns;	/* whose first argument ends with `*`, by ->same */

static int bad(const char *file, unsigned int line, const char *what)
{
	return fail(-EINVAL, "%s:%u: %s", file, line, what);
}

static int add(const char *file, unsigned int number, char *s)
{
	struct policy_line *l = xcalloc(1, sizeof(*l)), *first;
	char *brace = strchr(s, '{'), *end, *word;
	const struct word *w = NULL;

	l->file = file;
	l->line = number;
	if (brace) {
		end = strrchr(brace, '}');
		if (!end)
			return bad(file, number, "`{` without `}`");
		if (end[1 + strspn(end + 1, " \t\r")])
			return bad(file, number, "text behind `}`");
		*end = 0;
		*brace = 0;
		l->code = text_dup(brace + 1);
	}
	for (word = strtok(s, " \t\n"); word; word = strtok(NULL, " \t\n")) {
		if (!l->word) {
			l->word = text_intern(word);
			continue;
		}
		if (l->narg == POLICY_ARGS)
			return bad(file, number, "too many arguments");
		l->arg[l->narg++] = text_intern(word);
	}
	if (!l->word)
		return brace ? bad(file, number, "C text without a word") : 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].name, l->word))
			w = &words[i];
	if (!w)
		return bad(file, number, text_format("unknown word `%s`", l->word));
	if (l->narg < w->min || l->narg > w->max)
		return bad(file, number, text_format("`%s` takes %u to %u arguments", w->name, w->min, w->max));
	if (w->code != !!l->code)
		return bad(file, number, text_format("`%s` %s C text in braces", w->name, w->code ? "needs" : "takes no"));
	*tail = l;
	tail = &l->next;
	if (l->arg[0][strlen(l->arg[0]) - 1] == '*') {
		l->same = patterns;
		patterns = l;
		return 0;
	}
	word = text_format("%s %s", l->word, l->arg[0]);
	first = text_map_get(MAP_POLICY, word);
	if (!first) {
		text_map_put(MAP_POLICY, word, l);
	} else {
		while (first->same)
			first = first->same;
		first->same = l;
	}
	free(word);
	return 0;
}

static int load_file(const char *path, const char *name)
{
	uint32_t length;
	char *text = text_file(path, &length), *at, *end;
	unsigned int number = 0;
	int e = 0;

	if (!text)
		return fail(-errno, "cannot read policy file %s: %s", path, strerror(errno));
	if (strlen(text) != length)
		return fail(-EINVAL, "%s: this is no text: it has a NUL", name);
	for (at = text; at && *at && !e; at = end) {
		char *hash;

		end = strchr(at, '\n');
		if (end)
			*end++ = 0;
		number++;
		hash = strchr(at, '#');
		if (hash)
			*hash = 0;
		e = add(name, number, at);
	}
	return e;
}

static int is_policy(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 7 && !strcmp(d->d_name + n - 7, ".policy");
}

int policy_load(const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, is_policy, alphasort), e = 0;

	if (n < 0)
		return fail(-errno, "cannot read policy folder %s: %s", dir, strerror(errno));
	if (!n)
		return fail(-ENOENT, "no policy files in %s", dir);
	for (int i = 0; i < n && !e; i++)
		e = load_file(text_format("%s/%s", dir, list[i]->d_name), text_dup(list[i]->d_name));
	return e;
}

bool policy_fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return n && pattern[n - 1] == '*' ? !strncmp(pattern, name, n - 1) : !strcmp(pattern, name);
}

struct policy_line *policy_find(const char *word, const char *first)
{
	char key[512];
	struct policy_line *l;

	snprintf(key, sizeof(key), "%s %s", word, first);
	l = text_map_get(MAP_POLICY, key);
	for (struct policy_line *w = patterns; !l && w; w = w->same)
		if (w->word == word || !strcmp(w->word, word))
			if (policy_fits(w->arg[0], first))
				l = w;
	if (l)
		l->used++;
	return l;
}

struct policy_line *policy_all(void)
{
	return lines;
}
