// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel runtime alone. One test per name; without a name, all of them. 0, or 1 and
 * what differed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel_play.h"

/* ---- plain, fields ---- */

static int64_t echo(struct raw_worker *w)
{
	return w->nwire > 1 ? (int64_t)w->wire[1].value : 7;
}

static void test_plain(void)
{
	pid_t pid = begin(echo);

	CHECK(run(LITMUS_POKE, 5) == 0 && ran.result == 5);
	CHECK(run(LITMUS_POKE, 0xfffffff0) == 0 && (int64_t)ran.result == -16);
	CHECK(run(LITMUS_NULL, 0) == 0 && ran.result == 7);
	CHECK(stat_of("upcalls") == 3);
	printf("  %ld workers\n", stat_of("workers"));
	CHECK(finish(pid) == 0);
}

static int64_t check_fields(struct raw_worker *w)
{
	const struct raw_object *o = dev_of(w);
	const uint8_t *v = o->sync;
	const struct tandem_wire *p;

	if (w->wire[0].tag != TANDEM_WIRE_OBJECT || w->wire[0].gen != o->gen || !v)
		return 1;
	if (*(uint32_t *)v != 1 || *(uint32_t *)(v + 4) != 2)
		return 2;
	if (*(uint64_t *)(v + 16) != 0x1122334455667788)
		return 3;
	if (*(uint16_t *)(v + 32) != 0x7777 || v[34] != 0x88 || v[35] != 0xa5)
		return 4;
	if (w->id_said != LITMUS_POKE)
		return 0;
	p = (const void *)(v + 40);
	if (p[0].tag != TANDEM_WIRE_OBJECT || w->object[p[0].index].type != LITMUS_TYPE_RING)
		return 5;
	if (p[1].tag != TANDEM_WIRE_NULL)
		return 6;
	v += 40 + 32;
	if (*(uint32_t *)v != 6 || memcmp(v + 4, "litmus", 6))
		return 7;
	p = (const void *)(((uintptr_t)v + 10 + 7) & ~7ul);
	if (p[0].tag != TANDEM_WIRE_TOKEN || p[1].tag != TANDEM_WIRE_SYMBOL || p[1].index != 0)
		return 8;
	v = (const uint8_t *)(p + 2);
	if (((uint32_t *)v)[2] != 42 || ((uint32_t *)v)[4] != 99)
		return 9;
	if (!w->object[((const struct tandem_wire *)(o->sync + 40))[0].index].sync)
		return 10;
	raw_flush(w, o, LITMUS_USE_A, 0, 1, 100);
	raw_flush(w, o, LITMUS_USE_E, 0, 0, 0xaabbccddeeff0011);
	raw_flush(w, o, LITMUS_USE_H, 0, 0, 0x1ff);
	raw_flush(w, o, LITMUS_USE_BITS, 0, 0xa5, 0x5a);
	raw_flush(w, o, LITMUS_USE_ARR, 3, 0, 77);
	raw_flush_wire(w, o, LITMUS_USE_COOKIE, p[0]);
	raw_flush_wire(w, o, LITMUS_USE_FN, p[1]);
	return 0;
}

static void test_fields(void)
{
	pid_t pid = begin(check_fields);

	CHECK(run(LITMUS_TEN, 0) == 0 && ran.result == 0);
	CHECK(run(LITMUS_POKE, 0) == 0);
	CHECK(ran.result == 0);
	CHECK(ran.dev.a == 100 && ran.dev.b == 2);
	CHECK(ran.dev.e == 0xaabbccddeeff0011);
	CHECK(ran.dev.h == 0xff && ran.dev.g == 0x7777);
	CHECK(ran.dev.bits == 0xaa);
	CHECK(ran.dev.arr[3] == 77 && ran.dev.arr[2] == 42);
	CHECK(ran.dev.cookie == (void *)1 && ran.dev.fn == (void *)1);
	CHECK(finish(pid) == 0);
}

