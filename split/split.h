/* SPDX-License-Identifier: GPL-2.0 */
/* The splitter's whole run, as the command line asks for it. */
#ifndef SPLIT_SPLIT_H
#define SPLIT_SPLIT_H

#include <stdbool.h>

struct split_options {
	const char *what;	/* module name or folder */
	const char *kernel;	/* "6.1" */
	const char *out;	/* output folder */
	const char *name;	/* of the result, or NULL: the module's */
	const char *policy;	/* folder of policy files */
	const char *explain;	/* name of a function, or NULL */
	bool build;		/* compile the halves as well */
};

/* 0, or -errno with fail_text(). Writes DIR/report.json, report.txt, report.html. */
int split_run(const struct split_options *options);

#endif
