// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile user half: messages of a well-behaved one, recorded, and then said again
 * mutated, out of order, repeated, from the wrong thread and after the end; the rest is
 * made up. Argument: how many messages. 0 if the kernel half came out of it clean.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/litmus.h"
#include "kernel_raw.h"

#define KEPT		512
#define KEPT_BYTES	1024

struct kept {
	uint32_t op, bytes;
	uint8_t body[KEPT_BYTES];
};

/* Shared by all user halves and this program. */
struct shared {
	unsigned long said, replayed, made_up, foreign, late, ended, halves;
	uint32_t nkept;
	struct kept kept[KEPT];
};

static struct shared *shared;
static int face, channel;
static bool recording;
static uint32_t random_state;

static uint32_t random32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static bool one_in(uint32_t n)
{
	return random32() % n == 0;
}

/* ---- the well-behaved one ---- */

static void keep(struct raw_worker *w, unsigned int op)
{
	struct kept *kept = &shared->kept[shared->nkept % KEPT];

	if (!recording || op == TANDEM_SAY_NOTHING || w->at > KEPT_BYTES)
		return;
	kept->op = op;
	kept->bytes = w->at;
	memcpy(kept->body, w->down, w->at);
	shared->nkept++;
}

static const struct raw_object *object_of(struct raw_worker *w, struct tandem_wire wire)
{
	return &w->object[wire.index & 255];
}

static int64_t answer(struct raw_worker *w, int depth);

static int down(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg,
		int depth)
{
	uint64_t seq = w->seq;
	int err = raw_down(w, id, n, arg);

	while (!err && w->op == TANDEM_OP_CALL && w->seq != seq)
		err = raw_reply(w, answer(w, depth + 1));
	w->seq = seq;
	return err;
}

static int64_t answer(struct raw_worker *w, int depth)
{
	struct tandem_wire dev = w->wire[0], arg[3], ring, zero = { .tag = TANDEM_WIRE_NULL };
	const struct raw_object *o = object_of(w, dev);
	uint64_t eight = 0;

	if (w->nwire < 2 || dev.tag != TANDEM_WIRE_OBJECT)
		return 0;
	raw_flush(w, o, LITMUS_USE_A, 0, 0, random32());
	raw_flush(w, o, LITMUS_USE_BITS, 0, 3, 5);
	raw_flush(w, o, LITMUS_USE_ARR, 2, 0, 7);
	arg[0] = raw_scalar(1);
	arg[1] = raw_scalar(2);
	if (down(w, LITMUS_DOWN_ADD, 2, arg, depth))
		return -1;
	arg[0] = raw_scalar(96);
	if (down(w, LITMUS_DOWN_RAW, 1, arg, depth))
		return -1;
	ring = w->wire[0];
	raw_flush_wire(w, o, LITMUS_USE_RING2, ring);
	raw_flush(w, object_of(w, ring), 1, 0, 0, 1234);
	raw_queue(w, LITMUS_DOWN_TICK, 1, &dev);
	if (raw_sync(w) || down(w, LITMUS_DOWN_LOCK, 0, NULL, depth))
		return -1;
	arg[0] = (struct tandem_wire){ .tag = TANDEM_WIRE_STRING, .index = raw_buffer(w, "litmus", 7) };
	if (down(w, LITMUS_DOWN_LOG, 1, arg, depth) || down(w, LITMUS_DOWN_UNLOCK, 0, NULL, depth))
		return -1;
	arg[0] = dev;
	arg[1] = raw_scalar(0);
	if (depth < 2 && down(w, LITMUS_DOWN_NEST, 2, arg, depth))
		return -1;
	raw_flush_wire(w, o, LITMUS_USE_RING2, zero);
	if (down(w, LITMUS_DOWN_FREE, 1, &ring, depth))
		return -1;
	arg[0] = raw_scalar(4096);
	arg[1] = (struct tandem_wire){ .tag = TANDEM_WIRE_BUFFER, .index = raw_buffer(w, &eight, 8) };
	if (down(w, LITMUS_DOWN_DMA, 2, arg, depth) || !w->nup_buffer)
		return -1;
	arg[1] = w->wire[0];
	arg[2] = raw_scalar(*(uint64_t *)w->buffer[0]);
	return down(w, LITMUS_DOWN_DMA_FREE, 3, arg, depth);
}

/* ---- the hostile one ---- */

static void mutate(struct raw_worker *w)
{
	uint32_t n = 1 + random32() % 3, words = w->at / 4;

	while (n-- && words) {
		uint32_t *word = (uint32_t *)w->down + random32() % words;

		switch (random32() % 6) {
		case 0:
			*word ^= 1u << random32() % 32;
			break;
		case 1:
			*word = random32();
			break;
		case 2:
			*word += random32() % 9 - 4;
			break;
		case 3:
			*word = 0;
			break;
		case 4:
			*word = ~0u;
			break;
		default:
			w->at = random32() % 8 ? 8 * (random32() % (w->at / 8 + 2)) : random32() % 70000;
		}
	}
}

