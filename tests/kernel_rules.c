// SPDX-License-Identifier: GPL-2.0
/* Each way of breaking a rule of the channel condemns the user half, and changes nothing. */
#include <errno.h>
#include <signal.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel_play.h"

static int bad;

/* What the kernel said of dev.cookie. */
static struct tandem_wire token_of(struct raw_worker *w)
{
	const struct raw_object *o = dev_of(w);
	struct tandem_wire wire = { 0 };
	uint32_t at;

	/* The only token in the fields: its place depends on what else is in the view. */
	for (at = 0; at + sizeof(wire) <= o->sync_bytes; at += 8) {
		memcpy(&wire, o->sync + at, sizeof(wire));
		if (wire.tag == TANDEM_WIRE_TOKEN && wire.index && !wire.offset)
			return wire;
	}
	puts("  no token came");
	return wire;
}

static struct tandem_wire dma_of(struct raw_worker *w)
{
	static const uint64_t zero;
	struct tandem_wire dma[2] = { raw_scalar(4096), { .tag = TANDEM_WIRE_BUFFER } };

	dma[1].index = raw_buffer(w, &zero, 8);
	raw_down(w, LITMUS_DOWN_DMA, 2, dma);
	return w->wire[0];
}

static int64_t breaks(struct raw_worker *w)
{
	const struct raw_object *o = dev_of(w);
	struct raw_object other = *o;
	struct tandem_wire wire = w->wire[0], size = raw_scalar(64);
	struct tandem_record *rec;

	switch (bad) {
	case 0:	/* a wrong sequence number is answered by nothing */
		w->seq += 1;
		break;
	case 1:
		raw_flush(w, o, LITMUS_USE_TICKS, 0, 0, 1);
		break;
	case 2:
		raw_flush(w, o, LITMUS_USE_FIXED, 0, 0, 1);
		break;
	case 3:
		raw_flush(w, o, 200, 0, 0, 1);
		break;
	case 4:
		raw_flush(w, o, LITMUS_USE_ARR, 4, 0, 1);
		break;
	case 5:
		other.gen++;
		raw_flush(w, &other, LITMUS_USE_A, 0, 0, 1);
		break;
	case 6:
		other.index = 0xfffffff;
		raw_flush(w, &other, LITMUS_USE_A, 0, 0, 1);
		break;
	case 7:
		wire.offset = 1 << 30;
		raw_flush_wire(w, o, LITMUS_USE_COOKIE, wire);
		break;
	case 8:
		raw_down(w, LITMUS_DOWN_NEVER, 0, NULL);
		return 0;
	case 9:
		raw_down(w, LITMUS_DOWN_UNLOCK, 0, NULL);
		return 0;
	case 10:
		if (!raw_down(w, LITMUS_DOWN_LOCK, 0, NULL))
			raw_down(w, LITMUS_DOWN_LOCK, 0, NULL);
		return 0;
	case 11:	/* a lock is kept */
		raw_down(w, LITMUS_DOWN_LOCK, 0, NULL);
		break;
	case 12:
		rec = raw_record(w, TANDEM_REC_FLUSH, 0, "", 0);
		rec->bytes = 8;
		break;
	case 13:
		rec = raw_record(w, TANDEM_REC_FLUSH, 0, "", 0);
		rec->bytes = 0xfffffff8;
		break;
	case 14:
		rec = raw_record(w, 77, 0, "", 0);
		break;
	case 15:
		wire.tag = TANDEM_WIRE_TOKEN;
		raw_flush_wire(w, o, LITMUS_USE_COOKIE, wire);
		break;
	case 16:
		wire.tag = TANDEM_WIRE_SYMBOL;
		wire.index = 1000;
		raw_flush_wire(w, o, LITMUS_USE_FN, wire);
		break;
	case 17:	/* a device where a ring belongs */
		raw_flush_wire(w, o, LITMUS_USE_RING, wire);
		break;
	case 18:	/* freed twice */
		raw_down(w, LITMUS_DOWN_ALLOC, 1, &size);
		wire = w->wire[0];
		raw_down(w, LITMUS_DOWN_FREE, 1, &wire);
		raw_down(w, LITMUS_DOWN_FREE, 1, &wire);
		return 0;
	case 19:	/* memory that is not its own */
		raw_down(w, LITMUS_DOWN_FREE, 1, &wire);
		return 0;
	case 20:
		raw_down(w, 999, 0, NULL);
		return 0;
	case 21:
		raw_down(w, LITMUS_DOWN_ADD, 1, &size);
		return 0;
	case 22:	/* no last record */
		raw_flush(w, o, LITMUS_USE_A, 0, 0, 1);
		raw_next(w, TANDEM_SAY_DOWN);
		return 0;
	case 23:
		w->at = 12;
		raw_next(w, TANDEM_SAY_REPLY);
		return 0;
	case 24:
		raw_next(w, 9);
		return 0;
	case 25:	/* a string without an end */
		wire.tag = TANDEM_WIRE_STRING;
		wire.index = raw_buffer(w, "litmus", 6);
		raw_down(w, LITMUS_DOWN_LOG, 1, &wire);
		return 0;
	case 26: {	/* a buffer shorter than the length argument */
		struct tandem_wire fill[2] = { { .tag = TANDEM_WIRE_BUFFER }, raw_scalar(1 << 20) };

		fill[0].index = raw_buffer(w, "litmus", 6);
		raw_down(w, LITMUS_DOWN_FILL, 2, fill);
		return 0;
	}
	case 27:	/* not marked for queueing */
		raw_queue(w, LITMUS_DOWN_UNLOCK, 0, NULL);
		break;
	case 28: {	/* the kernel's code as a buffer to be written */
		struct tandem_wire fill[2] = { { .tag = TANDEM_WIRE_SYMBOL }, raw_scalar(8) };

		raw_down(w, LITMUS_DOWN_FILL, 2, fill);
		return 0;
	}
	case 29:	/* an error instead of a string */
		wire.tag = TANDEM_WIRE_ERROR;
		wire.value = -EIO;
		raw_down(w, LITMUS_DOWN_LOG, 1, &wire);
		return 0;
	case 30: {	/* the kernel's code, for a result to be written to */
		struct tandem_wire dma[2] = { raw_scalar(4096), { .tag = TANDEM_WIRE_SYMBOL } };

		raw_down(w, LITMUS_DOWN_DMA, 2, dma);
		return 0;
	}
	case 31: {	/* the last bytes of an object, for eight */
		struct tandem_wire dma[2] = { raw_scalar(4096), wire };

		dma[1].offset = sizeof(struct litmus_dev) - 4;
		raw_down(w, LITMUS_DOWN_DMA, 2, dma);
		return 0;
	}
	case 32: {	/* a bit beyond the object, of memory that is not shared, of a negative number */
		struct tandem_wire bit[2] = { raw_scalar(8 * sizeof(struct litmus_dev)), wire };

		raw_down(w, LITMUS_DOWN_BIT, 2, bit);
		return 0;
	}
	case 33: {
		struct tandem_wire bit[2] = { raw_scalar(-1), wire };

		raw_down(w, LITMUS_DOWN_BIT, 2, bit);
		return 0;
	}
	case 34: {	/* flat memory that is too short for the bit */
		struct tandem_wire bit[2] = { raw_scalar(64), { .tag = TANDEM_WIRE_BUFFER } };

		bit[1].index = raw_buffer(w, "litmus", 8);
		raw_down(w, LITMUS_DOWN_BIT, 2, bit);
		return 0;
	}
	case 35: {	/* what lies beside the field that the driver gives */
		struct tandem_wire bit[2] = { raw_scalar(64), wire };

		bit[1].offset = offsetof(struct litmus_dev, e);
		raw_down(w, LITMUS_DOWN_FIELD, 2, bit);
		return 0;
	}
	case 36: {	/* another field than that */
		struct tandem_wire bit[2] = { raw_scalar(0), wire };

		bit[1].offset = offsetof(struct litmus_dev, ring);
		raw_down(w, LITMUS_DOWN_FIELD, 2, bit);
		return 0;
	}
	case 37: {	/* flat memory instead of the field */
		struct tandem_wire bit[2] = { raw_scalar(0), { .tag = TANDEM_WIRE_BUFFER } };

		bit[1].index = raw_buffer(w, "litmus", 8);
		raw_down(w, LITMUS_DOWN_FIELD, 2, bit);
		return 0;
	}
	case 38:	/* an object instead of a local variable */
		raw_down(w, LITMUS_DOWN_LOCAL, 1, &wire);
		return 0;
	case 39: {	/* untyped memory as a record */
		struct tandem_wire ring[2] = { { 0 }, raw_scalar(0) };

		raw_down(w, LITMUS_DOWN_RAW, 1, &size);
		ring[0] = w->wire[0];
		raw_down(w, LITMUS_DOWN_RING, 2, ring);
		return 0;
	}
	case 40: {	/* a kernel pointer of unknown kind as a record */
		struct tandem_wire ring[2] = { token_of(w), raw_scalar(0) };

		raw_down(w, LITMUS_DOWN_RING, 2, ring);
		return 0;
	}
	case 41: {	/* for a result to be written to */
		struct tandem_wire dma[2] = { raw_scalar(4096), token_of(w) };

		raw_down(w, LITMUS_DOWN_DMA, 2, dma);
		return 0;
	}
	case 42:	/* another address than it is */
		wire = token_of(w);
		wire.offset = 8;
		raw_flush_wire(w, o, LITMUS_USE_COOKIE, wire);
		break;
	case 43:	/* as a string */
		wire = token_of(w);
		raw_down(w, LITMUS_DOWN_LOG, 1, &wire);
		return 0;
	case 44:	/* with a release of another kind of memory */
		raw_down(w, LITMUS_DOWN_ALLOC, 1, &size);
		wire = w->wire[0];
		raw_down(w, LITMUS_DOWN_OTHER_FREE, 1, &wire);
		return 0;
	case 45:
		size = raw_scalar(11);
		raw_down(w, LITMUS_DOWN_LITTLE, 1, &size);
		return 0;
	case 46:	/* memory as a function */
		raw_down(w, LITMUS_DOWN_RUN, 1, &wire);
		return 0;
	case 47:	/* another symbol than the driver gives */
		wire = (struct tandem_wire){ .tag = TANDEM_WIRE_SYMBOL, .index = 1 };
		raw_down(w, LITMUS_DOWN_RUN, 1, &wire);
		return 0;
	case 48:	/* a kernel pointer as a function */
		wire = token_of(w);
		raw_down(w, LITMUS_DOWN_RUN, 1, &wire);
		return 0;
	case 49:	/* in a field that the kernel calls */
		raw_flush_wire(w, o, LITMUS_USE_FN, wire);
		break;
	case 50:
		wire = (struct tandem_wire){ .tag = TANDEM_WIRE_SYMBOL, .index = 1 };
		raw_flush_wire(w, o, LITMUS_USE_FN, wire);
		break;
	case 51:
		raw_flush_wire(w, o, LITMUS_USE_FN, token_of(w));
		break;
	case 52:	/* the kernel's code where memory belongs, which is freed at the end */
		raw_flush_wire(w, o, LITMUS_USE_RING2, (struct tandem_wire){ .tag = TANDEM_WIRE_SYMBOL });
		break;
	case 53:
		wire = (struct tandem_wire){ .tag = TANDEM_WIRE_SYMBOL };
		raw_down(w, LITMUS_DOWN_FREE, 1, &wire);
		return 0;
	case 54: {
		struct tandem_wire nest[2] = { { .tag = TANDEM_WIRE_SYMBOL, .index = 1 }, raw_scalar(0) };

		raw_down(w, LITMUS_DOWN_NEST, 2, nest);
		return 0;
	}
	case 55:	/* memory that the device writes, where a record belongs */
		raw_flush_wire(w, o, LITMUS_USE_RING2, dma_of(w));
		break;
	case 56: {
		struct tandem_wire ring[2] = { dma_of(w), raw_scalar(0) };

		raw_down(w, LITMUS_DOWN_RING, 2, ring);
		return 0;
	}
	case 57:	/* where an object ends, nobody knows what begins */
		wire.offset = sizeof(struct litmus_dev);
		raw_flush_wire(w, o, LITMUS_USE_RING2, wire);
		break;
	case 58:	/* inside memory that has no type yet, and may get another */
		raw_down(w, LITMUS_DOWN_RAW, 1, &size);
		wire = w->wire[0];
		wire.offset = 8;
		raw_flush_wire(w, o, LITMUS_USE_RING2, wire);
		break;
	}
	return 0;
}

