// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "shape.h"

#define SIZES	4	/* of words: 8, 4, 2, 1 bytes */

struct word {
	unsigned char *at;
	__u64 from;		/* in the body that came */
};

struct written {
	struct word word;
	union {
		__u64 bit;	/* in a short reply */
		__u64 size;
	};
};

struct pointer {
	void **at;
	void **agreed;
	void *value;
	bool written;
};

struct tandem_shape {
	__u64 number;
	const struct word *end[SIZES];		/* in word[] */
	const struct written *written_end[SIZES];
	const struct tandem_entry *entry;
	tandem_thunk thunk;
	__u32 nbits;
	__u32 npointer;
	__u32 ntwin;
	__u32 nscalar;
	__u8 scalar[TANDEM_ARGS_MAX];		/* places in arg[] */
	__u32 values;				/* where the arguments are in the body */
	__u64 arg[TANDEM_ARGS_MAX];
	struct word word[TANDEM_SHAPE_WORDS];	/* all that come */
	struct written written[TANDEM_SHAPE_WORDS]; /* of these, those that may be in a short reply, */
	struct written bits[TANDEM_SHAPE_WORDS]; /* and those that may not, though they are written */
	struct pointer *pointer;
	struct tandem_twin **twin;		/* that its frame meets */
	unsigned char *agreed[TANDEM_SHAPE_WORDS]; /* by word; see tandem_shape_settle() */
};

static void forget(struct tandem_seat *seat, __u32 entry)
{
	struct tandem_shape *shape = seat->shape[entry];

	if (!shape)
		return;
	seat->shape[entry] = NULL;
	free(shape->pointer);
	free(shape->twin);
	free(shape);
}

void tandem_shapes_exit(struct tandem_seat *seat)
{
	for (__u32 i = 0; seat->shape && i < seat->half->plan->nentry; i++)
		forget(seat, i);
	free(seat->shape);
}

/* ---- learning ---- */

struct lesson {
	struct tandem_seat *seat;
	struct tandem_shape *shape;
	struct tandem_twin *twin;
	unsigned int size;	/* of the words that are being listed; 0: pointers */
	unsigned int n, nwritten;	/* words so far */
	size_t at;		/* in the body */
};

static bool learn_word(struct lesson *lesson, const struct tandem_leaf *leaf, __u16 access, size_t offset)
{
	struct tandem_shape *shape = lesson->shape;
	struct written word = { .word = { lesson->twin->at + offset, lesson->at } };
	unsigned int n = lesson->n++;

	if (n == TANDEM_SHAPE_WORDS)
		return false;
	shape->word[n] = word.word;
	shape->agreed[n] = lesson->twin->agreed + offset;
	if (!(access & (TANDEM_WRITE | TANDEM_RELEASE)) || leaf->is_const)
		return true;
	if (leaf->kind == TANDEM_LEAF_BITS) {
		word.size = leaf->size;
		shape->bits[shape->nbits++] = word;
		return true;
	}
	word.bit = 1ULL << n;
	shape->written[lesson->nwritten++] = word;
	return true;
}

static bool learn_pointer(struct lesson *lesson, const struct tandem_leaf *leaf, __u16 access,
			  size_t offset)
{
	struct tandem_shape *shape = lesson->shape;
	struct pointer *more;

	more = realloc(shape->pointer, (shape->npointer + 1) * sizeof(*more));
	if (!more)
		return false;
	shape->pointer = more;
	more += shape->npointer++;
	more->at = (void *)(lesson->twin->at + offset);
	more->agreed = (void *)(lesson->twin->agreed + offset);
	more->value = *more->at;
	more->written = access & (TANDEM_WRITE | TANDEM_RELEASE) && !leaf->is_const;
	return true;
}

static bool learn_element(struct lesson *lesson, const struct tandem_lens *lens, size_t base)
{
	for (__u16 i = 0; i < lens->view->nuse; i++) {
		const struct tandem_use *use = &lens->view->use[i];
		const struct tandem_leaf *leaf = &lens->type->leaf[use->leaf];
		bool is_pointer = leaf->kind == TANDEM_LEAF_PTR, good = true;
		size_t offset = base + leaf->offset;

		for (__u16 item = 0; good && item < leaf->count; item++, offset += leaf->stride) {
			lesson->at = (lesson->at + leaf->size - 1) & ~(size_t)(leaf->size - 1);
			if (!is_pointer && leaf->size == lesson->size)
				good = learn_word(lesson, leaf, use->access, offset);
			else if (is_pointer && !lesson->size)
				good = learn_pointer(lesson, leaf, use->access, offset);
			lesson->at += is_pointer ? sizeof(struct tandem_wire) : leaf->size;
		}
		if (!good)
			return false;
	}
	return true;
}

