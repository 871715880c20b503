/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shapes: CALLs that differ from an earlier one of the same entry in values only, as the
 * kernel says by a number. What the full way did once is written down as lists of loads
 * and stores, and done by these from then on. A reply that changes nothing but words is as
 * short. See "Shapes" in <tandem/channel.h>.
 */
#ifndef TANDEM_LIB_SHAPE_H
#define TANDEM_LIB_SHAPE_H

#include "thread.h"

static inline __u32 tandem_shape_entry(__u64 number)
{
	return number & 0xffff;
}

/*
 * Learns a shape of a body that has been applied for the innermost frame, and whose
 * arguments are @arg. If that cannot be, nothing is learnt.
 */
void tandem_shape_learn(struct tandem_seat *seat, __u64 number, const void *body, size_t bytes,
			const __u64 *arg);

/* As tandem_upcall(), for a CALL with a shape. 0: it has not been learnt. */
unsigned int tandem_shape_serve(struct tandem_thread *thread);

/*
 * While a CALL is fresh, what it brought stands in the area only: most are replied to
 * without more. This is for those that look at the frame's list or at what is agreed upon.
 */
int tandem_shape_settle(struct tandem_seat *seat);

void tandem_shapes_exit(struct tandem_seat *seat);

#endif
