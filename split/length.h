/* SPDX-License-Identifier: GPL-2.0 */
/* Memory whose length only one half knows. */
#ifndef SPLIT_LENGTH_H
#define SPLIT_LENGTH_H

#include "model.h"

/* Why @f cannot be in the user half, and where it says so; NULL if it can. */
const char *length_of_array(struct model *model, const struct func *f, struct node **at);
/* Why a region, after outline_check(), cannot be outlined, or NULL. */
const char *length_of_region(struct model *model, const struct region *r);

#endif
