// SPDX-License-Identifier: GPL-2.0
/* Fields cross as the protocol header lays them out, and only what changed goes back. */
#include "half_fixture.h"

static const uint64_t array[4] = { 10, 11, 12, 13 };
static const struct tandem_wire null = { .tag = TANDEM_WIRE_NULL };
static struct tandem_frame frame;

static void begin(void)
{
	assert_int_equal(tandem_frame_push(&worker->seat.frames, &frame, &worker->seat.twins,
					   E_TOUCH, 1), 0);
}

static int apply(void)
{
	int ret = tandem_marshal_apply(&worker->seat, up.at, up.bytes);

	tandem_body_reset(&up);
	return ret;
}

static struct node *node_at(uint32_t index, uint32_t gen)
{
	return (void *)tandem_twin_find(&worker->seat.twins, index, gen)->at;
}

static struct node *get_node(void)
{
	begin();
	put_new_node(1, 1);
	put_sync_node(1, 1, 100, 7, 0xf5, to_object(1, 1, 0), "eth0", array, null);
	assert_int_equal(apply(), 0);
	return node_at(1, 1);
}

static long flush(unsigned int access)
{
	long n;

	tandem_body_reset(&worker->seat.body);
	n = tandem_marshal_flush(&worker->seat, access);
	worker->area->down_bytes = worker->seat.body.bytes;
	return n;
}

static void sync_fills_fields(void **state)
{
	struct node *node = get_node();

	(void)state;
	assert_int_equal(node->count, 100);
	assert_int_equal(node->small, 7);
	assert_int_equal(node->bits, 0xf5);
	assert_ptr_equal(node->next, node);
	assert_string_equal(node->name, "eth0");
	assert_memory_equal(node->array, array, sizeof(array));
	assert_null(node->items);
	assert_int_equal(flush(TANDEM_WRITE), 0);
	assert_int_equal(worker->seat.body.bytes, 0);
}

static void strings_live_on(void **state)
{
	struct node *node = get_node();
	const char *old = node->name;

	(void)state;
	put_sync_node(1, 1, 100, 7, 0xf5, null, "eth1", array, null);
	assert_int_equal(apply(), 0);
	assert_string_equal(node->name, "eth1");
	assert_string_equal(old, "eth0");
	put_sync_node(1, 1, 100, 7, 0xf5, null, "eth0", array, null);
	assert_int_equal(apply(), 0);
	assert_ptr_equal(node->name, old);
	put_sync_node(1, 1, 100, 7, 0xf5, null, NULL, array, null);
	assert_int_equal(apply(), 0);
	assert_null(node->name);
}

static void flush_takes_what_changed(void **state)
{
	struct node *node = get_node();
	const struct tandem_record *rec;

	(void)state;
	node->count = 101;
	node->small = 8;		/* only read in this view: lost, as analysis said */
	node->array[2] = 99;
	node->hidden = 1;
	assert_int_equal(flush(TANDEM_WRITE), 2);
	rec = down_record(0);
	assert_int_equal(rec->kind, TANDEM_REC_FLUSH);
	assert_int_equal(rec->index, 1);
	assert_int_equal(rec->gen, 1);
	assert_int_equal(rec->count, 2);
	assert_int_equal(rec->bytes, sizeof(*rec) + 2 * sizeof(struct tandem_change));
	assert_int_equal(change(rec, 0)->use, U_COUNT);
	assert_int_equal(change(rec, 0)->old, 100);
	assert_int_equal(change(rec, 0)->now, 101);
	assert_int_equal(change(rec, 1)->use, U_ARRAY);
	assert_int_equal(change(rec, 1)->item, 2);
	assert_int_equal(change(rec, 1)->now, 99);
	assert_null(down_record(1));
	assert_int_equal(flush(TANDEM_WRITE), 0);
}

static void bits_cross_under_their_mask(void **state)
{
	struct node *node = get_node();

	(void)state;
	node->bits = 0x05;		/* changes outside the mask only */
	assert_int_equal(flush(TANDEM_WRITE), 0);
	node->bits = 0x02;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->use, U_BITS);
	assert_int_equal((change(down_record(0), 0)->old ^ change(down_record(0), 0)->now) & 0xf, 7);
	assert_int_equal(flush(TANDEM_WRITE), 0);
}

static void pointers_cross_as_handles(void **state)
{
	struct node *node = get_node();
	const struct tandem_change *one;

	(void)state;
	node->next = NULL;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->wire.tag, TANDEM_WIRE_NULL);
	node->next = (void *)&node->array[1];
	assert_int_equal(flush(TANDEM_WRITE), 1);
	one = change(down_record(0), 0);
	assert_int_equal(one->use, U_NEXT);
	assert_int_equal(one->wire.tag, TANDEM_WIRE_OBJECT);
	assert_int_equal(one->wire.index, 1);
	assert_int_equal(one->wire.gen, 1);
	assert_int_equal(one->wire.offset, offsetof(struct node, array) + 8);
	node->next = (void *)alpha;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->wire.tag, TANDEM_WIRE_SYMBOL);
	node->next = (void *)-12L;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->wire.tag, TANDEM_WIRE_ERROR);
	node->next = (void *)&counter;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->wire.gen, 0);
	node->next = (void *)&node;
	assert_int_equal(flush(TANDEM_WRITE), -EFAULT);
	assert_non_null(strstr(worker->seat.why, "next was set to no memory"));
}

