// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "marshal.h"
#include "shape.h"

static const struct tandem_lens *lens_of(const struct tandem_seat *seat, __u32 type)
{
	return tandem_lens_of(seat->lenses, seat->frames.top->id, type);
}

int tandem_seat_init(struct tandem_seat *seat, const struct tandem_uhalf *half,
		     struct tandem_names *names, const struct tandem_lenses *lenses,
		     void *down, size_t room)
{
	memset(seat, 0, sizeof(*seat));
	seat->half = half;
	seat->names = names;
	seat->lenses = lenses;
	tandem_body_init(&seat->body, down, room);
	seat->shape = calloc(half->plan->nentry + 1, sizeof(*seat->shape));
	if (!seat->shape)
		return -ENOMEM;
	return tandem_twins_init(&seat->twins, half);
}

void tandem_seat_exit(struct tandem_seat *seat)
{
	tandem_shapes_exit(seat);
	tandem_watch_exit(&seat->watch);
	tandem_frames_exit(&seat->frames);
	tandem_body_exit(&seat->body);
	tandem_twins_exit(&seat->twins);
	free(seat->buffer);
}

static int wrong(struct tandem_seat *seat, const char *what, const struct tandem_record *rec)
{
	tandem_snprintf(seat->why, sizeof(seat->why),
			"the kernel half sent %s (record %u, object %u generation %u): "
			"the halves disagree", what, rec->kind, rec->index, rec->gen);
	return -EPROTO;
}

int tandem_marshal_last(struct tandem_seat *seat, const void *body, size_t bytes,
			const struct tandem_record **last)
{
	struct tandem_reader reader = { .at = body, .bytes = bytes };
	const struct tandem_record *rec;

	*last = NULL;
	while ((rec = tandem_reader_next(&reader)))
		*last = rec;
	if (reader.next == reader.bytes)
		return 0;
	tandem_snprintf(seat->why, sizeof(seat->why),
			"the kernel half sent a body with a broken record at %zu of %zu bytes",
			reader.next, bytes);
	return -EPROTO;
}

static inline __u64 load(const unsigned char *at, unsigned int size)
{
	__u64 x8;
	__u32 x4;
	__u16 x2;

	switch (size) {
	case 8:
		memcpy(&x8, at, 8);
		return x8;
	case 4:
		memcpy(&x4, at, 4);
		return x4;
	case 2:
		memcpy(&x2, at, 2);
		return x2;
	}
	return *at;
}

static inline void store(unsigned char *at, unsigned int size, __u64 x)
{
	switch (size) {
	case 8:
		memcpy(at, &x, 8);
		break;
	case 4:
		memcpy(at, &x, 4);
		break;
	case 2:
		memcpy(at, &x, 2);
		break;
	default:
		*at = x;
	}
}

/* ---- SYNC ---- */

/* What is left of a record's payload. Items align themselves from the record's begin. */
struct payload {
	const unsigned char *begin;
	size_t next;
	size_t bytes;
};

static const void *take(struct payload *payload, size_t align, size_t bytes)
{
	size_t at = (payload->next + align - 1) & ~(align - 1);

	if (at > payload->bytes || bytes > payload->bytes - at)
		return NULL;
	payload->next = at + bytes;
	return payload->begin + at;
}

static int sync_string(struct tandem_seat *seat, struct payload *payload, void *at)
{
	const __u32 *bytes = take(payload, 4, sizeof(*bytes));
	const char *text = NULL;

	if (!bytes)
		return -EPROTO;
	if (*bytes != 0xffffffff) {
		const void *from = take(payload, 1, *bytes);

		if (!from)
			return -EPROTO;
		text = tandem_name_keep(seat->names, from, *bytes);
		if (!text)
			return -ENOMEM;
	}
	memcpy(at, &text, sizeof(text));
	return 0;
}