/* The walk of apply_sync(). */
static bool learn_sync(struct lesson *lesson, const struct tandem_record *rec)
{
	struct tandem_seat *seat = lesson->seat;
	struct tandem_twin *twin = tandem_twin_find(&seat->twins, rec->index, rec->gen);

	if (!twin)
		return false;
	lesson->twin = twin;
	lesson->at += sizeof(*rec);
	for (__u32 i = 0; i < twin->nseg; i++) {
		const struct tandem_segment *seg = &twin->seg[i];
		const struct tandem_lens *lens;

		lens = tandem_lens_of(seat->lenses, seat->frames.top->id, seg->type);
		if (lens && !lens->fixed)
			return false;
		for (__u32 el = 0; lens && el < seg->count; el++)
			if (!learn_element(lesson, lens, seg->offset + (size_t)el * lens->type->size))
				return false;
	}
	return true;
}

static void learn_args(struct lesson *lesson, const struct tandem_record *rec, const __u64 *arg)
{
	const struct tandem_entry *entry = lesson->seat->frames.top->entry;
	struct tandem_shape *shape = lesson->shape;

	shape->values = lesson->at + sizeof(*rec);
	shape->nscalar = 0;
	for (__u8 i = 0; i < entry->nargs; i++) {
		shape->arg[i] = arg[i];
		if (entry->arg[i].kind == TANDEM_VALUE_SCALAR)
			shape->scalar[shape->nscalar++] = i;
	}
}

static bool learn_body(struct lesson *lesson, const unsigned char *body, size_t bytes, const __u64 *arg)
{
	const struct tandem_record *rec;

	for (size_t at = 0; at < bytes; at += rec->bytes) {
		rec = (const void *)(body + at);
		lesson->at = at;
		if (rec->kind == TANDEM_REC_CALL)
			learn_args(lesson, rec, arg);
		else if (rec->kind != TANDEM_REC_SYNC || !learn_sync(lesson, rec))
			return false;
	}
	return true;
}

/* What the frame has met by now, it meets each time. */
static bool learn_twins(struct lesson *lesson)
{
	struct tandem_frames *frames = &lesson->seat->frames;
	struct tandem_shape *shape = lesson->shape;
	size_t first = frames->top->first;

	shape->twin = calloc(frames->nmet - first + 1, sizeof(*shape->twin));
	for (size_t i = first; shape->twin && i < frames->nmet; i++)
		if (frames->met[i].twin)
			shape->twin[shape->ntwin++] = frames->met[i].twin;
	return shape->twin;
}

void tandem_shape_learn(struct tandem_seat *seat, __u64 number, const void *body, size_t bytes,
			const __u64 *arg)
{
	static const unsigned int sizes[] = { 8, 4, 2, 1, 0 };
	struct lesson lesson = { .seat = seat };
	__u32 id = tandem_shape_entry(number);
	struct tandem_shape *shape;
	bool good;

	forget(seat, id);
	shape = lesson.shape = seat->shape[id] = calloc(1, sizeof(*shape));
	if (!shape)
		return;
	shape->entry = &seat->half->plan->entry[id];
	shape->thunk = seat->half->entry[id];
	good = id == seat->frames.top->id && learn_twins(&lesson);
	for (unsigned int i = 0; good && i <= SIZES; i++) {
		lesson.size = sizes[i];
		good = learn_body(&lesson, body, bytes, arg);
		if (i == SIZES)
			break;
		shape->end[i] = shape->word + lesson.n;
		shape->written_end[i] = shape->written + lesson.nwritten;
	}
	if (good)
		shape->number = number;
	else
		forget(seat, id);
}

/* ---- serving ---- */

/* memcpy(): words of a packed record are not aligned. It becomes one load or store. */
#define TAKE(type, kind) do {							\
	for (; word < shape->end[kind]; word++) {				\
		type x;								\
										\
		memcpy(&x, body + word->from, sizeof(x));			\
		memcpy(word->at, &x, sizeof(x));				\
	}									\
} while (0)

