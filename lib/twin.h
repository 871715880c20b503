/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Twins: one worker's copies of the kernel's objects, found by handle or by address.
 *
 * They live in an arena of reserved addresses in slots of 64 bytes, with a free slot
 * behind each twin. Addresses are not used again before the whole arena (16 GiB) has
 * been handed out once, and emptied chunks become inaccessible: a pointer to a dead
 * twin does not meet a living one, so pointers may be compared as addresses.
 *
 * Only the worker's own thread uses any of this.
 */
#ifndef TANDEM_LIB_TWIN_H
#define TANDEM_LIB_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <tandem/channel.h>

#include "half.h"

#define TANDEM_ARENA_BYTES	(1ULL << 34)
#define TANDEM_CHUNK_BYTES	(1UL << 16)
#define TANDEM_SLOT_BYTES	64UL

struct tandem_twin {
	__u32 index;
	__u32 gen;			/* 0: a global */
	__u32 kind;			/* TANDEM_OBJECT_DATA or GLOBAL */
	__u32 nseg;			/* 0: plain bytes, nothing of it crosses */
	struct tandem_segment *seg;
	unsigned char *at;
	unsigned char *agreed;		/* what the kernel was told or told last; NULL while untyped */
	size_t size;
	__u64 mark;			/* of the innermost frame that lists it; 0: none */
	__u64 maker;			/* seq of the upcall that made it, if that began a device; or 0 */
	bool dying;			/* a queued downcall frees it */
};

struct tandem_twins {
	const struct tandem_plan *plan;
	struct tandem_twin **table[TANDEM_OBJECTS_MAX >> 10];	/* by index, 1024 each */
	struct tandem_twin *global;	/* by global id */
	struct tandem_twin **by_address; /* globals, ascending */
	unsigned char *arena;
	__u32 *owner;			/* by slot: index + 1 of the twin; pages as the chunks */
	__u32 *live;			/* by chunk: twins in it, plus 1 if it is the current one */
	size_t chunk;			/* where the next run of free chunks is looked for */
	size_t next, limit;		/* what is left of the current chunk */
	__u32 token;			/* number of the last token that came */
};

int tandem_twins_init(struct tandem_twins *twins, const struct tandem_uhalf *half);
void tandem_twins_exit(struct tandem_twins *twins);

/* A new DATA twin, zeroed and untyped. -EEXIST: one with this index lives. */
int tandem_twin_add(struct tandem_twins *twins, __u32 index, __u32 gen, size_t size,
		    struct tandem_twin **out);
void tandem_twin_drop(struct tandem_twins *twins, struct tandem_twin *twin);

/* Sets the segments. -EPROTO: a type the plan has not, or one beyond the twin's end. */
int tandem_twin_type(struct tandem_twins *twins, struct tandem_twin *twin,
		     const struct tandem_segment *seg, __u32 nseg);

/* The living twin at this index, whatever its generation; NULL. */
struct tandem_twin *tandem_twin_slot(struct tandem_twins *twins, __u32 index);
/* The twin a handle names; generation 0: a global. NULL: none, or another generation. */
struct tandem_twin *tandem_twin_find(struct tandem_twins *twins, __u32 index, __u32 gen);
/* The twin that @address lies in; NULL. */
struct tandem_twin *tandem_twin_at(struct tandem_twins *twins, const void *address);

#endif
