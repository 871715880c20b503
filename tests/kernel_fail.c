// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation fails once: each scene is played again and again, and its first, second,
 * third ... allocation fails, in the thread that calls and in the thread that serves, until it
 * comes to an end with none left to fail. Each time twice: that one alone, and all after it.
 *
 *   kernel_fail [--quick] TANDEM.KO LITMUS.KO [SCENE...]
 *
 * After each failure the call was refused or went well, nothing is left of it, and the same
 * scene goes well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_nth.h"
#include "kernel_play.h"

#define MOST	5000	/* a scene has fewer allocations than this */

enum who { CALLER, WORKER };

/* What this process tells its user half, and is told by it. */
static struct shared {
	enum who who;
	unsigned int n;
	bool on;
	unsigned int left;
	bool came;		/* it came to the n-th; also if that was the end of the user half */
	pid_t armed;		/* a worker's thread, until it has served */
} *shared;

static bool quick;
static const char *tandem_ko, *litmus_ko;

static bool allowed(int err)
{
	return !err || err == -ENOMEM || err == -EFAULT || err == -EIO;
}

static void arm(void)
{
	nth_arm(shared->n, shared->on);
}

static void disarm(void)
{
	shared->left = nth_disarm();
	shared->came = !shared->left;
}

/*
 * Plays a scene until nothing is left to fail; @play arms and disarms. In the quick form, some
 * are left out where there are many.
 */
static void sweep(const char *name, enum who who, int ways, void (*play)(void))
{
	unsigned int n, times = 0;
	double begun = seconds();

	shared->who = who;
	for (int on = 0; on < ways; on++) {
		shared->on = on;
		for (n = 1; n < MOST; n += quick && n > 20 ? 1 + n / 8 : 1, times++) {
			int before = failures;

			shared->n = n;
			shared->came = false;
			shared->armed = 0;
			play();
			if (failures != before)
				printf("  %s: allocation %u%s of the %s\n", name, n, on ? " and all after it" : "",
				       who ? "worker" : "caller");
			if (!shared->came || failures > 40)
				break;
		}
		CHECK(n < MOST);
	}
	printf("%s: %u failures of the %s's, %.1f s\n", name, times, who ? "worker" : "caller",
	       seconds() - begun);
}

/* ---- the user half ---- */

static serve inner;

/* Serves under failure, if that is what this time is for. */
static int64_t outer(struct raw_worker *w)
{
	static __thread bool within;
	int64_t ret;

	if (within || shared->who != WORKER || !shared->n)
		return inner(w);
	within = true;
	shared->came = true;
	shared->armed = gettid();
	arm();
	ret = inner(w);
	disarm();
	shared->armed = 0;
	within = false;
	return ret;
}

static int64_t echo(struct raw_worker *w)
{
	return 0;
}

static int get(struct raw_worker *w, unsigned int id, struct raw_object *o)
{
	struct tandem_wire size = raw_scalar(64);
	int err = down(w, id, 1, &size);

	if (err)
		return err;
	if (w->wire[0].tag == TANDEM_WIRE_NULL)
		return -ENOMEM;
	*o = (struct raw_object){ .index = w->wire[0].index, .gen = w->wire[0].gen };
	return w->wire[0].tag == TANDEM_WIRE_OBJECT ? 0 : -EBADMSG;
}

static int put(struct raw_worker *w, const struct raw_object *o)
{
	struct tandem_wire wire = raw_handle(o, 0);

	return down(w, LITMUS_DOWN_FREE, 1, &wire);
}

/* Strings that are kept, that are not, bytes that come back. */
static int say_bytes(struct raw_worker *w)
{
	struct tandem_wire arg[2] = { { .tag = TANDEM_WIRE_STRING } };
	char text[32];
	int err;

	snprintf(text, sizeof(text), "kept %u %d", shared->n, getpid());
	arg[0].index = raw_buffer(w, text, sizeof(text));
	err = down(w, LITMUS_DOWN_KEEP, 1, arg);
	if (err)
		return err;
	arg[0].index = raw_buffer(w, text, sizeof(text));
	err = down(w, LITMUS_DOWN_LOG, 1, arg);
	if (err)
		return err;
	arg[0] = (struct tandem_wire){ .tag = TANDEM_WIRE_BUFFER };
	arg[0].index = raw_buffer(w, text, 16);
	arg[1] = raw_scalar(16);
	return down(w, LITMUS_DOWN_FILL, 2, arg) ?: raw_sync(w);
}

