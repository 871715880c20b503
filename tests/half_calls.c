// SPDX-License-Identifier: GPL-2.0
/* Upcalls, downcalls inside them, upcalls inside those: the test answers as the kernel would. */
#include "half_script.h"

/* ---- a plain upcall ---- */

static tandem_u64 add(struct node *node, int n)
{
	node->count += n;
	counter++;
	return (unsigned int)-5;
}

static void added(void)
{
	const struct tandem_record *rec = down_record(0);

	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(rec->kind, TANDEM_REC_FLUSH);
	rec = down_record(2);
	assert_int_equal(rec->kind, TANDEM_REC_REPLY);
	assert_int_equal(rec->count, 1);
	assert_int_equal(wire(rec, 0)->tag, TANDEM_WIRE_SCALAR);
	assert_int_equal((int64_t)wire(rec, 0)->value, -5);
	assert_null(down_record(3));
	idle();
}

static void plain_upcall(void **state)
{
	(void)state;
	do_touch = add;
	call_touch(7, 100, -3);
	RUN(added);
}

/* ---- buffers and strings ---- */

static void upper(char *buffer, const char *text)
{
	assert_string_equal(text, "hello");
	memcpy(buffer, "WORLD", 5);
}

static void copied(void)
{
	const struct tandem_record *rec = down_record(0);

	assert_int_equal(rec->kind, TANDEM_REC_BUFFER);
	assert_int_equal(rec->length, 6);
	assert_memory_equal(rec + 1, "WORLD!", 6);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_REPLY);
	idle();
}

static void buffers_go_both_ways(void **state)
{
	struct tandem_wire arg[] = {
		{ .tag = TANDEM_WIRE_BUFFER, .index = 1 }, { .tag = TANDEM_WIRE_STRING, .index = 0 },
	};

	(void)state;
	do_copy = upper;
	tandem_body_buffer(&up, "hello", 6);
	tandem_body_buffer(&up, "world!", 6);
	put_values(TANDEM_REC_CALL, E_COPY, arg, 2);
	send(TANDEM_OP_CALL, 7);
	RUN(copied);
}

/* ---- a downcall flushes before and refreshes after ---- */

static tandem_u64 use(struct node *node, int n)
{
	tandem_u64 arg = (unsigned long)node;

	(void)n;
	node->count = 55;
	tandem_down(D_USE, &arg, NULL);
	assert_int_equal(node->count, 66);
	return node->array[3];
}

static void used(void)
{
	const uint64_t fresh[4] = { 0, 0, 0, 77 };

	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->kind, TANDEM_REC_FLUSH);
	assert_int_equal(change(down_record(0), 0)->now, 55);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_DOWN);
	assert_int_equal(down_record(1)->id, D_USE);
	assert_int_equal(wire(down_record(1), 0)->index, 1);
	put_sync_node(1, 1, 66, 7, 0, null, NULL, fresh, null);
	answer(to_scalar(0));
}

static void replied_77(void)
{
	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(down_record(0)->kind, TANDEM_REC_REPLY);
	assert_int_equal(wire(down_record(0), 0)->value, 77);
	idle();
}

static void downcall_is_release_and_acquire(void **state)
{
	(void)state;
	do_touch = use;
	call_touch(7, 1, 1);
	RUN(used, replied_77);
}

/* ---- flat memory ---- */

static tandem_u64 put_flat(struct node *node, int n)
{
	uint64_t out = 5;
	tandem_u64 arg[] = { (unsigned long)"text", (unsigned long)"data", (unsigned long)&out };
	tandem_u64 bytes[] = { 0, 3, 0 };

	(void)node;
	(void)n;
	assert_int_equal((int)tandem_down(D_PUT, arg, bytes), -2);
	return out;
}

static void flat(void)
{
	uint64_t out = 77;

	assert_int_equal(down_record(0)->length, 5);
	assert_memory_equal(down_record(0) + 1, "text", 5);
	assert_int_equal(down_record(1)->length, 3);
	assert_memory_equal(down_record(1) + 1, "dat", 3);
	assert_int_equal(down_record(2)->length, 8);
	assert_int_equal(wire(down_record(3), 0)->tag, TANDEM_WIRE_STRING);
	assert_int_equal(wire(down_record(3), 0)->index, 0);
	assert_int_equal(wire(down_record(3), 1)->tag, TANDEM_WIRE_BUFFER);
	assert_int_equal(wire(down_record(3), 1)->index, 1);
	assert_int_equal(wire(down_record(3), 2)->tag, TANDEM_WIRE_BUFFER);
	assert_int_equal(wire(down_record(3), 2)->index, 2);
	tandem_body_buffer(&up, &out, 8);
	answer(to_scalar((uint64_t)-2));
}

