// SPDX-License-Identifier: GPL-2.0
/*
 * A user half that says whatever a tape of bytes makes it say: requests of all kinds, mappings, messages
 * right, wrong and after the end. Tapes that reach kernel code which none before has reached (KCOV) are
 * kept, and changed into the next ones.
 *
 *   kernel_fuzz SECONDS OUT    begins with OUT/seeds/, keeps in OUT/corpus/; OUT/now is the tape that runs
 *   kernel_fuzz 0 OUT          plays OUT/seeds/ once, needs no KCOV
 *   kernel_fuzz least OUT      keeps in OUT/corpus/ those of OUT/seeds/ that reach places which smaller ones do not
 *
 * Exit status 1, and the tape in OUT/crash, if the kernel complained or would have been hurt. The caller of
 * the upcalls is a thread of this process; the first three bytes of a tape say what it calls.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/litmus.h"
#include "kernel_raw.h"
#include "kernel_tape.h"

#define KCOV_INIT_TRACE		_IOR('c', 1, unsigned long)
#define KCOV_ENABLE		_IO('c', 100)
#define KCOV_PLACES		(256 << 10)
#define EDGES			(1 << 16)
#define TAPES_MAX		4096
#define STUCK_S			20

static struct tape *kept[TAPES_MAX];
static unsigned int nkept;
static const char *out_dir;

static uint32_t random32(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

/* ---- what the kernel has run ---- */

struct places {
	volatile unsigned long *at;
	bool on;
};

static __thread struct places *mine;
static struct places of_worker, of_caller;
static uint8_t edge_seen[EDGES];
static unsigned int nedge;
static bool least;		/* places count, not the steps between them */

static bool count_here(struct places *p)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR);

	mine = p;
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, KCOV_PLACES))
		return false;
	p->at = mmap(NULL, KCOV_PLACES * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p->on = p->at != MAP_FAILED && !ioctl(fd, KCOV_ENABLE, 0);
	return p->on;
}

/* Steps from one place to the next that were never made before. */
static unsigned int new_edges(struct places *p)
{
	unsigned long n = p->on ? __atomic_load_n(&p->at[0], __ATOMIC_RELAXED) : 0, last = 0;
	unsigned int new = 0;

	if (n > KCOV_PLACES - 1)
		n = KCOV_PLACES - 1;
	for (unsigned long i = 1; i <= n; i++) {
		unsigned long pc = p->at[i];
		uint32_t edge = (uint32_t)((pc * 0x9e3779b97f4a7c15ULL) >> 40 ^ (last * 0xc2b2ae3d27d4eb4fULL) >> 41) % EDGES;

		new += !edge_seen[edge];
		edge_seen[edge] = 1;
		last = least ? 0 : pc;
	}
	if (p->on)
		__atomic_store_n(&p->at[0], 0, __ATOMIC_RELAXED);
	nedge += new;
	return new;
}

/* ---- the caller ---- */

static int face;
static sem_t begin, ended;
static struct litmus_run ran;
static pthread_t worker_thread;
static volatile bool over;

static void *caller(void *unused)
{
	static const uint8_t entry[] = {
		LITMUS_POKE, LITMUS_TEN, LITMUS_NULL, LITMUS_READ, LITMUS_OPEN, LITMUS_CLOSE, LITMUS_PROBE,
		LITMUS_REMOVE, LITMUS_BIG, LITMUS_BUFFER, LITMUS_NOTHING, LITMUS_HOST, LITMUS_CHAIN, LITMUS_POKE,
	};
	static uint8_t buffer[4096];

	(void)unused;
	count_here(&of_caller);
	for (;;) {
		sem_wait(&begin);
		for (int i = 0; i < HEAD_BYTES / 2; i++) {
			uint8_t a = now.at[2 * i], b = now.at[2 * i + 1];

			ran = (struct litmus_run){
				.entry = entry[a % 14], .device = a >> 7, .arg = b % 20, .repeat = 1 + (a >> 4) % 8,
				.buffer = (uintptr_t)buffer, .bytes = b * 16,
			};
			if (ioctl(face, LITMUS_IOC_RUN, &ran) || ran.error == -EIO)
				break;
		}
		/* Who waits for another call waits in vain. */
		while (!over) {
			pthread_kill(worker_thread, SIGUSR1);
			usleep(1000);
		}
		sem_post(&ended);
	}
	return NULL;
}

/* ---- one tape ---- */

static void ready(void)
{
	over = false;
	sem_post(&begin);
}

static void play(void)
{
	tape_play(ready);
	over = true;
	while (sem_wait(&ended))
		;	/* a signal that came late */
}

