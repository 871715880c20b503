/* SPDX-License-Identifier: GPL-2.0 */
/* Regions: statements of a moved function that become a function of the kernel half. */
#ifndef SPLIT_OUTLINE_H
#define SPLIT_OUTLINE_H

#include "model.h"
#include "text.h"

/*
 * Finds the region's variables and exits. NULL if it can become a function, else why not.
 */
const char *outline_check(struct region *r);
unsigned int outline_lines(const struct region *r);

/* Source text of the kernel function and of what replaces the statements in the user half. */
void outline_kernel(const struct region *r, struct text *out);
void outline_user(const struct region *r, struct text *out);
/* "static long tandem_region_3(int *a, struct x *b)" : the stub's prototype in both halves. */
void outline_prototype(const struct region *r, struct text *out);

/* The function's parameters in order: name and whether the variable's address is passed. */
unsigned int outline_params(const struct region *r, struct var **var, bool *address, unsigned int max);
bool outline_returns_value(const struct region *r);

#endif