/* Stores what has come. */
static inline void take(struct tandem_shape *shape, const unsigned char *body)
{
	const struct tandem_wire *value = (const void *)(body + shape->values);
	const struct word *word = shape->word;

	TAKE(__u64, 0);
	TAKE(__u32, 1);
	TAKE(__u16, 2);
	TAKE(__u8, 3);
	for (__u32 i = 0; i < shape->npointer; i++)
		*shape->pointer[i].at = *shape->pointer[i].agreed = shape->pointer[i].value;
	for (__u32 i = 0; i < shape->nscalar; i++)
		shape->arg[shape->scalar[i]] = value[shape->scalar[i]].value;
}

static void agree(const struct tandem_shape *shape, const unsigned char *body)
{
	const struct word *word = shape->word;
	unsigned char *const *agreed = shape->agreed;

	for (; word < shape->end[0]; word++)
		memcpy(*agreed++, body + word->from, 8);
	for (; word < shape->end[1]; word++)
		memcpy(*agreed++, body + word->from, 4);
	for (; word < shape->end[2]; word++)
		memcpy(*agreed++, body + word->from, 2);
	for (; word < shape->end[3]; word++)
		memcpy(*agreed++, body + word->from, 1);
}

int tandem_shape_settle(struct tandem_seat *seat)
{
	const struct tandem_shape *shape = seat->fresh;
	int ret = 0;

	seat->fresh = NULL;
	agree(shape, seat->fresh_body);
	for (__u32 i = 0; i < shape->ntwin && !ret; i++)
		ret = tandem_frame_meet(&seat->frames, shape->twin[i]);
	return ret;
}

/* Bits merge and pointers become handles: the full way does it. */
static inline bool only_words(const struct tandem_shape *shape, const unsigned char *body)
{
	for (__u32 i = 0; i < shape->nbits; i++)
		if (memcmp(shape->bits[i].word.at, body + shape->bits[i].word.from,
			   shape->bits[i].size))
			return false;
	for (__u32 i = 0; i < shape->npointer; i++)
		if (shape->pointer[i].written && *shape->pointer[i].at != shape->pointer[i].value)
			return false;
	return true;
}

#define GIVE(type, kind) do {							\
	for (; one < shape->written_end[kind]; one++) {				\
		type x, old;							\
										\
		memcpy(&x, one->word.at, sizeof(x));				\
		memcpy(&old, body + one->word.from, sizeof(old));		\
		if (x == old)							\
			continue;						\
		*now++ = x;							\
		changed |= one->bit;						\
	}									\
} while (0)

/* Writes the short reply; returns its length. */
static inline __u32 give(struct tandem_shaped *said, const struct tandem_shape *shape,
			 const unsigned char *body, __u64 result)
{
	const struct written *one = shape->written;
	__u64 *now = said->now, changed = 0;

	GIVE(__u64, 0);
	GIVE(__u32, 1);
	GIVE(__u16, 2);
	GIVE(__u8, 3);
	said->result = result;
	said->changed = changed;
	return (char *)now - (char *)said;
}

/*
 * The body that came is there until the next crossing: changes are what differs from it.
 * Short only if there was none, and nothing waits to be said with the reply.
 */
static inline bool may_be_short(const struct tandem_seat *seat, const struct tandem_frame *frame)
{
	return !frame->crossings && !frame->stored && !seat->body.bytes;
}

unsigned int tandem_shape_serve(struct tandem_thread *thread)
{
	struct tandem_process *process = thread->process;
	struct tandem_seat *seat = &thread->seat;
	__u64 number = thread->area->up_shape;
	struct tandem_shape *shape = seat->shape[tandem_shape_entry(number)];
	const unsigned char *body = thread->up;
	struct tandem_frame frame;
	unsigned int op;
	__u32 bytes;
	__u64 x;

	if (!shape || shape->number != number)
		return 0;
	tandem_frame_open(&seat->frames, &frame, shape->entry, tandem_shape_entry(number),
			  thread->area->up_seq);
	seat->fresh = shape;
	seat->fresh_body = body;
	if (process->fault.kind)
		tandem_fault_enter(&process->fault, &frame);
	take(shape, body);

	x = shape->thunk(shape->arg);
	if (may_be_short(seat, &frame) && only_words(shape, body)) {
		bytes = give((void *)seat->body.home, shape, body, x);
		seat->fresh = NULL;
		op = tandem_say_shaped(thread, frame.seq, bytes);
	} else {
		op = tandem_upcall_reply(thread, x);
	}
	if (process->fault.kind)
		tandem_fault_leave(&process->fault, &frame);
	tandem_frame_pop(&seat->frames);
	return op;
}
