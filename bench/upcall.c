// SPDX-License-Identifier: GPL-2.0
/*
 * In the guest: what an upcall costs beside a ping-pong over eventfds between two
 * processes, and beside a getattr of a FUSE file system that caches nothing.
 *
 * Arguments: the user half's program; "asleep" for 300 upcalls with everybody asleep, and nothing else. Output: one line per figure, "NAME TIGHT ASLEEP", in
 * time-stamp ticks per round trip (in counting mode: instructions). Tight is back to back;
 * asleep means that all parties sleep before each call. Each call is stamped on both sides
 * in the same way, so that only the call counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fuse.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tests/bench/upbench.h"

#define WARM	50
#define TIGHT	1000
#define ASLEEP	300
#define NAP_US	4000	/* a tick and a bit: as long as the kernel side sleeps */

#define MUST(x) ({								\
	long x_ = (long)(x);							\
	if (x_ < 0) {								\
		fprintf(stderr, "%s: %s\n", #x, strerror(errno));		\
		exit(1);							\
	}									\
	x_;									\
})

static uint64_t stamp(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void print(const char *name, uint64_t tight, uint64_t asleep)
{
	printf("%s %llu %llu\n", name, (unsigned long long)tight / TIGHT,
	       (unsigned long long)asleep / ASLEEP);
}

/* Ticks of @count calls, each after a nap if wanted. */
static uint64_t measure(void (*call)(void), unsigned int count, int nap)
{
	uint64_t sum = 0, start;

	while (count--) {
		if (nap)
			usleep(NAP_US);
		start = stamp();
		call();
		sum += stamp() - start;
	}
	return sum;
}

static void rival(const char *name, void (*call)(void))
{
	uint64_t tight;

	measure(call, WARM, 0);
	tight = measure(call, TIGHT, 0);
	print(name, tight, measure(call, ASLEEP, 1));
}

static pid_t child(void)
{
	pid_t pid = MUST(fork());

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* An idle guest's clock jumps to the next timer, and waiting for what the disk has would be over. */
static pid_t stay_awake(void)
{
	struct sched_param param = { 0 };
	pid_t pid = child();

	if (pid)
		return pid;
	sched_setscheduler(0, SCHED_IDLE, &param);
	for (;;)
		;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	MUST(waitpid(pid, NULL, 0));
}

/* ---- eventfd ---- */

static int ping, pong;

static void eventfd_call(void)
{
	uint64_t one = 1;

	MUST(write(ping, &one, 8));
	MUST(read(pong, &one, 8));
}

static void eventfd_rival(void)
{
	uint64_t one;
	pid_t pid;

	ping = MUST(eventfd(0, 0));
	pong = MUST(eventfd(0, 0));
	pid = child();
	while (!pid) {
		MUST(read(ping, &one, 8));
		one = 1;
		MUST(write(pong, &one, 8));
	}
	rival("eventfd", eventfd_call);
	end(pid);
}

/* ---- FUSE ---- */

static int fuse, file;
static volatile unsigned int *served;	/* getattr requests, counted by the server */

static void fuse_call(void)
{
	static struct stat st;

	/* not glibc's fstat(), which takes another call with a longer way */
	MUST(syscall(SYS_fstat, file, &st));
}

static void fuse_reply(uint64_t unique, int error, const void *body, size_t bytes)
{
	struct {
		struct fuse_out_header head;
		char body[256];
	} out;

	out.head.len = sizeof(out.head) + bytes;
	out.head.error = error;
	out.head.unique = unique;
	if (bytes)
		memcpy(out.body, body, bytes);
	MUST(write(fuse, &out, out.head.len));
}

static void fuse_serve(void)
{
	static struct {
		struct fuse_in_header head;
		char body[64 * 1024];
	} in;
	/* valid for no time: asked again at each call */
	static const struct fuse_attr_out attr = {
		.attr = { .ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0755, .nlink = 2, .blksize = 4096 },
	};
	static const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096,
	};

	for (;;) {
		MUST(read(fuse, &in, sizeof(in)));
		switch (in.head.opcode) {
		case FUSE_INIT:
			fuse_reply(in.head.unique, 0, &init, sizeof(init));
			break;
		case FUSE_GETATTR:
			++*served;
			fuse_reply(in.head.unique, 0, &attr, sizeof(attr));
			break;
		case FUSE_FORGET:
			break;
		default:
			fuse_reply(in.head.unique, -ENOSYS, NULL, 0);
		}
	}
}

static void fuse_rival(void)
{
	const char *where = "/tmp/fuse";
	char options[128];
	pid_t pid;

	served = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fuse = MUST(open("/dev/fuse", O_RDWR));
	MUST(mkdir(where, 0755));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	MUST(mount("upcall", where, "fuse", 0, options));
	pid = child();
	if (!pid)
		fuse_serve();
	file = MUST(open(where, O_PATH));
	*served = 0;
	rival("fuse", fuse_call);
	if (*served != WARM + TIGHT + ASLEEP) {
		fprintf(stderr, "FUSE served %u of %d calls\n", *served, WARM + TIGHT + ASLEEP);
		exit(1);
	}
	close(file);
	MUST(umount2(where, MNT_DETACH));
	end(pid);
}

/* ---- ours ---- */

static int face;

static pid_t start_half(const char *program)
{
	char line[6];
	int fds[2];
	pid_t pid, awake;

	MUST(pipe(fds));
	pid = child();
	if (!pid) {
		dup2(fds[1], 1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	awake = stay_awake();
	MUST(ioctl(face, UPBENCH_IOC_REGISTER));
	end(awake);
	if (read(fds[0], line, 6) != 6 || memcmp(line, "ready\n", 6)) {
		fprintf(stderr, "the user half is not ready\n");
		exit(1);
	}
	/* its threads and pages are still being made */
	usleep(500000);
	return pid;
}

static uint64_t upcalls(unsigned int entry, unsigned int count, int asleep)
{
	struct upbench_run run = { .entry = entry, .count = count, .asleep = asleep };

	MUST(ioctl(face, UPBENCH_IOC_RUN, &run));
	if (run.error || run.wrong) {
		fprintf(stderr, "entry %u: error %d, %llu wrong values\n", entry, run.error,
			(unsigned long long)run.wrong);
		exit(1);
	}
	return run.ticks;
}

static void ours(const char *name, unsigned int entry)
{
	uint64_t tight;

	upcalls(entry, WARM, 0);
	tight = upcalls(entry, TIGHT, 0);
	print(name, tight, upcalls(entry, ASLEEP, 1));
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: upcall USER-HALF [asleep]\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	MUST(mlockall(MCL_CURRENT | MCL_FUTURE));
	if (argc == 2) {
		eventfd_rival();
		fuse_rival();
	}
	face = MUST(open("/dev/upbench", O_RDWR | O_CLOEXEC));
	pid = start_half(argv[1]);
	if (argc == 2) {
		ours("ten", UPBENCH_TEN);
		ours("two", UPBENCH_TWO);
		ours("none", UPBENCH_NONE);
	} else {
		print("ten", 0, upcalls(UPBENCH_TEN, ASLEEP, 1));
	}
	MUST(ioctl(face, UPBENCH_IOC_UNREGISTER));
	MUST(waitpid(pid, NULL, 0));
	return 0;
}