static unsigned long taint(void)
{
	unsigned long x = 0;
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");

	if (!f || fscanf(f, "%lu", &x) != 1)
		x = 0;
	if (f)
		fclose(f);
	return x;
}

static void write_tape(const char *name, const struct tape *t)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", out_dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, t->at, t->bytes) < 0)
		perror(path);
	close(fd);
}

static unsigned long taint_before, plays;

static void check(void)
{
	unsigned long t = taint();

	if (t == taint_before && !ran.harm)
		return;
	write_tape("crash", &now);
	printf("found after %lu tapes: %s (taint %lx, harm %u); the tape is crash\n", plays,
	       t == taint_before ? "the driver was hurt" : "the kernel complained", t, ran.harm);
	exit(1);
}

static void print_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = 0;
	printf("%s\n%s", path, text);
	close(fd);
}

/* No tape lasts this long: somebody waits for ever. */
static void *watch(void *unused)
{
	unsigned long last = ~0UL;
	char path[300];
	struct dirent *d;
	DIR *dir;

	(void)unused;
	while (last != plays) {
		last = plays;
		sleep(STUCK_S);
	}
	write_tape("crash", &now);
	dir = opendir("/proc/self/task");
	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/stack", d->d_name);
		if (d->d_name[0] != '.')
			print_file(path);
	}
	print_file("/sys/kernel/debug/tandem/litmus/calls");
	print_file("/sys/kernel/debug/tandem/litmus/stats");
	printf("stuck after %lu tapes: the tape is crash\n", plays);
	_exit(1);
}

/* How many steps it made that none before has made. */
static unsigned int try(const struct tape *t)
{
	static int log = -1;

	now = *t;
	if (log < 0) {
		char path[256];

		snprintf(path, sizeof(path), "%s/now", out_dir);
		log = open(path, O_WRONLY | O_CREAT, 0644);
	}
	/* A kernel that dies cannot tell of what. */
	if (pwrite(log, t->at, t->bytes, 0) != t->bytes || ftruncate(log, t->bytes))
		perror("now");
	if (of_worker.on)
		of_worker.at[0] = 0;
	if (of_caller.on)
		of_caller.at[0] = 0;
	play();
	plays++;
	check();
	return new_edges(&of_worker) + new_edges(&of_caller);
}

static void keep(const struct tape *t, bool write)
{
	uint32_t hash = 2166136261u;
	char name[32];

	if (nkept == TAPES_MAX)
		return;
	kept[nkept] = malloc(sizeof(*t));
	*kept[nkept++] = *t;
	for (uint32_t i = 0; i < t->bytes; i++)
		hash = (hash ^ t->at[i]) * 16777619;
	snprintf(name, sizeof(name), "corpus/%08x", hash);
	if (write)
		write_tape(name, t);
}

/* ---- the next tape ---- */

static void insert(struct tape *t, uint32_t at, const uint8_t *what, uint32_t n)
{
	if (n > TAPE_BYTES - t->bytes)
		n = TAPE_BYTES - t->bytes;
	memmove(t->at + at + n, t->at + at, t->bytes - at);
	memcpy(t->at + at, what, n);
	t->bytes += n;
}

static void change(struct tape *t)
{
	const struct tape *other = kept[random32() % nkept];
	uint32_t at = random32() % (t->bytes + 1), n = 1 + random32() % 16, from;
	uint8_t fresh[16];

	for (int i = 0; i < 16; i++)
		fresh[i] = random32();
	switch (random32() % 7) {
	case 0:
		t->at[at % t->bytes] ^= 1 << random32() % 8;
		break;
	case 1:
	case 2:
		t->at[at % t->bytes] = random32();
		break;
	case 3:
		insert(t, at, fresh, n);
		break;
	case 4:
		if (at + n <= t->bytes && t->bytes - n > HEAD_BYTES) {
			memmove(t->at + at, t->at + at + n, t->bytes - at - n);
			t->bytes -= n;
		}
		break;
	case 5:		/* another's end */
		from = random32() % other->bytes;
		t->bytes = at < HEAD_BYTES ? HEAD_BYTES : at;
		insert(t, t->bytes, other->at + from, other->bytes - from);
		break;
	default:	/* a piece of another */
		from = random32() % other->bytes;
		insert(t, at, other->at + from, n * 2 < other->bytes - from ? n * 2 : other->bytes - from);
	}
}

