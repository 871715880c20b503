/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small plan and a worker without a kernel, for the tests of the user half's runtime.
 * The test is the kernel: it writes bodies and reads them.
 */
#ifndef HALF_FIXTURE_H
#define HALF_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "thread.h"

struct item {
	uint32_t value;
	uint32_t status;
};

struct node {
	uint32_t count;
	uint16_t small;
	uint8_t bits;
	uint8_t pad;
	struct node *next;
	const char *name;
	uint64_t array[4];
	struct item *items;
	uint32_t hidden;	/* in no view */
	uint32_t pad2;
};

enum { T_NODE, T_ITEM, T_COUNTER };
enum { E_TOUCH, E_INNER, E_COPY, E_BEGIN, E_PLAIN };
enum { D_ALLOC, D_USE, D_PUT, D_NOTE, D_FREE };
enum { S_ALPHA, S_BETA };
/* Places in E_TOUCH's view of a node. */
enum { U_COUNT, U_SMALL, U_BITS, U_NEXT, U_NAME, U_ARRAY, U_ITEMS };

#define LEAF(record, field, kind_, size_, ...) \
	{ .name = #field, .offset = offsetof(struct record, field), .count = 1, \
	  .type = TANDEM_NONE, .kind = TANDEM_LEAF_##kind_, .size = size_, ##__VA_ARGS__ }

static const struct tandem_leaf node_leaf[] = {
	LEAF(node, count, WORD, 4),
	LEAF(node, small, WORD, 2),
	LEAF(node, bits, BITS, 1, .mask = 0x0f),
	{ .name = "next", .offset = offsetof(struct node, next), .count = 1, .type = T_NODE,
	  .kind = TANDEM_LEAF_PTR, .size = 8 },
	LEAF(node, name, STR, 8),
	{ .name = "array", .offset = offsetof(struct node, array), .stride = 8, .count = 4,
	  .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 8 },
	{ .name = "items", .offset = offsetof(struct node, items), .count = 1, .type = T_ITEM,
	  .kind = TANDEM_LEAF_PTR, .size = 8 },
};

static const struct tandem_leaf item_leaf[] = {
	LEAF(item, value, WORD, 4),
	LEAF(item, status, WORD, 4),
};

static const struct tandem_leaf counter_leaf[] = {
	{ .name = "counter", .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
};

#define TYPE(record, leaf_) \
	{ .name = "struct " #record, .size = sizeof(struct record), .leaf = leaf_, \
	  .nleaf = sizeof(leaf_) / sizeof(*leaf_), .tail_type = TANDEM_NONE }

static const struct tandem_type types[] = {
	TYPE(node, node_leaf),
	TYPE(item, item_leaf),
	{ .name = "counter", .size = 4, .leaf = counter_leaf, .nleaf = 1, .tail_type = TANDEM_NONE },
};

#define RW	(TANDEM_READ | TANDEM_WRITE)

static const struct tandem_use touch_node[] = {
	{ 0, RW }, { 1, TANDEM_READ }, { 2, RW }, { 3, RW }, { 4, TANDEM_READ },
	{ 5, RW | TANDEM_RELEASE }, { 6, RW },
};
static const struct tandem_use touch_item[] = { { 0, RW } };
static const struct tandem_use touch_counter[] = { { 0, RW } };
static const struct tandem_use inner_node[] = { { 1, RW } };
/* No string: a CALL can have a shape. */
static const struct tandem_use plain_node[] = {
	{ 0, RW }, { 1, TANDEM_READ }, { 2, RW }, { 3, RW }, { 5, RW | TANDEM_RELEASE }, { 6, RW },
};

#define VIEW(type_, use_) { .type = type_, .nuse = sizeof(use_) / sizeof(*use_), .use = use_ }

static const struct tandem_view touch_view[] = {
	VIEW(T_NODE, touch_node), VIEW(T_ITEM, touch_item), VIEW(T_COUNTER, touch_counter),
};
static const struct tandem_view inner_view[] = { VIEW(T_NODE, inner_node) };
static const struct tandem_view plain_view[] = { VIEW(T_NODE, plain_node) };
static const __u16 touch_global[] = { 0 };
static const __u64 may_all[] = { ~0ULL };

#define SCALAR(bytes_, signed_) \
	{ .kind = TANDEM_VALUE_SCALAR, .size = bytes_, .is_signed = signed_, .name = "n" }
#define POINTER(type_, bytes_, dir_) \
	{ .kind = TANDEM_VALUE_PTR, .type = type_, .bytes = bytes_, .dir = dir_, .name = "p" }

static const struct tandem_value touch_arg[] = { POINTER(T_NODE, 0, 0), SCALAR(4, 1) };
static const struct tandem_value inner_arg[] = { POINTER(T_NODE, 0, 0) };
static const struct tandem_value copy_arg[] = {
	{ .kind = TANDEM_VALUE_BUFFER, .dir = TANDEM_IN | TANDEM_OUT, .name = "buffer" },
	{ .kind = TANDEM_VALUE_STRING, .dir = TANDEM_IN, .name = "text" },
};

static const struct tandem_entry entries[] = {
	{ .name = "touch", .arg = touch_arg, .nargs = 2, .result = SCALAR(4, 1), .view = touch_view,
	  .nview = 3, .global = touch_global, .nglobal = 1, .may = may_all, .closes = TANDEM_NONE },
	{ .name = "inner", .arg = inner_arg, .nargs = 1, .result = { .kind = TANDEM_VALUE_VOID },
	  .view = inner_view, .nview = 1, .may = may_all, .closes = TANDEM_NONE },
	{ .name = "copy", .arg = copy_arg, .nargs = 2, .result = { .kind = TANDEM_VALUE_VOID },
	  .may = may_all, .closes = TANDEM_NONE },
	{ .name = "begin", .arg = touch_arg, .nargs = 2, .result = SCALAR(4, 1), .view = touch_view,
	  .nview = 3, .global = touch_global, .nglobal = 1, .may = may_all, .closes = TANDEM_NONE,
	  .flags = TANDEM_ENTRY_BEGINS },
	{ .name = "plain", .arg = touch_arg, .nargs = 2, .result = SCALAR(4, 1), .view = plain_view,
	  .nview = 1, .may = may_all, .closes = TANDEM_NONE },
};

static const struct tandem_value alloc_arg[] = { SCALAR(8, 0) };
static const struct tandem_value use_arg[] = { POINTER(T_NODE, 0, 0) };
static const struct tandem_value put_arg[] = {
	{ .kind = TANDEM_VALUE_STRING, .dir = TANDEM_IN, .name = "text" },
	{ .kind = TANDEM_VALUE_BUFFER, .dir = TANDEM_IN, .name = "data" },
	POINTER(TANDEM_NONE, 8, TANDEM_OUT),
};
static const struct tandem_value note_arg[] = { SCALAR(4, 0) };
static const struct tandem_value free_arg[] = { POINTER(TANDEM_NONE, 0, 0) };

static const struct tandem_down downs[] = {
	{ .name = "alloc", .arg = alloc_arg, .nargs = 1, .result = POINTER(TANDEM_NONE, 0, 0),
	  .flags = TANDEM_DOWN_QUIET,
	  .alloc = { .kind = TANDEM_ALLOC_DATA, .size_arg = { 0, 0xff }, .type = TANDEM_NONE } },
	{ .name = "use", .arg = use_arg, .nargs = 1, .result = { .kind = TANDEM_VALUE_VOID } },
	{ .name = "put", .arg = put_arg, .nargs = 3, .result = SCALAR(4, 1) },
	{ .name = "note", .arg = note_arg, .nargs = 1, .result = { .kind = TANDEM_VALUE_VOID },
	  .flags = TANDEM_DOWN_QUEUED },
	{ .name = "free", .arg = free_arg, .nargs = 1, .result = { .kind = TANDEM_VALUE_VOID },
	  .flags = TANDEM_DOWN_QUEUED | TANDEM_DOWN_FREES },
};

static const struct tandem_global globals[] = { { .name = "counter", .type = T_COUNTER, .size = 4 } };
static const char *const symbol_names[] = { "alpha", "beta" };

static const struct tandem_plan plan = {
	.module = "sample",
	.build_id = "0123456789abcdef0123456789abcdef01234567",
	.type = types, .ntype = 3,
	.entry = entries, .nentry = 5,
	.down = downs, .ndown = 5,
	.global = globals, .nglobal = 1,
	.symbol = symbol_names, .nsymbol = 2,
};

static inline void alpha(void)
{
}

static __thread uint32_t counter;

static void *get_counter(void)
{
	return &counter;
}

static void *(*const global_get[])(void) = { get_counter };
static const void *const symbol_at[] = { alpha, NULL };

/* What the entries do is set by each test. */
static tandem_u64 (*do_touch)(struct node *node, int n);
static void (*do_inner)(struct node *node);
static void (*do_copy)(char *buffer, const char *text);
static tandem_u64 (*do_plain)(struct node *node, int n);

static tandem_u64 thunk_touch(const tandem_u64 *arg)
{
	return do_touch((void *)arg[0], arg[1]);
}

static tandem_u64 thunk_inner(const tandem_u64 *arg)
{
	do_inner((void *)arg[0]);
	return 0;
}

static tandem_u64 thunk_copy(const tandem_u64 *arg)
{
	do_copy((void *)arg[0], (void *)arg[1]);
	return 0;
}

static tandem_u64 thunk_plain(const tandem_u64 *arg)
{
	return do_plain((void *)arg[0], arg[1]);
}

static const tandem_thunk thunks[] = { thunk_touch, thunk_inner, thunk_copy, thunk_touch,
					thunk_plain };

static const struct tandem_uhalf half = {
	.plan = &plan, .entry = thunks, .symbol = symbol_at, .global = global_get,
};

/* ---- a worker ---- */

static struct tandem_process process;
static struct tandem_thread *worker;
static struct tandem_body up;		/* what the test as kernel is writing */

static inline int start_worker(void **state)
{
	(void)state;
	assert_null(tandem_plan_rule(&plan));
	memset(&process, 0, sizeof(process));
	process.half = &half;
	process.fd = -1;
	process.kernel_log = -1;
	assert_int_equal(tandem_lenses_init(&process.lenses, &plan), 0);
	assert_int_equal(tandem_names_init(&process.names, &half, -1), 0);
	worker = calloc(1, sizeof(*worker));
	worker->process = &process;
	worker->area = aligned_alloc(4096, TANDEM_AREA_BYTES);
	memset(worker->area, 0, TANDEM_AREA_BYTES);
	assert_int_equal(tandem_seat_init(&worker->seat, &half, &process.names, &process.lenses,
					  (char *)worker->area + TANDEM_DOWN_OFFSET,
					  TANDEM_DOWN_BYTES), 0);
	tandem_body_init(&up, (char *)worker->area + TANDEM_UP_OFFSET, TANDEM_UP_BYTES);
	tandem_thread_set_self(worker);
	counter = 0;
	return 0;
}

static inline int stop_worker(void **state)
{
	(void)state;
	tandem_thread_set_self(NULL);
	tandem_seat_exit(&worker->seat);
	tandem_names_exit(&process.names);
	tandem_lenses_exit(&process.lenses);
	tandem_body_exit(&up);
	free(worker->area);
	free(worker);
	return 0;
}

/* ---- what the kernel writes ---- */

static inline void put(const void *data, size_t bytes)
{
	long at = tandem_body_add(&up, bytes);

	if (bytes)
		memcpy(up.at + at, data, bytes);
}

static inline void put_new(uint32_t index, uint32_t gen, uint64_t size,
			   const struct tandem_segment *seg, uint32_t nseg)
{
	struct tandem_new new = {
		.rec = { .kind = TANDEM_REC_NEW, .id = TANDEM_OBJECT_DATA, .index = index, .gen = gen,
			 .bytes = sizeof(new) + nseg * sizeof(*seg), .count = nseg },
		.size = size,
	};

	put(&new, sizeof(new));
	put(seg, nseg * sizeof(*seg));
}

static inline void put_new_node(uint32_t index, uint32_t gen)
{
	struct tandem_segment seg = { .type = T_NODE, .count = 1 };

	put_new(index, gen, sizeof(struct node), &seg, 1);
}

static inline void put_gone(uint32_t index, uint32_t gen)
{
	struct tandem_record rec = { .kind = TANDEM_REC_GONE, .index = index, .gen = gen,
				     .bytes = sizeof(rec) };

	put(&rec, sizeof(rec));
}

static inline struct tandem_wire to_object(uint32_t index, uint32_t gen, uint32_t offset)
{
	return (struct tandem_wire){ .tag = TANDEM_WIRE_OBJECT, .index = index,
				     .gen = gen, .offset = offset };
}

static inline struct tandem_wire to_scalar(uint64_t value)
{
	return (struct tandem_wire){ .tag = TANDEM_WIRE_SCALAR, .value = value };
}

/* SYNC of a node in E_TOUCH's view, as the header lays it out by hand. */
static inline void put_sync_node(uint32_t index, uint32_t gen, uint32_t count, uint16_t small,
				 uint8_t bits, struct tandem_wire next, const char *name,
				 const uint64_t *array, struct tandem_wire items)
{
	struct tandem_record rec = { .kind = TANDEM_REC_SYNC, .index = index, .gen = gen };
	uint32_t length = name ? strlen(name) : 0xffffffff;
	unsigned char text[256] = { 0 };
	size_t at = sizeof(rec);

	memcpy(text + at, &count, 4);
	memcpy(text + at + 4, &small, 2);
	text[at + 6] = bits;
	at += 8;
	memcpy(text + at, &next, 16);
	at += 16;
	memcpy(text + at, &length, 4);
	at += 4;
	if (name) {
		memcpy(text + at, name, length);
		at += length;
	}
	at = (at + 7) & ~7UL;
	memcpy(text + at, array, 32);
	at += 32;
	memcpy(text + at, &items, 16);
	at += 16;
	rec.bytes = at;
	memcpy(text, &rec, sizeof(rec));
	put(text, at);
}

static inline void put_sync_counter(uint32_t value)
{
	struct { struct tandem_record rec; uint32_t value, pad; } sync = {
		.rec = { .kind = TANDEM_REC_SYNC, .bytes = sizeof(sync) }, .value = value,
	};

	put(&sync, sizeof(sync));
}

static inline void put_values(uint16_t kind, uint16_t id, const struct tandem_wire *wire,
			      uint32_t count)
{
	struct tandem_record rec = { .kind = kind, .id = id, .count = count,
				     .bytes = sizeof(rec) + count * sizeof(*wire) };

	put(&rec, sizeof(rec));
	put(wire, count * sizeof(*wire));
}

/* The body is done: the worker gets it. */
static inline void send(uint32_t op, uint64_t seq)
{
	worker->area->up_op = op;
	worker->area->up_seq = seq;
	worker->area->up_bytes = up.bytes;
	worker->up = up.at;
	worker->up_bytes = up.bytes;
	tandem_body_reset(&up);
}

/* ---- what the worker wrote ---- */

static inline const struct tandem_record *down_record(unsigned int n)
{
	const unsigned char *at = (const void *)worker->area;
	struct tandem_reader reader = {
		.at = at + TANDEM_DOWN_OFFSET, .bytes = worker->area->down_bytes,
	};
	const struct tandem_record *rec = tandem_reader_next(&reader);

	while (rec && n--)
		rec = tandem_reader_next(&reader);
	return rec;
}

static inline const struct tandem_change *change(const struct tandem_record *rec, unsigned int n)
{
	return (const struct tandem_change *)(rec + 1) + n;
}

static inline const struct tandem_wire *wire(const struct tandem_record *rec, unsigned int n)
{
	return (const struct tandem_wire *)(rec + 1) + n;
}

/* make coverage: what a child has run counts too, however it ends. */
void __gcov_dump(void) __attribute__((weak));

static inline void keep_counts(int signal)
{
	(void)signal;
	if (__gcov_dump)
		__gcov_dump();
}

static struct sigaction handler_of[64];

static inline void keep_counts_of_fault(int number, siginfo_t *info, void *context)
{
	handler_of[number].sa_sigaction(number, info, context);
	keep_counts(number);
	signal(number, SIG_DFL);
}

/* Call it in a child that a signal is to end, with the handlers that it will have. */
static inline void keep_counts_at_end(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	struct sigaction action = { .sa_sigaction = keep_counts_of_fault, .sa_flags = SA_SIGINFO };

	if (!__gcov_dump)
		return;
	signal(SIGABRT, keep_counts);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		sigaction(faults[i], NULL, &handler_of[faults[i]]);
		if (handler_of[faults[i]].sa_flags & SA_RESETHAND)
			sigaction(faults[i], &action, NULL);
	}
}

/* Runs @act in a child that is to die of @signal, and returns what it said on stderr. */
static inline const char *last_words(void (*act)(void), int signal)
{
	static char text[1024];
	int fds[2], status;
	ssize_t n, all = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], 2);
		keep_counts_at_end();
		act();
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + all, sizeof(text) - 1 - all)) > 0)
		all += n;
	text[all] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
	return text;
}

#endif