static void local_variables_cross_flat(void **state)
{
	(void)state;
	do_touch = put_flat;
	call_touch(7, 1, 1);
	RUN(flat, replied_77);
}

/* ---- nested upcalls ---- */

static void change_small(struct node *node)
{
	node->small++;
	node->count = 1;	/* not its to write: stays here */
}

static tandem_u64 use_nested(struct node *node, int n)
{
	tandem_u64 arg = (unsigned long)node;

	(void)n;
	node->array[0] = 1;
	tandem_down(D_USE, &arg, NULL);
	node->array[1] = 2;
	return node->small;
}

static void put_sync_small(uint16_t small)
{
	struct { struct tandem_record rec; uint16_t value, pad[3]; } sync = {
		.rec = { .kind = TANDEM_REC_SYNC, .index = 1, .gen = 1, .bytes = sizeof(sync) },
		.value = small,
	};

	put(&sync, sizeof(sync));
}

static void nest(void)
{
	struct tandem_wire arg = to_object(1, 1, 0);

	assert_said(TANDEM_SAY_DOWN, 7);
	put_sync_small(20);
	put_values(TANDEM_REC_CALL, E_INNER, &arg, 1);
	send(TANDEM_OP_CALL, 8);
}

static void inner_replied(void)
{
	const uint64_t now[4] = { 1, 0, 0, 0 };

	assert_said(TANDEM_SAY_REPLY, 8);
	assert_int_equal(down_record(0)->kind, TANDEM_REC_FLUSH);
	assert_int_equal(down_record(0)->count, 1);
	assert_int_equal(change(down_record(0), 0)->use, 0);
	assert_int_equal(change(down_record(0), 0)->now, 21);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_REPLY);
	put_sync_node(1, 1, 3, 21, 0, null, NULL, now, null);
	answer(to_scalar(0));
}

static void outer_replied(void)
{
	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(down_record(0)->count, 1);
	assert_int_equal(change(down_record(0), 0)->use, U_ARRAY);
	assert_int_equal(change(down_record(0), 0)->item, 1);
	assert_int_equal(wire(down_record(1), 0)->value, 21);
	idle();
}

static void upcall_inside_a_downcall(void **state)
{
	(void)state;
	do_touch = use_nested;
	do_inner = change_small;
	call_touch(7, 3, 1);
	RUN(nest, inner_replied, outer_replied);
}

/* ---- queued downcalls ---- */

static tandem_u64 notes(struct node *node, int n)
{
	tandem_u64 one = 1, two = 2;

	(void)n;
	node->count = 10;
	tandem_down(D_NOTE, &one, NULL);
	node->count = 11;
	tandem_down(D_NOTE, &two, NULL);
	node->count = 12;
	return 0;
}

static void noted(void)
{
	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(change(down_record(0), 0)->now, 10);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_DOWN);
	assert_int_equal(wire(down_record(1), 0)->value, 1);
	assert_int_equal(change(down_record(2), 0)->now, 11);
	assert_int_equal(wire(down_record(3), 0)->value, 2);
	assert_int_equal(change(down_record(4), 0)->now, 12);
	assert_int_equal(down_record(5)->kind, TANDEM_REC_REPLY);
	assert_null(down_record(6));
	idle();
}

static void queued_downcalls_keep_their_order(void **state)
{
	(void)state;
	do_touch = notes;
	call_touch(7, 1, 1);
	RUN(noted);
}

static tandem_u64 note_then_sync(struct node *node, int n)
{
	tandem_u64 one = 1;

	(void)n;
	tandem_release();
	tandem_down(D_NOTE, &one, NULL);
	node->array[0] = 5;
	tandem_release();
	assert_int_equal(node->array[0], 5);
	node->array[1] = 6;
	tandem_release();
	tandem_sync();
	return 0;
}

static void note_sent(void)
{
	const uint64_t changed[4] = { 5 };

	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->kind, TANDEM_REC_FLUSH);
	assert_int_equal(change(down_record(0), 0)->now, 5);
	assert_int_equal(down_record(1)->id, D_NOTE);
	assert_null(down_record(2));
	put_sync_node(1, 1, 1, 7, 0, null, NULL, changed, null);
	put_values(TANDEM_REC_RETURN, D_NOTE, &null, 1);
	send(TANDEM_OP_RETURN, 0);
}