static uint32_t replay(struct raw_worker *w)
{
	static uint32_t at;
	uint32_t n = shared->nkept < KEPT ? shared->nkept : KEPT;
	const struct kept *kept;

	if (one_in(8))
		at = random32();
	if (!one_in(8))
		at++;
	kept = &shared->kept[at % n];
	memcpy(w->down, kept->body, kept->bytes);
	w->at = kept->bytes;
	if (!one_in(3))
		mutate(w);
	__atomic_add_fetch(&shared->replayed, 1, __ATOMIC_RELAXED);
	return kept->op;
}

static struct tandem_wire any_wire(void)
{
	struct tandem_wire wire = { .tag = random32() % 9, .index = random32() % (one_in(4) ? 1 << 30 : 8) };

	wire.gen = random32() % 4;
	wire.offset = random32() % (one_in(4) ? ~0u : 128);
	return wire;
}

static uint32_t make_up(struct raw_worker *w)
{
	struct tandem_wire wire[4];
	uint32_t n = random32() % 4, i;

	raw_begin(w);
	__atomic_add_fetch(&shared->made_up, 1, __ATOMIC_RELAXED);
	if (one_in(6)) {	/* a short reply, fitting or not */
		uint64_t changed = one_in(4) ? random32() : random32() & 0x19f;
		uint64_t now[40] = { random32(), random32(), random32() };

		n = one_in(4) ? random32() % 40 : (uint32_t)__builtin_popcountll(changed);
		raw_shaped(w, changed, n, now);
		return one_in(9) ? random32() % 5 : TANDEM_SAY_REPLY;
	}
	while (n--) {
		struct raw_object o = { .index = random32() % 4, .gen = random32() % 3 };

		if (one_in(2))
			raw_flush(w, &o, random32() % 20, random32() % 5, random32(), random32());
		else
			raw_flush_wire(w, &o, random32() % 20, any_wire());
	}
	if (one_in(2))
		raw_buffer(w, wire, random32() % 64);
	for (i = 0; i < 4; i++)
		wire[i] = one_in(2) ? raw_scalar(random32() % 200) : any_wire();
	if (one_in(2)) {
		raw_queue(w, random32() % (LITMUS_DOWNS + 1), random32() % 4, wire);
		return TANDEM_SAY_DOWN;
	}
	raw_record(w, TANDEM_REC_REPLY, 0, wire, 16)->count = 1;
	return one_in(9) ? random32() % 5 : TANDEM_SAY_REPLY;
}

static struct raw_worker *victim;
static pthread_mutex_t victim_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int serving;		/* worker threads of the channel */

/* Speaks for another thread, and touches its area while the kernel reads it. */
static void *foreigner(void *unused)
{
	(void)unused;
	for (;;) {
		usleep(random32() % 3000);
		pthread_mutex_lock(&victim_lock);
		if (victim) {
			((volatile uint8_t *)victim->down)[random32() % 512] = random32();
			lseek(victim->fd, victim->id, SEEK_SET);
			ioctl(victim->fd, TANDEM_IOC_FETCH, victim->down);
			__atomic_add_fetch(&shared->foreign, 1, __ATOMIC_RELAXED);
		}
		pthread_mutex_unlock(&victim_lock);
	}
	return NULL;
}

static int speak(struct raw_worker *w)
{
	uint32_t op = one_in(3) ? make_up(w) : replay(w);

	__atomic_add_fetch(&shared->said, 1, __ATOMIC_RELAXED);
	if (one_in(2000))
		w->seq += random32() % 3 - 1;
	return raw_next(w, op);
}