/* The tail of a record that the kernel half allocated, and that is itself not looked into. */
static int64_t look_at_tail(struct raw_worker *w)
{
	const struct raw_object *o = dev_of(w);

	if (w->wire[0].tag != TANDEM_WIRE_OBJECT || !o->sync || o->sync_bytes < 8)
		return -1;
	if (o->size != LITMUS_TAIL + sizeof(struct litmus_ring))
		return -2;
	return ((const uint32_t *)o->sync)[1];
}

static void test_tail(void)
{
	pid_t pid = begin(look_at_tail);

	CHECK(run(LITMUS_HOST, 0) == 0);
	CHECK(ran.result == 4711);
	CHECK(finish(pid) == 0);
}

/* ---- downcalls ---- */

static int64_t use_downs(struct raw_worker *w)
{
	struct tandem_wire dev = w->wire[0];
	struct tandem_wire two[2] = { raw_scalar(-5), raw_scalar(47) };
	struct tandem_wire fill[2] = { { .tag = TANDEM_WIRE_BUFFER }, raw_scalar(10) };
	struct tandem_wire ring;
	const struct raw_object *o = dev_of(w);
	uint8_t zero[16] = { 0 };

	if (down(w, LITMUS_DOWN_ADD, 2, two) || w->op != TANDEM_OP_RETURN || w->wire[0].value != 42)
		return 1;
	fill[0].index = raw_buffer(w, "litmus", 7);
	fill[0].tag = TANDEM_WIRE_STRING;
	if (down(w, LITMUS_DOWN_LOG, 1, fill) || w->wire[0].value != 6)
		return 2;
	fill[0].tag = TANDEM_WIRE_BUFFER;
	fill[0].index = raw_buffer(w, zero, sizeof(zero));
	if (down(w, LITMUS_DOWN_FILL, 2, fill) || w->nup_buffer != 1 || w->buffer[0][9] != 0x5a ||
	    w->buffer[0][10])
		return 3;
	two[0] = raw_scalar(96);
	if (down(w, LITMUS_DOWN_RAW, 1, two) || w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return 4;
	ring = w->wire[0];
	if (w->object[ring.index].nseg || w->object[ring.index].size != 96)
		return 5;
	/* The store types it; its fields may follow at once. */
	raw_flush_wire(w, o, LITMUS_USE_RING2, ring);
	raw_flush(w, &w->object[ring.index], 1, 0, 0, 1234);
	for (int i = 0; i < 5; i++)
		raw_queue(w, LITMUS_DOWN_TICK, 1, &dev);
	if (raw_sync(w) || w->op != TANDEM_OP_RETURN || !w->object[ring.index].sync ||
	    *(uint32_t *)(w->object[ring.index].sync + 4) != 1234)
		return 6;
	fill[0].index = raw_buffer(w, "for ever", 9);
	fill[0].tag = TANDEM_WIRE_STRING;
	if (down(w, LITMUS_DOWN_KEEP, 1, fill))
		return 7;
	if (down(w, LITMUS_DOWN_FREE, 1, &ring))
		return 8;
	/* A field still points there, which makes no record of it. */
	if (w->ngone != 1 || w->nnew)
		return 9;
	raw_flush_wire(w, o, LITMUS_USE_RING2, (struct tandem_wire){ .tag = TANDEM_WIRE_NULL });
	return 0;
}

static void test_downcalls(void)
{
	pid_t pid = begin(use_downs);

	CHECK(run(LITMUS_POKE, 0) == 0);
	CHECK(ran.result == 0);
	CHECK(ran.allocated == 0 && ran.ticked == 5 && ran.kept == 8);
	CHECK(stat_of("queued") == 5 && stat_of("short") == 1 && stat_of("syncs") == 1);
	CHECK(first_number("ledger") == 0);
	CHECK(finish(pid) == 0);
}

/* It frees, and leaves the pointer where it was: in later calls, too, there is no record. */
static int64_t dangles(struct raw_worker *w)
{
	struct tandem_wire ring, size = raw_scalar(96), null = { .tag = TANDEM_WIRE_NULL };
	const struct raw_object *o = dev_of(w);
	static uint32_t usual;

	switch (w->wire[1].value) {
	case 0:
	case 1:
		usual = w->nnew;
		return 0;
	case 2:
		if (down(w, LITMUS_DOWN_ALLOC, 1, &size))
			return 1;
		ring = w->wire[0];
		raw_flush_wire(w, o, LITMUS_USE_RING2, ring);
		return down(w, LITMUS_DOWN_FREE, 1, &ring) ? 2 : 0;
	case 3:
		return w->nnew - usual;
	}
	raw_flush_wire(w, o, LITMUS_USE_RING2, null);
	return w->nnew - usual;
}

static void test_dangling(void)
{
	pid_t pid = begin(dangles);

	for (int i = 0; i < 5; i++)
		CHECK(!run(LITMUS_POKE, i) && !ran.result && !ran.allocated);
	CHECK(finish(pid) == 0);
}

static bool on_kernel(const char *flavour)
{
	struct utsname name;

	return !uname(&name) && strstr(name.release, flavour);
}

/* ---- nesting ---- */

static int64_t deeper(struct raw_worker *w)
{
	uint64_t depth = w->wire[1].value;
	struct tandem_wire arg[2] = { w->wire[0], raw_scalar(depth - 1) };

	nested_how = deeper;
	if (!depth)
		return 0;
	if (down(w, LITMUS_DOWN_NEST, 2, arg))
		return -1000;
	return (int64_t)w->wire[0].value + 1;
}

static void test_nested(void)
{
	pid_t pid = begin(deeper);
	/* Code that watches for races needs more of a stack of the same size. */
	int depth = on_kernel("-kcsan") ? 4 : 8;

	CHECK(run(LITMUS_POKE, depth) == 0 && ran.result == depth);
	CHECK(stat_of("nested") == depth);
	CHECK(stat_of("workers") <= 4);
	CHECK(finish(pid) == 0);
}

/* ---- many at once ---- */

static int64_t sleeper(struct raw_worker *w)
{
	struct tandem_wire arg = raw_scalar(300);

	return down(w, LITMUS_DOWN_SLEEP, 1, &arg);
}

static void *caller(void *unused)
{
	struct litmus_run r = { .entry = LITMUS_POKE };
	int fd = open("/dev/litmus", O_RDWR);

	if (ioctl(fd, LITMUS_IOC_RUN, &r) || r.error || r.result)
		__atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
	close(fd);
	return NULL;
}

static void test_concurrent(void)
{
	pid_t pid = begin(sleeper);
	pthread_t t[64];
	double start = seconds();

	for (int i = 0; i < 64; i++)
		pthread_create(&t[i], NULL, caller, NULL);
	for (int i = 0; i < 64; i++)
		pthread_join(t[i], NULL);
	printf("  64 calls of 300 ms took %.2f s with %ld workers\n", seconds() - start,
	       stat_of("workers"));
	CHECK(stat_of("upcalls") == 64);
	CHECK(stat_of("workers") > 2);
	CHECK(finish(pid) == 0);
}

/* ---- death ---- */

static int64_t die_holding(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64);

	if (w->id_said == LITMUS_READ)
		return 0;
	if (down(w, LITMUS_DOWN_ALLOC, 1, &size) || down(w, LITMUS_DOWN_LOCK, 0, NULL))
		return 1;
	raise(SIGKILL);
	return 0;
}