static void released(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_int_equal(change(down_record(0), 0)->now, 6);
	assert_null(down_record(1));
	send(TANDEM_OP_RETURN, 0);
}

static void synced(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_null(down_record(0));
	send(TANDEM_OP_RETURN, 0);
}

static void sync_sends_what_is_queued(void **state)
{
	(void)state;
	do_touch = note_then_sync;
	call_touch(7, 1, 1);
	RUN(note_sent, released, synced, plain_reply);
}

static tandem_u64 note_then_sleep(struct node *node, int n)
{
	tandem_u64 one = 1;

	(void)n;
	tandem_down(D_NOTE, &one, NULL);
	tandem_udelay(10);
	tandem_msleep(1);
	node->array[0] = 5;
	return 0;
}

static void note_sent_alone(void)
{
	assert_said(TANDEM_SAY_DOWN, 7);
	assert_int_equal(down_record(0)->id, D_NOTE);
	assert_null(down_record(1));
	put_values(TANDEM_REC_RETURN, D_NOTE, &null, 1);
	send(TANDEM_OP_RETURN, 0);
}

static void replied_with_a_change(void)
{
	assert_said(TANDEM_SAY_REPLY, 7);
	assert_int_equal(change(down_record(0), 0)->now, 5);
	assert_int_equal(down_record(1)->kind, TANDEM_REC_REPLY);
	idle();
}

static void a_sleep_sends_what_is_queued(void **state)
{
	(void)state;
	do_touch = note_then_sleep;
	call_touch(7, 1, 1);
	RUN(note_sent_alone, replied_with_a_change);
}

/* ---- memory ---- */

static tandem_u64 allocate(struct node *node, int n)
{
	tandem_u64 size = 24, gone;
	struct item *item;

	item = (void *)(unsigned long)tandem_down(D_ALLOC, &size, NULL);
	assert_non_null(item);
	item[1].value = n;
	node->items = item;
	tandem_sync();
	item[2].value = n;
	gone = (unsigned long)item;
	tandem_down(D_FREE, &gone, NULL);
	item[1].value = 100;
	node->items = NULL;
	return 0;
}

static void allocated(void)
{
	put_new(4, 2, 24, NULL, 0);
	answer(to_object(4, 2, 0));
}

static void stored(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_int_equal(down_record(0)->index, 1);
	assert_int_equal(down_record(1)->index, 4);
	assert_int_equal(change(down_record(1), 0)->element, 1);
	put_sync_node(1, 1, 1, 7, 0, null, NULL, array, to_object(4, 2, 0));
	send(TANDEM_OP_RETURN, 0);
}

static void freed(void)
{
	assert_int_equal(down_record(0)->index, 4);
	assert_int_equal(change(down_record(0), 0)->element, 2);
	assert_int_equal(down_record(1)->id, D_FREE);
	/* Behind the call that freed it, only the other object is flushed. */
	assert_int_equal(down_record(2)->index, 1);
	assert_int_equal(down_record(2)->count, 1);
	assert_int_equal(down_record(3)->kind, TANDEM_REC_REPLY);
	put_gone(4, 2);
	idle();
}

static void allocate_store_free(void **state)
{
	(void)state;
	do_touch = allocate;
	call_touch(7, 1, 3);
	RUN(allocated, stored, freed);
}

/* ---- what ends the process, and what it says then ---- */

static tandem_u64 bad_pointer(struct node *node, int n)
{
	tandem_u64 arg = (unsigned long)&arg;

	(void)node;
	(void)n;
	return tandem_down(D_USE, &arg, NULL);
}

static tandem_u64 bad_access(struct node *node, int n)
{
	struct tandem_wire token = { .tag = TANDEM_WIRE_TOKEN, .index = 17 };
	void *at;

	(void)n;
	tandem_wire_get(&process.names, &worker->seat.twins, &token, &at);
	node->next = at;
	return node->next->count;
}

static tandem_u64 no_function(struct node *node, int n)
{
	struct tandem_wire beta = { .tag = TANDEM_WIRE_SYMBOL, .index = S_BETA };
	void *at;

	(void)node;
	(void)n;
	tandem_wire_get(&process.names, &worker->seat.twins, &beta, &at);
	((void (*)(void))at)();
	return 0;
}

