// SPDX-License-Identifier: GPL-2.0
/* Each way of breaking a rule of the channel condemns the user half, and changes nothing. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "kernel_play.h"

static int bad;

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
	}
	return 0;
}

#define BREAKS	32

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
		    ran.dev.fixed != 99)
			printf("  %d was accepted\n", bad), failures++;
		int how = finish(pid);	/* it may see the end before the signal */

		CHECK(how == -SIGKILL || how >= 3);
	}
}

int main(int argc, char **argv)
{
	static const struct play test[] = { { "refused", test_refused } };

	return play(argc, argv, test, 1);
}