/* Memory for a device, mapped, touched, given back. */
static int map(struct raw_worker *w)
{
	struct tandem_wire arg[3] = { raw_scalar(8192), { .tag = TANDEM_WIRE_BUFFER } };
	uint64_t zero = 0, dma;
	struct raw_object *o;
	uint8_t *at;
	int err;

	arg[1].index = raw_buffer(w, &zero, 8);
	err = down(w, LITMUS_DOWN_DMA, 2, arg);
	if (err || w->wire[0].tag == TANDEM_WIRE_NULL)
		return err ?: -ENOMEM;
	if (w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return -EBADMSG;
	dma = *(uint64_t *)w->buffer[0];
	o = &w->object[w->wire[0].index & 255];
	arg[1] = w->wire[0];
	arg[2] = raw_scalar(dma);
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
		  TANDEM_MAP_OBJECT + ((off_t)o->index << TANDEM_MAP_SHIFT));
	err = at == MAP_FAILED ? -errno : 0;
	if (!err) {
		memset(at, 0x5a, 8192);
		munmap(at, 8192);
	}
	return down(w, LITMUS_DOWN_DMA_FREE, 3, arg) ?: err;
}

/* An upcall in a downcall, and one in a downcall that rides in front of another. */
static int nest(struct raw_worker *w)
{
	struct tandem_wire dev = w->wire[0], arg[2] = { dev, raw_scalar(1) };
	int err;

	nested_how = echo;
	err = down(w, LITMUS_DOWN_NEST, 2, arg);
	if (err)
		return err;
	raw_queue(w, LITMUS_DOWN_PUSH, 2, arg);
	arg[0] = raw_scalar(1);
	return down(w, LITMUS_DOWN_ADD, 2, arg);
}

#define RINGS	12	/* more than a call has room for at first */

/* Everything that a user half may ask for; nothing is left of it. */
static int64_t work(struct raw_worker *w)
{
	struct raw_object ring[RINGS], dev = *dev_of(w);
	struct tandem_wire first = w->wire[0];
	int n, err = 0;

	for (n = 0; !err && n < RINGS; n += !err)
		err = get(w, n ? LITMUS_DOWN_ALLOC : LITMUS_DOWN_RAW, &ring[n]);
	if (!err) {
		/* Untyped memory gets its type, and a flush of its own. */
		raw_flush_wire(w, &dev, LITMUS_USE_RING2, raw_handle(&ring[0], 0));
		err = raw_sync(w);
	}
	if (!err)
		err = say_bytes(w);
	if (!err)
		err = map(w);
	w->wire[0] = first;
	if (!err)
		err = nest(w);
	raw_flush_wire(w, &dev, LITMUS_USE_RING2, (struct tandem_wire){ .tag = TANDEM_WIRE_NULL });
	while (n--)
		if (put(w, &ring[n]))
			return -EIO;
	return err;
}

/* A driver's way: what its first call gets is given back by the second. */
static int64_t opens(struct raw_worker *w)
{
	static struct raw_object ring[3];
	static int held;
	int err = 0;

	if (w->id_said == LITMUS_OPEN || w->id_said == LITMUS_PROBE) {
		while (!err && held < 3) {
			err = get(w, LITMUS_DOWN_ALLOC, &ring[held]);
			held += !err;
		}
		if (!err)
			return 0;
	}
	while (held)
		put(w, &ring[--held]);
	return err;
}