static void release_takes_its_fields_only(void **state)
{
	struct node *node = get_node();

	(void)state;
	node->count = 1;
	assert_int_equal(flush(TANDEM_RELEASE), 0);
	node->array[0] = 1;
	assert_int_equal(flush(TANDEM_RELEASE), 1);
	assert_int_equal(change(down_record(0), 0)->use, U_ARRAY);
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->use, U_COUNT);
}

/* The pitfall: freed and allocated again, the same place in the kernel is another object. */
static void new_generation_is_a_change(void **state)
{
	struct tandem_segment seg = { .type = T_ITEM, .count = 1 };
	struct node *node = get_node();
	void *old;

	(void)state;
	put_new(2, 1, sizeof(struct item), &seg, 1);
	put_sync_node(1, 1, 100, 7, 0xf5, null, NULL, array, to_object(2, 1, 0));
	assert_int_equal(apply(), 0);
	old = node->items;
	put_gone(2, 1);
	put_new(2, 2, sizeof(struct item), &seg, 1);
	assert_int_equal(apply(), 0);
	assert_ptr_not_equal(node_at(2, 2), old);
	node->items = (void *)node_at(2, 2);
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(change(down_record(0), 0)->wire.gen, 2);
	node->items = old;
	assert_int_equal(flush(TANDEM_WRITE), -EFAULT);
	assert_non_null(strstr(worker->seat.why, "dead"));
}

/* Plain bytes become records by the first typed pointer to their begin. */
static void stored_bytes_get_a_type(void **state)
{
	struct node *node = get_node();
	const struct tandem_record *rec;
	struct item *item;

	(void)state;
	put_new(9, 4, 3 * sizeof(*item) + 4, NULL, 0);
	assert_int_equal(apply(), 0);
	item = (void *)node_at(9, 4);
	item[2].value = 5;
	item[0].status = 6;		/* not in the view */
	assert_int_equal(flush(TANDEM_WRITE), 0);
	node->items = item + 1;		/* not the begin: nothing is known of it */
	assert_int_equal(flush(TANDEM_WRITE), 1);
	node->items = item;
	assert_int_equal(flush(TANDEM_WRITE), 2);
	rec = down_record(0);
	assert_int_equal(rec->index, 1);
	assert_int_equal(change(rec, 0)->use, U_ITEMS);
	rec = down_record(1);
	assert_int_equal(rec->index, 9);
	assert_int_equal(rec->gen, 4);
	assert_int_equal(rec->count, 1);
	assert_int_equal(change(rec, 0)->element, 2);
	assert_int_equal(change(rec, 0)->segment, 0);
	assert_int_equal(change(rec, 0)->now, 5);
	item[1].value = 3;
	assert_int_equal(flush(TANDEM_WRITE), 1);
}

/* The same object announced again with segments: what the worker wrote in it stays. */
static void announced_again_keeps_bytes(void **state)
{
	struct tandem_segment seg = { .type = T_ITEM, .count = 2 };
	struct item *item;

	(void)state;
	begin();
	put_new(9, 4, 16, NULL, 0);
	assert_int_equal(apply(), 0);
	item = (void *)node_at(9, 4);
	item[1].value = 5;
	put_new(9, 4, 16, &seg, 1);
	assert_int_equal(apply(), 0);
	assert_ptr_equal(node_at(9, 4), item);
	assert_int_equal(item[1].value, 5);
	assert_int_equal(flush(TANDEM_WRITE), 1);
}

static void globals_cross(void **state)
{
	(void)state;
	begin();
	put_sync_counter(41);
	assert_int_equal(apply(), 0);
	assert_int_equal(counter, 41);
	counter++;
	assert_int_equal(flush(TANDEM_WRITE), 1);
	assert_int_equal(down_record(0)->gen, 0);
	assert_int_equal(down_record(0)->index, 0);
	assert_int_equal(change(down_record(0), 0)->now, 42);
}

/* What no body of this upcall mentioned is not compared, and what died is not either. */
static void only_met_twins_are_flushed(void **state)
{
	struct node *node = get_node();

	(void)state;
	tandem_frame_pop(&worker->seat.frames);
	begin();
	node->count = 5;
	assert_int_equal(flush(TANDEM_WRITE), 0);
	put_sync_node(1, 1, 100, 7, 0xf5, null, NULL, array, null);
	assert_int_equal(apply(), 0);
	node->count = 5;
	put_gone(1, 1);
	assert_int_equal(apply(), 0);
	assert_int_equal(flush(TANDEM_WRITE), 0);
}

