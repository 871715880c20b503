// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

void xalloc_failed(void)
{
	fputs("tandem: out of memory\n", stderr);
	exit(1);
}

static void *must(void *p)
{
	if (!p)
		xalloc_failed();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t bytes)
{
	return must(realloc(p, bytes ? bytes : 1));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}