/* What came is sent back, from memory of this process since the area has no room for it. */
static int bounce_once(struct raw_worker *w)
{
	uint32_t n = w->buffer_bytes[0], bytes = 24 + ((n + 7) & ~7u) + 24 + 16;
	struct tandem_wire wire = raw_scalar(0);
	static uint8_t body[1 << 17];
	struct tandem_record *rec = (void *)body;
	int err, tries = 0;

	*rec = (struct tandem_record){ .kind = TANDEM_REC_BUFFER, .bytes = bytes - 40, .length = n };
	memcpy(rec + 1, w->buffer[0], n);
	rec = (void *)(body + bytes - 40);
	*rec = (struct tandem_record){ .kind = TANDEM_REC_REPLY, .bytes = 40, .count = 1 };
	memcpy(rec + 1, &wire, sizeof(wire));
	/* A message that found no memory was not taken: it may be said again. */
	do {
		w->area->down_address = (uintptr_t)body;
		w->say_flags = TANDEM_DOWN_SPILL;
		w->at = bytes;
		err = raw_next(w, TANDEM_SAY_REPLY);
	} while (err == -ENOMEM && !tries++);
	return err;
}

/* The reply is said here, under failure; the next call comes with it. */
static int64_t bounce(struct raw_worker *w)
{
	while (!bounce_once(w))
		if (w->op != TANDEM_OP_CALL)
			_exit(0);
	_exit(5);
}

static int64_t dies(struct raw_worker *w)
{
	struct raw_object o;

	if (w->id_said != LITMUS_POKE)
		return 0;
	if (!get(w, LITMUS_DOWN_ALLOC, &o))
		down(w, LITMUS_DOWN_LOCK, 0, NULL);
	raise(SIGKILL);
	return 0;
}

/* ---- a scene with both halves ---- */

struct scene {
	const char *name;
	serve how;
	int (*act)(void);	/* 0 or -errno: under failure, and once more without */
	/*
	 * Sweeps for the worker too: none, only one failure at a time, or also all after it, which
	 * is for what touches no new memory: that would be tried until the deadline.
	 */
	int ways;
	int again;		/* what @act comes to if nothing fails */
};

static const struct scene *now;
static long objects;		/* of the half, after a scene in which nothing failed */
static bool untold;		/* a device's second call came without its first */

/* Nothing is left: of what the user half got, and of what the kernel half keeps for it. */
static void look(void)
{
	CHECK(ran.allocated == 0);
	CHECK(ran.locked == 0 && ran.harm == 0 && ran.busy == 0);
	CHECK(first_number("ledger") == 0);
	CHECK(first_number("calls") == -1);
}

/* Told to, on an error of NEXT, or killed. */
static bool ends_well(int status)
{
	return !status || (status >= 3 && status <= 5) || status == -SIGKILL;
}

static void play_scene(void)
{
	pid_t pid;
	int err;

	inner = now->how;
	untold = false;
	pid = begin(outer);
	if (shared->who == CALLER)
		arm();
	err = now->act();
	if (shared->who == CALLER)
		disarm();
	if (!allowed(err))
		printf("  error %d\n", err);
	CHECK(allowed(err));
	look();
	/* It waits in a reply of its own. */
	if (shared->armed && stat_of("attached") == 1)
		shared->came = !nth_disarm_other(shared->armed);
	shared->n = shared->armed = 0;
	/* Now: what was forgotten is found again by the next call. */
	if (objects >= 0)
		CHECK(first_number("objects") <= objects + untold);
	/* Without its user half it is loaded again. */
	if (stat_of("attached") != 1) {
		CHECK(ends_well(finish(pid)));
		pid = begin(outer);
	}
	err = now->act();
	if (err != now->again)
		printf("  afterwards %d\n", err);
	CHECK(err == now->again);
	look();
	if (!shared->came)
		objects = first_number("objects");
	else if (objects >= 0)
		CHECK(first_number("objects") <= objects + untold);
	CHECK(ends_well(finish(pid)));
}

static int both(unsigned int entry, uint64_t arg)
{
	int err = run(entry, arg);

	return err ?: (int)ran.result;
}

static int act_work(void) { return both(LITMUS_POKE, 0); }
static int act_chain(void) { return both(LITMUS_CHAIN, LITMUS_LINKS); }
static int act_big(void) { return both(LITMUS_BIG, 0); }
static int act_null(void) { return both(LITMUS_NULL, 0); }

static int act_often(void)
{
	int err;

	ran.repeat = 4;
	err = both(LITMUS_TEN, 0);
	ran.repeat = 0;
	return err;
}

static int act_buffer(void)
{
	static uint8_t data[100000];
	int err;

	ran.buffer = (uintptr_t)data;
	ran.bytes = sizeof(data);
	err = both(LITMUS_BUFFER, 0);
	ran.buffer = ran.bytes = 0;
	return err;
}

