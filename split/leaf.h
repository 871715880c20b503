/* SPDX-License-Identifier: GPL-2.0 */
/* Leaves of a type: what crosses of it. Members of a union that lie on each other are one. */
#ifndef SPLIT_LEAF_H
#define SPLIT_LEAF_H

#include "plan.h"

void leaf_add(struct plan_type *t, const struct plan_leaf *leaf);
/* Is one of the leaf's fields this, or does @how say that one is accessed? */
unsigned int leaf_access(const struct plan_leaf *leaf, const unsigned char *how);
bool leaf_is_read_atomically(const struct plan_leaf *leaf);
/* What is known of one member of a union holds for all that lie in its place. */
void leaf_share_unions(struct model *model);

#endif
