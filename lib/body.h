/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A body: the sequence of records that one crossing carries. One being written grows in
 * the worker's area and moves to memory of its own when the area is full; one that came
 * is only read.
 */
#ifndef TANDEM_LIB_BODY_H
#define TANDEM_LIB_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <tandem/channel.h>

struct tandem_body {
	unsigned char *at;	/* home, or spill */
	size_t bytes;
	size_t room;
	unsigned char *home;
	size_t home_room;
	unsigned char *spill;	/* kept for the next big body */
	size_t spill_room;
	__u32 nbuffer;		/* BUFFER records so far: the next one's number */
	size_t queued;		/* bytes of the last record if that is a queued downcall, else 0 */
};

void tandem_body_init(struct tandem_body *body, void *home, size_t room);
void tandem_body_exit(struct tandem_body *body);
bool tandem_body_spilled(const struct tandem_body *body);

static inline void tandem_body_reset(struct tandem_body *body)
{
	body->at = body->home;
	body->room = body->home_room;
	body->bytes = 0;
	body->nbuffer = 0;
	body->queued = 0;
}

/* Makes room for @bytes more. */
int tandem_body_grow(struct tandem_body *body, size_t bytes);

/*
 * Room for @bytes more, rounded up to 8 and not zeroed; returns its offset in the body,
 * since a growing body moves. Negative: -EMSGSIZE beyond TANDEM_SPILL_BYTES, -ENOMEM.
 */
static inline long tandem_body_add(struct tandem_body *body, size_t bytes)
{
	size_t at = body->bytes, need = (bytes + 7) & ~(size_t)7;
	int ret;

	if (__builtin_expect(bytes > body->room || at + need > body->room, 0)) {
		ret = tandem_body_grow(body, bytes);
		if (ret)
			return ret;
	}
	body->bytes = at + need;
	body->queued = 0;
	return at;
}

/* A BUFFER record; returns its number in the body. Negative as above. */
long tandem_body_buffer(struct tandem_body *body, const void *data, size_t bytes);

/* One that came. The records are checked for their lengths as they are read. */
struct tandem_reader {
	const unsigned char *at;
	size_t bytes;
	size_t next;
};

/* The next record; NULL at the end, or where the body is malformed (then reader->next < bytes). */
static inline const struct tandem_record *tandem_reader_next(struct tandem_reader *reader)
{
	const struct tandem_record *rec = (const void *)(reader->at + reader->next);
	size_t left = reader->bytes - reader->next;

	if (left < sizeof(*rec) || rec->bytes < sizeof(*rec) || rec->bytes > left || rec->bytes % 8)
		return NULL;
	if (rec->kind == TANDEM_REC_BUFFER && rec->length > rec->bytes - sizeof(*rec))
		return NULL;
	reader->next += rec->bytes;
	return rec;
}

#endif
