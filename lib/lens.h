/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lenses: each entry's views, made ready. Fields that lie side by side are copied and
 * compared as one run; most upcalls change one or two fields of ten.
 */
#ifndef TANDEM_LIB_LENS_H
#define TANDEM_LIB_LENS_H

#include <stdbool.h>

#include "plan.h"

/* Scalars side by side in the record and, in a pass over a SYNC, in its payload. */
struct tandem_run {
	__u32 offset;		/* in the record */
	__u32 payload;		/* in the payload of an element that begins at a multiple of 8 */
	__u32 bytes;
	__u16 use;		/* the first of its uses, as place in the view */
	__u16 nuse;
	bool is_word;		/* one leaf, no bits, no pointer: all of it is one value */
};

/*
 * What is to be done for one element of a view's type: first the words of 8 bytes, then
 * those of 4, then the rest, so that the first two need not ask what they are. In the sync
 * pass any run of that length is a word.
 */
struct tandem_pass {
	struct tandem_run *run;
	__u16 n8;
	__u16 n4;
	struct tandem_run *pointer;	/* sync only, where they are apart: one use each */
	__u16 nrun;			/* all */
	__u16 npointer;
	__u32 most;			/* bytes of a run of several uses */
};

struct tandem_lens {
	const struct tandem_view *view;
	const struct tandem_type *type;
	struct tandem_pass sync;	/* all uses */
	struct tandem_pass write;	/* those that the entry may write */
	struct tandem_pass release;	/* of these, those that an interrupt may read */
	bool fixed;			/* no strings: the sync pass holds for an element ... */
	__u32 payload;			/* ... of this many bytes */
};

struct tandem_lenses {
	__u32 ntype;
	struct tandem_lens *lens;
	struct tandem_lens **by_type;	/* [entry * ntype + type]; NULL: no use of the type */
	struct tandem_run *runs;	/* what all passes point into */
};

int tandem_lenses_init(struct tandem_lenses *lenses, const struct tandem_plan *plan);
void tandem_lenses_exit(struct tandem_lenses *lenses);

static inline const struct tandem_lens *tandem_lens_of(const struct tandem_lenses *lenses,
						       __u32 entry, __u32 type)
{
	return lenses->by_type[entry * lenses->ntype + type];
}

#endif
