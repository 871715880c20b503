// SPDX-License-Identifier: GPL-2.0
/*
 * kernel_storm KILLS: processes that open, attach, serve, call and look, all at once and at
 * random, are killed one after the other, and others take their place; meanwhile the kernel
 * half comes and goes. Afterwards nothing is held. 0, or 1 and what was not so.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_play.h"

#define PROCESSES	64
#define OTHER_BUILD	"ff112233445566778899aabbccddeeff00112233"

/* What the storm has done, by all processes. */
enum {
	OPENED, ATTACHED, REFUSED, SERVED, CALLED, ANSWERED, LOOKED, REGISTERED, UNREGISTERED, COUNTS
};

static const char *const count_name[COUNTS] = {
	"opened", "attached", "refused", "served", "called", "answered", "looked", "registered", "unregistered",
};
static unsigned long *counted;

static void count(int what)
{
	__atomic_add_fetch(&counted[what], 1, __ATOMIC_RELAXED);
}

static unsigned int some(unsigned int n)
{
	return random() % n;
}

/* ---- a user half that does anything ---- */

static void map_dma(struct raw_worker *w)
{
	struct tandem_wire arg[2] = { raw_scalar(6000), { .tag = TANDEM_WIRE_BUFFER } };
	const struct raw_object *o;
	uint64_t dma = 0;
	volatile char *at;

	arg[1].index = raw_buffer(w, &dma, sizeof(dma));
	if (down(w, LITMUS_DOWN_DMA, 2, arg) || w->wire[0].tag != TANDEM_WIRE_OBJECT)
		return;
	o = &w->object[w->wire[0].index & 255];
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
		  TANDEM_MAP_OBJECT + ((off_t)o->index << TANDEM_MAP_SHIFT));
	if (at == MAP_FAILED)
		return;
	at[0] = at[5000];
	if (some(2))
		munmap((void *)at, 4096 << some(2));
}

static int64_t anything(struct raw_worker *w)
{
	struct tandem_wire number = raw_scalar(1 + some(5)), size = raw_scalar(64);
	struct tandem_wire deeper[2] = { { .tag = TANDEM_WIRE_NULL }, raw_scalar(0) };
	int64_t e = 0;

	count(SERVED);
	nested_how = anything;
	/* What a driver leaves at its end is its own leak; one that dies there leaves nothing. */
	if (w->id_said == LITMUS_REMOVE)
		_exit(0);
	switch (some(16)) {
	case 0:
		e = down(w, LITMUS_DOWN_ALLOC, 1, &size);
		break;
	case 1:
		e = down(w, LITMUS_DOWN_RAW, 1, &size) || down(w, LITMUS_DOWN_FREE, 1, w->wire);
		break;
	case 2:
		e = down(w, LITMUS_DOWN_LOCK, 0, NULL) || down(w, LITMUS_DOWN_SLEEP, 1, &number) ||
		    down(w, LITMUS_DOWN_UNLOCK, 0, NULL);
		break;
	case 3:		/* dies with it */
		if (!down(w, LITMUS_DOWN_LOCK, 0, NULL))
			raise(SIGKILL);
		break;
	case 4:
		map_dma(w);
		break;
	case 5:
		e = down(w, LITMUS_DOWN_SLEEP, 1, &number);
		break;
	case 6:
		e = raw_sync(w);
		break;
	case 7:
		_exit(0);
	case 8:
		deeper[0] = w->nwire ? w->wire[0] : deeper[0];
		e = deeper[0].tag == TANDEM_WIRE_OBJECT && down(w, LITMUS_DOWN_NEST, 2, deeper);
		break;
	case 9:		/* breaks a rule, now and then */
		e = !some(4) && down(w, LITMUS_DOWN_NEVER, 0, NULL);
		break;
	case 10:
		usleep(some(20000));
		break;
	case 11:
		e = down(w, LITMUS_DOWN_START, 0, NULL);
		break;
	case 12:
		e = down(w, LITMUS_DOWN_REMAP, 0, NULL);
		break;
	}
	return e;
}

static void serve_or_not(void)
{
	int fd = raw_open(), err;

	if (fd < 0)
		return;
	count(OPENED);
	usleep(some(5000));
	err = raw_attach(fd, some(50) ? "litmus" : "nobody", some(50) ? LITMUS_BUILD : OTHER_BUILD,
			 some(3) ? TANDEM_ATTACH_WAIT : 0);
	count(err ? REFUSED : ATTACHED);
	if (!err && some(8))
		serve_on(fd, anything);		/* does not return */
	close(fd);
}

/* ---- everybody else ---- */