static void fuzz(long seconds)
{
	time_t end = time(NULL) + seconds, said = time(NULL);

	while (time(NULL) < end) {
		struct tape t = *kept[random32() % 2 ? random32() % nkept : nkept - 1 - random32() % (nkept / 4 + 1)];

		for (uint32_t n = 1 + random32() % 4; n--; )
			change(&t);
		if (try(&t))
			keep(&t, true);
		if (time(NULL) - said >= 60) {
			said = time(NULL);
			printf("%lu tapes, %u kept, %u steps\n", plays, nkept, nedge);
		}
	}
}

/* ---- */

static int by_size(const void *a, const void *b)
{
	const struct tape *const *x = a, *const *y = b;

	return (int)(*x)->bytes - (int)(*y)->bytes;
}

/* The smallest first: what a longer one adds to them is why it is kept. */
static unsigned int play_seeds(bool again)
{
	struct tape *seed[TAPES_MAX], *t;
	unsigned int n = 0;
	struct dirent *d;
	char path[600];
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/seeds", out_dir);
	dir = opendir(path);
	while (dir && (d = readdir(dir)) && n < TAPES_MAX) {
		snprintf(path, sizeof(path), "%s/seeds/%s", out_dir, d->d_name);
		t = calloc(1, sizeof(*t));
		fd = open(path, O_RDONLY);
		t->bytes = d->d_name[0] == '.' || fd < 0 ? 0 : read(fd, t->at, TAPE_BYTES);
		if (fd >= 0)
			close(fd);
		if ((int)t->bytes > HEAD_BYTES)
			seed[n++] = t;
	}
	if (dir)
		closedir(dir);
	qsort(seed, n, sizeof(*seed), by_size);
	for (unsigned int i = 0; i < n; i++)
		if (try(seed[i]) || !again)
			keep(seed[i], again);
	return n;
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

static void nothing(int signal)
{
	(void)signal;
}

static volatile int registering = 1;

static void *registers(void *unused)
{
	(void)unused;
	registering = ioctl(face, LITMUS_IOC_REGISTER) ? -1 : 0;
	while (!over) {
		pthread_kill(worker_thread, SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

/* It waits for a first user half. */
static bool registered(void)
{
	struct raw_worker *w = calloc(1, sizeof(*w));
	pthread_t t;
	int fd = raw_open(), err;

	pthread_create(&t, NULL, registers, NULL);
	while ((err = raw_attach(fd, "litmus", LITMUS_BUILD, TANDEM_ATTACH_WAIT)) == -EINTR)
		;
	if (!err && !raw_worker(w, fd))
		raw_next(w, TANDEM_SAY_NOTHING);
	over = true;
	if (w->area)
		munmap((void *)w->area, TANDEM_AREA_BYTES);
	close(fd);
	pthread_join(t, NULL);
	free(w);
	return !registering;
}

/* Nothing is left held. */
static int check_end(void)
{
	struct litmus_run run = { 0 };

	for (int i = 0; i < 2; i++) {
		run.device = i;
		run.entry = LITMUS_REMOVE;
		ioctl(face, LITMUS_IOC_RUN, &run);
	}
	if (ioctl(face, LITMUS_IOC_UNREGISTER))
		return 1;
	ioctl(face, LITMUS_IOC_RUN, &run);
	if (run.locked || run.harm)
		printf("%u locks are held, harm %u\n", run.locked, run.harm);
	return run.locked || run.harm;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = nothing };
	struct tape plain = { .bytes = 40 };
	struct litmus_run set = { 0 };
	unsigned int seeds;
	pthread_t t;
	long seconds;

	if (argc != 3)
		return 2;
	least = !strcmp(argv[1], "least");
	seconds = strtol(argv[1], NULL, 0);
	out_dir = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = tape_fault;
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	face = open("/dev/litmus", O_RDWR);
	/* One channel after the other: the kernel condemns them, but (for once) spares the process. */
	parameter("deadline_ms", "100");
	parameter("kill", "0");
	worker_thread = pthread_self();
	if (face < 0 || !registered() || ioctl(face, LITMUS_IOC_SET, &set)) {
		perror("litmus");
		return 1;
	}
	sem_init(&begin, 0, 0);
	sem_init(&ended, 0, 0);
	if (!count_here(&of_worker) && (seconds || least)) {
		printf("no KCOV in this kernel\n");
		return 77;
	}
	pthread_create(&t, NULL, caller, NULL);
	pthread_create(&t, NULL, watch, NULL);
	taint_before = taint();

	seeds = play_seeds(seconds || least);
	if (seconds) {
		keep(&plain, false);
		fuzz(seconds);
	}
	parameter("deadline_ms", "1000");
	parameter("kill", "1");
	printf("%lu tapes, %u of them seeds, %u kept, %u steps\n", plays, seeds, nkept, nedge);
	return check_end();
}