static void serve(void)
{
	tandem_fault_init();
	keep_counts_at_end();
	call_touch(7, 1, 1);
	worker->next = next;
	tandem_upcall(worker);
}

static void pointers_that_cannot_cross(void **state)
{
	(void)state;
	do_touch = bad_pointer;
	assert_non_null(strstr(last_words(serve, SIGABRT),
			       "sample: use: argument 1 (p) is no memory that both halves know"));
}

static void wrong_access_is_named(void **state)
{
	const char *words;

	(void)state;
	do_touch = bad_access;
	words = last_words(serve, SIGSEGV);
	assert_non_null(strstr(words, "bad memory access in touch"));
	assert_non_null(strstr(words, "token 17"));
	do_touch = no_function;
	assert_non_null(strstr(last_words(serve, SIGSEGV), "beta, which is in the kernel half only"));
}

static int refused(struct tandem_thread *thread)
{
	(void)thread;
	return -EPROTO;
}

static void serve_refused(void)
{
	call_touch(7, 1, 1);
	worker->next = refused;
	tandem_upcall(worker);
}

static void condemned(void **state)
{
	(void)state;
	do_touch = add;
	assert_non_null(strstr(last_words(serve_refused, SIGABRT), "kernel log says why"));
}

/* ---- faults that are asked for ---- */

static void fault_texts(void **state)
{
	struct tandem_fault fault;

	(void)state;
	assert_int_equal(tandem_fault_parse(&fault, "kill@3", &plan), 0);
	assert_int_equal(fault.kind, TANDEM_FAULT_KILL);
	assert_int_equal(fault.at, 3);
	assert_int_equal(tandem_fault_parse(&fault, "deadlock@1:inner", &plan), 0);
	assert_int_equal(fault.entry, E_INNER);
	assert_int_equal(fault.run, 1);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2:inner:3", &plan), 0);
	assert_int_equal(fault.entry, E_INNER);
	assert_int_equal(fault.run, 3);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2:inner:0", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2:inner:x", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2:inne", &plan), -ENOENT);
	assert_int_equal(tandem_fault_parse(&fault, "kill", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@0", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2x", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kil@2", &plan), -EINVAL);
	assert_int_equal(tandem_fault_parse(&fault, "kill@2:none", &plan), -ENOENT);
}

static int crossings_left;

static int count_down(struct tandem_thread *thread)
{
	int ret = next(thread);

	crossings_left--;
	return ret;
}

/* Three calls of touch with two crossings each; exits with how many crossings there were. */
static void serve_thrice(void)
{
	tandem_fault_init();
	keep_counts_at_end();
	worker->next = count_down;
	crossings_left = 100;
	for (int i = 0; i < 3; i++) {
		memset(script, 0, sizeof(script));
		script[0] = used;
		script[1] = replied_77;
		step = 0;
		call_touch(7, 1, 1);
		tandem_upcall(worker);
	}
	keep_counts(0);
	_exit(crossings_left);
}

static int died_at(const char *text)
{
	int status;
	pid_t pid;

	assert_int_equal(tandem_fault_parse(&process.fault, text, &plan), 0);
	do_touch = use;
	pid = fork();
	if (!pid)
		serve_thrice();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	process.fault.kind = TANDEM_FAULT_NONE;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void faults_strike_where_asked(void **state)
{
	(void)state;
	assert_int_equal(died_at("kill@1"), -SIGKILL);
	assert_int_equal(died_at("kill@6"), -SIGKILL);
	assert_int_equal(died_at("kill@7"), 94);
	assert_int_equal(died_at("segv@2:touch"), -SIGSEGV);
	assert_int_equal(died_at("kill@3:touch"), 94);	/* its first run has only two */
	assert_int_equal(died_at("kill@2:touch:3"), -SIGKILL);
	assert_int_equal(died_at("kill@1:touch:4"), 94);
	assert_int_equal(died_at("kill@1:inner"), 94);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_upcall),
		TEST(buffers_go_both_ways),
		TEST(downcall_is_release_and_acquire),
		TEST(local_variables_cross_flat),
		TEST(upcall_inside_a_downcall),
		TEST(queued_downcalls_keep_their_order),
		TEST(sync_sends_what_is_queued),
		TEST(a_sleep_sends_what_is_queued),
		TEST(allocate_store_free),
		TEST(pointers_that_cannot_cross),
		TEST(wrong_access_is_named),
		TEST(condemned),
		TEST(fault_texts),
		TEST(faults_strike_where_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
