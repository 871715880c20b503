// SPDX-License-Identifier: GPL-2.0
/*
 * Random records, views and changes against a model that knows nothing of runs and passes:
 * it walks the protocol header's order, one item at a time.
 */
#include "half_fixture.h"

#define LEAVES	24
#define BYTES	(1 << 16)

static struct tandem_leaf leaf[LEAVES];
static struct tandem_use use[LEAVES];
static struct tandem_type random_type = { .name = "struct random", .leaf = leaf, .tail_type = TANDEM_NONE };
static struct tandem_view random_view = { .type = 0, .use = use };
static struct tandem_entry random_entry = {
	.name = "random", .nview = 1, .view = &random_view, .may = may_all, .closes = TANDEM_NONE,
};
static struct tandem_plan random_plan = {
	.module = "random", .build_id = "0123456789abcdef0123456789abcdef01234567",
	.type = &random_type, .ntype = 1, .entry = &random_entry, .nentry = 1,
};
static const struct tandem_uhalf random_half = { .plan = &random_plan };

static unsigned int up_to(unsigned int n)
{
	return random() % n;
}

static void make_leaf(struct tandem_leaf *l, uint32_t *at)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8 };

	*l = (struct tandem_leaf){ .name = "leaf", .count = 1, .type = TANDEM_NONE };
	l->kind = up_to(4) ? TANDEM_LEAF_WORD : 1 + up_to(4);
	l->size = l->kind >= TANDEM_LEAF_PTR ? 8 : sizes[up_to(4)];
	l->mask = l->kind == TANDEM_LEAF_BITS ? (uint64_t)random() << 20 ^ random() : 0;
	l->is_const = !up_to(8);
	l->count = up_to(4) ? 1 : 1 + up_to(9);
	l->stride = l->count > 1 ? l->size * (up_to(3) ? 1 : 2) : 0;
	*at = (*at + l->size - 1) / l->size * l->size + (up_to(4) ? 0 : l->size * up_to(20));
	l->offset = *at;
	*at += l->size + (l->count - 1) * l->stride;
}

static void make_plan(bool strings)
{
	uint32_t at = 0;

	random_type.nleaf = 1 + up_to(LEAVES);
	random_view.nuse = 0;
	for (unsigned int i = 0; i < random_type.nleaf; i++) {
		make_leaf(&leaf[i], &at);
		if (leaf[i].kind == TANDEM_LEAF_STR && !strings)
			leaf[i].kind = TANDEM_LEAF_PTR;
		if (up_to(4))
			use[random_view.nuse++] = (struct tandem_use){ i, up_to(8) };
	}
	random_type.size = (at + 7) / 8 * 8;
	assert_null(tandem_plan_rule(&random_plan));
}