static int sync_item(struct tandem_seat *seat, const struct tandem_leaf *leaf,
		     struct payload *payload, unsigned char *at, unsigned char *agreed)
{
	const void *from;
	void *pointer;
	int ret;

	switch (leaf->kind) {
	case TANDEM_LEAF_WORD:
	case TANDEM_LEAF_BITS:
		from = take(payload, leaf->size, leaf->size);
		if (!from)
			return -EPROTO;
		memcpy(at, from, leaf->size);
		memcpy(agreed, from, leaf->size);
		return 0;
	case TANDEM_LEAF_PTR:
		from = take(payload, 8, sizeof(struct tandem_wire));
		if (!from)
			return -EPROTO;
		ret = tandem_wire_get(seat->names, &seat->twins, from, &pointer);
		if (ret)
			return ret;
		memcpy(at, &pointer, sizeof(pointer));
		memcpy(agreed, &pointer, sizeof(pointer));
		return 0;
	case TANDEM_LEAF_STR:
		return sync_string(seat, payload, at);
	}
	return -EPROTO;
}

static int wrong_value(struct tandem_seat *seat, const struct tandem_lens *lens,
		       const struct tandem_leaf *leaf, int error)
{
	tandem_snprintf(seat->why, sizeof(seat->why),
			"%s.%s: the kernel half sent a value that does not fit: the halves disagree",
			lens->type->name, leaf->name);
	return error;
}

static int sync_element(struct tandem_seat *seat, const struct tandem_lens *lens,
			struct payload *payload, struct tandem_twin *twin, size_t base)
{
	const struct tandem_view *view = lens->view;
	int ret;

	for (__u16 i = 0; i < view->nuse; i++) {
		const struct tandem_leaf *leaf = &lens->type->leaf[view->use[i].leaf];
		size_t at = base + leaf->offset;

		for (__u16 item = 0; item < leaf->count; item++, at += leaf->stride) {
			ret = sync_item(seat, leaf, payload, twin->at + at, twin->agreed + at);
			if (ret)
				return wrong_value(seat, lens, leaf, ret);
		}
	}
	return 0;
}

/* Runs are short: a loop of words is less than a call of memcpy(). */
static void copy_run(unsigned char *at, unsigned char *agreed, const unsigned char *from, size_t bytes)
{
	for (; bytes >= 16; bytes -= 16, at += 16, agreed += 16, from += 16) {
		memcpy(at, from, 16);
		memcpy(agreed, from, 16);
	}
	if (bytes & 8) {
		memcpy(at, from, 8);
		memcpy(agreed, from, 8);
		at += 8, agreed += 8, from += 8;
	}
	if (bytes & 4) {
		memcpy(at, from, 4);
		memcpy(agreed, from, 4);
		at += 4, agreed += 4, from += 4;
	}
	if (bytes & 2) {
		memcpy(at, from, 2);
		memcpy(agreed, from, 2);
		at += 2, agreed += 2, from += 2;
	}
	if (bytes & 1)
		*at = *agreed = *from;
}

/* An element whose layout is known. */
static int sync_fixed(struct tandem_seat *seat, const struct tandem_lens *lens,
		      const unsigned char *from, unsigned char *at, unsigned char *agreed)
{
	const struct tandem_pass *pass = &lens->sync;
	const struct tandem_run *run = pass->run;
	const struct tandem_run *end8 = run + pass->n8, *end4 = end8 + pass->n4;
	const struct tandem_run *end = run + pass->nrun;
	void *pointer;
	__u64 x;
	int ret;

	for (; run < end8; run++) {
		x = load(from + run->payload, 8);
		store(at + run->offset, 8, x);
		store(agreed + run->offset, 8, x);
	}
	for (; run < end4; run++) {
		x = load(from + run->payload, 4);
		store(at + run->offset, 4, x);
		store(agreed + run->offset, 4, x);
	}
	for (; run < end; run++)
		copy_run(at + run->offset, agreed + run->offset, from + run->payload, run->bytes);
	for (const struct tandem_run *p = pass->pointer; p < pass->pointer + pass->npointer; p++) {
		const struct tandem_leaf *leaf = &lens->type->leaf[lens->view->use[p->use].leaf];
		const struct tandem_wire *wire = (const void *)(from + p->payload);
		size_t to = p->offset;

		for (__u16 item = 0; item < leaf->count; item++, wire++, to += leaf->stride) {
			ret = tandem_wire_get(seat->names, &seat->twins, wire, &pointer);
			if (ret)
				return wrong_value(seat, lens, leaf, ret);
			memcpy(at + to, &pointer, sizeof(pointer));
			memcpy(agreed + to, &pointer, sizeof(pointer));
		}
	}
	return 0;
}