/* What the half says of itself. */
static int act_ask(void)
{
	static const char *const file[] = { "stats", "ledger", "objects", "calls" };
	char path[64], text[256];
	int fd, err = 0;

	for (int i = 0; !err && i < 4; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/litmus/%s", file[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		err = fd < 0 || read(fd, text, sizeof(text)) < 0 ? -errno : 0;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

#define NOT_TOLD 1	/* no upcall's error: the ioctl itself has failed */

/*
 * The second call comes if the first went well, or may have: a kernel's caller would know. It comes
 * once more without failures if it is not known to have come.
 */
static int act_pair(unsigned int first, unsigned int second)
{
	int err;

	ran.error = NOT_TOLD;
	err = both(first, 0);
	if (err && ran.error != NOT_TOLD)
		return err;
	ran.error = NOT_TOLD;
	err = both(second, 0);
	if (ran.error != NOT_TOLD)
		return err;
	disarm();
	untold = true;
	both(second, 0);
	return err;
}

static int act_probe(void) { return act_pair(LITMUS_PROBE, LITMUS_REMOVE); }
static int act_open(void) { return act_pair(LITMUS_OPEN, LITMUS_CLOSE); }

static const struct scene scene[] = {
	{ "work", work, act_work, 1 }, { "chain", echo, act_chain }, { "big", echo, act_big },
	{ "null", echo, act_null }, { "often", echo, act_often }, { "buffer", bounce, act_buffer, 2 },
	{ "probe", opens, act_probe }, { "open", opens, act_open },
	{ "death", dies, act_work, 0, -EIO }, { "ask", echo, act_ask },
};

/* ---- coming and going ---- */

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, 0) ? -errno : 0;
}

/* Loads and unloads with a failure; what the kernel said meanwhile is in the text. */
static const char *play_load(void)
{
	static char text[1 << 18];
	int fd = open(tandem_ko, O_RDONLY | O_CLOEXEC), err, n;

	klogctl(5 /* clear */, NULL, 0);
	arm();
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	disarm();
	close(fd);
	n = klogctl(3 /* read all */, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	if (!allowed(err))
		printf("  error %d\n", err);
	CHECK(allowed(err));
	if (!err)
		CHECK(unload("tandem") == 0);
	return text;
}

/*
 * Most allocations of a load are the module loader's. Ours come near the end: from there
 * backwards, until they are past. A load takes seconds, as this kernel delays the end of each
 * module's kobject, so not all of them begin a row of failures.
 */
static void sweep_load(void)
{
	unsigned int total, n, times = 0;
	double begun = seconds();
	const char *text;
	bool ours;

	for (int on = 0; on < 2; on++) {
		shared->on = on;
		shared->n = 1000000;
		play_load();
		total = shared->n - shared->left;
		ours = false;
		for (n = total; n && n < 1000000; n -= on || quick ? 9 : 1, times++) {
			shared->n = n;
			text = play_load();
			if (strstr(text, "do_one_initcall"))
				ours = true;
			else if (ours && strstr(text, "FAULT_INJECTION"))
				break;
		}
		CHECK(ours);
	}
	printf("load: %u failures of the caller's, %.1f s\n", times, seconds() - begun);
}

static void play_unload(void)
{
	int err;

	CHECK(load(tandem_ko) == 0);
	arm();
	err = unload("tandem");
	disarm();
	CHECK(allowed(err));
	if (err)
		CHECK(unload("tandem") == 0);
}

static pid_t waiting;

static void play_register(void)
{
	int err, status;

	inner = echo;
	if (!waiting)
		waiting = start(outer);
	arm();
	err = ioctl(face, LITMUS_IOC_REGISTER) ? -errno : 0;
	disarm();
	if (!allowed(err))
		printf("  error %d\n", err);
	CHECK(allowed(err));
	/* A user half that was served ends with its kernel half; one that was not waits on. */
	if (!err)
		CHECK(run(LITMUS_POKE, 0) == 0 && ioctl(face, LITMUS_IOC_UNREGISTER) == 0);
	if (!err || waitpid(waiting, &status, WNOHANG) == waiting) {
		if (!err)
			waitpid(waiting, &status, 0);
		waiting = 0;
	}
}

static void play_unregister(void)
{
	pid_t pid;
	int err, status;

	inner = opens;
	pid = begin(outer);
	CHECK(run(LITMUS_PROBE, 0) == 0);
	arm();
	err = ioctl(face, LITMUS_IOC_UNREGISTER) ? -errno : 0;
	disarm();
	CHECK(err == 0);
	waitpid(pid, &status, 0);
	CHECK(run(LITMUS_POKE, 0) == -EIO && ran.allocated == 0);
}

/* Each request of a user half, by a thread that is one for this time only. */
static int requests(void)
{
	static struct raw_worker w;
	int fd, err;

	arm();
	fd = raw_open();
	err = fd < 0 ? fd : raw_attach(fd, "litmus", LITMUS_BUILD, 0);
	err = err ?: raw_worker(&w, fd);
	disarm();
	return err;
}

static int closing(void)
{
	static struct raw_worker w;
	int fd = raw_open(), err;

	err = raw_attach(fd, "litmus", LITMUS_BUILD, 0) ?: raw_worker(&w, fd);
	if (err)
		return err;
	munmap((void *)w.area, TANDEM_AREA_BYTES);
	arm();
	close(fd);
	disarm();
	return 0;
}

/* In a process of its own: that a thread is a worker ends with it. */
static void in_child(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int err = act();

		if (!allowed(err))
			printf("  error %d\n", err);
		_exit(!allowed(err));
	}
	waitpid(pid, &status, 0);
	CHECK(status == 0);
}

