/* SPDX-License-Identifier: GPL-2.0 */
/* What a finished split says about itself: its report.json. */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

#include <stdbool.h>

struct result {
	char *dir;		/* absolute */
	char *module;
	long long total, user;	/* functions */
	long long lines, user_lines;
	long long annotations, refused;
	bool built;		/* both halves are there */
};

/* Is @dir a split's output, with a readable report? Caller ends with result_free(). */
bool result_read(struct result *r, const char *dir);
void result_free(struct result *r);

/*
 * Calls @with for @dir if it is a split, else for each in the folders at most @depth below;
 * returns how many there were.
 */
unsigned int result_each(const char *dir, unsigned int depth,
			 void (*with)(const struct result *r, void *data), void *data);

#endif
