// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "fail.h"

static char text[1024];

int fail(int error, const char *format, ...)
{
	char fresh[sizeof(text)];	/* the arguments may point into the old text */
	va_list ap;

	va_start(ap, format);
	vsnprintf(fresh, sizeof(fresh), format, ap);
	va_end(ap);
	for (unsigned int i = 0; ; i++) {
		text[i] = fresh[i] == '\n' && fresh[i + 1] ? ' ' : fresh[i];
		if (fresh[i] == '\n' && !fresh[i + 1])
			text[i] = 0;
		if (!text[i])
			return error;
	}
}

const char *fail_text(void)
{
	return text;
}
