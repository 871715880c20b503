// SPDX-License-Identifier: GPL-2.0
/*
 * kernel_unload TANDEM.KO LITMUS.KO ROUNDS: for each kind of request, processes loop or sit in it
 * while the kernel half is unregistered, its module is unloaded and then the runtime. --list names
 * the kinds; a test compares them with the code. 0, or 1 and what was not so.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_play.h"

#define NOBODY	(-1)

struct kind {
	const char *name;		/* all that it is an instance of, with commas */
	void (*sit)(const char *what);	/* in processes of their own, again and again; or NULL */
	const char *what;
	serve how;			/* the user half's; NULL: it replies */
	int entry;			/* that is called all the time, or NOBODY */
};

/* ---- who sits in a request ---- */

static void sit_open(const char *what)
{
	int fd = raw_open();

	if (fd >= 0)
		close(fd);
}

static void sit_attach(const char *what)
{
	int fd = raw_open();

	if (fd < 0)
		return;
	raw_attach(fd, what, LITMUS_BUILD, 0);
	usleep(100);
	close(fd);
}

static void sit_waiting(const char *what)
{
	int fd = raw_open();

	if (fd >= 0)
		raw_attach(fd, what, LITMUS_BUILD, TANDEM_ATTACH_WAIT);
	close(fd);
}

static void sit_ioctl(const char *what)
{
	int fd = raw_open();

	for (int i = 0; fd >= 0 && i < 64; i++)
		ioctl(fd, _IO(TANDEM_IOC_MAGIC, i), NULL);
	close(fd);
}

/* A program of 32 bits: the same structs. */
static void sit_compat(const char *what)
{
	struct tandem_attach *arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = raw_open();
	long ret;

	arg->size = sizeof(*arg);
	arg->protocol = TANDEM_PROTOCOL;
	strcpy(arg->name, "nobody");
	for (int i = 0; fd >= 0 && i < 20; i++)
		__asm__ volatile("int $0x80" : "=a"(ret) : "a"(54), "b"(fd), "c"((unsigned int)TANDEM_IOC_ATTACH),
				 "d"(arg) : "memory", "r8", "r9", "r10", "r11");
	close(fd);
	munmap(arg, 4096);
}

/* The file stays open while what it shows goes. */
static void sit_file(const char *path)
{
	int fd = open(path, O_RDWR);
	char text[64];

	if (fd < 0)
		fd = open(path, O_RDONLY);
	if (fd < 0) {
		usleep(100);
		return;
	}
	for (int i = 0; i < 20; i++) {
		while (read(fd, text, sizeof(text)) > 0)
			usleep(100);
		lseek(fd, 0, SEEK_SET);
		if (write(fd, "0", 1) < 0)
			usleep(100);
	}
	close(fd);
}

/* What it says is written back. */
static void sit_parameter(const char *name)
{
	char path[96], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/tandem/parameters/%s", name);
	fd = open(path, O_RDWR);
	if (fd < 0)
		fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text));
	if (n <= 1 || pwrite(fd, text, n, 0) < 0)
		usleep(100);
	close(fd);
}

static void sit_register(const char *what)
{
	int fd = open("/dev/litmus", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, LITMUS_IOC_REGISTER))
		usleep(100);
	if (fd >= 0 && what && ioctl(fd, LITMUS_IOC_UNREGISTER))
		usleep(100);
	close(fd);
}

/* ---- what the user half does ---- */

static int64_t say_sync(struct raw_worker *w)
{
	return raw_sync(w) || raw_sync(w);
}

static int64_t down_short(struct raw_worker *w)
{
	struct tandem_wire text = { .tag = TANDEM_WIRE_STRING };

	text.index = raw_buffer(w, "litmus", 7);
	return down(w, LITMUS_DOWN_LOG, 1, &text);
}

static int64_t down_queued(struct raw_worker *w)
{
	for (int i = 0; i < 5 && w->nwire; i++)
		raw_queue(w, LITMUS_DOWN_TICK, 1, w->wire);
	return 0;
}

static int64_t down_frees(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64);

	return down(w, LITMUS_DOWN_ALLOC, 1, &size) || down(w, LITMUS_DOWN_FREE, 1, w->wire);
}

static int64_t down_keeps(struct raw_worker *w)
{
	struct tandem_wire size = raw_scalar(64);

	return down(w, LITMUS_DOWN_ALLOC, 1, &size);
}

static int64_t down_sleeps(struct raw_worker *w)
{
	struct tandem_wire ms = raw_scalar(20);

	return down(w, LITMUS_DOWN_SLEEP, 1, &ms);
}

