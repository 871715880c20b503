/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policy: what is known of the kernel's interfaces, as lines of text (docs/policy.md).
 * A line is a word and its arguments; `#` starts a comment; a trailing part in braces
 * is C text.
 */
#ifndef SPLIT_POLICY_H
#define SPLIT_POLICY_H

#include <stdbool.h>

#define POLICY_ARGS 12

struct policy_line {
	const char *word;
	const char *arg[POLICY_ARGS];
	unsigned int narg;
	const char *code;	/* C text without its braces, or NULL */
	const char *file;
	unsigned int line;
	unsigned int used;
	struct policy_line *next, *same;	/* all lines; lines of one word and first argument */
};

/* Reads every *.policy below @dir. 0 or -errno; fail_text() names file and line. */
int policy_load(const char *dir);

/* First line @word @first, or NULL; further ones follow by ->same. Marks it used. */
struct policy_line *policy_find(const char *word, const char *first);
struct policy_line *policy_all(void);

/* Is @name what a line's first argument says, which may end with `*`? */
bool policy_fits(const char *pattern, const char *name);

#endif