static void test_death(void)
{
	pid_t pid = begin(die_holding);
	double since = seconds();

	CHECK(run(LITMUS_POKE, 0) == -EIO);
	CHECK(seconds() - since < 1);
	CHECK(ran.allocated == 0 && ran.locked == 0);
	CHECK(first_number("ledger") == 0);
	CHECK(run(LITMUS_POKE, 0) == -EIO);
	/* Another user half may come. */
	waitpid(pid, NULL, 0);
	pid = start(echo);
	for (int i = 0; i < 100 && stat_of("attached") != 1; i++)
		usleep(10000);
	usleep(20000);
	CHECK(run(LITMUS_POKE, 3) == 0 && ran.result == 3);
	CHECK(finish(pid) == 0);
}

static void stays(int signal)
{
	for (;;)
		pause();
}

static void *call_away(void *at)
{
	usleep(100000);
	pthread_kill(*(pthread_t *)at, SIGUSR1);
	return NULL;
}

/* Who serves READ does not come again, though it has said that it will. */
static int64_t leaves(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64);
	static pthread_t self;
	pthread_t t;

	if (w->id_said == LITMUS_POKE)
		return down(w, LITMUS_DOWN_ALLOC, 1, &size);
	if (w->id_said != LITMUS_READ)
		return 0;
	signal(SIGUSR1, stays);
	self = pthread_self();
	/* The spare worker is there before us, so the next call is ours. */
	usleep(100000);
	return pthread_create(&t, NULL, call_away, &self);
}