static int64_t down_stops(struct raw_worker *w)
{
	return down(w, LITMUS_DOWN_START, 0, NULL) || down(w, LITMUS_DOWN_STOP, 0, NULL) ||
	       down(w, LITMUS_DOWN_START, 0, NULL);
}

static int64_t down_locks(struct raw_worker *w)
{
	return down(w, LITMUS_DOWN_LOCK, 0, NULL) || down_sleeps(w) || down(w, LITMUS_DOWN_UNLOCK, 0, NULL);
}

static int64_t dies_locked(struct raw_worker *w)
{
	return down(w, LITMUS_DOWN_LOCK, 0, NULL) || raise(SIGKILL);
}

static int64_t down_mmio(struct raw_worker *w)
{
	volatile char *at;

	if (down(w, LITMUS_DOWN_REMAP, 0, NULL) || w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return 1;
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, w->fd, TANDEM_MAP_OBJECT + ((off_t)w->wire[0].index << TANDEM_MAP_SHIFT));
	if (at == MAP_FAILED)
		return 2;
	for (int i = 0; i < 4096; i += 64)
		(void)at[i];
	return munmap((void *)at, 4096);
}

/* Two pages, of which one goes first, so that the mapping is made two and closed twice. */
static int64_t down_dma(struct raw_worker *w)
{
	struct tandem_wire arg[2] = { raw_scalar(8192), { .tag = TANDEM_WIRE_BUFFER } };
	uint64_t dma = 0;
	volatile char *at;

	arg[1].index = raw_buffer(w, &dma, sizeof(dma));
	if (down(w, LITMUS_DOWN_DMA, 2, arg) || w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return 1;
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
		  TANDEM_MAP_OBJECT + ((off_t)w->wire[0].index << TANDEM_MAP_SHIFT));
	if (at == MAP_FAILED)
		return 2;
	at[0] = at[4096];
	munmap((void *)at, 4096);
	at[4096]++;
	/* Leaves the other page to whoever ends it. */
	return 0;
}

static int64_t area_again(struct raw_worker *w)
{
	for (int i = 0; i < 10; i++) {
		void *at = mmap(NULL, TANDEM_AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
				(off_t)w->id * TANDEM_AREA_BYTES);

		if (at == MAP_FAILED || munmap(at, TANDEM_AREA_BYTES))
			return 1;
	}
	return 0;
}

static int64_t reply_shaped(struct raw_worker *w)
{
	if (w->area->up_shape)
		raw_shaped(w, 0, 0, NULL);
	return 0;
}

/* The whole reply is said from its own memory. */
static int64_t reply_spilled(struct raw_worker *w)
{
	static uint8_t body[64][4096] __attribute__((aligned(8)));

	w->down = body[w->id & 63];
	w->area->down_address = (uintptr_t)w->down;
	w->say_flags = TANDEM_DOWN_SPILL;
	return 0;
}

static int64_t fetch_again(struct raw_worker *w)
{
	struct tandem_fetch fetch = { .size = sizeof(fetch), .worker = w->id };

	fetch.address = (uintptr_t)w->spill;
	fetch.bytes = w->area->up_bytes;
	for (int i = 0; i < 10; i++)
		if (!(w->flags & TANDEM_UP_SPILL) || ioctl(w->fd, TANDEM_IOC_FETCH, &fetch))
			return 1;
	return 0;
}

static int64_t worker_again(struct raw_worker *w)
{
	struct tandem_worker arg = { .size = sizeof(arg) };

	for (int i = 0; i < 10; i++)
		if (!ioctl(w->fd, TANDEM_IOC_WORKER, &arg))
			return 1;
	return 0;
}

static int64_t nests(struct raw_worker *w)
{
	struct tandem_wire arg[2] = { w->wire[0], raw_scalar(0) };

	nested_how = NULL;
	return w->nwire && w->wire[0].tag == TANDEM_WIRE_OBJECT && down(w, LITMUS_DOWN_NEST, 2, arg);
}

static int64_t exits(struct raw_worker *w)
{
	_exit(0);
}

#define DEBUG	"/sys/kernel/debug/tandem/litmus/"
#define REST	NULL, NULL

