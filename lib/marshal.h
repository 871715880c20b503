/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marshalling: fields of twins to and from records, by the plan's tables.
 *
 * A twin's `agreed` bytes are what both sides knew after the last crossing. What
 * differs from them at the next crossing is what the driver's code has changed.
 */
#ifndef TANDEM_LIB_MARSHAL_H
#define TANDEM_LIB_MARSHAL_H

#include "body.h"
#include "frame.h"
#include "lens.h"
#include "twin.h"
#include "watch.h"
#include "wire.h"
#include "../logic/place.h"
#include "../logic/wire.h"

struct tandem_shape;

/* All of one worker's data that crosses. Its own thread's only, but names and lenses. */
struct tandem_seat {
	const struct tandem_uhalf *half;
	struct tandem_names *names;
	const struct tandem_lenses *lenses;
	struct tandem_twins twins;
	struct tandem_frames frames;
	struct tandem_watch watch;
	struct tandem_shape **shape;	/* by entry; NULL: none */
	const struct tandem_shape *fresh; /* of the CALL, until tandem_shape_settle(); or NULL */
	const unsigned char *fresh_body;
	struct tandem_body body;	/* what will be said at the next crossing */
	const struct tandem_record **buffer;	/* BUFFER records of the body that came */
	size_t nbuffer, buffer_room;
	char why[240];			/* what was wrong, after an error */
};

int tandem_seat_init(struct tandem_seat *seat, const struct tandem_uhalf *half,
		     struct tandem_names *names, const struct tandem_lenses *lenses,
		     void *down, size_t room);
void tandem_seat_exit(struct tandem_seat *seat);

/* The last record of a body that came (NULL: the body is empty). -EPROTO. */
int tandem_marshal_last(struct tandem_seat *seat, const void *body, size_t bytes,
			const struct tandem_record **last);

/*
 * Of a body that tandem_marshal_last() has checked: applies NEW, GONE and SYNC records for
 * the innermost frame, and lists the BUFFER records in seat->buffer. -EPROTO, -ENOMEM, or mmap's error.
 */
int tandem_marshal_apply(struct tandem_seat *seat, const void *body, size_t bytes);

/*
 * Adds FLUSH records for what the innermost frame's entry may write (TANDEM_WRITE) or
 * must publish (TANDEM_RELEASE) and has changed; with TANDEM_SHOWN, only of twins that others
 * can look at. A change of such a twin may show them the rest, which therefore goes first. Returns the number of changes, or:
 * -EFAULT a field holds a pointer that nothing names; -EMSGSIZE, -ENOMEM.
 */
#define TANDEM_SHOWN	0x8000

long tandem_marshal_flush(struct tandem_seat *seat, unsigned int access);

#endif
