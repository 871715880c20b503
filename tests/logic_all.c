// SPDX-License-Identifier: GPL-2.0
/*
 * All members of small universes, each against a reference that says the same in another way: scalars, merging,
 * records, keys, and what lies where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match.h"
#include "place.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Cheaper than cmocka's, which is slow a million times over. */
#define check(what) do { if (!(what)) { print_message("line %d: %s\n", __LINE__, #what); fail(); } } while (0)

/* ---- words ---- */

static __u64 scalar_as_c_says(__u64 v, unsigned int size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? (__u64)(__s64)(int8_t)v : (uint8_t)v;
	case 2:
		return is_signed ? (__u64)(__s64)(int16_t)v : (uint16_t)v;
	case 4:
		return is_signed ? (__u64)(__s64)(int32_t)v : (uint32_t)v;
	}
	return v;
}

static void test_scalars(void **state)
{
	static const __u64 above[] = { 0, ~0ull << 16, 0x5a5a5a5a5a5a0000, 0x8000000000000000, 0x80000000 };
	static const unsigned int size[] = { 1, 2, 4, 8 };

	(void)state;
	for (__u64 low = 0; low < 0x10000; low++)
		for (size_t a = 0; a < COUNT(above); a++)
			for (size_t s = 0; s < COUNT(size); s++)
				for (int is_signed = 0; is_signed < 2; is_signed++)
					check(tandem_scalar(above[a] | low, size[s], is_signed) ==
					      scalar_as_c_says(above[a] | low, size[s], is_signed));
}

/* Bit by bit: a bit that this side has changed is as this side made it, any other as it is found. */
static void test_merges(void **state)
{
	(void)state;
	for (unsigned int all = 0; all < 1 << 20; all++) {
		unsigned int cur = all & 31, old = all >> 5 & 31, now = all >> 10 & 31, mask = all >> 15, want = 0;

		for (unsigned int bit = 1; bit < 32; bit *= 2) {
			bool mine = mask & bit && (old & bit) != (now & bit);

			want |= (mine ? now : cur) & bit;
		}
		check(tandem_merge(cur, old, now, mask) == want);
	}
}

static void test_errors(void **state)
{
	(void)state;
	for (int i = -10000; i < 10000; i++) {
		bool error = i < 0 && i > -4096;

		check(tandem_is_error((__u64)(__s64)i) == error);
		check(tandem_when_holds(TANDEM_WHEN_ALWAYS, (__u64)(__s64)i));
		check(tandem_when_holds(TANDEM_WHEN_ZERO, (__u64)(__s64)i) == (i == 0));
		check(tandem_when_holds(TANDEM_WHEN_NONZERO, (__u64)(__s64)i) == (i != 0 && !error));
	}
}

/* ---- records ---- */

/* How long a record is that says @count and @length; 0: there is none. */
static __u64 length_of(unsigned int kind, __u64 count, __u64 length)
{
	__u64 head = sizeof(struct tandem_record);

	switch (kind) {
	case TANDEM_REC_FLUSH:
		return head + count * sizeof(struct tandem_change);
	case TANDEM_REC_DOWN:
	case TANDEM_REC_REPLY:
		return head + count * sizeof(struct tandem_wire);
	case TANDEM_REC_BUFFER:
		return head + (length + 7) / 8 * 8;
	}
	return 0;
}

static void check_record(__u64 *body, __u32 at, __u32 bytes)
{
	const struct tandem_record *rec = (const void *)((__u8 *)body + at);
	bool whole = at <= bytes && bytes - at >= sizeof(*rec);
	bool want = whole && rec->bytes <= bytes - at && rec->bytes &&
		    rec->bytes == length_of(rec->kind, rec->count, rec->length);
	bool plain = tandem_record_plain(body, bytes, at);

	check(!tandem_record_rule(body, bytes, at) == want);
	check(!plain || want);
	check(plain == (want && (rec->kind == TANDEM_REC_FLUSH ||
				 (rec->kind == TANDEM_REC_REPLY && rec->count == 1))));
}

