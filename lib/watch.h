/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watch: the memory that a register write must publish, as few stretches as possible.
 * A driver writes registers by the thousand and its fields between them hardly ever.
 */
#ifndef TANDEM_LIB_WATCH_H
#define TANDEM_LIB_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "frame.h"
#include "lens.h"

struct tandem_stretch {
	const unsigned char *at;
	const unsigned char *agreed;
	size_t bytes;
};

struct tandem_watch {
	struct tandem_stretch *stretch;
	size_t n, room;
	__u64 version;		/* of the frames that it was made for */
	bool narrow;		/* made without what lies between the fields */
};

void tandem_watch_exit(struct tandem_watch *watch);

/*
 * May a field with TANDEM_RELEASE of the innermost frame have changed? False: none has.
 * True also where memory between the fields differs, or when there is no memory.
 */
bool tandem_watch_changed(struct tandem_watch *watch, const struct tandem_frames *frames,
			  const struct tandem_lenses *lenses);

/* It was not a field that differed: the next answers are about fields only. */
void tandem_watch_narrow(struct tandem_watch *watch, const struct tandem_frames *frames,
			 const struct tandem_lenses *lenses);

#endif
