// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"

static size_t round8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

void tandem_body_init(struct tandem_body *body, void *home, size_t room)
{
	memset(body, 0, sizeof(*body));
	body->home = home;
	body->home_room = room;
	tandem_body_reset(body);
}

void tandem_body_exit(struct tandem_body *body)
{
	free(body->spill);
	memset(body, 0, sizeof(*body));
}

bool tandem_body_spilled(const struct tandem_body *body)
{
	return body->at != body->home;
}

int tandem_body_grow(struct tandem_body *body, size_t bytes)
{
	size_t room = body->spill_room ? body->spill_room : 4 * body->home_room, need;
	unsigned char *spill;

	if (bytes > TANDEM_SPILL_BYTES)
		return -EMSGSIZE;
	need = body->bytes + round8(bytes);
	if (need > TANDEM_SPILL_BYTES)
		return -EMSGSIZE;
	while (room < need)
		room *= 2;
	if (room > body->spill_room) {
		spill = realloc(body->spill, room);
		if (!spill)
			return -ENOMEM;
		body->spill = spill;
		body->spill_room = room;
	}
	if (!tandem_body_spilled(body))
		memcpy(body->spill, body->home, body->bytes);
	body->at = body->spill;
	body->room = body->spill_room;
	return 0;
}

long tandem_body_buffer(struct tandem_body *body, const void *data, size_t bytes)
{
	struct tandem_record rec = { .kind = TANDEM_REC_BUFFER };
	long at;

	if (bytes > TANDEM_SPILL_BYTES)
		return -EMSGSIZE;
	at = tandem_body_add(body, sizeof(rec) + bytes);
	if (at < 0)
		return at;
	rec.bytes = body->bytes - at;
	rec.length = bytes;
	memcpy(body->at + at, &rec, sizeof(rec));
	memset(body->at + body->bytes - 8, 0, bytes ? 8 : 0);
	if (bytes)
		memcpy(body->at + at + sizeof(rec), data, bytes);
	return body->nbuffer++;
}
