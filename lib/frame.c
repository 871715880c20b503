// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

void tandem_frames_exit(struct tandem_frames *frames)
{
	free(frames->met);
	memset(frames, 0, sizeof(*frames));
}

int tandem_frame_push(struct tandem_frames *frames, struct tandem_frame *frame,
		      struct tandem_twins *twins, unsigned int id, __u64 seq)
{
	const struct tandem_entry *entry = &twins->plan->entry[id];
	int ret;

	tandem_frame_open(frames, frame, entry, id, seq);
	frame->alone = entry->flags & TANDEM_ENTRY_BEGINS;
	if (frame->outer)
		frame->outer->alone = false;
	for (unsigned int i = 0; i < entry->nglobal; i++) {
		ret = tandem_frame_meet(frames, &twins->global[entry->global[i]]);
		if (ret)
			return ret;
	}
	return 0;
}

/* The nested part of the list stands right behind the outer one: it is thinned out in place. */
void tandem_frame_end(struct tandem_frames *frames)
{
	struct tandem_frame *frame = frames->top, *outer = frame->outer;
	__u64 outer_mark = outer ? outer->mark : 0;
	size_t kept = frame->first;

	for (size_t i = frame->first; i < frames->nmet; i++) {
		struct tandem_met *met = &frames->met[i];

		if (!met->twin)
			continue;
		met->twin->mark = outer_mark;
		if (outer && met->outer_mark != outer_mark)
			frames->met[kept++] = *met;
	}
	frames->nmet = kept;
	frames->version++;
	if (outer)
		outer->crossings += frame->crossings;
	frames->top = outer;
}

int tandem_frames_grow(struct tandem_frames *frames)
{
	size_t room = frames->room ? 2 * frames->room : 64;
	struct tandem_met *more = realloc(frames->met, room * sizeof(*more));

	if (!more)
		return -ENOMEM;
	frames->met = more;
	frames->room = room;
	return 0;
}

void tandem_frame_make(struct tandem_frames *frames, struct tandem_twin *twin)
{
	if (!frames->top->alone)
		return;
	twin->maker = frames->top->seq;
	frames->version++;
}

void tandem_frame_show(struct tandem_frames *frames)
{
	if (!frames->top->alone)
		return;
	frames->top->alone = false;
	frames->version++;
}

void tandem_frame_forget(struct tandem_frames *frames, struct tandem_twin *twin)
{
	if (!twin->mark)
		return;
	for (size_t i = 0; i < frames->nmet; i++)
		if (frames->met[i].twin == twin)
			frames->met[i].twin = NULL;
	twin->mark = 0;
	frames->version++;
}
