/* SPDX-License-Identifier: GPL-2.0 */
/* kbuild's own preprocessor run on a driver's files. */
#ifndef SPLIT_PREPROCESS_H
#define SPLIT_PREPROCESS_H

#include "kbuild.h"
#include "source.h"

/* Fills src->tu from @answer. 0, or -errno with fail_text(). */
int preprocess(struct source *src, const struct kbuild_folder *folder,
	       const struct kbuild_answer *answer);

#endif
