// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"

static int complain_with(const char *format, va_list ap, const char *more)
{
	fputs("tandem: ", stderr);
	vfprintf(stderr, format, ap);
	fprintf(stderr, "%s\n", more);
	return EXIT_FAILURE;
}

int complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_with(format, ap, "");
	va_end(ap);
	return EXIT_FAILURE;
}

int complain_usage(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_with(format, ap, " (see tandem --help)");
	va_end(ap);
	return EXIT_USAGE;
}
