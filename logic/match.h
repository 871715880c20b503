/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Rules of the ledger: which values name a thing that a downcall acquired, when it has
 * been acquired at all, and which release belongs to it.
 */
#ifndef TANDEM_MATCH_H
#define TANDEM_MATCH_H

#include "wire.h"

struct tandem_key {
	__u16 undo;		/* the downcall that undoes, or that releases */
	__u8 n;
	__u64 arg[6];		/* its arguments */
};

/*
 * The key of downcall @id under its rule. @out: what the arguments point at after the
 * call (only read where the rule says FROM_OUT).
 */
void tandem_key_gather(struct tandem_key *key, const struct tandem_plan *plan, __u16 id,
		       const __u64 *arg, const __u64 *out, __u64 result);
bool tandem_key_equal(const struct tandem_key *a, const struct tandem_key *b);
__u32 tandem_key_hash(const struct tandem_key *key);

/* Has a downcall with this result acquired anything? */
bool tandem_when_holds(unsigned int when, __u64 result);

#endif