static const struct kind kind[] = {
	{ "channel_ops open,channel_ops release", sit_open, REST, NOBODY },
	{ "ioctl ATTACH", sit_attach, "litmus", NULL, NOBODY },
	{ "ioctl ATTACH", sit_attach, "litmus", NULL, LITMUS_POKE },
	{ "flag ATTACH_WAIT", sit_waiting, "nobody", NULL, NOBODY },
	{ "channel_ops unlocked_ioctl", sit_ioctl, REST, LITMUS_POKE },
	{ "channel_ops compat_ioctl", sit_compat, REST, LITMUS_POKE },
	{ "ioctl WORKER", NULL, NULL, worker_again, LITMUS_POKE },
	{ "ioctl FETCH,flag UP_SPILL", NULL, NULL, fetch_again, LITMUS_BIG },
	{ "channel_ops mmap", NULL, NULL, area_again, LITMUS_POKE },
	{ "channel_ops llseek,say NOTHING", NULL, REST, NOBODY },
	{ "say REPLY", NULL, REST, LITMUS_POKE },
	{ "say DOWN,export tandem_upcall", NULL, NULL, nests, LITMUS_POKE },
	{ "say SYNC", NULL, NULL, say_sync, LITMUS_POKE },
	{ "flag DOWN_SPILL", NULL, NULL, reply_spilled, LITMUS_POKE },
	{ "flag DOWN_SHAPED", NULL, NULL, reply_shaped, LITMUS_TEN },
	{ "flag UP_SPARE,down SLEEPS", NULL, NULL, down_sleeps, LITMUS_POKE },
	{ "window_ops open,window_ops close,window_ops fault,alloc DMA", NULL, NULL, down_dma, LITMUS_POKE },
	{ "alloc MMIO", NULL, NULL, down_mmio, LITMUS_POKE },
	{ "alloc DATA,alloc NONE,down FREES,ledger RELEASE", NULL, NULL, down_frees, LITMUS_POKE },
	{ "ledger ACQUIRE", NULL, NULL, down_keeps, LITMUS_OPEN },
	{ "ledger LOCK,ledger UNLOCK", NULL, NULL, down_locks, LITMUS_POKE },
	{ "ledger LOCK", NULL, NULL, dies_locked, LITMUS_POKE },
	{ "down SHORT,ledger NONE", NULL, NULL, down_short, LITMUS_POKE },
	{ "down QUEUED", NULL, NULL, down_queued, LITMUS_POKE },
	{ "down STOPS,down QUIET", NULL, NULL, down_stops, LITMUS_POKE },
	{ "entry READS", NULL, REST, LITMUS_READ },
	{ "entry BEGINS", NULL, NULL, down_keeps, LITMUS_PROBE },
	{ "entry ENDS", NULL, NULL, down_keeps, LITMUS_REMOVE },
	{ "entry READS", NULL, NULL, exits, LITMUS_READ },
	{ "debug ledger", sit_file, DEBUG "ledger", down_keeps, LITMUS_OPEN },
	{ "debug objects", sit_file, DEBUG "objects", down_frees, LITMUS_POKE },
	{ "debug calls", sit_file, DEBUG "calls", down_sleeps, LITMUS_POKE },
	{ "debug stats,stats_fops open,stats_fops read,stats_fops write,stats_fops llseek,stats_fops release",
	  sit_file, DEBUG "stats", NULL, LITMUS_POKE },
	{ "export tandem_half_register", sit_register, REST, NOBODY },
	{ "export tandem_half_unregister", sit_register, "and unregister", NULL, LITMUS_POKE },
	{ "parameter kill", sit_parameter, "kill", NULL, LITMUS_POKE },
	{ "parameter end_ms", sit_parameter, "end_ms", NULL, LITMUS_POKE },
	{ "parameter typecheck", sit_parameter, "typecheck", NULL, LITMUS_POKE },
	{ "parameter helper", sit_parameter, "helper", NULL, LITMUS_POKE },
	{ "parameter attach_ms", sit_parameter, "attach_ms", NULL, NOBODY },
	{ "parameter deadline_ms", sit_parameter, "deadline_ms", NULL, LITMUS_POKE },
	{ "parameter serve_ms", sit_parameter, "serve_ms", NULL, LITMUS_POKE },
	{ "parameter fifo", sit_parameter, "fifo", NULL, NOBODY },
};

#define KINDS	(sizeof(kind) / sizeof(kind[0]))
#define SITTERS	3
#define CALLERS	2

/* ---- modules ---- */

static int load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0 || syscall(SYS_finit_module, fd, options, 0))
		err = errno;
	close(fd);
	return err;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

/* Files of processes that were killed may take a moment to close. */
static int unload_soon(const char *name)
{
	double end = seconds() + 5;
	int err;

	while ((err = unload(name)) && err != ENOENT && seconds() < end)
		usleep(2000);
	return err;
}

/* ---- one round ---- */

static pid_t children[SITTERS + CALLERS + 1];
static int nchildren;
static unsigned long *requests, *answers;	/* the user half's are as they should be */

static bool spawned(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		children[nchildren++] = pid;
	return !pid;
}

static void kill_from(int first)
{
	for (int i = first; i < nchildren; i++)
		kill(children[i], SIGKILL);
	while (nchildren > first)
		waitpid(children[--nchildren], NULL, 0);
}

static int64_t answer(struct raw_worker *w)
{
	return 0;
}

