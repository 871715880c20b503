/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames: the upcalls that a worker serves, one inside the other, and for each the twins
 * it has met. Only these can have changed since the last crossing, so only these are
 * compared. What a nested upcall met, the one outside it has met too.
 */
#ifndef TANDEM_LIB_FRAME_H
#define TANDEM_LIB_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "twin.h"

struct tandem_frame {
	struct tandem_frame *outer;
	const struct tandem_entry *entry;
	unsigned int id;		/* of the entry */
	__u64 seq;
	__u64 mark;
	size_t first;			/* its part of frames->met begins here */
	unsigned int crossings;		/* made inside it so far, nested ones included */
	bool alone;			/* a device begins, and nobody else sees yet what was made for it */
	bool stored;			/* tandem_stored() has made something differ that does not */
};

struct tandem_met {
	struct tandem_twin *twin;	/* NULL: died */
	__u64 outer_mark;		/* what twin->mark was before */
};

struct tandem_frames {
	struct tandem_frame *top;
	struct tandem_met *met;
	size_t nmet, room;
	__u64 marks;			/* last mark given */
	__u64 version;			/* changes with what the innermost frame has met, or its types */
};

void tandem_frames_exit(struct tandem_frames *frames);

int tandem_frames_grow(struct tandem_frames *frames);

static inline int tandem_frame_meet(struct tandem_frames *frames, struct tandem_twin *twin)
{
	int ret;

	if (twin->mark == frames->top->mark)
		return 0;
	if (frames->nmet == frames->room) {
		ret = tandem_frames_grow(frames);
		if (ret)
			return ret;
	}
	frames->met[frames->nmet++] = (struct tandem_met){ twin, twin->mark };
	twin->mark = frames->top->mark;
	frames->version++;
	return 0;
}

/* Begins a frame that has met nothing yet. */
static inline void tandem_frame_open(struct tandem_frames *frames, struct tandem_frame *frame,
				     const struct tandem_entry *entry, unsigned int id, __u64 seq)
{
	*frame = (struct tandem_frame){
		.outer = frames->top,
		.entry = entry,
		.id = id,
		.seq = seq,
		.mark = ++frames->marks,
		.first = frames->nmet,
	};
	frames->top = frame;
	frames->version++;
}

/* @frame is the caller's and stays until the matching pop. Its entry's globals are met. */
int tandem_frame_push(struct tandem_frames *frames, struct tandem_frame *frame,
		      struct tandem_twins *twins, unsigned int id, __u64 seq);
void tandem_frame_end(struct tandem_frames *frames);	/* for tandem_frame_pop() */

static inline void tandem_frame_pop(struct tandem_frames *frames)
{
	/* The outermost frame that has met nothing leaves nothing behind. */
	if (frames->top->outer || frames->nmet)
		tandem_frame_end(frames);
	else
		frames->top = NULL;
}

/* The innermost frame has made the twin, or was given it to begin with. */
void tandem_frame_make(struct tandem_frames *frames, struct tandem_twin *twin);
/* From now on others may look at what the innermost frame has made. */
void tandem_frame_show(struct tandem_frames *frames);

/* Can nobody but the innermost frame look at the twin? */
static inline bool tandem_frame_hides(const struct tandem_frames *frames, const struct tandem_twin *twin)
{
	return frames->top->alone && twin->maker == frames->top->seq;
}

/* The twin dies or may not be touched any more: no frame compares it again. */
void tandem_frame_forget(struct tandem_frames *frames, struct tandem_twin *twin);

#endif