static void *open_in_vain(void *error)
{
	struct litmus_run r = { .entry = LITMUS_OPEN };
	int fd = open("/dev/litmus", O_RDWR);

	*(int *)error = ioctl(fd, LITMUS_IOC_RUN, &r) ? errno : r.error;
	close(fd);
	return NULL;
}

/* What others acquired after a call that was never looked at is not that call's to undo. */
static void test_unserved(void)
{
	pid_t pid = begin(leaves);
	int error = 0;
	pthread_t t;

	CHECK(run(LITMUS_READ, 0) == 0 && ran.result == 0);
	usleep(300000);
	pthread_create(&t, NULL, open_in_vain, &error);
	usleep(100000);
	CHECK(run(LITMUS_POKE, 0) == 0 && ran.result == 0 && ran.allocated == 1);
	pthread_join(t, NULL);
	CHECK(error == -EIO);
	CHECK(run(LITMUS_POKE, 0) == -EIO && ran.allocated == 1);
	CHECK(first_number("ledger") == 1);
	CHECK(finish(pid) == -SIGKILL);
	pid = begin(echo);
	CHECK(run(LITMUS_POKE, 0) == 0 && ran.allocated == 0);
	CHECK(finish(pid) == 0);
}

static int64_t stop_or_loop(struct raw_worker *w)
{
	if (w->wire[1].value == 1)
		raise(SIGSTOP);
	else
		for (;;)
			;
	return 0;
}

static void deadline(int how)
{
	pid_t pid = begin(stop_or_loop);
	double start = seconds(), most = on_kernel("-verifier") || on_kernel("-kcsan") ? 60 : 10;

	CHECK(run(LITMUS_POKE, how) == -EIO);
	printf("  ended after %.2f s\n", seconds() - start);
	/* Looks that a busy machine leaves out do not count against the user half. */
	CHECK(seconds() - start > 0.9 && seconds() - start < most);
	CHECK(finish(pid) == -SIGKILL);
}

static void test_sigstop(void)
{
	deadline(1);
}

static void test_loop(void)
{
	deadline(2);
}

/* Idle, stopped, called, continued: the restarted NEXT must not answer the call. */
static void test_restart(void)
{
	pid_t pid = begin(echo), child;

	CHECK(run(LITMUS_POKE, 1) == 0);
	kill(pid, SIGSTOP);
	usleep(50000);
	child = fork();
	if (!child) {
		usleep(300000);
		kill(pid, SIGCONT);
		_exit(0);
	}
	CHECK(run(LITMUS_POKE, 55) == 0 && ran.result == 55);
	waitpid(child, NULL, 0);
	CHECK(finish(pid) == 0);
}

/* ---- a process that does not end ---- */

#define STALLED		"/tmp/stalled"

static void tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Who gets a core dump and does not read it. */
static _Noreturn void stall(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", getpid());
	tell(STALLED, text);
	for (;;)
		pause();
}

static void end_staller(void)
{
	char text[16] = "";

	/* On a slow kernel it may begin only now. */
	for (int i = 0; i < 1000 && atoi(text) <= 0; i++) {
		int fd = open(STALLED, O_RDONLY);

		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			usleep(10000);
		close(fd);
	}
	CHECK(atoi(text) > 0 && kill(atoi(text), SIGKILL) == 0);
}

