/* SPDX-License-Identifier: GPL-2.0 */
/* Why a function is where it is. */
#ifndef SPLIT_EXPLAIN_H
#define SPLIT_EXPLAIN_H

#include "plan.h"

/* Prints the answer. -ENOENT with fail_text() if the driver's source knows no such function. */
int explain(struct plan *plan, const char *name);

/* For a function that the splitter would have moved if it had understood it: what it did not. Else NULL. */
const char *explain_construct(const struct func *f);

/* What to do about that, or NULL. */
const char *explain_hint(const struct func *f);

/* The field of a call through a pointer, as policy names it, or NULL. */
const char *explain_through(const struct edge *e);

/* Fields and variables that cross for a function that may do this. */
void explain_fields(const struct plan *plan, const struct plan_reach *reach, unsigned int *reads, unsigned int *writes);

#endif
