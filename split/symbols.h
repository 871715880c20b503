/* SPDX-License-Identifier: GPL-2.0 */
/* Which of the plan's symbols (functions, tables of them) a pointer may be, by the driver's code. */
#ifndef SPLIT_SYMBOLS_H
#define SPLIT_SYMBOLS_H

#include "plan.h"

/* Ids, each once. @only: nothing else is there besides NULL. */
struct symbols {
	const struct plan *plan;
	unsigned int *id;
	unsigned int n;
	bool only;
};

/* All of them once plan_make() knows the plan's symbols and types; who runs where is decided. */

/* What user-half code stores in the leaf. */
void symbols_of_leaf(const struct plan *plan, const struct plan_leaf *leaf, struct symbols *out);
/* What it gives to argument @i of the downcall. */
void symbols_of_arg(const struct plan *plan, const struct plan_down *d, unsigned int i, struct symbols *out);
/* What @f, of the user half, returns. */
void symbols_of_result(const struct plan *plan, struct func *f, struct symbols *out);

#endif
