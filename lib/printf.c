// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's printf under its names, for the driver's code only: hidden, so that shared
 * libraries keep libc's. Nothing else of the runtime may be in this file: it is linked
 * only into programs that call one of these.
 */
#include <limits.h>
#include <stdarg.h>

#include "format.h"

#define EXPORT	__attribute__((visibility("hidden")))

EXPORT int vsnprintf(char *text, size_t bytes, const char *format, va_list args)
{
	return tandem_vsnprintf(text, bytes, format, args);
}

EXPORT int vscnprintf(char *text, size_t bytes, const char *format, va_list args)
{
	int n = tandem_vsnprintf(text, bytes, format, args);

	if (n < (int)bytes)
		return n;
	return bytes ? bytes - 1 : 0;
}

EXPORT int vsprintf(char *text, const char *format, va_list args)
{
	return tandem_vsnprintf(text, INT_MAX, format, args);
}

EXPORT int snprintf(char *text, size_t bytes, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = tandem_vsnprintf(text, bytes, format, args);
	va_end(args);
	return n;
}

EXPORT int scnprintf(char *text, size_t bytes, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vscnprintf(text, bytes, format, args);
	va_end(args);
	return n;
}

EXPORT int sprintf(char *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = tandem_vsnprintf(text, INT_MAX, format, args);
	va_end(args);
	return n;
}
