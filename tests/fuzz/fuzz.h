/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A target includes this, and then the sources of a parser, whose static functions and variables it sees.
 * Files that the parser reads are the input; what it allocates is given back after each input, since
 * the splitter keeps its strings for ever. A parser that exits is an error: libFuzzer says so.
 */
#ifndef FUZZ_H
#define FUZZ_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- memory ---- */

struct fuzz_owner {
	struct fuzz_owner *next;
	void *memory;
};

static struct fuzz_owner *fuzz_owners[1024];

static inline void *fuzz_own(void *memory)
{
	struct fuzz_owner *o = malloc(sizeof(*o)), **bucket = &fuzz_owners[(uintptr_t)memory / 16 % 1024];

	if (!memory || !o)
		abort();
	*o = (struct fuzz_owner){ *bucket, memory };
	*bucket = o;
	return memory;
}

static inline void fuzz_disown(const void *memory)
{
	struct fuzz_owner **at = &fuzz_owners[(uintptr_t)memory / 16 % 1024], *o;

	for (; (o = *at); at = &o->next)
		if (o->memory == memory) {
			*at = o->next;
			free(o);
			return;
		}
}

static inline void fuzz_free(void *memory)
{
	fuzz_disown(memory);
	free(memory);		/* what is freed twice is found here */
}

static inline void *fuzz_calloc(size_t n, size_t size)
{
	return fuzz_own(calloc(n, size));
}

static inline void *fuzz_realloc(void *memory, size_t size)
{
	fuzz_disown(memory);
	return fuzz_own(realloc(memory, size));
}

static inline char *fuzz_strdup(const char *s)
{
	return fuzz_own(strdup(s));
}

static inline int fuzz_vasprintf(char **s, const char *format, va_list ap)
{
	int n = vasprintf(s, format, ap);

	if (n >= 0)
		fuzz_own(*s);
	return n;
}

static inline char *fuzz_realpath(const char *path, char *to)
{
	(void)to;
	return fuzz_strdup(path);
}

static inline void fuzz_free_all(void)
{
	for (unsigned int i = 0; i < 1024; i++)
		while (fuzz_owners[i])
			fuzz_free(fuzz_owners[i]->memory);
}

/* ---- the input ---- */

static const uint8_t *fuzz_input;
static size_t fuzz_bytes;

/* As text_file(): a NUL follows, and nothing behind that may be read. */
static inline char *fuzz_file(const char *path, uint32_t *length)
{
	char *text = fuzz_own(malloc(fuzz_bytes + 1));

	(void)path;
	memcpy(text, fuzz_input, fuzz_bytes);
	text[fuzz_bytes] = 0;
	if (length)
		*length = fuzz_bytes;
	return text;
}

#define check(what) do { if (!(what)) { fprintf(stderr, "not so: %s (line %d)\n", #what, __LINE__); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define free		fuzz_free
#define calloc		fuzz_calloc
#define realloc		fuzz_realloc
#undef strdup
#define strdup		fuzz_strdup
#define vasprintf	fuzz_vasprintf
#define realpath	fuzz_realpath

#include "split/xalloc.c"
#include "split/fail.c"
#define entry		text_entry	/* the inventory has its own */
#include "split/text.c"
#undef entry

#define text_file	fuzz_file

static inline void fuzz_begin(const uint8_t *data, size_t bytes)
{
	fuzz_input = data;
	fuzz_bytes = bytes;
}

/* Nothing stays for the next one. */
static inline void fuzz_end(void)
{
	memset(table, 0, sizeof(table));
	memset(interned, 0, sizeof(interned));
	fuzz_free_all();
}

#endif
