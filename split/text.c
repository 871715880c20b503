// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "xalloc.h"

#define BUCKETS 16384

struct entry {
	const char *key;
	void *value;
	struct entry *next;
};

static struct entry *table[MAP_COUNT][BUCKETS];
static struct entry *interned[BUCKETS];

static unsigned int hash(const char *s)
{
	unsigned int h = 5381;

	while (*s)
		h = h * 33 ^ (unsigned char)*s++;
	return h % BUCKETS;
}

char *text_dup(const char *s)
{
	return xstrdup(s);
}

const char *text_intern(const char *s)
{
	unsigned int h = hash(s);
	struct entry *e;

	for (e = interned[h]; e; e = e->next)
		if (!strcmp(e->key, s))
			return e->key;
	e = xcalloc(1, sizeof(*e));
	e->key = text_dup(s);
	e->next = interned[h];
	interned[h] = e;
	return e->key;
}

char *text_format(const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		xalloc_failed();
	va_end(ap);
	return s;
}

char *text_file(const char *path, uint32_t *length)
{
	FILE *f = fopen(path, "r");
	size_t room = 1 << 16, n = 0, got;
	char *s;

	if (!f)
		return NULL;
	s = xrealloc(NULL, room + 1);
	do {
		got = fread(s + n, 1, room - n, f);
		n += got;
		if (n == room)
			s = xrealloc(s, (room *= 2) + 1);
	} while (got);
	if (ferror(f)) {
		fclose(f);
		free(s);
		errno = EIO;
		return NULL;
	}
	fclose(f);
	s[n] = 0;
	if (length)
		*length = n;
	return s;
}

void text_map_put(enum text_map map, const char *key, void *value)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	unsigned int h = hash(key);

	e->key = text_dup(key);
	e->value = value;
	e->next = table[map][h];
	table[map][h] = e;
}

void *text_map_get(enum text_map map, const char *key)
{
	struct entry *e;

	for (e = table[map][hash(key)]; e; e = e->next)
		if (!strcmp(e->key, key))
			return e->value;
	return NULL;
}

static void grow(struct text *t, size_t more)
{
	if (t->length + more + 1 <= t->room)
		return;
	t->room = (t->length + more + 1) * 2;
	t->at = xrealloc(t->at, t->room);
}

void text_add_bytes(struct text *t, const char *from, size_t n)
{
	grow(t, n);
	memcpy(t->at + t->length, from, n);
	t->length += n;
	t->at[t->length] = 0;
}

void text_add(struct text *t, const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	if (n < 0)
		xalloc_failed();
	text_add_bytes(t, s, n);
	free(s);
}

int text_write(const struct text *t, const char *path)
{
	FILE *f = fopen(path, "w");
	size_t n;

	if (!f)
		return -errno;
	n = t->length ? fwrite(t->at, 1, t->length, f) : 0;
	if (fclose(f) || n != t->length)
		return -EIO;
	return 0;
}

void edit_add(struct edits *e, uint32_t start, uint32_t end, const char *with)
{
	if (e->count == e->room)
		e->edit = xrealloc(e->edit, (e->room = e->room * 2 + 64) * sizeof(*e->edit));
	e->edit[e->count] = (struct edit){ start, end, text_dup(with), e->count + 1 };
	e->count++;
}

void edit_add_end(struct edits *e, uint32_t at, const char *with)
{
	edit_add(e, at, at, with);
	e->edit[e->count - 1].order *= -1;
}

static int compare(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if ((x->end == x->start) != (y->end == y->start))	/* insertions first */
		return x->end == x->start ? -1 : 1;
	if (x->end != y->end && x->end != x->start)		/* the larger one swallows the smaller */
		return x->end > y->end ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void edit_apply(struct edits *e, const char *text, uint32_t from, uint32_t to, struct text *out)
{
	uint32_t at = from;

	qsort(e->edit, e->count, sizeof(*e->edit), compare);
	for (unsigned int i = 0; i < e->count; i++) {
		struct edit *d = &e->edit[i];

		if (d->start < at || d->start < from || d->end > to || d->start >= to)
			continue;
		text_add_bytes(out, text + at, d->start - at);
		text_add_bytes(out, d->with, strlen(d->with));
		at = d->end;
	}
	if (at < to)
		text_add_bytes(out, text + at, to - at);
}
