/* SPDX-License-Identifier: GPL-2.0 */
/* One walk over each body: who calls whom under which locks, what is touched, what is not understood. */
#ifndef SPLIT_SCAN_H
#define SPLIT_SCAN_H

#include "model.h"

void scan_all(struct model *model);

/* The node without parentheses, casts and other wrappers; of a statement expression, what its value is. */
struct node *node_strip(struct node *n);
/* The statement expression whose value is what @decl, a VAR in it, starts with; or NULL. */
struct node *node_yields(struct node *decl);
/* The function a call names directly, or NULL. */
struct func *call_target(const struct node *call);
/* Argument @i of a call. */
struct node *call_arg(const struct node *call, unsigned int i);
/* The region of @f that @n lies in, or NULL. */
struct region *node_region(const struct func *f, const struct node *n);
/* The largest statement around @n that one macro expanded to, or the statement itself. */
struct node *node_statement(const struct func *f, struct node *n);
/* What @n sets the variable, or an element of it, to: its initialiser or an assignment's right side; or NULL. */
struct node *node_value_of(struct node *n, const struct var *v);
/* The value of an item of an initialiser's list; sets @field if designators name it, the innermost. */
struct node *node_initialiser(struct node *item, struct field **field);
/* Does nobody look at what the call returns? */
bool node_is_unused(const struct node *n);
/* Is the loop `do { ... } while (0)`, which is none? */
bool node_is_once(const struct func *f, const struct node *n);
/* "net_device_ops.ndo_open": a field as policy names it. */
const char *field_name(const struct field *field);

#endif
