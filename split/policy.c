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

/*
 * The words there are, with how many arguments they take, whether C text follows, and what the
 * arguments are, the last for all that follow: see form_of().
 */
static const struct word {
	const char *name;
	unsigned int min, max;
	bool code;
	const char *form;
} words[] = {
	{ "root", 1, 1, false, "n" }, { "sleeps", 1, 1, false, "n" },
	{ "root-function", 1, 1, false, "n" }, { "keep", 1, 2, false, "n" },
	{ "lock", 1, 1, false, "n" }, { "unlock", 1, 1, false, "n" },
	{ "opaque", 1, 1, false, "n" }, { "local", 1, 1, false, "n" },
	{ "downcall", 1, 1, false, "n" }, { "constant", 2, 2, false, "n" },
	{ "value", 2, 2, false, "n" }, { "asm", 2, 2, false, "n" }, { "delay", 1, 1, false, "n" },
	{ "register", 1, 1, false, "n" }, { "print", 2, 2, false, "nd" },
	{ "keeps", 2, 2, false, "nd" }, { "null", 2, 2, false, "nd" },
	{ "short", 1, 1, false, "n" }, { "queued", 1, 1, false, "n" },
	{ "quiet", 1, 1, false, "n" }, { "alloc", 3, 6, false, "nasstn" },
	{ "frees", 1, 1, false, "n" }, { "stops", 1, 1, false, "n" },
	{ "acquire", 3, 10, false, "nwnf" }, { "single", 1, 1, false, "n" },
	{ "also", 2, 2, false, "n" }, { "mutex", 2, 4, false, "nlnn" },
	{ "buffer", 3, 3, true, "pnd" }, { "room", 1, 1, true, "p" }, { "check", 1, 1, true, "n" }, { "port", 1, 1, false, "n" },
	{ "type", 3, 3, false, "ndn" }, { "points", 2, 2, false, "nd" },
	{ "string", 1, 1, false, "n" }, { "fail", 1, 1, true, "n" }, { "reads", 1, 2, false, "n" },
	{ "begins", 1, 1, false, "n" }, { "ends", 1, 1, false, "n" },
	{ "closes", 2, 2, false, "n" }, { "tail", 3, 3, false, "nnd" },
	{ "life", 2, 2, false, "nv" }, { "overlay", 3, 3, false, "n" },
	{ "noreturn", 1, 1, false, "n" }, { "named", 1, 1, false, "n" },
	{ "private", 1, 1, false, "n" },
};

static bool is_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 6 && !s[n];
}

static bool is_one_of(const char *s, const char *const *of)
{
	while (*of && strcmp(*of, s))
		of++;
	return *of;
}

/* What an argument must be, where @s is not that; NULL where it is. */
static const char *form_of(char form, const char *s)
{
	static const char *const when[] = { "zero", "nonzero", "always", "lock", "unlock", NULL };
	static const char *const memory[] = { "data", "dma", "mmio", NULL };
	static const char *const lock[] = { "lock", "unlock", NULL };

	switch (form) {
	case 'd':
		return is_number(s) ? NULL : "a number";
	case 's':
		return is_number(s) || !strcmp(s, "-") ? NULL : "a number or -";
	case 'f':
		return is_number(s) || !strcmp(s, "ret") || (!strncmp(s, "out", 3) && is_number(s + 3)) ?
		       NULL : "a number, ret or outN";
	case 'p':
		s = strchr(s, '/');
		return s && is_number(s + 1) ? NULL : "WHERE/N";
	case 'w':
		return is_one_of(s, when) ? NULL : "zero, nonzero, always, lock or unlock";
	case 'a':
		return is_one_of(s, memory) ? NULL : "data, dma or mmio";
	case 'l':
		return is_one_of(s, lock) ? NULL : "lock or unlock";
	case 't':
		return !strcmp(s, "tail") ? NULL : "tail";
	case 'v':
		return !strcmp(s, "device") ? NULL : "device";
	}
	return NULL;
}

static struct policy_line *lines, **tail = &lines;
static struct policy_line *patterns;	/* whose first argument ends with `*`, by ->same */

static int bad(const char *file, unsigned int line, const char *what)
{
	return fail(-EINVAL, "%s:%u: %s", file, line, what);
}

/* Is the line one of those that there are? */
static int check_line(const struct policy_line *l)
{
	const struct word *w = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].name, l->word))
			w = &words[i];
	if (!w)
		return bad(l->file, l->line, text_format("unknown word `%s`", l->word));
	if (l->narg < w->min || l->narg > w->max)
		return bad(l->file, l->line, text_format("`%s` takes %u to %u arguments", w->name, w->min, w->max));
	if (w->code != !!l->code)
		return bad(l->file, l->line, text_format("`%s` %s C text in braces", w->name,
							 w->code ? "needs" : "takes no"));
	for (unsigned int i = 0, at = 0; i < l->narg; i++, at += w->form[at + 1] != 0) {
		const char *want = form_of(w->form[at], l->arg[i]);

		if (want)
			return bad(l->file, l->line, text_format("`%s`: %s must be %s", w->name, l->arg[i], want));
	}
	return 0;
}

static int add(const char *file, unsigned int number, char *s)
{
	struct policy_line *l = xcalloc(1, sizeof(*l)), *first;
	char *brace = strchr(s, '{'), *end, *word;

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
	if (check_line(l))
		return -EINVAL;
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