static void *serve(void *unused)
{
	struct raw_worker *w = calloc(1, sizeof(*w));
	bool spared = false;
	pthread_t t;
	int err = raw_worker(w, channel);

	(void)unused;
	if (!err)
		err = raw_next(w, TANDEM_SAY_NOTHING);
	while (!err || err == -EBADMSG) {
		if (!err && w->op == TANDEM_OP_QUIT)
			_exit(0);
		if (w->flags & TANDEM_UP_SPARE && !spared) {
			spared = true;
			__atomic_add_fetch(&serving, 1, __ATOMIC_SEQ_CST);
			pthread_create(&t, NULL, serve, NULL);
			pthread_detach(t);
		}
		victim = w;
		if (recording)
			err = raw_reply(w, answer(w, 0));
		else
			err = speak(w);
	}
	/* After the end: nothing may come of it. */
	if (w->area && random32() % 4 == 0) {
		__atomic_add_fetch(&shared->late, 1, __ATOMIC_RELAXED);
		speak(w);
	}
	pthread_mutex_lock(&victim_lock);
	if (victim == w)
		victim = NULL;
	pthread_mutex_unlock(&victim_lock);
	if (w->area)
		munmap((void *)w->area, TANDEM_AREA_BYTES);
	free(w->spill);
	free(w);
	__atomic_sub_fetch(&serving, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* One channel after the other: the kernel condemns them, but (for once) spares the process. */
static pid_t start(void)
{
	pthread_t t;
	pid_t pid = fork();
	int err, fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_state = 2463534242u + 7919 * getpid();
	channel = -1;
	if (!recording)
		pthread_create(&t, NULL, foreigner, NULL);
	for (;;) {
		fd = raw_open();
		do {
			err = raw_attach(fd, "litmus", LITMUS_BUILD, TANDEM_ATTACH_WAIT);
		} while (err == -EBUSY && !usleep(200));
		if (err)
			_exit(7);
		channel = fd;
		serving = 1;
		serve(NULL);
		while (__atomic_load_n(&serving, __ATOMIC_SEQ_CST))
			usleep(100);
		channel = -1;
		close(fd);
		__atomic_add_fetch(&shared->halves, 1, __ATOMIC_RELAXED);
	}
}

/* ---- this side ---- */

static void *caller(void *at)
{
	struct litmus_run run = { .device = (long)at };
	unsigned int entry[] = { LITMUS_POKE, LITMUS_TEN, LITMUS_NULL, LITMUS_READ, LITMUS_OPEN,
				 LITMUS_CLOSE, LITMUS_PROBE, LITMUS_REMOVE, LITMUS_BIG };
	int fd = open("/dev/litmus", O_RDWR);
	unsigned long i;

	for (i = 0; shared->said < shared->ended; i++) {
		run.entry = entry[i % 4 ? 0 : i / 4 % (sizeof(entry) / sizeof(entry[0]))];
		run.arg = i % 3;
		if (ioctl(fd, LITMUS_IOC_RUN, &run) || run.error == -EIO)
			usleep(100);
	}
	close(fd);
	return NULL;
}

static int line_of(const char *file, const char *wanted)
{
	char path[128], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/litmus/%s", file);
	f = fopen(path, "r");
	if (!f || (!fgets(line, sizeof(line), f) && wanted[0]) || strcmp(line, wanted)) {
		printf("%s begins with %s", file, line);
		return 1;
	}
	fclose(f);
	return 0;
}

static void parameter(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/tandem/parameters/%s", name);
	f = fopen(path, "w");
	if (f) {
		fputs(value, f);
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	struct litmus_run run = { .entry = LITMUS_POKE };
	pthread_t callers[3];
	int status, bad = 0;
	long left;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	face = open("/dev/litmus", O_RDWR);
	if (face < 0)
		return 77;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	raw_saying = keep;
	recording = true;
	pid = start();
	if (ioctl(face, LITMUS_IOC_REGISTER) || ioctl(face, LITMUS_IOC_SET, &run)) {
		perror("register");
		return 1;
	}
	for (int i = 0; i < 8; i++)
		bad |= ioctl(face, LITMUS_IOC_RUN, &run) || run.error || run.result;
	if (bad || shared->nkept < 20) {
		printf("recording: %d %d %lld, %u messages\n", bad, run.error, (long long)run.result,
		       shared->nkept);
		return 1;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	recording = false;
	/* A wrong sequence number is answered by nothing: do not wait long for each. */
	parameter("deadline_ms", "100");
	parameter("kill", "0");

	shared->ended = wanted;
	pid = start();
	for (long i = 0; i < 3; i++)
		pthread_create(&callers[i], NULL, caller, (void *)(i % 2));
	while (shared->said < wanted) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			pid = start();
		usleep(5000);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(callers[i], NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	parameter("deadline_ms", "1000");
	parameter("kill", "1");

	printf("%lu messages, %lu of them replayed, %lu made up; %lu from foreign threads, %lu after "
	       "the end; %lu channels\n", shared->said, shared->replayed, shared->made_up,
	       shared->foreign, shared->late, shared->halves);
	/* Devices that were never removed keep what they have until then. */
	for (int i = 0; i < 2; i++) {
		run.device = i;
		run.entry = LITMUS_CLOSE;
		ioctl(face, LITMUS_IOC_RUN, &run);
		run.entry = LITMUS_REMOVE;
		ioctl(face, LITMUS_IOC_RUN, &run);
	}
	recording = true;
	pid = start();
	for (int i = 0; i < 200; i++) {
		ioctl(face, LITMUS_IOC_SET, &run);
		run.entry = LITMUS_POKE;
		ioctl(face, LITMUS_IOC_RUN, &run);
		if (!run.error)
			break;
		usleep(10000);
	}
	printf("a good user half afterwards: %d, %lld; %u allocated, %u locked\n", run.error,
	       (long long)run.result, run.allocated, run.locked);
	bad |= run.error || run.result || run.locked || line_of("calls", "");
	left = stat_of("left");
	bad |= ioctl(face, LITMUS_IOC_UNREGISTER);
	waitpid(pid, &status, 0);
	run.entry = LITMUS_POKE;
	ioctl(face, LITMUS_IOC_RUN, &run);
	/* A device that ends as its driver wants may leave things behind, and that is said. */
	if (run.allocated > left)
		printf("%u allocations were lost, %ld of them named\n", run.allocated, left), bad = 1;
	return bad;
}