static void test_records(void **state)
{
	static const __u32 counts[] = { 0, 1, 2, 3, 4, 0x08000000, 0x10000000, 0x0fffffff, 0xffffffff };
	static const __u32 strange[] = { 0x80000000, 0xfffffff8, 0xffffffff };
	__u64 body[16] = { 0 };
	struct tandem_record *rec;

	(void)state;
	for (__u32 at = 0; at <= 8; at += 8) {
		rec = (void *)((__u8 *)body + at);
		for (rec->kind = 0; rec->kind < 12; rec->kind++)
			for (__u32 b = 0; b < 96 + COUNT(strange); b++)
				for (size_t c = 0; c < COUNT(counts); c++)
					for (__u32 l = 0; l < 40 + COUNT(strange); l++)
						for (__u32 left = 0; left <= 96; left += 8) {
							rec->bytes = b < 96 ? b : strange[b - 96];
							rec->count = counts[c];
							rec->length = l < 40 ? l : strange[l - 40];
							check_record(body, at, at + left);
						}
	}
	check(tandem_record_rule(body, 8, 16) && !tandem_record_plain(body, 8, 16));
}

/* ---- keys ---- */

/* What names the thing, one value after the other, by the words of struct tandem_ledger_rule. */
static __u64 named_by(unsigned int from, const __u64 *arg, const __u64 *out, __u64 result)
{
	switch (from) {
	case 0:
	case 1:
	case 2:
		return arg[from];
	case 0x40:
	case 0x41:
	case 0x42:
		return out[from - 0x40];
	}
	return result;
}

static void test_gathered(void **state)
{
	static const __u8 from[] = { 0, 1, 2, 0x40, 0x41, 0x42, TANDEM_FROM_RESULT };
	static const __u64 arg[] = { 11, 12, 13 }, out[] = { 21, 22, 23 };
	struct tandem_down down[2] = { 0 };
	struct tandem_plan plan = { .down = down, .ndown = 2 };
	struct tandem_ledger_rule *rule = &down[1].ledger;

	(void)state;
	for (rule->kind = TANDEM_LEDGER_ACQUIRE; rule->kind <= TANDEM_LEDGER_UNLOCK; rule->kind++)
		for (rule->nfrom = 0; rule->nfrom <= 3; rule->nfrom++)
			for (unsigned int n = 0; n < 7 * 7 * 7; n++) {
				bool takes = rule->kind == TANDEM_LEDGER_ACQUIRE || rule->kind == TANDEM_LEDGER_LOCK;
				struct tandem_key key;

				rule->undo = takes ? 0 : TANDEM_NONE;
				rule->from[0] = from[n % 7];
				rule->from[1] = from[n / 7 % 7];
				rule->from[2] = from[n / 49];
				tandem_key_gather(&key, &plan, 1, arg, out, 31);
				check(key.undo == (takes ? 0 : 1) && key.n == rule->nfrom);
				for (unsigned int i = 0; i < key.n; i++)
					check(key.arg[i] == named_by(rule->from[i], arg, out, 31));
			}
}

/* Key number @n of all with at most two values of three: its name says all of it. */
static bool key_number(unsigned int n, struct tandem_key *key, char name[8])
{
	memset(key, 0xee, sizeof(*key));
	key->undo = n % 2;
	key->n = n / 2 % 3;
	key->arg[0] = n / 6 % 3;
	key->arg[1] = n / 18 % 3;
	memset(name, 0, 8);
	name[0] = 'a' + key->undo;
	for (unsigned int i = 0; i < key->n; i++)
		name[i + 1] = '0' + key->arg[i];
	return n < 54;
}

static void test_equal(void **state)
{
	struct tandem_key a, b;
	char x[8], y[8];

	(void)state;
	for (unsigned int i = 0; key_number(i, &a, x); i++)
		for (unsigned int j = 0; key_number(j, &b, y); j++) {
			check(tandem_key_equal(&a, &b) == !strcmp(x, y));
			check(strcmp(x, y) || tandem_key_hash(&a) == tandem_key_hash(&b));
		}
}

/* ---- what lies where ---- */

#define ROOM 24

/* Which types start at each byte, painted. */
struct painting {
	bool starts[ROOM][3];
	bool inside[ROOM];
};

static void paint(struct painting *p, const struct tandem_type *type, unsigned int which, unsigned int at)
{
	const struct tandem_type *t = &type[which];

	p->starts[at][which] = true;
	for (unsigned int i = 0; i < t->size; i++)
		p->inside[at + i] = true;
	for (unsigned int e = 0; e < t->nembed; e++)
		for (unsigned int i = 0; i < t->embed[e].count; i++)
			paint(p, type, t->embed[e].type, at + t->embed[e].offset + i * t->embed[e].stride);
}

static void check_inside(const struct tandem_plan *plan)
{
	for (unsigned int outer = 0; outer < 3; outer++) {
		struct painting p = { 0 };

		paint(&p, plan->type, outer, 0);
		for (unsigned int at = 0; at < ROOM; at++)
			for (unsigned int type = 0; type < 3; type++)
				check(tandem_place_inside(plan, outer, at, type) == p.starts[at][type]);
	}
}

