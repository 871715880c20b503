/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The halves as text. Below the output folder:
 *   plan.c                 the plan, included by both
 *   kernel/Kbuild          kernel/MODULE-half.c   kernel/TU.c (preprocessed)
 *   user/MODULE-half.c     user/TU.c (preprocessed)
 */
#ifndef SPLIT_EMIT_H
#define SPLIT_EMIT_H

#include "plan.h"

/* 0 or -errno with fail_text(). */
int emit(struct plan *plan, const char *out);

void emit_kernel_unit(struct plan *plan, struct tu *tu, struct text *out);
void emit_kernel_half(struct plan *plan, struct text *out);
void emit_user_unit(struct plan *plan, struct tu *tu, struct text *out);
void emit_user_half(struct plan *plan, struct text *out);

/* @v's initialiser; @moved: the new name of a variable that was moved, or NULL */
void emit_initialiser(const struct var *v, const char *(*moved)(const struct var *), struct text *out);

#endif