static int64_t crash(struct raw_worker *w)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &all);
	raise(SIGSEGV);
	return 0;
}

/* Its end, or 0 if it has not come after five seconds. */
static int wait_end(pid_t pid)
{
	int status;

	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	return 0;
}

static void test_stalled(void)
{
	char text[128];
	pid_t pid;

	tell("/sys/module/tandem/parameters/end_ms", "1000");
	snprintf(text, sizeof(text), "|%s stall", realpath("/proc/self/exe", NULL));
	tell("/proc/sys/kernel/core_pattern", text);
	pid = begin(crash);
	CHECK(run(LITMUS_POKE, 0) == -EIO);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	CHECK(WIFSIGNALED(wait_end(pid)));
	end_staller();
	tell("/proc/sys/kernel/core_pattern", "core");
	CHECK(ioctl(face, LITMUS_IOC_UNREGISTER) == 0);
	/* One that is stopped when its kernel half goes. */
	pid = begin(echo);
	CHECK(run(LITMUS_POKE, 1) == 0);
	kill(pid, SIGSTOP);
	CHECK(ioctl(face, LITMUS_IOC_UNREGISTER) == 0);
	CHECK(WIFSIGNALED(wait_end(pid)));
	tell("/sys/module/tandem/parameters/end_ms", "30000");
}

/* ---- the ledger ---- */

static int64_t opens(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64);

	switch (w->id_said) {
	case LITMUS_OPEN:
	case LITMUS_PROBE:
		for (int i = 0; i < 3; i++)
			if (down(w, LITMUS_DOWN_ALLOC, 1, &size))
				return -EIO;
		return 0;
	case LITMUS_CLOSE:
	case LITMUS_REMOVE:
		raise(SIGKILL);
	}
	return 0;
}

static void test_ledger(void)
{
	pid_t pid = begin(opens);

	CHECK(run(LITMUS_PROBE, 0) == 0 && ran.allocated == 3);
	CHECK(run(LITMUS_OPEN, 0) == 0 && ran.allocated == 6);
	CHECK(first_number("ledger") == 6);
	ran.device = 1;
	CHECK(run(LITMUS_PROBE, 0) == 0 && ran.allocated == 9);
	ran.device = 0;
	CHECK(run(LITMUS_CLOSE, 0) == -EIO);
	CHECK(ran.allocated == 6);
	CHECK(run(LITMUS_REMOVE, 0) == -EIO);
	CHECK(ran.allocated == 3);
	CHECK(first_number("ledger") == 3);
	CHECK(finish(pid) == -SIGKILL);
	pid = begin(echo);
	CHECK(run(LITMUS_POKE, 0) == 0);
	CHECK(ran.allocated == 0);
	CHECK(finish(pid) == 0);
}

/* ---- buffers, spills ---- */

static int64_t invert(struct raw_worker *w)
{
	uint32_t n = w->buffer_bytes[0];
	uint8_t *copy;

	if (w->wire[1].tag != TANDEM_WIRE_BUFFER || w->wire[2].value != n)
		return -1;
	copy = malloc(n);
	for (uint32_t i = 0; i < n; i++)
		copy[i] = ~w->buffer[0][i];
	if (n < 50000) {
		raw_buffer(w, copy, n);
	} else {
		/* Too long for the area: say it from our own memory. */
		struct tandem_wire wire = raw_scalar(0);
		uint32_t bytes = 24 + ((n + 7) & ~7u) + 24 + 16;
		uint8_t *body = calloc(1, bytes);
		struct tandem_record *rec = (void *)body;

		*rec = (struct tandem_record){ .kind = TANDEM_REC_BUFFER, .bytes = bytes - 40, .length = n };
		memcpy(rec + 1, copy, n);
		rec = (void *)(body + bytes - 40);
		*rec = (struct tandem_record){ .kind = TANDEM_REC_REPLY, .bytes = 40, .count = 1 };
		memcpy(rec + 1, &wire, sizeof(wire));
		w->area->down_seq = w->seq;
		w->area->down_op = TANDEM_SAY_REPLY;
		w->area->down_flags = TANDEM_DOWN_SPILL;
		w->area->down_bytes = bytes;
		w->area->down_address = (uintptr_t)body;
		_exit(lseek(w->fd, w->id, SEEK_SET) || w->area->up_op != TANDEM_OP_QUIT);
	}
	free(copy);
	return 0;
}

