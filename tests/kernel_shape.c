// SPDX-License-Identifier: GPL-2.0
/* Short replies on the raw channel: what they store, and that nothing else is taken for one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_play.h"

/* Words of LITMUS_TEN's shape. */
enum { W_E, W_F, W_A, W_B, W_C, W_D, W_TICKS, W_G, W_H, W_BITS, WORDS };
#define BIT(n)	(1ULL << (n))

static int bad;

static int64_t words(struct raw_worker *w)
{
	static const uint64_t now[] = { 0x1111111122222222, 0x33333333aaaaaaaa, 0x5555, 0x77ab };

	if (w->area->up_shape)
		raw_shaped(w, BIT(W_E) | BIT(W_B) | BIT(W_G) | BIT(W_H), 4, now);
	return w->area->up_shape ? 1 : 0;
}

static int64_t breaks(struct raw_worker *w)
{
	static const uint64_t now[80] = { 1, 2, 3 };

	if (!w->area->up_shape && bad != 7)
		return 0;
	switch (bad) {
	case 0:	/* it only reads this */
		raw_shaped(w, BIT(W_TICKS), 1, now);
		break;
	case 1:	/* bits are merged, by a FLUSH */
		raw_shaped(w, BIT(W_BITS), 1, now);
		break;
	case 2:	/* beyond the last word */
		raw_shaped(w, BIT(WORDS), 1, now);
		break;
	case 3:
		raw_shaped(w, BIT(63), 1, now);
		break;
	case 4:	/* values missing, or too many */
		raw_shaped(w, BIT(W_A) | BIT(W_B), 1, now);
		break;
	case 5:
		raw_shaped(w, BIT(W_A), 2, now);
		break;
	case 6:	/* no room for the struct itself */
		raw_shaped(w, 0, 0, now);
		w->at = 8;
		break;
	case 7:	/* of a CALL without a shape */
		raw_shaped(w, BIT(W_A), 1, now);
		break;
	case 8:	/* something was said since */
		raw_sync(w);
		raw_shaped(w, BIT(W_A), 1, now);
		break;
	case 9: {	/* in a downcall */
		struct tandem_wire arg[2] = { raw_scalar(1), raw_scalar(2) };

		raw_queue(w, LITMUS_DOWN_ADD, 2, arg);
		w->say_flags = TANDEM_DOWN_SHAPED;
		raw_next(w, TANDEM_SAY_DOWN);
		return 0;
	}
	case 10:
		raw_shaped(w, BIT(W_A), 1, now);
		w->say_flags |= TANDEM_DOWN_SPILL;
		break;
	case 11:	/* nested: what is open is another call */
		raw_queue(w, LITMUS_DOWN_NEST, 2, w->wire);
		if (!raw_next(w, TANDEM_SAY_DOWN) && w->op == TANDEM_OP_CALL)
			raw_shaped(w, BIT(W_A), 1, now);
		break;
	default:
		return -ENOSYS;
	}
	return 0;
}

static void stores(void)
{
	pid_t pid = begin(words);
	struct litmus_dev was;
	int before = 0, i;

	CHECK(run(LITMUS_TEN, 0) == 0 && ran.result == 0);
	was = ran.dev;
	for (i = 0; i < 6; i++) {
		CHECK(run(LITMUS_TEN, i) == 0);
		before += ran.result == 1;
	}
	/* The second call that is like one before has a shape. */
	CHECK(before >= 4);
	CHECK(ran.dev.e == 0x1111111122222222 && ran.dev.b == 0xaaaaaaaa);
	CHECK(ran.dev.g == 0x5555 && ran.dev.h == 0xab);
	CHECK(ran.dev.f == was.f && ran.dev.a == was.a && ran.dev.c == was.c && ran.dev.d == was.d);
	CHECK(ran.dev.bits == was.bits && !memcmp(ran.dev.arr, was.arr, sizeof(was.arr)));
	CHECK(finish(pid) == 0);
}

/* As begin() set it. */
static bool untouched(const struct litmus_dev *dev)
{
	return dev->a == 1 && dev->b == 2 && dev->e == 0x1122334455667788 && dev->g == 0x7777 &&
	       dev->h == 0x88 && dev->bits == 0xa5 && !dev->ticks && dev->fixed == 99;
}

static void refused(void)
{
	pid_t pid;
	int i;

	for (bad = 0; bad < 12; bad++) {
		pid = begin(breaks);
		for (i = 0; i < 6 && !run(LITMUS_TEN, 0); i++)
			CHECK(ran.result == 0);
		if (ran.error != -EIO || !untouched(&ran.dev)) {
			printf("  short reply %d: error %d\n", bad, ran.error);
			failures++;
		}
		finish(pid);
	}
}

/* While it thinks, the device goes: the words it replies with belong to nobody any more. */
static int64_t slow(struct raw_worker *w)
{
	static const uint64_t now[] = { 1 };

	static volatile bool removed;

	removed = removed || w->id_said == LITMUS_REMOVE;
	if (w->id_said != LITMUS_TEN || !w->wire[1].value)
		return 0;
	for (int i = 0; i < 30 && !removed; i++)
		usleep(20000);
	usleep(300000);		/* it ends when that has been replied */
	if (!w->area->up_shape)
		return -ENOSYS;
	raw_shaped(w, BIT(W_A), 1, now);
	return 0;
}

static void dead_object(void)
{
	pid_t pid = begin(slow), other;
	struct litmus_dev was;
	int status;

	CHECK(run(LITMUS_PROBE, 0) == 0);
	for (int i = 0; i < 4; i++)
		CHECK(run(LITMUS_TEN, 0) == 0);
	was = ran.dev;
	other = fork();
	if (!other) {
		usleep(100000);
		_exit(run(LITMUS_REMOVE, 0) != 0);
	}
	CHECK(run(LITMUS_TEN, 1) == -EIO);
	CHECK(ran.dev.a == was.a);
	waitpid(other, &status, 0);
	CHECK(status == 0);
	finish(pid);
}

int main(int argc, char **argv)
{
	static const struct play test[] = {
		{ "stores", stores }, { "refused", refused }, { "dead object", dead_object },
	};

	return play(argc, argv, test, sizeof(test) / sizeof(*test));
}