#define BREAKS	59

static void test_refused(void)
{
	char reason[256];
	pid_t pid;

	for (bad = 0; bad < BREAKS; bad++) {
		pid = begin(breaks);
		CHECK(run(LITMUS_POKE, 0) == -EIO);
		FILE *f = popen("grep ^condemned /sys/kernel/debug/tandem/litmus/stats", "r");

		if (f && fgets(reason, sizeof(reason), f))
			printf("  %d: %s", bad, reason);
		if (f)
			pclose(f);
		if (ran.error != -EIO || ran.allocated || ran.locked || ran.dev.ticks ||
		    ran.dev.fixed != 99 || ran.harm)
			printf("  %d was accepted\n", bad), failures++;
		int how = finish(pid);	/* it may see the end before the signal */

		CHECK(how == -SIGKILL || how >= 3);
	}
}

/* ---- what keeps within the rules ---- */

static int64_t keeps(struct raw_worker *w)
{
	struct tandem_wire bit[2] = { raw_scalar(3), w->wire[0] }, ring[2] = { { 0 }, raw_scalar(0) };
	struct tandem_wire local = { .tag = TANDEM_WIRE_BUFFER }, size = raw_scalar(64);
	const struct raw_object *dev = dev_of(w);

	bit[1].offset = offsetof(struct litmus_dev, e);
	if (raw_down(w, LITMUS_DOWN_FIELD, 2, bit))
		return 1;
	bit[0] = raw_scalar(65);	/* the word behind it */
	if (raw_down(w, LITMUS_DOWN_BIT, 2, bit))
		return 2;
	local.index = raw_buffer(w, "four", 4);
	if (raw_down(w, LITMUS_DOWN_LOCAL, 1, &local) || !w->nup_buffer || memcmp(w->buffer[0], "ZZZZ", 4))
		return 3;
	if (raw_down(w, LITMUS_DOWN_ALLOC, 1, &size))
		return 4;
	ring[0] = w->wire[0];
	if (raw_down(w, LITMUS_DOWN_RING, 2, ring) || raw_down(w, LITMUS_DOWN_FREE, 1, ring))
		return 5;
	ring[0] = (struct tandem_wire){ .tag = TANDEM_WIRE_SYMBOL };
	raw_flush_wire(w, dev, LITMUS_USE_FN, ring[0]);
	if (raw_down(w, LITMUS_DOWN_RUN, 1, ring))
		return 7;
	size = raw_scalar(10);
	return raw_down(w, LITMUS_DOWN_LITTLE, 1, &size) ? 6 : 0;
}

