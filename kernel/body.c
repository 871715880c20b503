// SPDX-License-Identifier: GPL-2.0
/*
 * A body that is being written: in the area, and once that is full in memory of its own.
 * What is in the area may be changed by the user half meanwhile; nothing read back from
 * it decides anything here.
 */
#include <linux/slab.h>

#include "internal.h"

void body_init(struct body *b, void *home)
{
	memset(b, 0, sizeof(*b));
	b->home = home;
	body_reset(b);
}

void body_free(struct body *b)
{
	kvfree(b->spill);
}

void body_reset(struct body *b)
{
	b->base = b->home;
	b->room = TANDEM_UP_BYTES;
	b->at = 0;
	b->holds = NULL;
	b->nbuffer = 0;
}

static int spill(struct body *b, u64 need)
{
	u32 room = max_t(u32, b->spill_room, 4 * TANDEM_UP_BYTES);
	u8 *more;

	if (need > TANDEM_SPILL_BYTES)
		return -ENOMEM;
	while (room < need)
		room *= 2;
	if (room > b->spill_room) {
		/* Zeroed: padding goes to the user half too. */
		more = kvzalloc(room, GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		memcpy(more, b->base, b->at);
		kvfree(b->spill);
		b->spill = more;
		b->spill_room = room;
	} else {
		memcpy(b->spill, b->base, b->at);
	}
	b->base = b->spill;
	b->room = b->spill_room;
	return 0;
}

void *body_spill(struct body *b, u32 bytes)
{
	return spill(b, (u64)b->at + bytes) ? NULL : b->base + b->at;
}

int body_buffer(struct body *b, const void *data, u32 bytes, u32 *index)
{
	u32 all = sizeof(struct tandem_record) + ALIGN(bytes, 8);
	struct tandem_record *rec;

	if (bytes > TANDEM_SPILL_BYTES)
		return -ENOMEM;
	rec = body_need(b, all);
	if (!rec)
		return -ENOMEM;
	*rec = (struct tandem_record){
		.kind = TANDEM_REC_BUFFER, .bytes = all, .length = bytes,
	};
	memcpy(rec + 1, data, bytes);
	memset((u8 *)(rec + 1) + bytes, 0, ALIGN(bytes, 8) - bytes);
	b->at += all;
	*index = b->nbuffer++;
	return 0;
}