static void call(void)
{
	static const unsigned int entry[] = {
		LITMUS_POKE, LITMUS_TEN, LITMUS_NULL, LITMUS_READ, LITMUS_OPEN, LITMUS_CLOSE, LITMUS_BIG,
		LITMUS_HOST, LITMUS_CHAIN, LITMUS_NOTHING,
	};

	for (int i = some(10); i >= 0; i--) {
		count(CALLED);
		if (!run(entry[some(sizeof(entry) / sizeof(entry[0]))], 1 + some(20)))
			count(ANSWERED);
		else
			usleep(5000 + some(20000));
	}
}

static void look(void)
{
	static const char *const name[] = { "ledger", "objects", "calls", "stats" };
	char path[64], text[512];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/litmus/%s", name[some(4)]);
	fd = open(path, some(2) ? O_RDWR : O_RDONLY);
	if (fd < 0) {
		usleep(some(5000));
		return;
	}
	while (read(fd, text, 1 + some(sizeof(text))) > 0)
		count(LOOKED);
	if (write(fd, "0", 1) == 1)
		count(LOOKED);
	close(fd);
}

/* Opens, maps what it must not, asks nonsense, and lets a child have the file. */
static void fumble(void)
{
	int fd = raw_open();
	void *at;

	if (fd < 0)
		return;
	count(OPENED);
	at = mmap(NULL, TANDEM_AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  some(2) ? 0 : TANDEM_MAP_OBJECT + ((off_t)some(8) << TANDEM_MAP_SHIFT));
	if (at != MAP_FAILED)
		munmap(at, TANDEM_AREA_BYTES);
	lseek(fd, some(3), SEEK_SET);
	usleep(some(5000));
	ioctl(fd, _IO(TANDEM_IOC_MAGIC, some(64)), NULL);
	if (!some(4) && !fork()) {
		usleep(some(3000));
		_exit(0);
	}
	close(fd);
}

/* The kernel half's own life. It may be killed in the middle, too, and the next goes on from there. */
static void come_and_go(void)
{
	int err = ioctl(face, LITMUS_IOC_REGISTER) ? errno : 0;

	if (!err) {
		count(REGISTERED);
		run(LITMUS_PROBE, 0);
		usleep(some(50000));
		run(LITMUS_REMOVE, 0);
	}
	if ((!err || err == EINVAL) && !ioctl(face, LITMUS_IOC_UNREGISTER))
		count(UNREGISTERED);
}

static pid_t spawn(int n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGCHLD, SIG_IGN);
	setpriority(PRIO_PROCESS, 0, 0);
	srandom(getpid());
	close(face);
	face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
	for (;;) {
		if (n < 2)
			come_and_go();
		else if (n < 34)
			serve_or_not();
		else if (n < 54)
			call();
		else if (some(2))
			look();
		else
			fumble();
	}
}

/* ---- the end ---- */

static bool any_left(void)
{
	char line[256] = "";
	FILE *f = popen("pgrep -x kernel_storm | wc -l", "r");
	long n = f && fgets(line, sizeof(line), f) ? strtol(line, NULL, 10) : -1;

	if (f)
		pclose(f);
	return n != 1;
}

static void check_nothing_held(void)
{
	ioctl(face, LITMUS_IOC_UNREGISTER);
	CHECK(run(LITMUS_POKE, 0) == -EIO);
	printf("left: %u allocations, %u locks, %u holds, %u started, %u inside, %u times harm\n",
	       ran.allocated, ran.locked, ran.held, ran.started, ran.busy, ran.harm);
	CHECK(!ran.allocated && !ran.locked && !ran.held && !ran.started && !ran.busy && !ran.harm);
}

/* Others take the places of those that have ended: how many were killed. Some take a while to die. */
static long again(pid_t *pid)
{
	long killed = 0;
	int status;

	for (int i = 0; i < PROCESSES; i++)
		if (waitpid(pid[i], &status, WNOHANG) == pid[i]) {
			killed += WIFSIGNALED(status);
			pid[i] = spawn(i);
		}
	return killed;
}

int main(int argc, char **argv)
{
	long kills = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	pid_t pid[PROCESSES];
	double begun = seconds();

	face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
	counted = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (face < 0 || counted == MAP_FAILED)
		return 77;
	/* Else 64 others come before each kill. */
	setpriority(PRIO_PROCESS, 0, -20);
	for (int i = 0; i < PROCESSES; i++)
		pid[i] = spawn(i);
	for (long n = 0; n < kills; n += again(pid)) {
		usleep(some(40000));
		kill(pid[some(PROCESSES)], SIGKILL);
	}
	for (int i = 0; i < PROCESSES; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < PROCESSES; i++)
		waitpid(pid[i], NULL, 0);
	for (int i = 0; i < 100 && any_left(); i++)
		usleep(100000);
	CHECK(!any_left());
	printf("%ld processes of %d killed in %.0f s\n", kills, PROCESSES, seconds() - begun);
	for (int i = 0; i < COUNTS; i++) {
		printf("  %s %lu\n", count_name[i], counted[i]);
		CHECK(counted[i]);
	}
	check_nothing_held();
	return failures != 0;
}