static int sync_segment(struct tandem_seat *seat, const struct tandem_lens *lens,
			struct payload *payload, struct tandem_twin *twin,
			const struct tandem_segment *seg)
{
	size_t at = seg->offset;
	const void *from;
	int ret;

	for (__u32 i = 0; i < seg->count; i++, at += lens->type->size) {
		if (lens->fixed && !(payload->next & 7)) {
			from = take(payload, 8, lens->payload);
			if (!from)
				return -EPROTO;
			ret = sync_fixed(seat, lens, from, twin->at + at, twin->agreed + at);
		} else {
			ret = sync_element(seat, lens, payload, twin, at);
		}
		if (ret)
			return ret;
	}
	return 0;
}

static int apply_sync(struct tandem_seat *seat, const struct tandem_record *rec)
{
	struct payload payload = { (const void *)rec, sizeof(*rec), rec->bytes };
	struct tandem_twin *twin = tandem_twin_find(&seat->twins, rec->index, rec->gen);
	int ret;

	if (!twin)
		return wrong(seat, "fields of an object it never announced", rec);
	for (__u32 i = 0; i < twin->nseg; i++) {
		const struct tandem_lens *lens = lens_of(seat, twin->seg[i].type);

		if (!lens)
			continue;
		ret = sync_segment(seat, lens, &payload, twin, &twin->seg[i]);
		if (ret == -EPROTO && !seat->why[0])
			return wrong(seat, "fewer fields than the entry's view has", rec);
		if (ret)
			return ret;
	}
	if (payload.bytes - payload.next >= 8)
		return wrong(seat, "more fields than the entry's view has", rec);
	return tandem_frame_meet(&seat->frames, twin);
}

/* ---- NEW, GONE ---- */

static void drop_twin(struct tandem_seat *seat, struct tandem_twin *twin)
{
	tandem_frame_forget(&seat->frames, twin);
	tandem_twin_drop(&seat->twins, twin);
}

static int new_data(struct tandem_seat *seat, const struct tandem_new *new)
{
	struct tandem_twin *twin = tandem_twin_slot(&seat->twins, new->rec.index);
	int ret = 0;

	if (twin && (twin->gen != new->rec.gen || twin->size != new->size)) {
		drop_twin(seat, twin);
		twin = NULL;
	}
	/* The same object again: it has got types meanwhile. Its bytes stay. */
	if (!twin)
		ret = tandem_twin_add(&seat->twins, new->rec.index, new->rec.gen, new->size, &twin);
	if (!ret)
		ret = tandem_twin_type(&seat->twins, twin, (const void *)(new + 1), new->rec.count);
	seat->frames.version++;
	return ret ? ret : tandem_frame_meet(&seat->frames, twin);
}

