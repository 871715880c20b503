/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPLIT_SYMBOLS_H
#define SPLIT_SYMBOLS_H

#include "plan.h"

/*
 * Sets, for each leaf, argument and result, which of the plan's symbols the driver's code puts there.
 * Once all else of the plan is known.
 */
void symbols_find(struct plan *plan);

#endif