static void test_accepted(void)
{
	pid_t pid = begin(keeps);

	CHECK(!run(LITMUS_POKE, 0) && !ran.result);
	CHECK(ran.dev.e == (0x1122334455667788 | 8) && ran.dev.f == 2 && !ran.allocated && !ran.harm);
	CHECK(!finish(pid));
}

/* ---- two at a time ---- */

static struct tandem_wire ring_of_both;

static int64_t both(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64), ring[2] = { { 0 }, raw_scalar(600) };

	switch (w->nwire == 2 ? w->wire[1].value : 9) {
	case 0:
		return raw_down(w, LITMUS_DOWN_HOLD, 0, NULL);
	case 1:
		return raw_down(w, LITMUS_DOWN_UNHOLD, 0, NULL);
	case 2:
	case 3:
		if (raw_down(w, LITMUS_DOWN_ALLOC, 1, &size))
			return -1;
		ring[0] = ring_of_both = w->wire[0];
		if (w->wire[1].value == 3)
			ring[1] = raw_scalar(3000);
		return raw_down(w, LITMUS_DOWN_RING, 2, ring);
	case 4:
		return raw_down(w, LITMUS_DOWN_FREE, 1, &ring_of_both);
	}
	return 0;
}

static void *run_one(void *at)
{
	struct litmus_run *one = at;

	one->entry = LITMUS_POKE;
	ioctl(face, LITMUS_IOC_RUN, one);
	return NULL;
}