static int apply_new(struct tandem_seat *seat, const struct tandem_record *rec)
{
	const struct tandem_new *new = (const void *)rec;
	struct tandem_twin *old;
	int ret;

	if (rec->bytes < sizeof(*new) ||
	    (rec->bytes - sizeof(*new)) / sizeof(struct tandem_segment) < rec->count)
		return wrong(seat, "an object with too few segments", rec);
	if (rec->id == TANDEM_OBJECT_DATA) {
		ret = new_data(seat, new);
	} else if (rec->id == TANDEM_OBJECT_MMIO || rec->id == TANDEM_OBJECT_DMA) {
		old = tandem_twin_slot(&seat->twins, rec->index);
		if (old)
			drop_twin(seat, old);
		ret = tandem_map_add(&seat->names->maps, rec->index, rec->gen, new->size,
				     new->page_offset);
	} else {
		ret = -EPROTO;
	}
	if (ret == -EPROTO)
		return wrong(seat, "an object that makes no sense", rec);
	if (ret)
		tandem_snprintf(seat->why, sizeof(seat->why), "cannot %s object %u (%llu bytes): %s%s",
				rec->id == TANDEM_OBJECT_DATA ? "make" : "map", rec->index,
				(unsigned long long)new->size, strerror(-ret),
				ret == -EPERM ? " (device memory needs CAP_SYS_RAWIO, and no lockdown)" : "");
	return ret;
}

static int apply_gone(struct tandem_seat *seat, const struct tandem_record *rec)
{
	struct tandem_twin *twin = tandem_twin_slot(&seat->twins, rec->index);

	if (twin && twin->gen == rec->gen)
		drop_twin(seat, twin);
	else
		tandem_map_gone(&seat->names->maps, rec->index, rec->gen);
	return 0;
}

static int list_buffer(struct tandem_seat *seat, const struct tandem_record *rec)
{
	if (seat->nbuffer == seat->buffer_room) {
		size_t room = seat->buffer_room ? 2 * seat->buffer_room : 16;
		void *more = realloc(seat->buffer, room * sizeof(*seat->buffer));

		if (!more)
			return -ENOMEM;
		seat->buffer = more;
		seat->buffer_room = room;
	}
	seat->buffer[seat->nbuffer++] = rec;
	return 0;
}

int tandem_marshal_apply(struct tandem_seat *seat, const void *body, size_t bytes)
{
	const unsigned char *at = body, *end = at + bytes;
	int ret = 0;

	seat->nbuffer = 0;
	for (; !ret && at < end; at += ((const struct tandem_record *)at)->bytes) {
		const struct tandem_record *rec = (const void *)at;

		switch (rec->kind) {
		case TANDEM_REC_NEW:
			ret = apply_new(seat, rec);
			break;
		case TANDEM_REC_GONE:
			ret = apply_gone(seat, rec);
			break;
		case TANDEM_REC_SYNC:
			ret = apply_sync(seat, rec);
			break;
		case TANDEM_REC_BUFFER:
			ret = list_buffer(seat, rec);
			break;
		case TANDEM_REC_CALL:
		case TANDEM_REC_RETURN:
			break;
		default:
			ret = wrong(seat, "a record that is not its to send", rec);
		}
	}
	return ret;
}

/* ---- FLUSH ---- */

struct flush {
	struct tandem_seat *seat;
	struct tandem_twin *twin;
	size_t at;		/* of the FLUSH record in the body */
	struct tandem_change *slot, *end;	/* room in the body; NULL: no record yet */
	__u32 segment;		/* being looked at */
	__u32 element;
	int error;
};

static size_t count_of(const struct flush *flush)
{
	size_t begin = flush->at + sizeof(struct tandem_record);

	if (!flush->slot)
		return 0;
	return flush->slot - (struct tandem_change *)(flush->seat->body.at + begin);
}

/* No room for another change, or no record yet. */
static bool __attribute__((noinline)) more_room(struct flush *flush)
{
	struct tandem_body *body = &flush->seat->body;
	size_t bytes = sizeof(struct tandem_change);

	if (!flush->slot) {
		bytes += sizeof(struct tandem_record);
		flush->at = body->bytes;
	} else {
		body->bytes = (unsigned char *)flush->slot - body->at;
	}
	if (body->bytes + bytes > body->room) {
		flush->error = tandem_body_grow(body, bytes);
		if (flush->error)
			return false;
	}
	if (!flush->slot)
		body->bytes += sizeof(struct tandem_record);
	flush->slot = (void *)(body->at + body->bytes);
	flush->end = flush->slot + (body->room - body->bytes) / sizeof(struct tandem_change);
	return true;
}

