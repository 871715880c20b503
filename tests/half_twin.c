// SPDX-License-Identifier: GPL-2.0
/* Twins are found by handle and by address, and dead ones are not found. */
#include "half_fixture.h"

static struct tandem_twin *add(uint32_t index, uint32_t gen, size_t size)
{
	struct tandem_twin *twin = NULL;

	assert_int_equal(tandem_twin_add(&worker->seat.twins, index, gen, size, &twin), 0);
	return twin;
}

static void by_address(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;
	struct tandem_twin *a = add(1, 1, 100), *b = add(2, 5, 1), *big = add(3, 1, 300000);

	(void)state;
	assert_ptr_equal(tandem_twin_at(twins, a->at), a);
	assert_ptr_equal(tandem_twin_at(twins, a->at + 99), a);
	assert_null(tandem_twin_at(twins, a->at + 100));
	assert_null(tandem_twin_at(twins, a->at + 128));
	assert_null(tandem_twin_at(twins, a->at - 1));
	assert_ptr_equal(tandem_twin_at(twins, b->at), b);
	assert_null(tandem_twin_at(twins, b->at + 1));
	assert_ptr_equal(tandem_twin_at(twins, big->at + 299999), big);
	assert_null(tandem_twin_at(twins, big->at + 300000));
	assert_null(tandem_twin_at(twins, &state));
	assert_null(tandem_twin_at(twins, twins->arena + TANDEM_ARENA_BYTES - 1));
	for (size_t i = 0; i < big->size; i++)
		assert_int_equal(big->at[i], 0);
}

static void by_handle(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;
	struct tandem_twin *a = add(7, 3, 8), *other;

	(void)state;
	assert_ptr_equal(tandem_twin_find(twins, 7, 3), a);
	assert_null(tandem_twin_find(twins, 7, 2));
	assert_null(tandem_twin_find(twins, 8, 3));
	assert_null(tandem_twin_find(twins, TANDEM_OBJECTS_MAX, 1));
	assert_int_equal(tandem_twin_add(twins, 7, 4, 8, &other), -EEXIST);
	assert_int_equal(tandem_twin_add(twins, TANDEM_OBJECTS_MAX, 1, 8, &other), -EPROTO);
	assert_int_equal(tandem_twin_add(twins, 9, 0, 8, &other), -EPROTO);
	add(TANDEM_OBJECTS_MAX - 1, 1, 8);
}

static void globals_are_twins(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;

	(void)state;
	assert_ptr_equal(tandem_twin_find(twins, 0, 0)->at, &counter);
	assert_ptr_equal(tandem_twin_at(twins, &counter), tandem_twin_find(twins, 0, 0));
	assert_ptr_equal(tandem_twin_at(twins, (char *)&counter + 3), tandem_twin_find(twins, 0, 0));
	assert_null(tandem_twin_at(twins, &counter + 1));
	assert_null(tandem_twin_find(twins, 1, 0));
}

/* An address is not given out again: a pointer to a dead twin never meets a living one. */
static void no_address_twice(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;
	unsigned char *last = NULL;

	(void)state;
	for (uint32_t gen = 1; gen < 5000; gen++) {
		struct tandem_twin *twin = add(4, gen, gen % 700);

		assert_true(twin->at > last);
		last = twin->at;
		tandem_twin_drop(twins, twin);
		assert_null(tandem_twin_at(twins, last));
		assert_null(tandem_twin_find(twins, 4, gen));
	}
}

/* Chunks whose twins are all dead are inaccessible; those with a living one are not. */
static void touch_dead(void)
{
	struct tandem_twin *twin = add(4, 1, TANDEM_CHUNK_BYTES);
	unsigned char *at = twin->at;

	tandem_twin_drop(&worker->seat.twins, twin);
	add(5, 1, TANDEM_CHUNK_BYTES);
	tandem_fault_init();
	tandem_fault_init_thread();
	*(volatile char *)at = 1;
}

static void dead_memory_faults(void **state)
{
	(void)state;
	assert_non_null(strstr(last_words(touch_dead, SIGSEGV), "an object that is dead"));
}

/* Against a simple list, with random sizes and lives. */
static void like_a_list(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;
	struct tandem_twin *live[200] = { 0 };
	uint32_t gen[200] = { 0 };

	(void)state;
	srandom(1);
	for (int n = 0; n < 20000; n++) {
		int i = random() % 200;

		if (live[i]) {
			tandem_twin_drop(twins, live[i]);
			live[i] = NULL;
		} else {
			live[i] = add(i, ++gen[i], random() % (n % 50 ? 500 : 200000));
			memset(live[i]->at, i, live[i]->size);
		}
		i = random() % 200;
		if (!live[i] || !live[i]->size)
			continue;
		assert_ptr_equal(tandem_twin_at(twins, live[i]->at + random() % live[i]->size),
				 live[i]);
		assert_int_equal(live[i]->at[live[i]->size - 1], i);
	}
}

static void types_must_fit(void **state)
{
	struct tandem_twins *twins = &worker->seat.twins;
	struct tandem_twin *twin = add(1, 1, sizeof(struct node) + 16);
	struct tandem_segment good[] = { { T_NODE, 1, 0 }, { T_ITEM, 2, sizeof(struct node) } };
	struct tandem_segment bad[] = {
		{ T_NODE, 2, 0 }, { 3, 1, 0 }, { T_ITEM, 3, sizeof(struct node) },
		{ T_ITEM, 0xffffffff, 0 }, { T_ITEM, 0, 1000 },
	};

	(void)state;
	assert_int_equal(tandem_twin_type(twins, twin, good, 2), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(tandem_twin_type(twins, twin, &bad[i], 1), -EPROTO);
	assert_int_equal(twin->nseg, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_worker, stop_worker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_address),
		TEST(by_handle),
		TEST(globals_are_twins),
		TEST(no_address_twice),
		TEST(dead_memory_faults),
		TEST(like_a_list),
		TEST(types_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
