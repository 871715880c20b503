// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_raw.h"

void (*raw_saying)(struct raw_worker *w, unsigned int op);

int raw_open(void)
{
	int fd = open("/dev/tandem/channel", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int raw_attach(int fd, const char *name, const char *build, unsigned int flags)
{
	struct tandem_attach arg = { .size = sizeof(arg), .flags = flags, .protocol = TANDEM_PROTOCOL };

	strncpy(arg.name, name, sizeof(arg.name) - 1);
	for (int i = 0; i < TANDEM_BUILD_ID_BYTES; i++)
		sscanf(build + 2 * i, "%2hhx", &arg.build_id[i]);
	return ioctl(fd, TANDEM_IOC_ATTACH, &arg) ? -errno : 0;
}

int raw_worker(struct raw_worker *w, int fd)
{
	struct tandem_worker arg = { .size = sizeof(arg) };
	void *at;

	memset(w, 0, sizeof(*w));
	if (ioctl(fd, TANDEM_IOC_WORKER, &arg))
		return -errno;
	at = mmap(NULL, arg.area_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, arg.area_offset);
	if (at == MAP_FAILED)
		return -errno;
	w->fd = fd;
	w->id = arg.id;
	w->area = at;
	w->down = (uint8_t *)at + TANDEM_DOWN_OFFSET;
	return 0;
}

static void take_new(struct raw_worker *w, const struct tandem_record *rec)
{
	const struct tandem_new *new = (const void *)rec;
	const struct tandem_segment *seg = (const void *)(new + 1);
	struct raw_object *o = &w->object[rec->index & 255];

	*o = (struct raw_object){
		.index = rec->index, .gen = rec->gen, .kind = rec->id, .size = new->size,
		.page_offset = new->page_offset, .nseg = rec->count,
		.type = rec->count ? seg[0].type : ~0u,
	};
	w->nnew++;
}

static void take_sync(struct raw_worker *w, const struct tandem_record *rec)
{
	struct raw_object *o = rec->gen ? &w->object[rec->index & 255] : &w->global[rec->index & 7];

	o->index = rec->index;
	o->gen = rec->gen;
	o->sync = (const uint8_t *)(rec + 1);
	o->sync_bytes = rec->bytes - sizeof(*rec);
	w->nsync++;
}

static int parse(struct raw_worker *w)
{
	uint32_t at, bytes = w->area->up_bytes;
	const struct tandem_record *rec;

	w->nwire = w->nup_buffer = w->nnew = w->ngone = w->nsync = 0;
	for (at = 0; at < bytes; at += rec->bytes) {
		rec = (const void *)(w->up + at);
		if (rec->bytes < sizeof(*rec) || rec->bytes > bytes - at || rec->bytes % 8)
			return -EBADMSG;
		switch (rec->kind) {
		case TANDEM_REC_NEW:
			take_new(w, rec);
			break;
		case TANDEM_REC_GONE:
			w->object[rec->index & 255].gone = true;
			w->ngone++;
			break;
		case TANDEM_REC_SYNC:
			take_sync(w, rec);
			break;
		case TANDEM_REC_BUFFER:
			w->buffer[w->nup_buffer & 15] = (const uint8_t *)(rec + 1);
			w->buffer_bytes[w->nup_buffer++ & 15] = rec->length;
			break;
		case TANDEM_REC_CALL:
		case TANDEM_REC_RETURN:
			w->id_said = rec->id;
			w->nwire = rec->count;
			memcpy(w->wire, rec + 1, rec->count * sizeof(w->wire[0]));
			break;
		default:
			return -EBADMSG;
		}
	}
	return 0;
}

int raw_next(struct raw_worker *w, unsigned int op)
{
	if (raw_saying)
		raw_saying(w, op);
	w->area->down_seq = op == TANDEM_SAY_NOTHING ? 0 : w->seq;
	w->area->down_op = op;
	w->area->down_flags = w->say_flags;
	w->say_flags = 0;
	w->area->down_bytes = op == TANDEM_SAY_NOTHING ? 0 : w->at;
	if (lseek(w->fd, w->id, SEEK_SET))
		return -errno;
	w->op = w->area->up_op;
	w->flags = w->area->up_flags;
	w->seq = w->area->up_seq;
	w->up = (uint8_t *)w->area + TANDEM_UP_OFFSET;
	if (w->flags & TANDEM_UP_SPILL) {
		struct tandem_fetch fetch = { .size = sizeof(fetch), .worker = w->id };

		free(w->spill);
		w->spill = malloc(w->area->up_bytes);
		fetch.address = (uintptr_t)w->spill;
		fetch.bytes = w->area->up_bytes;
		if (ioctl(w->fd, TANDEM_IOC_FETCH, &fetch))
			return -errno;
		w->up = w->spill;
	}
	raw_begin(w);
	return parse(w);
}

void raw_begin(struct raw_worker *w)
{
	w->at = 0;
	w->nbuffer = 0;
}

struct tandem_record *raw_record(struct raw_worker *w, unsigned int kind, unsigned int id,
				 const void *data, unsigned int bytes)
{
	struct tandem_record *rec = (void *)(w->down + w->at);

	memset(rec, 0, sizeof(*rec));
	rec->kind = kind;
	rec->id = id;
	rec->bytes = sizeof(*rec) + ((bytes + 7) & ~7u);
	memcpy(rec + 1, data, bytes);
	w->at += rec->bytes;
	return rec;
}

static void flush(struct raw_worker *w, const struct raw_object *o, const struct tandem_change *change)
{
	struct tandem_record *rec = raw_record(w, TANDEM_REC_FLUSH, 0, change, sizeof(*change));

	rec->index = o->index;
	rec->gen = o->gen;
	rec->count = 1;
}

void raw_flush(struct raw_worker *w, const struct raw_object *o, unsigned int use, unsigned int item,
	       uint64_t old, uint64_t now)
{
	struct tandem_change change = { .use = use, .item = item };

	change.old = old;
	change.now = now;
	flush(w, o, &change);
}

void raw_flush_wire(struct raw_worker *w, const struct raw_object *o, unsigned int use,
		    struct tandem_wire wire)
{
	struct tandem_change change = { .use = use };

	change.wire = wire;
	flush(w, o, &change);
}

unsigned int raw_buffer(struct raw_worker *w, const void *data, unsigned int bytes)
{
	struct tandem_record *rec = raw_record(w, TANDEM_REC_BUFFER, 0, data, bytes);

	rec->length = bytes;
	return w->nbuffer++;
}

void raw_queue(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg)
{
	raw_record(w, TANDEM_REC_DOWN, id, arg, n * sizeof(*arg))->count = n;
}

int raw_down(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg)
{
	raw_queue(w, id, n, arg);
	return raw_next(w, TANDEM_SAY_DOWN);
}

int raw_reply(struct raw_worker *w, int64_t result)
{
	struct tandem_wire wire = raw_scalar(result);

	if (w->say_flags & TANDEM_DOWN_SHAPED) {
		((struct tandem_shaped *)w->down)->result = result;
		return raw_next(w, TANDEM_SAY_REPLY);
	}
	raw_record(w, TANDEM_REC_REPLY, 0, &wire, sizeof(wire))->count = 1;
	return raw_next(w, TANDEM_SAY_REPLY);
}

void raw_shaped(struct raw_worker *w, uint64_t changed, unsigned int n, const uint64_t *now)
{
	struct tandem_shaped *said = (void *)w->down;

	said->changed = changed;
	memcpy(said->now, now, n * sizeof(*now));
	w->at = sizeof(*said) + n * sizeof(*now);
	w->say_flags = TANDEM_DOWN_SHAPED;
}

int raw_sync(struct raw_worker *w)
{
	return raw_next(w, TANDEM_SAY_SYNC);
}

struct tandem_wire raw_scalar(uint64_t v)
{
	struct tandem_wire wire = { .tag = TANDEM_WIRE_SCALAR };

	wire.value = v;
	return wire;
}

struct tandem_wire raw_handle(const struct raw_object *o, uint32_t offset)
{
	struct tandem_wire wire = { .tag = TANDEM_WIRE_OBJECT, .index = o->index };

	wire.gen = o->gen;
	wire.offset = offset;
	return wire;
}

long stat_of(const char *name)
{
	char line[256], key[128];
	long v, found = -1;
	FILE *f = fopen("/sys/kernel/debug/tandem/litmus/stats", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %ld", key, &v) == 2 && !strcmp(key, name))
			found = v;
	if (f)
		fclose(f);
	return found;
}
