// SPDX-License-Identifier: GPL-2.0
/* The rules of the wire: scalars, merging, well-formed records, plans that hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire.h"

static void test_scalar(void **state)
{
	static const struct { __u64 in; unsigned int size; bool is_signed; __u64 out; } row[] = {
		{ 0xff, 1, true, -1ull }, { 0xff, 1, false, 0xff }, { 0x1ff, 1, false, 0xff },
		{ 0x8000, 2, true, 0xffffffffffff8000 }, { 0x8000, 2, false, 0x8000 },
		{ 0xfffffff0, 4, true, -16ull }, { 0xfffffff0, 4, false, 0xfffffff0 },
		{ 0xdeadbeef00000001, 4, true, 1 }, { -5ull, 8, true, -5ull },
		{ 0x1234567890, 8, false, 0x1234567890 }, { 7, 0, false, 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(tandem_scalar(row[i].in, row[i].size, row[i].is_signed), row[i].out);
}

static void test_merge(void **state)
{
	(void)state;
	assert_int_equal(tandem_merge(0xa5, 0xa5, 0x5a, 0x0f), 0xaa);
	/* Bits that this side did not change keep what the other side made of them. */
	assert_int_equal(tandem_merge(0xf0, 0x00, 0x01, 0xff), 0xf1);
	/* A bit that both set is set. */
	assert_int_equal(tandem_merge(0x01, 0x00, 0x01, 0xff), 0x01);
	assert_int_equal(tandem_merge(0x12, 0x34, 0x56, 0), 0x12);
}

static const char *rule_of(__u16 kind, __u32 bytes, __u32 count, __u32 length, __u32 body)
{
	__u64 memory[64] = { 0 };
	struct tandem_record *rec = (void *)memory;

	rec->kind = kind;
	rec->bytes = bytes;
	rec->count = count;
	rec->length = length;
	return tandem_record_rule(memory, body, 0);
}

static void test_records(void **state)
{
	const __u32 head = sizeof(struct tandem_record), change = sizeof(struct tandem_change);

	(void)state;
	assert_null(rule_of(TANDEM_REC_FLUSH, head, 0, 0, 512));
	assert_null(rule_of(TANDEM_REC_FLUSH, head + 2 * change, 2, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head + 2 * change, 3, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head + 8, 0, 0, 512));
	/* A count whose product would wrap. */
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head, 0x08000000, 0, 512));
	assert_null(rule_of(TANDEM_REC_BUFFER, head + 8, 0, 5, 512));
	assert_null(rule_of(TANDEM_REC_BUFFER, head, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_BUFFER, head + 8, 0, 9, 512));
	assert_non_null(rule_of(TANDEM_REC_BUFFER, head + 16, 0, 8, 512));
	assert_non_null(rule_of(TANDEM_REC_BUFFER, head + 8, 0, 0xffffffff, 512));
	assert_null(rule_of(TANDEM_REC_DOWN, head + 32, 2, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_DOWN, head + 32, 1, 0, 512));
	assert_null(rule_of(TANDEM_REC_REPLY, head + 16, 1, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_SYNC, head, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_CALL, head, 0, 0, 512));
	assert_non_null(rule_of(0, head, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head - 8, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head + 4, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, 0, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, 0xfffffff8, 0, 0, 512));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head, 0, 0, head - 8));
	assert_non_null(rule_of(TANDEM_REC_FLUSH, head + change, 1, 0, head + change - 8));
}

/* Whatever the bytes are, a walk that obeys the rule stays inside them. */
static void test_random(void **state)
{
	static const __u8 kind[] = { 4, 7, 8, 9, 1, 0 };
	__u64 body[64];

	(void)state;
	srandom(1);
	for (int round = 0; round < 200000; round++) {
		__u32 at = 0, bytes = 8 * (random() % 65);

		for (size_t i = 0; i < 64; i++)
			body[i] = random() % 3 ? (__u64)random() % 64 : ((__u64)random() << 33) ^ random();
		while (at < bytes) {
			struct tandem_record *rec = (void *)((__u8 *)body + at);

			if (bytes - at >= sizeof(*rec) && random() % 4) {
				rec->kind = kind[random() % 6];
				rec->bytes = 24 + 8 * (random() % 9);
				rec->count = (rec->bytes - 24) / (rec->kind == 7 ? 32 : 16);
				rec->length = rec->bytes - 24;
			}
			if (tandem_record_rule(body, bytes, at))
				break;
			assert_true(rec->bytes >= sizeof(*rec) && rec->bytes <= bytes - at);
			assert_true(rec->kind != TANDEM_REC_FLUSH ||
				    rec->count * 32ull == rec->bytes - 24);
			assert_true(rec->kind != TANDEM_REC_BUFFER || rec->length <= rec->bytes - 24);
			at += rec->bytes;
		}
		assert_true(at <= bytes);
	}
}

