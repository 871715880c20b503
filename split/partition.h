/* SPDX-License-Identifier: GPL-2.0 */
/* Which function lives in which half, and why. */
#ifndef SPLIT_PARTITION_H
#define SPLIT_PARTITION_H

#include "model.h"

#define INLINE_LOCAL	1	/* compiled into the user half as it is */
#define INLINE_DOWN	2	/* becomes a downcall */

/* Sets side, reason, regions, duplicated and inline_class. After scan_all(). */
void partition(struct model *model);

/* How a function without an own body in the driver is used from user-half code. */
int inline_class(struct func *f);

/* True if the user half has code for @f: moved, duplicated, or an inline kept. */
bool runs_in_user(const struct func *f);

/* Calls of @f's own code that are not inside its regions; start with NULL. */
struct edge *user_edge(const struct func *f, struct edge *at);

/* What a function is used as, as policy names it. */
const char *role_name(const struct role *r);

/* @type: a function's */
bool func_is_of_type(const struct func *f, const struct type *type);

/* Functions a call through a field can reach. */
struct func_list *call_targets(const struct edge *e);
/* Can this call be one of @f? */
bool edge_calls(const struct edge *e, const struct func *f);

/* A mutex of the driver that only user-half code takes. */
bool is_user_mutex(const struct model *model, const struct var *v);

#endif