static void play_requests(void) { in_child(requests); }
static void play_close(void) { in_child(closing); }

static void tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path), failures++;
	close(fd);
}

/* A half whose user half has gone takes others. */
static void with_half(const char *name, void (*play)(void))
{
	pid_t pid;

	shared->n = 0;
	inner = echo;
	pid = begin(outer);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Who closes its own channel is not to be killed for it here. */
	tell("/sys/module/tandem/parameters/kill", "0");
	sweep(name, CALLER, 2, play);
	tell("/sys/module/tandem/parameters/kill", "1");
	CHECK(ioctl(face, LITMUS_IOC_UNREGISTER) == 0);
}

static void sweep_requests(void) { with_half("requests", play_requests); }
static void sweep_close(void) { with_half("close", play_close); }
static void sweep_unregister(void) { sweep("unregister", CALLER, 2, play_unregister); }
static void sweep_unload(void) { sweep("unload", CALLER, 2, play_unload); }

static void sweep_register(void)
{
	/* With a program that starts user halves, though ours comes by itself. */
	tell("/sys/module/tandem/parameters/helper", "/bin/true");
	sweep("register", CALLER, 2, play_register);
	if (waiting) {
		kill(waiting, SIGKILL);
		waitpid(waiting, NULL, 0);
	}
}

static const struct play way[] = {
	{ "requests", sweep_requests }, { "close", sweep_close }, { "unregister", sweep_unregister },
	{ "register", sweep_register },		/* the last: it leaves a helper behind */
};

/* ---- all of it ---- */

static bool chosen(char **names, const char *name)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static void play_all(char **names)
{
	for (size_t i = 0; i < sizeof(scene) / sizeof(scene[0]); i++) {
		now = &scene[i];
		if (!chosen(names, now->name))
			continue;
		for (enum who who = CALLER; who <= (now->ways ? WORKER : CALLER); who++) {
			objects = -1;
			sweep(now->name, who, who ? now->ways : 2, play_scene);
		}
	}
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++)
		if (chosen(names, way[i].name))
			way[i].run();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	quick = argc > 1 && !strcmp(argv[1], "--quick");
	argv += 1 + quick;
	if (argc < 3 + quick)
		return 2;
	tandem_ko = argv[0];
	litmus_ko = argv[1];
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (nth_init()) {
		puts("this kernel has no fault injector");
		return 77;
	}
	if (chosen(argv + 2, "load"))
		sweep_load();
	if (chosen(argv + 2, "unload"))
		sweep_unload();
	CHECK(load(tandem_ko) == 0 && load(litmus_ko) == 0);
	face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
	play_all(argv + 2);
	return failures != 0;
}