static void test_plan(void **state)
{
	struct tandem_leaf leaf[] = {
		{ .name = "a", .offset = 0, .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
		{ .name = "p", .offset = 8, .count = 1, .type = 0, .kind = TANDEM_LEAF_PTR, .size = 8 },
	};
	struct tandem_embed embed = { .offset = 0, .count = 2, .stride = 8, .type = 1 };
	struct tandem_type type[] = {
		{ .name = "t", .size = 16, .nleaf = 2, .leaf = leaf, .nembed = 1, .embed = &embed,
		  .tail_type = TANDEM_NONE },
		{ .name = "u", .size = 8, .tail_type = TANDEM_NONE },
	};
	__u16 symbol[] = { 1, 0, TANDEM_NONE }, also[] = { 0, TANDEM_NONE };
	struct tandem_spot spot[] = { { .type = 0, .offset = 8, .bytes = 8 }, { .type = TANDEM_NONE } };
	struct tandem_use use[] = { { 0, 3 }, { 1, 1 } };
	struct tandem_view view = { 0, 2, use };
	struct tandem_value arg[] = { { .kind = TANDEM_VALUE_PTR, .type = 0 } };
	__u64 may = 1;
	struct tandem_entry entry = { .name = "e", .arg = arg, .nargs = 1, .closes = TANDEM_NONE,
				      .result = { .kind = TANDEM_VALUE_SCALAR },
				      .nview = 1, .view = &view, .may = &may };
	struct tandem_down down = { .name = "d", .arg = arg, .nargs = 1,
				    .alloc = { .type = TANDEM_NONE },
				    .ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .also = also } };
	struct tandem_plan plan = { .module = "m", .type = type, .entry = &entry, .down = &down,
				    .ntype = 2, .nentry = 1, .ndown = 1, .nsymbol = 2 };

	(void)state;
	assert_null(tandem_plan_rule(&plan));
#define BREAKS(what, value) do {				\
		__typeof__(what) good_ = what;			\
		what = value;					\
		assert_non_null(tandem_plan_rule(&plan));	\
		what = good_;					\
		assert_null(tandem_plan_rule(&plan));		\
	} while (0)
	BREAKS(leaf[0].size, 3);
	BREAKS(leaf[0].offset, 14);
	BREAKS(leaf[0].count, 5);
	BREAKS(leaf[0].kind, 9);
	BREAKS(leaf[1].type, 2);
	BREAKS(leaf[1].size, 4);
	BREAKS(type[0].size, 0);
	BREAKS(type[0].tail_type, 3);
	BREAKS(use[1].leaf, 2);
	BREAKS(view.type, 2);
	BREAKS(arg[0].type, 4);
	BREAKS(arg[0].kind, 77);
	BREAKS(entry.closes, 1);
	BREAKS(entry.may, NULL);
	BREAKS(entry.nargs, TANDEM_ARGS_MAX + 1);
	BREAKS(down.ledger.kind, TANDEM_LEDGER_ACQUIRE);
	BREAKS(down.alloc.kind, 9);
	BREAKS(plan.nsymbol, TANDEM_NONE);
	BREAKS(plan.nglobal, TANDEM_NONE);
	BREAKS(embed.type, 2);
	BREAKS(embed.count, 0);
	BREAKS(embed.count, 3);
	BREAKS(embed.offset, 1);
	BREAKS(embed.stride, 7);
	leaf[1].symbol = symbol;
	BREAKS(symbol[0], 2);
	BREAKS(symbol[1], 2);
	BREAKS(symbol[2], 0);
	BREAKS(plan.nsymbol, 1);
	BREAKS(leaf[0].symbol, symbol);
	BREAKS(leaf[1].only, 3);
	BREAKS(leaf[0].only, 1);
	leaf[1].symbol = NULL;
	arg[0].symbol = symbol;
	BREAKS(symbol[1], 2);
	arg[0].symbol = NULL;
	BREAKS(entry.result.symbol, symbol);
	BREAKS(entry.result.only, TANDEM_ONLY_CODE);
	BREAKS(arg[0].spots, TANDEM_SPOT_FIELDS);
	BREAKS(arg[0].spots, 8);
	BREAKS(arg[0].only, 3);
	BREAKS(arg[0].spot, spot);
	arg[0].spots = TANDEM_SPOT_FIELDS;
	arg[0].spot = spot;
	BREAKS(spot[0].type, 2);
	BREAKS(spot[0].type, 1);
	BREAKS(spot[0].bytes, 9);
	BREAKS(spot[0].offset, 0xffffffff);
	BREAKS(also[0], 1);
	BREAKS(also[1], 0);
	BREAKS(down.ledger.kind, TANDEM_LEDGER_UNLOCK);
}

/* All lists of three, of four symbols or their end, in plans with up to four symbols. */
static void test_lists(void **state)
{
	__u16 list[] = { 0, 0, 0, TANDEM_NONE, 0 };
	struct tandem_leaf leaf = { .name = "p", .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_PTR,
				    .size = 8, .symbol = list };
	struct tandem_type type = { .name = "t", .size = 8, .nleaf = 1, .leaf = &leaf, .tail_type = TANDEM_NONE };
	struct tandem_plan plan = { .module = "m", .type = &type, .ntype = 1 };

	(void)state;
	for (plan.nsymbol = 0; plan.nsymbol <= 4; plan.nsymbol++)
		for (unsigned int n = 0; n < 5 * 5 * 5; n++) {
			unsigned int digit[] = { n % 5, n / 5 % 5, n / 25 }, length = 0;
			bool holds = true;

			for (unsigned int i = 0; i < 3; i++)
				list[i] = digit[i] == 4 ? TANDEM_NONE : digit[i];
			while (list[length] != TANDEM_NONE)
				holds &= list[length++] < plan.nsymbol;
			assert_int_equal(!tandem_plan_rule(&plan), holds && length <= plan.nsymbol);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalar), cmocka_unit_test(test_merge),
		cmocka_unit_test(test_records), cmocka_unit_test(test_random),
		cmocka_unit_test(test_plan), cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
