/* SPDX-License-Identifier: GPL-2.0 */
/* Moved code and interrupts on one field: loops that wait for it, stores that must win. */
#ifndef SPLIT_SHARED_H
#define SPLIT_SHARED_H

#include "plan.h"

void shared_loop(struct plan *plan, struct func *f, const struct node *loop, struct edits *e);
void shared_jump(struct plan *plan, struct func *f, const struct node *jump, struct edits *e);
void shared_store(struct func *f, const struct node *n, struct edits *e);

#endif
