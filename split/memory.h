/* SPDX-License-Identifier: GPL-2.0 */
/* What memory a pointer leads to, and whether what is used through it can cross. */
#ifndef SPLIT_MEMORY_H
#define SPLIT_MEMORY_H

#include "model.h"

/* Why argument @i of @call, in user-half code of @from, cannot cross to @to in the kernel half, or NULL. */
const char *memory_of_argument(struct model *model, struct func *from, struct func *to, const struct node *call,
			       unsigned int i);
/* Why kernel-half code cannot call @to in the user half, or NULL. Sets @at to the call. */
const char *memory_of_entry(struct model *model, struct func *to, struct node **at);
/* Why the variables of a region, after outline_check(), cannot cross, or NULL. */
const char *memory_of_region(struct model *model, const struct region *r);
/* May the lvalue @n of @f be part of an object, and not only of variables of the user half? */
bool memory_is_shared(struct model *model, struct func *f, struct node *n);

#endif