/* The place of the next change; NULL: none, and flush->error says why. */
static struct tandem_change *next_slot(struct flush *flush)
{
	if (flush->slot == flush->end && !more_room(flush))
		return NULL;
	return flush->slot++;
}

static long finish_record(struct flush *flush)
{
	struct tandem_body *body = &flush->seat->body;
	size_t count = count_of(flush);

	if (flush->error || !count)
		return flush->error;
	body->bytes = (unsigned char *)flush->slot - body->at;
	body->queued = 0;
	*(struct tandem_record *)(body->at + flush->at) = (struct tandem_record){
		.kind = TANDEM_REC_FLUSH,
		.index = flush->twin->index,
		.gen = flush->twin->gen,
		.bytes = body->bytes - flush->at,
		.count = count,
	};
	return count;
}

/*
 * A pointer to records was stored that points at the start of plain bytes: from now on
 * these are such records, here and in the kernel. Their fields cross right behind.
 */
static int give_type(struct flush *flush, const struct tandem_leaf *leaf,
		     const struct tandem_wire *wire)
{
	struct tandem_seat *seat = flush->seat;
	struct tandem_segment seg[2];
	struct tandem_twin *twin;
	unsigned int n;
	int ret;

	if (leaf->type == TANDEM_NONE || wire->tag != TANDEM_WIRE_OBJECT || wire->offset)
		return 0;
	twin = tandem_twin_find(&seat->twins, wire->index, wire->gen);
	if (!twin || twin->kind != TANDEM_OBJECT_DATA || twin->nseg)
		return 0;
	n = tandem_place_segments(seat->half->plan, leaf->type, false, twin->size, seg);
	if (!n)
		return 0;
	ret = tandem_twin_type(&seat->twins, twin, seg, n);
	if (ret)
		return ret;
	/* To the end of the list, so that it is compared after this one. */
	tandem_frame_forget(&seat->frames, twin);
	return tandem_frame_meet(&seat->frames, twin);
}

static void flush_pointer(struct flush *flush, const struct tandem_leaf *leaf,
			  struct tandem_change change)
{
	void *pointer = (void *)(uintptr_t)change.now;
	struct tandem_seat *seat = flush->seat;
	struct tandem_change *slot;
	int n;

	flush->error = tandem_wire_put(seat->names, &seat->twins, pointer, &change.wire);
	if (flush->error) {
		n = tandem_snprintf(seat->why, sizeof(seat->why), "%s was set to ", leaf->name);
		tandem_name_explain(seat->names, &seat->twins, pointer, seat->why + n,
				    sizeof(seat->why) - n);
		return;
	}
	slot = next_slot(flush);
	if (!slot)
		return;
	*slot = change;
	flush->error = give_type(flush, leaf, &change.wire);
}

static void flush_item(struct flush *flush, const struct tandem_leaf *leaf,
		       const struct tandem_change *change, unsigned char *agreed)
{
	struct tandem_change *slot;

	if (leaf->kind == TANDEM_LEAF_PTR) {
		flush_pointer(flush, leaf, *change);
		store(agreed, 8, change->now);
		return;
	}
	slot = next_slot(flush);
	if (!slot)
		return;
	*slot = *change;
	/* Of bits, only those under the mask have been told. */
	store(agreed, leaf->size, leaf->kind == TANDEM_LEAF_BITS ?
	      tandem_merge(change->old, change->old, change->now, leaf->mask) : change->now);
}

static void flush_leaf(struct flush *flush, const struct tandem_leaf *leaf,
		       struct tandem_change *change, unsigned char *at, unsigned char *agreed)
{
	__u64 mask = leaf->kind == TANDEM_LEAF_BITS ? leaf->mask : ~0ULL;
	unsigned int size = leaf->size, count = leaf->count;

