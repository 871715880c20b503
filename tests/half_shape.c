// SPDX-License-Identifier: GPL-2.0
/* CALLs with a shape: what comes is stored, and the reply is short if, and only if, it may be. */
#include "half_fixture.h"

/* Words of the shape, as <tandem/channel.h> counts them. */
enum { W_ARRAY, W_COUNT = 4, W_SMALL, W_BITS };
#define BIT(n)	(1ULL << (n))

static const struct tandem_wire null = { .tag = TANDEM_WIRE_NULL };
static void (*script[8])(void);		/* what the kernel does at each crossing in turn */
static unsigned int step;
static uint64_t number, seq;

static int next(struct tandem_thread *thread)
{
	(void)thread;
	assert_non_null(script[step]);
	script[step++]();
	return 0;
}

static void put_sync_plain(uint32_t count, uint16_t small, uint8_t bits, const uint64_t *array)
{
	struct {
		struct tandem_record rec;
		uint32_t count;
		uint16_t small;
		uint8_t bits, pad;
		struct tandem_wire next;
		uint64_t array[4];
		struct tandem_wire items;
	} sync = {
		.rec = { .kind = TANDEM_REC_SYNC, .index = 1, .gen = 1, .bytes = sizeof(sync) },
		.count = count, .small = small, .bits = bits, .next = to_object(1, 1, 0), .items = null,
	};

	memcpy(sync.array, array, sizeof(sync.array));
	put(&sync, sizeof(sync));
}

/* The fields as the kernel says them at each call; the argument is n. */
static const uint64_t array[4] = { 1, 2, 3, 1ULL << 40 };

static void send_plain(int n, uint64_t shape)
{
	struct tandem_wire arg[] = { to_object(1, 1, 0), to_scalar(n) };

	put_sync_plain(100 + n, 7, 0xf5, array);
	put_values(TANDEM_REC_CALL, E_PLAIN, arg, 2);
	worker->area->up_shape = shape;
	send(TANDEM_OP_CALL, ++seq);
}

static void idle(void)
{
	assert_int_equal(worker->area->down_op, TANDEM_SAY_REPLY);
	assert_int_equal(worker->area->down_seq, seq);
	worker->area->up_op = TANDEM_OP_CALL;
}

static void serve(tandem_u64 (*how)(struct node *node, int n), int n,
		  void (*const *steps)(void), unsigned int nsteps)
{
	memset(script, 0, sizeof(script));
	memcpy(script, steps, nsteps * sizeof(*steps));
	step = 0;
	do_plain = how;
	worker->next = next;
	send_plain(n, number);
	tandem_upcall(worker);
	assert_int_equal(step, nsteps);
	assert_null(worker->seat.frames.top);
	assert_int_equal(worker->seat.frames.nmet, 0);
}

#define SERVE(how, n, ...) do {						\
	void (*const steps[])(void) = { __VA_ARGS__ };				\
	serve(how, n, steps, sizeof(steps) / sizeof(*steps));			\
} while (0)

static bool is_short(void)
{
	return worker->area->down_flags & TANDEM_DOWN_SHAPED;
}

static const struct tandem_shaped *said(void)
{
	return (const void *)((char *)worker->area + TANDEM_DOWN_OFFSET);
}

static tandem_u64 look(struct node *node, int n)
{
	assert_int_equal(node->count, 100 + n);
	assert_int_equal(node->small, 7);
	assert_int_equal(node->bits, 0xf5);
	assert_ptr_equal(node->next, node);
	assert_memory_equal(node->array, array, sizeof(array));
	assert_null(node->items);
	return n;
}

/* The full way, which learns, and one that is short already. */
static int start_learnt(void **state)
{
	struct tandem_segment seg = { .type = T_NODE, .count = 1 };

	start_worker(state);
	number = 1ULL << 16 | E_PLAIN;
	seq = 0;
	put_new(1, 1, sizeof(struct node), &seg, 1);
	number = 0;
	SERVE(look, 0, idle);
	assert_false(is_short());
	number = 1ULL << 16 | E_PLAIN;
	SERVE(look, 1, idle);
	assert_false(is_short());
	SERVE(look, 2, idle);
	assert_true(is_short());
	assert_int_equal(worker->area->down_bytes, sizeof(struct tandem_shaped));
	assert_int_equal(said()->result, 2);
	assert_int_equal(said()->changed, 0);
	return 0;
}

static tandem_u64 change_words(struct node *node, int n)
{
	look(node, n);
	node->array[0] = 11;
	node->array[3]++;
	node->count--;
	node->small++;		/* only read in this view */
	node->hidden = 5;
	return -n;
}

static void words_cross(void **state)
{
	(void)state;
	for (int n = 3; n < 6; n++) {
		SERVE(change_words, n, idle);
		assert_true(is_short());
		assert_int_equal(said()->result, (uint64_t)-n);
		assert_int_equal(said()->changed, BIT(W_ARRAY) | BIT(W_ARRAY + 3) | BIT(W_COUNT));
		assert_int_equal(worker->area->down_bytes, sizeof(struct tandem_shaped) + 3 * 8);
		assert_int_equal(said()->now[0], 11);
		assert_int_equal(said()->now[1], array[3] + 1);
		assert_int_equal(said()->now[2], 99 + n);
	}
}

static tandem_u64 change_bits(struct node *node, int n)
{
	look(node, n);
	node->bits ^= 1;
	node->count = 1;
	return n;
}

