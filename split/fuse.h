/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of kernel-half functions that follow each other in a loop become one crossing. */
#ifndef SPLIT_FUSE_H
#define SPLIT_FUSE_H

#include "model.h"

/* Adds regions to a moved function. When all functions have their side. */
void fuse(struct model *model, struct func *f);

#endif