static void test_buffer(void)
{
	pid_t pid = begin(invert);
	static uint8_t data[100000];

	memset(data, 0x0f, sizeof(data));
	ran.buffer = (uintptr_t)data;
	ran.bytes = 1000;
	CHECK(run(LITMUS_BUFFER, 0) == 0 && ran.result == 0);
	CHECK(data[0] == 0xf0 && data[999] == 0xf0 && data[1000] == 0x0f);
	ran.bytes = 100000;
	CHECK(run(LITMUS_BUFFER, 0) == 0 && ran.result == 0);
	CHECK(data[0] == 0x0f && data[99999] == 0xf0);
	CHECK(stat_of("spills") == 1);
	CHECK(finish(pid) == 0);
}

static int64_t big(struct raw_worker *w)
{
	const struct raw_object *o = dev_of(w);

	if (o->sync_bytes != 160000 || !(w->flags & TANDEM_UP_SPILL))
		return 1;
	return *(uint32_t *)(o->sync + 159996);
}

static void test_spill(void)
{
	pid_t pid = begin(big);

	for (int i = 0; i < 5; i++)
		CHECK(run(LITMUS_BIG, 0) == 0 && ran.result == 0);
	CHECK(finish(pid) == 0);
}

/* ---- atomic context ---- */

static int from_context(unsigned int from)
{
	ran.from = from;
	return run(LITMUS_POKE, 1);
}

/* Warnings of the guard in the kernel's log. */
static int warnings(void)
{
	static char text[1 << 20];
	int n = klogctl(3 /* read all */, text, sizeof(text) - 1), count = 0;

	text[n > 0 ? n : 0] = 0;
	for (char *at = text; (at = strstr(at, "was called in atomic context")); at++)
		count++;
	return count;
}

static void test_atomic(void)
{
	pid_t pid = begin(echo);

	/* Once for each entry, whatever the context and however often. */
	for (unsigned int from = LITMUS_FROM_THREAD + 1; from < LITMUS_FROMS; from++) {
		CHECK(from_context(from) == -EWOULDBLOCK);
		CHECK(warnings() == 1);
	}
	CHECK(from_context(LITMUS_FROM_IRQ) == -EWOULDBLOCK);
	CHECK(warnings() == 1);
	CHECK(from_context(LITMUS_FROM_THREAD) == 0 && ran.result == 1);
	CHECK(stat_of("upcalls") == 1);
	CHECK(finish(pid) == 0);
}

/* ---- DMA memory, mapped ---- */

static int64_t maps(struct raw_worker *w)
{
	struct tandem_wire arg[3] = { raw_scalar(8192), { .tag = TANDEM_WIRE_BUFFER } };
	uint64_t zero = 0, dma;
	const struct raw_object *o;
	volatile uint32_t *p, *q;

	arg[1].index = raw_buffer(w, &zero, 8);
	if (down(w, LITMUS_DOWN_DMA, 2, arg) || w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return 1;
	dma = *(uint64_t *)w->buffer[0];
	o = &w->object[w->wire[0].index];
	if (o->kind != TANDEM_OBJECT_DMA || o->size != 8192 || !dma)
		return 2;
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
		 TANDEM_MAP_OBJECT + ((off_t)o->index << TANDEM_MAP_SHIFT));
	q = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
		 TANDEM_MAP_OBJECT + ((off_t)o->index << TANDEM_MAP_SHIFT));
	if (p == MAP_FAILED || q == MAP_FAILED || p[0] || p[1500])
		return 3;
	p[1500] = 0xcafe;
	if (q[1500] != 0xcafe)
		return 4;
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, w->fd,
		 TANDEM_MAP_OBJECT + ((off_t)o->index << TANDEM_MAP_SHIFT)) != MAP_FAILED)
		return 5;
	arg[1] = w->wire[0];
	arg[2] = raw_scalar(dma);
	if (down(w, LITMUS_DOWN_DMA_FREE, 3, arg))
		return 6;
	/* Freed: late accesses meet the dummy. */
	if (p[1500] != 0xffffffff)
		return 7;
	p[1500] = 1;
	return 0;
}

