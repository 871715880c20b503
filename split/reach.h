/* SPDX-License-Identifier: GPL-2.0 */
/* What each entry point can reach, and from that the types and views. */
#ifndef SPLIT_REACH_H
#define SPLIT_REACH_H

#include "plan.h"

void reach(struct plan *plan);

/* Does @f itself read fields that atomic kernel code writes: must its delays refresh? */
bool reach_waits(const struct func *f);

#endif
