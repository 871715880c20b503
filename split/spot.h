/* SPDX-License-Identifier: GPL-2.0 */
/* What a pointer that crosses may point to, by the driver's own calls. */
#ifndef SPLIT_SPOT_H
#define SPLIT_SPOT_H

#include "plan.h"

/*
 * Argument @i of @f, by all calls of it in user-half code: sets @arg->record if each call gives it
 * this record, or else @arg->local and @arg->spot. Leaves @arg empty if it could be anything.
 */
void spot_find(const struct plan *plan, struct func *f, unsigned int i, struct plan_arg *arg);

/* The record that user-half code takes what @f returns for, if all calls agree; or NULL. */
struct record *spot_result(const struct plan *plan, const struct func *f);

/* May the pointer variable @v be NULL where the region is entered? */
bool spot_null(struct model *model, const struct region *r, const struct var *v);

#endif
