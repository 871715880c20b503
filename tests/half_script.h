/* SPDX-License-Identifier: GPL-2.0 */
/* Upcalls whose crossings a test answers one by one, as the kernel would. */
#ifndef HALF_SCRIPT_H
#define HALF_SCRIPT_H

#include "half_fixture.h"

static const uint64_t array[4];
static const struct tandem_wire null = { .tag = TANDEM_WIRE_NULL };

/* What the kernel does at each crossing in turn; the last one ends the call. */
static void (*script[16])(void);
static unsigned int step;

static inline int next(struct tandem_thread *thread)
{
	(void)thread;
	assert_non_null(script[step]);
	script[step++]();
	return 0;
}

static inline void call(uint16_t entry, uint64_t seq, uint32_t count, int n)
{
	struct tandem_wire arg[] = { to_object(1, 1, 0), to_scalar((int64_t)n) };

	put_new_node(1, 1);
	put_sync_node(1, 1, count, 7, 0, null, NULL, array, null);
	put_sync_counter(1000);
	put_values(TANDEM_REC_CALL, entry, arg, 2);
	send(TANDEM_OP_CALL, seq);
}

static inline void call_touch(uint64_t seq, uint32_t count, int n)
{
	call(E_TOUCH, seq, count, n);
}

static inline void answer(struct tandem_wire result)
{
	put_values(TANDEM_REC_RETURN, 0, &result, 1);
	send(TANDEM_OP_RETURN, 0);
}

/* Runs one upcall; @steps are what the kernel does at each crossing. */
static inline void run(void (*const *steps)(void), unsigned int n)
{
	memset(script, 0, sizeof(script));
	memcpy(script, steps, n * sizeof(*steps));
	step = 0;
	worker->next = next;
	tandem_upcall(worker);
	assert_int_equal(step, n);
	assert_null(worker->seat.frames.top);
}

#define RUN(...) do { \
	void (*const steps[])(void) = { __VA_ARGS__ }; \
	run(steps, sizeof(steps) / sizeof(*steps)); \
} while (0)

static inline void assert_said(uint32_t op, uint64_t seq)
{
	assert_int_equal(worker->area->down_op, op);
	assert_int_equal(worker->area->down_seq, seq);
}

static inline void idle(void)
{
	call_touch(99, 0, 0);
}

static inline void plain_reply(void)
{
	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(down_record(0)->kind, TANDEM_REC_REPLY);
	idle();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_worker, stop_worker)

#endif
