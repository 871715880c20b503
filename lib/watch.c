// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch.h"

#define GAP	64	/* bytes between fields that cost less than another stretch */

void tandem_watch_exit(struct tandem_watch *watch)
{
	free(watch->stretch);
	memset(watch, 0, sizeof(*watch));
}

static int add(struct tandem_watch *watch, const struct tandem_twin *twin, size_t offset, size_t bytes)
{
	struct tandem_stretch *last = watch->n ? &watch->stretch[watch->n - 1] : NULL;
	const unsigned char *at = twin->at + offset;

	if (last && at >= last->at && at <= last->at + last->bytes + (watch->narrow ? 0 : GAP) &&
	    twin->agreed + offset - last->agreed == at - last->at) {
		if (at + bytes > last->at + last->bytes)
			last->bytes = at + bytes - last->at;
		return 0;
	}
	if (watch->n == watch->room) {
		size_t room = watch->room ? 2 * watch->room : 64;
		void *more = realloc(watch->stretch, room * sizeof(*watch->stretch));

		if (!more)
			return -ENOMEM;
		watch->stretch = more;
		watch->room = room;
	}
	watch->stretch[watch->n++] = (struct tandem_stretch){ at, twin->agreed + offset, bytes };
	return 0;
}

static int add_twin(struct tandem_watch *watch, const struct tandem_twin *twin,
		    const struct tandem_lenses *lenses, __u32 entry)
{
	int ret = 0;

	for (__u32 i = 0; i < twin->nseg && !ret; i++) {
		const struct tandem_segment *seg = &twin->seg[i];
		const struct tandem_lens *lens = tandem_lens_of(lenses, entry, seg->type);

		if (!lens || !lens->release.nrun)
			continue;
		if (seg->count > 1)
			ret = add(watch, twin, seg->offset, (size_t)seg->count * lens->type->size);
		for (__u16 j = 0; seg->count == 1 && j < lens->release.nrun && !ret; j++)
			ret = add(watch, twin, seg->offset + lens->release.run[j].offset,
				  lens->release.run[j].bytes);
	}
	return ret;
}

static int make(struct tandem_watch *watch, const struct tandem_frames *frames,
		const struct tandem_lenses *lenses)
{
	int ret = 0;

	watch->n = 0;
	for (size_t i = frames->top->first; i < frames->nmet && !ret; i++)
		if (frames->met[i].twin && !tandem_frame_hides(frames, frames->met[i].twin))
			ret = add_twin(watch, frames->met[i].twin, lenses, frames->top->id);
	watch->version = ret ? 0 : frames->version;
	return ret;
}

static __u32 word(const unsigned char *at)
{
	__u32 x;

	memcpy(&x, at, sizeof(x));
	return x;
}

bool tandem_watch_changed(struct tandem_watch *watch, const struct tandem_frames *frames,
			  const struct tandem_lenses *lenses)
{
	if (watch->version != frames->version) {
		watch->narrow = false;
		if (make(watch, frames, lenses))
			return true;
	}
	for (size_t i = 0; i < watch->n; i++) {
		const struct tandem_stretch *s = &watch->stretch[i];

		if (s->bytes == 4 ? word(s->at) != word(s->agreed) :
				    memcmp(s->at, s->agreed, s->bytes))
			return true;
	}
	return false;
}

void tandem_watch_narrow(struct tandem_watch *watch, const struct tandem_frames *frames,
			 const struct tandem_lenses *lenses)
{
	if (watch->narrow)
		return;
	watch->narrow = true;
	make(watch, frames, lenses);
}
