/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is there: with none left the program says so and exits with status 1. */
#ifndef SPLIT_XALLOC_H
#define SPLIT_XALLOC_H

#include <stddef.h>

void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, warn_unused_result));
void *xrealloc(void *p, size_t bytes) __attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *s) __attribute__((returns_nonnull, nonnull, warn_unused_result));

void xalloc_failed(void) __attribute__((noreturn));

#endif