static tandem_u64 change_pointer(struct node *node, int n)
{
	look(node, n);
	node->next = NULL;
	node->count = 1;
	return n;
}

/* Both changes stand in one FLUSH, in the order of the view. */
static void assert_flushed(unsigned int record, unsigned int first, unsigned int second)
{
	const struct tandem_record *rec = down_record(record);

	assert_int_equal(rec->kind, TANDEM_REC_FLUSH);
	assert_int_equal(rec->count, 2);
	assert_int_equal(change(rec, 0)->use, first);
	assert_int_equal(change(rec, 1)->use, second);
}

static void others_cross_in_full(void **state)
{
	(void)state;
	SERVE(change_bits, 3, idle);
	assert_false(is_short());
	assert_flushed(0, 0, 2);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_REPLY);
	SERVE(change_pointer, 4, idle);
	assert_false(is_short());
	assert_flushed(0, 0, 3);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_REPLY);
	SERVE(look, 5, idle);
	assert_true(is_short());
}

static tandem_u64 use_between(struct node *node, int n)
{
	tandem_u64 arg[] = { (unsigned long)node };

	look(node, n);
	node->array[1] = 20;
	tandem_down(D_USE, arg, NULL);
	assert_int_equal(node->count, 500);
	node->array[2] = 30;
	return n;
}

static void used(void)
{
	const struct tandem_record *rec = down_record(0);
	struct tandem_wire nothing = to_scalar(0);

	assert_int_equal(worker->area->down_op, TANDEM_SAY_DOWN);
	assert_false(is_short());
	assert_int_equal(rec->kind, TANDEM_REC_FLUSH);
	assert_int_equal(rec->count, 1);
	assert_int_equal(change(rec, 0)->use, 4);
	assert_int_equal(change(rec, 0)->item, 1);
	assert_int_equal(change(rec, 0)->old, 2);
	put_sync_plain(500, 7, 0xf5, (const uint64_t[]){ 1, 20, 3, 4 });
	put_values(TANDEM_REC_RETURN, D_USE, &nothing, 1);
	send(TANDEM_OP_RETURN, seq);
}

static void after_a_crossing_in_full(void **state)
{
	(void)state;
	SERVE(use_between, 3, used, idle);
	assert_false(is_short());
	assert_int_equal(down_record(0)->kind, TANDEM_REC_FLUSH);
	assert_int_equal(down_record(0)->count, 1);
	assert_int_equal(change(down_record(0), 0)->item, 2);
	assert_int_equal(change(down_record(0), 0)->now, 30);
	SERVE(look, 4, idle);
	assert_true(is_short());
}

static tandem_u64 queue(struct node *node, int n)
{
	tandem_u64 arg[] = { 5 };

	look(node, n);
	tandem_down(D_NOTE, arg, NULL);
	return n;
}

static tandem_u64 release_nothing(struct node *node, int n)
{
	look(node, n);
	tandem_release();
	node->count = 3;
	return n;
}

static tandem_u64 release_something(struct node *node, int n)
{
	look(node, n);
	node->array[3] = 4;
	tandem_release();
	return n;
}

static void synced(void)
{
	assert_int_equal(worker->area->down_op, TANDEM_SAY_SYNC);
	assert_int_equal(down_record(0)->count, 1);
	put_sync_plain(500, 7, 0xf5, (const uint64_t[]){ 1, 2, 3, 4 });
	send(TANDEM_OP_RETURN, seq);
}

static tandem_u64 store_the_same(struct node *node, int n)
{
	look(node, n);
	node->count = 100 + n;
	tandem_stored(&node->count, sizeof(node->count), 0xffffffff);
	return n;
}

static void what_is_told_otherwise_too(void **state)
{
	(void)state;
	SERVE(queue, 3, idle);
	assert_false(is_short());
	assert_int_equal(down_record(0)->kind, TANDEM_REC_DOWN);
	SERVE(release_nothing, 4, idle);
	assert_true(is_short());
	assert_int_equal(said()->changed, BIT(W_COUNT));
	SERVE(release_something, 5, synced, idle);
	assert_false(is_short());
	assert_int_equal(down_record(0)->kind, TANDEM_REC_REPLY);
	SERVE(store_the_same, 6, idle);
	assert_false(is_short());
	assert_int_equal(down_record(0)->kind, TANDEM_REC_FLUSH);
	assert_int_equal(change(down_record(0), 0)->now, 106);
	SERVE(look, 7, idle);
	assert_true(is_short());
}

static void another_shape_is_learnt(void **state)
{
	(void)state;
	number += 1 << 16;
	SERVE(change_words, 3, idle);
	assert_false(is_short());
	SERVE(change_words, 4, idle);
	assert_true(is_short());
	number = 0;
	SERVE(change_words, 5, idle);
	assert_false(is_short());
}

static void a_trace_names_records(void **state)
{
	(void)state;
	process.trace = true;
	number += 1 << 16;
	SERVE(look, 3, idle);
	SERVE(look, 4, idle);
	assert_false(is_short());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_cross, start_learnt, stop_worker),
		cmocka_unit_test_setup_teardown(others_cross_in_full, start_learnt, stop_worker),
		cmocka_unit_test_setup_teardown(after_a_crossing_in_full, start_learnt, stop_worker),
		cmocka_unit_test_setup_teardown(what_is_told_otherwise_too, start_learnt, stop_worker),
		cmocka_unit_test_setup_teardown(another_shape_is_learnt, start_learnt, stop_worker),
		cmocka_unit_test_setup_teardown(a_trace_names_records, start_learnt, stop_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
