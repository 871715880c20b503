// SPDX-License-Identifier: GPL-2.0
/* What lies where in an object: arrays, embedded records, tails; and the ledger's keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "match.h"
#include "place.h"

enum { INNER, OUTER, NETDEV, PRIVATE };

static const struct tandem_embed outer_embed[] = { { .offset = 16, .stride = 8, .count = 3, .type = INNER } };
static const struct tandem_embed private_embed[] = { { .offset = 0, .stride = 0, .count = 1, .type = OUTER } };

static const struct tandem_type type[] = {
	[INNER] = { .name = "inner", .size = 8, .tail_type = TANDEM_NONE },
	[OUTER] = { .name = "outer", .size = 40, .nembed = 1, .embed = outer_embed, .tail_type = TANDEM_NONE },
	[NETDEV] = { .name = "netdev", .size = 100, .tail_type = PRIVATE, .tail_offset = 128 },
	[PRIVATE] = { .name = "private", .size = 64, .nembed = 1, .embed = private_embed,
		      .tail_type = TANDEM_NONE },
};

static const struct tandem_plan plan = { .type = type, .ntype = 4 };

static void test_inside(void **state)
{
	(void)state;
	assert_true(tandem_place_inside(&plan, PRIVATE, 0, PRIVATE));
	assert_true(tandem_place_inside(&plan, PRIVATE, 0, OUTER));
	assert_true(tandem_place_inside(&plan, PRIVATE, 24, INNER));
	assert_false(tandem_place_inside(&plan, PRIVATE, 0, INNER));
	assert_false(tandem_place_inside(&plan, PRIVATE, 25, INNER));
	assert_false(tandem_place_inside(&plan, PRIVATE, 40, INNER));
	assert_false(tandem_place_inside(&plan, INNER, 0, OUTER));
}

static void test_array(void **state)
{
	struct tandem_segment seg[2];
	unsigned int n = tandem_place_segments(&plan, OUTER, false, 130, seg);

	(void)state;
	assert_int_equal(n, 1);
	assert_int_equal(seg[0].count, 3);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 0, OUTER), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 80, OUTER), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 41, OUTER), TANDEM_PLACE_NO);
	/* Behind the last whole record nothing is known, and a record does not fit. */
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 120, OUTER), TANDEM_PLACE_OUTSIDE);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 120, INNER), TANDEM_PLACE_UNKNOWN);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 130, INNER), TANDEM_PLACE_OUTSIDE);
	assert_int_equal(tandem_place_of(&plan, seg, n, 130, 131, INNER), TANDEM_PLACE_OUTSIDE);
	assert_int_equal(tandem_place_segments(&plan, OUTER, false, 39, seg), 0);
}

static void test_embedded(void **state)
{
	struct tandem_segment seg[2];
	unsigned int n = tandem_place_segments(&plan, OUTER, false, 80, seg);
	__u64 offset;

	(void)state;
	for (offset = 0; offset < 80; offset++) {
		bool inner = offset % 40 >= 16 && offset % 8 == 0;

		assert_int_equal(tandem_place_of(&plan, seg, n, 80, offset, INNER),
				 inner ? TANDEM_PLACE_YES : TANDEM_PLACE_NO);
	}
}

static void test_tail(void **state)
{
	struct tandem_segment seg[2];
	unsigned int n = tandem_place_segments(&plan, NETDEV, true, 192, seg);

	(void)state;
	assert_int_equal(n, 2);
	assert_int_equal(seg[1].offset, 128);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 0, NETDEV), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 128, PRIVATE), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 128, OUTER), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 128 + 24, INNER), TANDEM_PLACE_YES);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 128, NETDEV), TANDEM_PLACE_NO);
	assert_int_equal(tandem_place_of(&plan, seg, n, 192, 110, INNER), TANDEM_PLACE_UNKNOWN);
	/* Too small for its tail: the first record only. */
	assert_int_equal(tandem_place_segments(&plan, NETDEV, true, 191, seg), 1);
}

static void test_untyped(void **state)
{
	(void)state;
	assert_int_equal(tandem_place_of(&plan, NULL, 0, 64, 32, INNER), TANDEM_PLACE_UNKNOWN);
	assert_int_equal(tandem_place_of(&plan, NULL, 0, 64, 60, INNER), TANDEM_PLACE_OUTSIDE);
}

static void test_keys(void **state)
{
	static const struct tandem_down down[] = {
		{ .name = "get", .ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .undo = 1, .nfrom = 3,
			.from = { 1, TANDEM_FROM_RESULT, TANDEM_FROM_OUT | 2 } } },
		{ .name = "put", .ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .nfrom = 3,
			.from = { 0, 1, 2 } } },
	};
	static const struct tandem_plan plan = { .down = down, .ndown = 2 };
	__u64 get[] = { 9, 5, 77 }, out[] = { 0, 0, 1234 }, put[] = { 5, 42, 1234 };
	struct tandem_key a, b;

	(void)state;
	tandem_key_gather(&a, &plan, 0, get, out, 42);
	tandem_key_gather(&b, &plan, 1, put, NULL, 0);
	assert_true(tandem_key_equal(&a, &b));
	assert_int_equal(tandem_key_hash(&a), tandem_key_hash(&b));
	put[2]++;
	tandem_key_gather(&b, &plan, 1, put, NULL, 0);
	assert_false(tandem_key_equal(&a, &b));
}

static void test_when(void **state)
{
	(void)state;
	assert_true(tandem_when_holds(TANDEM_WHEN_ALWAYS, -5));
	assert_true(tandem_when_holds(TANDEM_WHEN_ZERO, 0));
	assert_false(tandem_when_holds(TANDEM_WHEN_ZERO, (__u64)-12));
	assert_true(tandem_when_holds(TANDEM_WHEN_NONZERO, 0xffff888000000000));
	assert_false(tandem_when_holds(TANDEM_WHEN_NONZERO, 0));
	assert_false(tandem_when_holds(TANDEM_WHEN_NONZERO, (__u64)-12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside), cmocka_unit_test(test_array), cmocka_unit_test(test_embedded), cmocka_unit_test(test_tail),
		cmocka_unit_test(test_untyped), cmocka_unit_test(test_keys), cmocka_unit_test(test_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
