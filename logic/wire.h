/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Rules of the wire: what a well-formed body is, how scalars keep their width, how bits
 * merge. No memory is written here and nothing is trusted.
 */
#ifndef TANDEM_WIRE_H
#define TANDEM_WIRE_H

#include "plan.h"
#ifdef __KERNEL__
#include <linux/stddef.h>
#include <uapi/tandem/channel.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <tandem/channel.h>
#endif

#define TANDEM_ARGS_MAX	12

/* @value as a C scalar of @size bytes, extended to 64 bits. */
static inline __u64 tandem_scalar(__u64 value, unsigned int size, bool is_signed)
{
	unsigned int drop = 64 - 8 * size;

	if (!size || size >= 8)
		return value;
	if (is_signed)
		return (__u64)((__s64)(value << drop) >> drop);
	return value << drop >> drop;
}

/*
 * What a word becomes that held @cur, when bits of @mask were changed from @old to @now:
 * these get their new value, also where somebody else has changed them meanwhile.
 */
static inline __u64 tandem_merge(__u64 cur, __u64 old, __u64 now, __u64 mask)
{
	__u64 changed = (old ^ now) & mask;

	return (cur & ~changed) | (now & changed);
}

/* -4095 .. -1, as pointers carry errors. */
static inline bool tandem_is_error(__u64 value)
{
	return value >= (__u64)-4095;
}

/* True if a FLUSH or REPLY record at @at is surely well-formed; else ask tandem_record_rule(). */
static inline bool tandem_record_plain(const void *body, __u32 bytes, __u32 at)
{
	const struct tandem_record *rec = (const void *)((const __u8 *)body + at);
	__u32 left = bytes - at;

	if (at > bytes || left < sizeof(*rec) || rec->bytes > left)
		return false;
	if (rec->kind == TANDEM_REC_FLUSH)
		return rec->bytes == sizeof(*rec) + (__u64)rec->count * sizeof(struct tandem_change);
	return rec->kind == TANDEM_REC_REPLY && rec->count == 1 &&
	       rec->bytes == sizeof(*rec) + sizeof(struct tandem_wire);
}

/*
 * Checks the record at @at of a worker's body of @bytes. NULL: its lengths hold.
 * Otherwise the rule that it breaks.
 */
const char *tandem_record_rule(const void *body, __u32 bytes, __u32 at);

/* Checks the whole plan: every index in range, every leaf within its type. NULL: it holds. */
const char *tandem_plan_rule(const struct tandem_plan *plan);

#endif