/* Two segments in an object: the second where the first has ended or later. */
static void check_segments(const struct tandem_plan *plan, const struct tandem_segment seg[2], unsigned int nseg,
			   unsigned int size)
{
	struct painting p = { 0 };

	for (unsigned int s = 0; s < nseg; s++)
		for (unsigned int i = 0; i < seg[s].count; i++)
			paint(&p, plan->type, seg[s].type, seg[s].offset + i * plan->type[seg[s].type].size);
	for (unsigned int at = 0; at < ROOM; at++)
		for (unsigned int type = 0; type < 3; type++) {
			unsigned int end = at + plan->type[type].size;
			enum tandem_place want;

			if (at > size)
				want = TANDEM_PLACE_OUTSIDE;
			else if (p.inside[at])
				want = p.starts[at][type] ? TANDEM_PLACE_YES : TANDEM_PLACE_NO;
			else
				want = end <= size ? TANDEM_PLACE_UNKNOWN : TANDEM_PLACE_OUTSIDE;
			check(tandem_place_of(plan, seg, nseg, size, at, type) == want);
		}
}

static void check_allocation(const struct tandem_plan *plan, unsigned int size)
{
	struct tandem_segment seg[2];

	for (unsigned int type = 0; type < 3; type++)
		for (int tail = 0; tail < 2; tail++) {
			const struct tandem_type *t = &plan->type[type];
			bool has = tail && t->tail_type != TANDEM_NONE &&
				   t->tail_offset + plan->type[t->tail_type].size <= size;
			unsigned int n = tandem_place_segments(plan, type, tail, size, seg);

			check(n == (size < t->size ? 0u : has ? 2u : 1u));
			if (n)
				check(seg[0].type == type && !seg[0].offset &&
				      seg[0].count == (tail ? 1 : size / t->size));
			if (n == 2)
				check(seg[1].type == t->tail_type && seg[1].offset == t->tail_offset && seg[1].count == 1);
			check_segments(plan, seg, n, size);
		}
}

/* The embed number @n of those that fit into @size bytes; false: this one does not. */
static bool embed_number(unsigned int n, struct tandem_embed *e, const struct tandem_type *inner, unsigned int type,
			 unsigned int size)
{
	e->type = type;
	e->offset = n % 4;
	e->count = 1 + n / 4 % 3;
	e->stride = n / 12 % 4;
	if (e->count == 1 ? e->stride : e->stride < inner->size)
		return false;
	return e->offset + (e->count - 1) * e->stride + inner->size <= size;
}

/* Type 0 is plain; 1 holds some of 0; 2 holds some of 1, or some of 0 behind it, and has a tail. */
static void test_places(void **state)
{
	struct tandem_embed in1, in2[2];
	struct tandem_type type[3] = {
		{ .tail_type = TANDEM_NONE },
		{ .tail_type = TANDEM_NONE, .nembed = 1, .embed = &in1 },
		{ .tail_type = 0, .nembed = 2, .embed = in2 },
	};
	struct tandem_plan plan = { .type = type, .ntype = 3 };
	unsigned long plans = 0;

	(void)state;
	for (type[0].size = 1; type[0].size <= 2; type[0].size++)
	for (type[1].size = type[0].size; type[1].size <= 5; type[1].size++)
	for (unsigned int a = 0; a < 48; a++) {
		if (!embed_number(a, &in1, &type[0], 0, type[1].size))
			continue;
		for (type[2].size = type[1].size; type[2].size <= 8; type[2].size++)
		for (unsigned int b = 0; b < 48; b++) {
			if (!embed_number(b, &in2[0], &type[1], 1, type[2].size))
				continue;
			/* What comes second begins where the first ends: records do not overlap. */
			in2[1] = (struct tandem_embed){ .type = 0, .count = 1, .offset = in2[0].offset +
				(in2[0].count - 1) * in2[0].stride + type[1].size };
			type[2].nembed = in2[1].offset + type[0].size <= type[2].size ? 2 : 1;
			type[2].tail_offset = type[2].size + b % 3;
			check_inside(&plan);
			for (unsigned int size = 0; size <= 15; size++)
				check_allocation(&plan, size);
			plans++;
		}
	}
	print_message("%lu sets of types\n", plans);
	check(plans > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars), cmocka_unit_test(test_merges), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_records), cmocka_unit_test(test_gathered), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