static void attend(serve how)
{
	int fd, err;

	close(face);
	do {
		fd = raw_open();
		err = fd < 0 ? fd : raw_attach(fd, "litmus", LITMUS_BUILD, TANDEM_ATTACH_WAIT);
		if (!err)
			serve_on(fd, how ?: answer);
		close(fd);
	} while (err == -EBUSY);
	_exit(0);
}

static void spawn_sitters(const struct kind *k)
{
	for (int i = 0; i < SITTERS && k->sit; i++)
		if (spawned()) {
			close(face);
			for (;;) {
				k->sit(k->what);
				__atomic_add_fetch(requests, 1, __ATOMIC_RELAXED);
			}
		}
}

static void spawn_callers(const struct kind *k)
{
	for (int i = 0; i < CALLERS && k->entry != NOBODY; i++)
		if (spawned()) {
			close(face);
			face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
			for (;;) {
				if (!run(k->entry, 0) && !ran.result)
					__atomic_add_fetch(answers, 1, __ATOMIC_RELAXED);
				__atomic_add_fetch(requests, 1, __ATOMIC_RELAXED);
			}
		}
}

static void nothing_held(const char *name)
{
	CHECK(run(LITMUS_POKE, 0) == -EIO);
	if (ran.allocated || ran.locked || ran.started || ran.busy || ran.harm) {
		printf("  %s: left: %u allocations, %u locks, %u started, %u inside, %u times harm\n", name,
		       ran.allocated, ran.locked, ran.started, ran.busy, ran.harm);
		failures++;
	}
}

static bool is_counted(const struct kind *k)
{
	return k->sit ? k->sit != sit_waiting : k->entry != NOBODY;
}

static bool is_answered(const struct kind *k)
{
	return k->entry != NOBODY && k->how != exits && k->how != dies_locked && k->sit != sit_register;
}

/* Until somebody has come through; and then they are anywhere. */
static void let_them(const struct kind *k)
{
	unsigned long *what = is_answered(k) ? answers : requests, before = *what;
	double end = seconds() + 3;

	while (is_counted(k) && __atomic_load_n(what, __ATOMIC_RELAXED) == before && seconds() < end)
		usleep(1000);
	usleep(1000 + random() % 20000);
}

/* Even: the module is unloaded as it is, while it is registered. */
static void round_of(const struct kind *k, const char *litmus, int n)
{
	bool itself = k->sit == sit_register, asked = n % 2 && !itself;
	int callers;

	CHECK(load(litmus, "") == 0);
	face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
	if (spawned())
		attend(k->how);
	spawn_sitters(k);
	if (!itself)
		CHECK(ioctl(face, LITMUS_IOC_REGISTER) == 0);
	callers = nchildren;
	spawn_callers(k);
	let_them(k);
	CHECK(unload("litmus") == EWOULDBLOCK);
	CHECK(unload("tandem") == EWOULDBLOCK);
	if (asked)
		CHECK(ioctl(face, LITMUS_IOC_UNREGISTER) == 0);
	if (asked)
		nothing_held(k->name);
	kill_from(itself ? 0 : callers);
	close(face);
	/* Who sits in the channel holds the runtime, not the kernel half. */
	CHECK(unload_soon("litmus") == 0);
	kill_from(0);
}

static void all_rounds(const struct kind *k, const char *const *ko, int rounds)
{
	double begun = seconds();
	int before = failures;

	*requests = *answers = 0;
	for (int n = 0; n < rounds; n++)
		round_of(k, ko[1], n);
	CHECK(*requests || !is_counted(k));
	CHECK(*answers || !is_answered(k));
	/* And the runtime while somebody still asks for it. */
	spawn_sitters(k);
	usleep(random() % 5000);
	if (k->sit)
		unload("tandem");
	kill_from(0);
	CHECK(unload_soon("tandem") == 0 || unload("tandem") == ENOENT);
	CHECK(load(ko[0], "attach_ms=3000") == 0);
	printf("%s %s: %d rounds, %lu requests, %lu answers, %.1f s\n", failures == before ? "ok" : "FAIL", k->name, rounds,
	       *requests, *answers, seconds() - begun);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < KINDS; i++)
			puts(kind[i].name);
		return 0;
	}
	if (argc < 4)
		return 2;
	face = -1;
	requests = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	answers = requests + 1;
	CHECK(load(argv[1], "attach_ms=3000") == 0);
	for (size_t i = 0; i < KINDS; i++)
		if (argc < 5 || strstr(kind[i].name, argv[4]))
			all_rounds(&kind[i], (const char *const *)argv + 1, atoi(argv[3]));
	CHECK(unload_soon("tandem") == 0);
	return failures != 0;
}
