/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's printf, as vsnprintf() of the kernel formats: see format.c for what it knows. */
#ifndef TANDEM_LIB_FORMAT_H
#define TANDEM_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Returns the length of the whole text, of which at most bytes - 1 and a NUL are in @text. */
int tandem_vsnprintf(char *text, size_t bytes, const char *format, va_list args);
int tandem_snprintf(char *text, size_t bytes, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