	for (unsigned int item = 0; item < count; item++, at += leaf->stride, agreed += leaf->stride) {
		change->old = load(agreed, size);
		change->now = load(at, size);
		if (!((change->old ^ change->now) & mask))
			continue;
		change->item = item;
		flush_item(flush, leaf, change, agreed);
		if (flush->error)
			return;
	}
}

/* A run in which something differs. */
static void __attribute__((noinline)) flush_run(struct flush *flush, const struct tandem_lens *lens,
						const struct tandem_run *run, size_t base)
{
	struct tandem_change change = { .segment = flush->segment, .element = flush->element };
	const struct tandem_use *use = lens->view->use + run->use;
	struct tandem_twin *twin = flush->twin;

	for (unsigned int i = 0; i < run->nuse && !flush->error; i++, use++) {
		const struct tandem_leaf *leaf = &lens->type->leaf[use->leaf];
		size_t at = base + leaf->offset;

		change.use = run->use + i;
		flush_leaf(flush, leaf, &change, twin->at + at, twin->agreed + at);
	}
}

static inline bool run_is_same(const unsigned char *at, const unsigned char *agreed, size_t bytes)
{
	for (; bytes >= 8; bytes -= 8, at += 8, agreed += 8)
		if (load(at, 8) != load(agreed, 8))
			return false;
	if (bytes & 4) {
		if (load(at, 4) != load(agreed, 4))
			return false;
		at += 4, agreed += 4;
	}
	if (bytes & 2) {
		if (load(at, 2) != load(agreed, 2))
			return false;
		at += 2, agreed += 2;
	}
	return !(bytes & 1) || *at == *agreed;
}

/*
 * Words, which are most of what changes. The compiler keeps all of this in registers, so
 * it is written out rather than built from the functions above.
 */
static inline const struct tandem_run *flush_words(struct flush *flush, const struct tandem_run *run,
						   unsigned int n, unsigned int size, size_t base)
{
	const unsigned char *at = flush->twin->at + base;
	unsigned char *agreed = flush->twin->agreed + base;
	struct tandem_change *slot = flush->slot;
	const struct tandem_run *end = run + n;
	__u64 old, now;

	for (; run < end; run++) {
		old = load(agreed + run->offset, size);
		now = load(at + run->offset, size);
		if (old == now)
			continue;
		if (slot == flush->end) {
			flush->slot = slot;
			if (!more_room(flush))
				return end;
			slot = flush->slot;
		}
		slot->segment = flush->segment;
		slot->use = run->use;
		slot->element = flush->element;
		slot->item = 0;
		slot->reserved = 0;
		slot->old = old;
		slot->now = now;
		slot++;
		store(agreed + run->offset, size, now);
	}
	flush->slot = slot;
	return end;
}

static void flush_element(struct flush *flush, const struct tandem_lens *lens,
			  const struct tandem_pass *pass, size_t base)
{
	const unsigned char *at = flush->twin->at + base, *agreed = flush->twin->agreed + base;
	const struct tandem_run *run = pass->run, *end = run + pass->nrun;

	run = flush_words(flush, run, pass->n8, 8, base);
	run = flush_words(flush, run, pass->n4, 4, base);
	for (; run < end && !flush->error; run++)
		if (!run_is_same(at + run->offset, agreed + run->offset, run->bytes))
			flush_run(flush, lens, run, base);
}

/* Most rings have not changed at all. */
static bool is_same(const struct tandem_twin *twin, const struct tandem_segment *seg, size_t size)
{
	return !memcmp(twin->at + seg->offset, twin->agreed + seg->offset, seg->count * size);
}

static const struct tandem_pass *pass_of(const struct tandem_lens *lens, unsigned int access)
{
	return access == TANDEM_RELEASE ? &lens->release : &lens->write;
}

