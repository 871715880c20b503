/* SPDX-License-Identifier: GPL-2.0 */
/* What each entry point can reach, and from that the types and views. */
#ifndef SPLIT_REACH_H
#define SPLIT_REACH_H

#include "plan.h"

void reach(struct plan *plan);

/* What @f, with all that it calls in the user half, may do. After reach(). */
void reach_of(struct plan *plan, struct func *f, struct plan_reach *reach);

/*
 * Must a delay at @at refresh the view: does the loop around it, with all that it calls
 * (or, without a loop, @f itself), read fields that atomic kernel code writes, or does
 * that loop end by a field that other code may write meanwhile?
 */
bool reach_waits(struct plan *plan, struct func *f, const struct node *at);
/* Does each turn of a loop refresh the view by a call? */
bool reach_crosses(struct plan *plan, struct func *f, const struct node *loop);
/* Does @part of @f, with all that it calls, read such a field? */
bool reach_reads(struct func *f, const struct node *part);
/* Does what ends @loop depend on a field that other code, of either half, may write meanwhile? */
bool reach_ends(struct func *f, const struct node *loop);
/* The label that a jump leads back to, or NULL. */
const struct node *reach_jumps_to(const struct func *f, const struct node *jump);
/* The same as reach_ends() for the condition on which a jump back is made. */
bool reach_decides(struct func *f, const struct node *jump);

#endif