static int start(void **state)
{
	(void)state;
	memset(&process, 0, sizeof(process));
	process.half = &random_half;
	worker = calloc(1, sizeof(*worker));
	assert_int_equal(tandem_names_init(&process.names, &random_half, -1), 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tandem_names_exit(&process.names);
	free(worker);
	return 0;
}

/* ---- the model ---- */

static unsigned char payload[BYTES];
static size_t bytes;

static void give(size_t align, const void *data, size_t n)
{
	while (bytes % align)
		payload[bytes++] = 0;
	memcpy(payload + bytes, data, n);
	bytes += n;
}

static uint64_t random_word(void)
{
	return (uint64_t)random() << 40 ^ (uint64_t)random() << 20 ^ random();
}

/* What the kernel has and what the twin must be after it said so. */
static void give_item(const struct tandem_leaf *l, unsigned char *expected)
{
	struct tandem_wire wire = { .tag = TANDEM_WIRE_NULL };
	uint64_t word = random_word();
	uint32_t none = 0xffffffff;

	switch (l->kind) {
	case TANDEM_LEAF_PTR:
		word = 0;
		if (up_to(2)) {
			wire.tag = TANDEM_WIRE_ERROR;
			word = wire.value = -(uint64_t)(1 + up_to(4095));
		}
		give(8, &wire, sizeof(wire));
		break;
	case TANDEM_LEAF_STR:
		word = 0;
		give(4, &none, 4);
		break;
	default:
		give(l->size, &word, l->size);
	}
	memcpy(expected, &word, l->size);
}

static void each_item(unsigned char *at, uint32_t elements,
		      void (*act)(const struct tandem_leaf *l, unsigned char *item))
{
	for (uint32_t e = 0; e < elements; e++, at += random_type.size)
		for (unsigned int u = 0; u < random_view.nuse; u++) {
			const struct tandem_leaf *l = &leaf[use[u].leaf];

			for (unsigned int i = 0; i < l->count; i++)
				act(l, at + l->offset + i * l->stride);
		}
}

static void change_item(const struct tandem_leaf *l, unsigned char *item)
{
	uint64_t word = random_word();

	if (up_to(4))
		return;
	if (l->kind >= TANDEM_LEAF_PTR)
		word = -(uint64_t)(1 + up_to(4095));
	memcpy(item, &word, l->size);
}

static bool is_flushed(unsigned int u, unsigned int access)
{
	const struct tandem_leaf *l = &leaf[use[u].leaf];

	if (l->is_const || l->kind == TANDEM_LEAF_STR)
		return false;
	if (access == TANDEM_RELEASE)
		return use[u].access & TANDEM_RELEASE;
	return use[u].access & (TANDEM_WRITE | TANDEM_RELEASE);
}

/* Counts what must be flushed; each must be in the record once. */
static unsigned int check_changes(const unsigned char *old, const unsigned char *now,
				  uint32_t elements, unsigned int access,
				  const struct tandem_record *rec)
{
	unsigned int n = 0;

	for (uint32_t e = 0; e < elements; e++)
		for (unsigned int u = 0; u < random_view.nuse; u++)
			for (unsigned int i = 0; is_flushed(u, access) && i < leaf[use[u].leaf].count; i++) {
				const struct tandem_leaf *l = &leaf[use[u].leaf];
				size_t at = e * random_type.size + l->offset + i * l->stride;
				uint64_t a = 0, b = 0, mask = l->kind == TANDEM_LEAF_BITS ? l->mask : ~0ULL;
				unsigned int seen = 0;

				memcpy(&a, old + at, l->size);
				memcpy(&b, now + at, l->size);
				if (!((a ^ b) & mask))
					continue;
				n++;
				for (uint32_t k = 0; rec && k < rec->count; k++) {
					const struct tandem_change *c = change(rec, k);

					if (c->element != e || c->use != u || c->item != i)
						continue;
					seen++;
					if (l->kind == TANDEM_LEAF_PTR) {
						assert_int_equal(c->wire.value, b);
						continue;
					}
					assert_int_equal((c->old ^ c->now) & mask, (a ^ b) & mask);
					if (l->kind == TANDEM_LEAF_WORD)
						assert_int_equal(c->now, b);
				}
				assert_int_equal(seen, 1);
			}
	return n;
}

/* ---- one plan, one object, some rounds ---- */

static unsigned char *expected, *before;

static void sync_round(struct tandem_twin *twin, uint32_t elements)
{
	struct tandem_record *rec = (void *)payload;
	const struct tandem_record *last;

	memset(payload, 0, sizeof(*rec));
	bytes = sizeof(*rec);
	each_item(expected, elements, give_item);
	while (bytes % 8)
		payload[bytes++] = 0;
	*rec = (struct tandem_record){ .kind = TANDEM_REC_SYNC, .index = 1, .gen = 1, .bytes = bytes };
	assert_int_equal(tandem_marshal_last(&worker->seat, payload, bytes, &last), 0);
	assert_int_equal(tandem_marshal_apply(&worker->seat, payload, bytes), 0);
	assert_memory_equal(twin->at, expected, twin->size);
	/* A byte less is noticed. */
	if (bytes > sizeof(*rec)) {
		rec->bytes -= 8;
		worker->seat.why[0] = 0;
		assert_int_equal(tandem_marshal_apply(&worker->seat, payload, rec->bytes), -EPROTO);
	}
}

static void flush_round(struct tandem_twin *twin, uint32_t elements, unsigned int access)
{
	const struct tandem_record *rec;
	unsigned int n;
	long flushed;

	memcpy(before, twin->agreed, twin->size);
	each_item(twin->at, elements, change_item);
	tandem_body_reset(&worker->seat.body);
	flushed = tandem_marshal_flush(&worker->seat, access);
	rec = flushed > 0 ? (void *)worker->seat.body.at : NULL;
	n = check_changes(before, twin->at, elements, access, rec);
	assert_int_equal(flushed, n);
	tandem_body_reset(&worker->seat.body);
	assert_int_equal(tandem_marshal_flush(&worker->seat, access), 0);
}

static void one_plan(bool strings)
{
	uint32_t elements = up_to(3) ? 1 : 1 + up_to(6);
	struct tandem_segment seg = { .type = 0, .count = elements };
	static unsigned char down[4096];
	struct tandem_twin *twin;
	struct tandem_frame frame;

	make_plan(strings);
	assert_int_equal(tandem_lenses_init(&process.lenses, &random_plan), 0);
	assert_int_equal(tandem_seat_init(&worker->seat, &random_half, &process.names,
					  &process.lenses, down, sizeof(down)), 0);
	assert_int_equal(tandem_frame_push(&worker->seat.frames, &frame, &worker->seat.twins, 0, 1), 0);
	assert_int_equal(tandem_twin_add(&worker->seat.twins, 1, 1,
					 (size_t)elements * random_type.size, &twin), 0);
	assert_int_equal(tandem_twin_type(&worker->seat.twins, twin, &seg, 1), 0);
	expected = calloc(1, twin->size + 1);
	before = calloc(1, twin->size + 1);
	for (int round = 0; round < 6; round++) {
		sync_round(twin, elements);
		assert_int_equal(tandem_frame_meet(&worker->seat.frames, twin), 0);
		if (random_view.nuse) {
			flush_round(twin, elements, TANDEM_RELEASE);
			flush_round(twin, elements, TANDEM_WRITE);
		}
		memcpy(expected, twin->at, twin->size);
	}
	free(expected);
	free(before);
	tandem_frame_pop(&worker->seat.frames);
	tandem_seat_exit(&worker->seat);
	tandem_lenses_exit(&process.lenses);
}

static void random_plans(void **state)
{
	(void)state;
	srandom(3);
	for (int i = 0; i < 3000; i++)
		one_plan(i & 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_plans, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