static long flush_twin(struct tandem_seat *seat, struct tandem_twin *twin, unsigned int access)
{
	struct flush flush = { .seat = seat, .twin = twin };

	for (; flush.segment < twin->nseg && !flush.error; flush.segment++) {
		const struct tandem_segment *seg = &twin->seg[flush.segment];
		const struct tandem_lens *lens = lens_of(seat, seg->type);
		const struct tandem_pass *pass;
		size_t base = seg->offset;

		if (!lens)
			continue;
		pass = pass_of(lens, access);
		if (!pass->nrun || (seg->count > 1 && is_same(twin, seg, lens->type->size)))
			continue;
		flush.element = 0;
		for (; flush.element < seg->count && !flush.error; flush.element++) {
			flush_element(&flush, lens, pass, base);
			base += lens->type->size;
		}
	}
	return finish_record(&flush);
}

/* Has the twin changed in what a pass looks at? Bits that are not its own count, too. */
static bool differs(struct tandem_seat *seat, const struct tandem_twin *twin, unsigned int access)
{
	for (__u32 i = 0; i < twin->nseg; i++) {
		const struct tandem_segment *seg = &twin->seg[i];
		const struct tandem_lens *lens = lens_of(seat, seg->type);
		const struct tandem_pass *pass;
		size_t base = seg->offset;

		if (!lens)
			continue;
		pass = pass_of(lens, access);
		for (__u32 n = 0; n < seg->count; n++, base += lens->type->size)
			for (unsigned int k = 0; k < pass->nrun; k++)
				if (!run_is_same(twin->at + base + pass->run[k].offset,
						 twin->agreed + base + pass->run[k].offset, pass->run[k].bytes))
					return true;
	}
	return false;
}

static bool shown_differs(struct tandem_seat *seat, unsigned int access)
{
	struct tandem_frames *frames = &seat->frames;

	for (size_t i = frames->top->first; i < frames->nmet; i++) {
		struct tandem_twin *twin = frames->met[i].twin;

		if (twin && !tandem_frame_hides(frames, twin) && differs(seat, twin, access))
			return true;
	}
	return false;
}

/* Of the hidden twins, or of the others. The list grows while plain bytes become records. */
static long flush_some(struct tandem_seat *seat, unsigned int access, bool hidden)
{
	struct tandem_frames *frames = &seat->frames;
	__u64 seq = frames->top->seq;
	long total = 0, n;

	for (size_t i = frames->top->first; i < frames->nmet; i++) {
		struct tandem_twin *twin = frames->met[i].twin;

		if (!twin || (hidden && twin->maker != seq))
			continue;
		n = flush_twin(seat, twin, access);
		if (n < 0)
			return n;
		total += n;
	}
	return total;
}

/*
 * While a device begins, what is hidden goes first: a pointer to it may be among the rest, and
 * the kernel applies changes in their order.
 */
long tandem_marshal_flush(struct tandem_seat *seat, unsigned int access)
{
	struct tandem_frames *frames = &seat->frames;
	bool only_shown = access & TANDEM_SHOWN, alone = frames->top->alone;
	long first = 0, total;

	access &= ~TANDEM_SHOWN;
	if (seat->fresh && tandem_shape_settle(seat))
		return -ENOMEM;
	if (access == TANDEM_RELEASE &&
	    !tandem_watch_changed(&seat->watch, frames, seat->lenses))
		return 0;
	if (alone && only_shown && !shown_differs(seat, access)) {
		if (access == TANDEM_RELEASE)
			tandem_watch_narrow(&seat->watch, frames, seat->lenses);
		return 0;
	}
	if (alone)
		first = flush_some(seat, TANDEM_WRITE, true);
	if (first < 0)
		return first;
	total = flush_some(seat, access, false);
	if (total < 0)
		return total;
	if (total)
		tandem_frame_show(frames);
	total += first;
	if (access == TANDEM_RELEASE && !total)
		tandem_watch_narrow(&seat->watch, frames, seat->lenses);
	return total;
}
