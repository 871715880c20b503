// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "place.h"

#define DEPTH_MAX	12	/* records in records; C programs have 4 or 5 */

#ifdef __KERNEL__
#include <linux/math64.h>
#define divide(a, b) div_u64(a, b)
#else
#define divide(a, b) ((a) / (b))
#endif

static bool starts(const struct tandem_plan *plan, __u16 outer, __u64 offset, __u16 type,
		   unsigned int depth)
{
	const struct tandem_type *t = &plan->type[outer];
	unsigned int i;

	if (outer == type && !offset)
		return true;
	if (!depth)
		return false;
	for (i = 0; i < t->nembed; i++) {
		const struct tandem_embed *embed = &t->embed[i];
		__u64 inner, place = 0;

		if (offset < embed->offset)
			continue;
		inner = offset - embed->offset;
		if (embed->count > 1 && embed->stride) {
			place = divide(inner, embed->stride);
			inner -= place * embed->stride;
		}
		if (place >= embed->count || inner >= plan->type[embed->type].size)
			continue;
		if (starts(plan, embed->type, inner, type, depth - 1))
			return true;
	}
	return false;
}

bool tandem_place_inside(const struct tandem_plan *plan, __u16 outer, __u64 offset, __u16 type)
{
	return starts(plan, outer, offset, type, DEPTH_MAX);
}

enum tandem_place tandem_place_of(const struct tandem_plan *plan, const struct tandem_segment *seg,
				  unsigned int nseg, __u64 size, __u64 offset, __u16 type)
{
	unsigned int i;

	if (offset > size)
		return TANDEM_PLACE_OUTSIDE;
	for (i = 0; i < nseg; i++) {
		__u32 each = plan->type[seg[i].type].size;
		__u64 inner;

		if (offset < seg[i].offset)
			continue;
		inner = offset - seg[i].offset;
		if (inner >= (__u64)each * seg[i].count)
			continue;
		inner -= divide(inner, each) * each;
		return starts(plan, seg[i].type, inner, type, DEPTH_MAX) ? TANDEM_PLACE_YES :
									   TANDEM_PLACE_NO;
	}
	if (offset + plan->type[type].size > size)
		return TANDEM_PLACE_OUTSIDE;
	return TANDEM_PLACE_UNKNOWN;
}

unsigned int tandem_place_segments(const struct tandem_plan *plan, __u16 type, bool tail,
				   __u64 size, struct tandem_segment seg[2])
{
	const struct tandem_type *t = &plan->type[type];
	__u64 count = divide(size, t->size);
	__u64 room;

	if (!count)
		return 0;
	if (count > 0xffffffffu)
		count = 0xffffffffu;
	seg[0].type = type;
	seg[0].count = tail ? 1 : count;
	seg[0].offset = 0;
	if (!tail || t->tail_type == TANDEM_NONE || size < t->tail_offset)
		return 1;
	room = size - t->tail_offset;
	if (room < plan->type[t->tail_type].size)
		return 1;
	seg[1].type = t->tail_type;
	seg[1].count = 1;
	seg[1].offset = t->tail_offset;
	return 2;
}