static void test_map(void)
{
	pid_t pid = begin(maps);

	CHECK(run(LITMUS_POKE, 0) == 0);
	CHECK(ran.result == 0);
	CHECK(ran.allocated == 0);
	CHECK(first_number("ledger") == 0);
	CHECK(finish(pid) == 0);
}

/* ---- attach ---- */

static void test_attach(void)
{
	pid_t pid;
	int fd = raw_open();

	CHECK(raw_attach(fd, "litmus", LITMUS_BUILD, 0) == -ENOENT);
	CHECK(raw_attach(fd, "litmus", LITMUS_BUILD, 8) == -EINVAL);
	pid = begin(echo);
	CHECK(raw_attach(fd, "litmus", LITMUS_BUILD, 0) == -EBUSY);
	CHECK(raw_attach(fd, "litmus", "ff112233445566778899aabbccddeeff00112233", 0) == -ESTALE);
	CHECK(raw_attach(fd, "nobody", LITMUS_BUILD, 0) == -ENOENT);
	CHECK(lseek(fd, 0, SEEK_SET) && errno == EPERM);
	close(fd);
	CHECK(finish(pid) == 0);
	fd = raw_open();
	CHECK(raw_attach(fd, "litmus", LITMUS_BUILD, 0) == -ENOENT);
	close(fd);
}

/* ---- cost ---- */

static int64_t ten_back(struct raw_worker *w)
{
	static uint64_t n;

	if (w->id_said == LITMUS_TEN && w->wire[1].value == 2)
		for (int i = 0; i < 2; i++)
			raw_flush(w, dev_of(w), LITMUS_USE_A + i, 0, 0, ++n);
	return 0;
}

/* Says what one round trip took; a figure only in counting mode. */
static void test_cost(void)
{
	static const struct { const char *name; unsigned int entry, arg; } row[] = {
		{ "nothing", LITMUS_NOTHING, 0 }, { "one global up", LITMUS_NULL, 0 },
		{ "ten fields up", LITMUS_TEN, 0 }, { "ten up, two back", LITMUS_TEN, 2 },
		{ "nothing", LITMUS_NOTHING, 0 },
	};
	pid_t pid = begin(ten_back);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ran.repeat = 50;
		CHECK(run(row[i].entry, row[i].arg) == 0);
		ran.repeat = 1000;
		CHECK(run(row[i].entry, row[i].arg) == 0);
		printf("  %s: %lu ns\n", row[i].name, (unsigned long)(ran.ns / 1000));
	}
	ran.repeat = 0;
	CHECK(finish(pid) == 0);
}

static const struct play test[] = {
	{ "attach", test_attach }, { "plain", test_plain }, { "fields", test_fields }, { "tail", test_tail },
	{ "downcalls", test_downcalls }, { "dangling", test_dangling }, { "nested", test_nested },
	{ "concurrent", test_concurrent }, { "buffer", test_buffer }, { "spill", test_spill },
	{ "atomic", test_atomic }, { "restart", test_restart }, { "death", test_death },
	{ "unserved", test_unserved }, { "stalled", test_stalled }, { "sigstop", test_sigstop },
	{ "loop", test_loop }, { "ledger", test_ledger }, { "map", test_map }, { "cost", test_cost },
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "stall"))
		stall();
	return play(argc, argv, test, sizeof(test) / sizeof(test[0]));
}
