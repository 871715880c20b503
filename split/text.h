/* SPDX-License-Identifier: GPL-2.0 */
/* Strings that are never freed, growing text, named maps, and edits of a unit's text. */
#ifndef SPLIT_TEXT_H
#define SPLIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

char *text_dup(const char *s);
const char *text_intern(const char *s);	/* equal strings, equal addresses */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_file(const char *path, uint32_t *length);	/* NULL and errno */

enum text_map { MAP_TYPE, MAP_RECORD, MAP_FUNC, MAP_VAR, MAP_POLICY, MAP_COUNT };
void text_map_put(enum text_map map, const char *key, void *value);
void *text_map_get(enum text_map map, const char *key);

/* Text that grows. */
struct text {
	char *at;
	size_t length, room;
};
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *from, size_t n);
int text_write(const struct text *t, const char *path);	/* -errno */

/*
 * Edits: replacements of byte ranges of one text. An edit inside another is dropped;
 * edits at the same place are applied in the order they were made, but for ends, which
 * come first and in the opposite order: what was begun last ends first.
 */
struct edit {
	uint32_t start, end;
	char *with;
	int order;
};
struct edits {
	struct edit *edit;
	unsigned int count, room;
};
void edit_add(struct edits *e, uint32_t start, uint32_t end, const char *with);
void edit_add_end(struct edits *e, uint32_t at, const char *with);
/* Text from..to with the edits applied. */
void edit_apply(struct edits *e, const char *text, uint32_t from, uint32_t to, struct text *out);

#endif