/* Two upcalls with these arguments, the second while the first is in its downcall. */
static void run_two(struct litmus_run one[2], uint64_t first, uint64_t second)
{
	pthread_t t;

	memset(one, 0, 2 * sizeof(*one));
	one[0].arg = first;
	one[1].arg = second;
	pthread_create(&t, NULL, run_one, &one[0]);
	for (int i = 0; i < 500; i++) {
		run(LITMUS_NOTHING, 0);
		if (ran.busy)
			break;
		usleep(2000);
	}
	CHECK(ran.busy == 1);
	run_one(&one[1]);
	pthread_join(t, NULL);
}

static void test_held_once(void)
{
	static const uint64_t pair[][2] = { { 0, 0 }, { 1, 1 }, { 0, 1 }, { 1, 0 } };
	struct litmus_run one[2];

	for (unsigned int i = 0; i < sizeof(pair) / sizeof(*pair); i++) {
		pid_t pid = begin(both);

		if (pair[i][0])
			CHECK(!run(LITMUS_POKE, 0));
		run_two(one, pair[i][0], pair[i][1]);
		CHECK(one[1].error == -EIO && !one[0].harm && !one[1].harm);
		finish(pid);
		pid = begin(both);
		CHECK(!run(LITMUS_POKE, 0) && ran.held == 1);
		CHECK(!run(LITMUS_POKE, 1) && !ran.held && !ran.harm);
		CHECK(!finish(pid));
	}
}