static void tokens_come_back(void **state)
{
	struct tandem_wire token = { .tag = TANDEM_WIRE_TOKEN, .index = 0xfffffffe };
	struct tandem_seat *seat = &worker->seat;
	struct tandem_wire back;
	void *a, *b;

	(void)state;
	assert_int_equal(tandem_wire_get(seat->names, &seat->twins, &token, &a), 0);
	token.index = 3;	/* numbers wrap */
	assert_int_equal(tandem_wire_get(seat->names, &seat->twins, &token, &b), 0);
	assert_int_equal(tandem_wire_put(seat->names, &seat->twins, a, &back), 0);
	assert_int_equal(back.tag, TANDEM_WIRE_TOKEN);
	assert_int_equal(back.index, 0xfffffffe);
	assert_int_equal(tandem_wire_put(seat->names, &seat->twins, (char *)b + 8, &back), 0);
	assert_int_equal(back.index, 3);
	assert_int_equal(back.offset, 8);
}

static void symbols_without_stand_in(void **state)
{
	struct tandem_wire symbol = { .tag = TANDEM_WIRE_SYMBOL, .index = S_BETA };
	struct tandem_seat *seat = &worker->seat;
	struct tandem_wire back;
	void *at;

	(void)state;
	assert_int_equal(tandem_wire_get(seat->names, &seat->twins, &symbol, &at), 0);
	assert_string_equal(tandem_name_symbol(seat->names, at), "beta");
	assert_int_equal(tandem_wire_put(seat->names, &seat->twins, at, &back), 0);
	assert_int_equal(back.index, S_BETA);
	assert_int_equal(tandem_wire_put(seat->names, &seat->twins, (char *)at + 1, &back), -EFAULT);
	symbol.index = 2;
	assert_int_equal(tandem_wire_get(seat->names, &seat->twins, &symbol, &at), -EPROTO);
}

static void nonsense_is_refused(void **state)
{
	struct tandem_segment seg = { .type = 3, .count = 1 };
	uint64_t last;

	(void)state;
	begin();
	put_sync_node(1, 1, 0, 0, 0, null, NULL, array, null);	/* never announced */
	assert_int_equal(apply(), -EPROTO);
	put_new_node(1, 1);
	put_sync_node(1, 1, 0, 0, 0, to_object(5, 1, 0), NULL, array, null);
	assert_int_equal(apply(), -EPROTO);
	put_sync_node(1, 1, 0, 0, 0, to_object(1, 1, 1000), NULL, array, null);
	assert_int_equal(apply(), -EPROTO);
	put_new(2, 1, 100, &seg, 1);
	assert_int_equal(apply(), -EPROTO);
	put_values(TANDEM_REC_REPLY, 0, &null, 1);
	assert_int_equal(apply(), -EPROTO);
	/* One field short, one too many. */
	put_sync_node(1, 1, 0, 0, 0, null, NULL, array, null);
	((struct tandem_record *)up.at)->bytes -= 8;
	up.bytes -= 8;
	assert_int_equal(apply(), -EPROTO);
	put_sync_node(1, 1, 0, 0, 0, null, NULL, array, null);
	last = 0;
	put(&last, 8);
	((struct tandem_record *)up.at)->bytes += 8;
	assert_int_equal(apply(), -EPROTO);
}

/* A body that does not fit the area moves, whole. */
static void big_bodies_spill(void **state)
{
	static unsigned char data[100000];
	struct tandem_body *body = &worker->seat.body;

	(void)state;
	tandem_body_buffer(body, "abc", 3);
	assert_false(tandem_body_spilled(body));
	assert_int_equal(tandem_body_buffer(body, data, sizeof(data)), 1);
	assert_true(tandem_body_spilled(body));
	assert_memory_equal(body->at + sizeof(struct tandem_record), "abc", 3);
	assert_int_equal(tandem_body_buffer(body, data, TANDEM_SPILL_BYTES), -EMSGSIZE);
	tandem_body_reset(body);
	assert_false(tandem_body_spilled(body));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_worker, stop_worker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sync_fills_fields),
		TEST(strings_live_on),
		TEST(flush_takes_what_changed),
		TEST(bits_cross_under_their_mask),
		TEST(pointers_cross_as_handles),
		TEST(release_takes_its_fields_only),
		TEST(new_generation_is_a_change),
		TEST(stored_bytes_get_a_type),
		TEST(announced_again_keeps_bytes),
		TEST(globals_cross),
		TEST(only_met_twins_are_flushed),
		TEST(tokens_come_back),
		TEST(symbols_without_stand_in),
		TEST(nonsense_is_refused),
		TEST(big_bodies_spill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
