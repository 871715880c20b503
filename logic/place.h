/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What lies where in an object: segments are arrays of records, records embed records.
 */
#ifndef TANDEM_PLACE_H
#define TANDEM_PLACE_H

#include "wire.h"

enum tandem_place {
	TANDEM_PLACE_NO,	/* a record of another type */
	TANDEM_PLACE_YES,
	TANDEM_PLACE_UNKNOWN,	/* in bounds, but the plan does not say what is there */
	TANDEM_PLACE_OUTSIDE,
};

/* Does a record of @type start at @offset of an object of @size bytes? */
enum tandem_place tandem_place_of(const struct tandem_plan *plan, const struct tandem_segment *seg,
				  unsigned int nseg, __u64 size, __u64 offset, __u16 type);

/* Does a record of @type start at @offset of one of type @outer? */
bool tandem_place_inside(const struct tandem_plan *plan, __u16 outer, __u64 offset, __u16 type);

/*
 * The segments of memory that holds @type: an array of it, or with @tail one record and
 * the record that follows it. Writes at most 2; returns how many. 0: too small for one.
 */
unsigned int tandem_place_segments(const struct tandem_plan *plan, __u16 type, bool tail,
				   __u64 size, struct tandem_segment seg[2]);

#endif