/* Memory that a running downcall was given is not freed below it: that waits, and at last fails. */
static void test_pinned(void)
{
	struct litmus_run one[2];
	pid_t pid = begin(both);

	run_two(one, 2, 4);
	CHECK(!one[0].error && !one[1].error && !one[0].harm && !one[1].harm && one[1].ns > 100000000);
	CHECK(!finish(pid));
	pid = begin(both);
	run_two(one, 3, 4);
	CHECK(one[1].error == -EIO && !one[0].harm && !one[1].harm);
	finish(pid);
}

static int64_t holds_long(struct raw_worker *w)
{
	struct tandem_wire ms = raw_scalar(400);

	if (w->id_said != LITMUS_POKE)
		return 0;
	return down(w, LITMUS_DOWN_LOCK, 0, NULL) || down(w, LITMUS_DOWN_SLEEP, 1, &ms) ||
	       down(w, LITMUS_DOWN_UNLOCK, 0, NULL);
}

/* A device ends as the driver wanted while another call holds a lock: that call gives it back. */
static void test_lock_outlives(void)
{
	struct litmus_run one = { 0 };
	pid_t pid = begin(holds_long);
	pthread_t t;

	CHECK(!run(LITMUS_PROBE, 0));
	pthread_create(&t, NULL, run_one, &one);
	for (int i = 0; i < 500 && !ran.locked; i++) {
		usleep(2000);
		run(LITMUS_NOTHING, 0);
	}
	CHECK(ran.locked == 1);
	CHECK(!run(LITMUS_REMOVE, 0) && ran.locked == 1);
	pthread_join(t, NULL);
	CHECK(!one.error && !one.result && !one.locked);
	CHECK(!finish(pid));
}

/* ---- without end ---- */

static int64_t crosses(struct raw_worker *w)
{
	while (!raw_sync(w))
		;
	return 0;
}

/* Crossing is no progress: who only does that holds its caller for so long and no longer. */
static void test_endless(void)
{
	double begun = seconds();
	pid_t pid;

	CHECK(!system("echo 2000 >/sys/module/tandem/parameters/serve_ms"));
	pid = begin(crosses);
	CHECK(run(LITMUS_POKE, 0) == -EIO);
	CHECK(seconds() - begun > 1.5);
	finish(pid);
	CHECK(!system("echo 60000 >/sys/module/tandem/parameters/serve_ms"));
}

int main(int argc, char **argv)
{
	static const struct play test[] = {
		{ "refused", test_refused }, { "accepted", test_accepted }, { "held_once", test_held_once },
		{ "pinned", test_pinned }, { "lock_outlives", test_lock_outlives },
		{ "endless", test_endless },
	};

	return play(argc, argv, test, 6);
}
