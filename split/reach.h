/* SPDX-License-Identifier: GPL-2.0 */
/* What each entry point can reach, and from that the types and views. */
#ifndef SPLIT_REACH_H
#define SPLIT_REACH_H

#include "plan.h"

void reach(struct plan *plan);

/*
 * Must a delay at @at refresh the view: does the loop around it, with all that it calls
 * (or, without a loop, @f itself), read fields that atomic kernel code writes?
 */
bool reach_waits(struct func *f, const struct node *at);

#endif
