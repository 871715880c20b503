// SPDX-License-Identifier: GPL-2.0
/*
 * A real user half under a real kernel half: argument 1 is the user half's program, the
 * litmus module's face is here. 0, or 1 and what was not so.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <tandem/channel.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "kernel/litmus.h"

#define NOBODY	65534

static int face, failures;
static const char *program;

#define IS(a, b) do { \
	long long a_ = (a), b_ = (b); \
	if (a_ != b_) { \
		printf("%s:%d: %s is %lld, not %lld\n", __func__, __LINE__, #a, a_, b_); \
		failures++; \
	} \
} while (0)

static struct litmus_run run(unsigned int entry, uint64_t what)
{
	struct litmus_run run = { .entry = entry, .arg = what };

	if (ioctl(face, LITMUS_IOC_RUN, &run))
		run.error = -errno;
	return run;
}

static int result(unsigned int entry, uint64_t what)
{
	struct litmus_run r = run(entry, what);

	return r.error ? r.error : (int)r.result;
}

static void set(void)
{
	struct litmus_run run = {
		.dev = { .a = 10, .c = 1, .e = 5, .h = 8, .bits = 0xf0, .arr = { 1, 2, 3, 4 }, .fixed = 7 },
	};

	CHECK(!ioctl(face, LITMUS_IOC_SET, &run));
}

/* What the user half says on stdout and stderr goes to ours, but for the first line. */
static pid_t start(const char *option, const char *value)
{
	char line[16] = "";
	int fds[2];
	pid_t pid;

	CHECK(!pipe(fds));
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execl(program, program, option ? option : (char *)NULL, value, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	CHECK(!ioctl(face, LITMUS_IOC_REGISTER));
	CHECK(read(fds[0], line, 6) == 6 && !strcmp(line, "ready\n"));
	close(fds[0]);
	if (failures)
		exit(1);
	set();
	return pid;
}

/* The user half's end: its exit status, or minus the signal. */
static int stop(pid_t pid)
{
	int status;

	CHECK(!ioctl(face, LITMUS_IOC_UNREGISTER));
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void fields(void)
{
	struct litmus_run r = run(LITMUS_POKE, 0);

	IS(r.error, 0);
	IS(r.result, 11);
	IS(r.dev.a, 11);
	IS(r.dev.b, 22);
	IS(r.dev.e, 5 + (1LL << 40));
	IS(r.dev.h, 7);
	IS(r.dev.arr[3], 3);
	IS(r.dev.bits, 0xf5);
	IS(r.dev.fixed, 7);
	IS(result(LITMUS_NULL, 0), 1);
	IS(result(LITMUS_NULL, 0), 2);
}

static void memory(void)
{
	IS(result(LITMUS_POKE, 1), 8);
	IS(run(LITMUS_NULL, 0).dev.ring2 != NULL, 1);
	IS(result(LITMUS_POKE, 2), 8);
	IS(run(LITMUS_NULL, 0).dev.ring2 != NULL, 0);
	IS(result(LITMUS_POKE, 3), 6);
	IS(result(LITMUS_POKE, 2), 6);
	IS(run(LITMUS_NULL, 0).allocated, 0);
	IS(result(LITMUS_POKE, 6), 1);
	IS(run(LITMUS_NULL, 0).allocated, 0);
}

static void calls(void)
{
	struct litmus_run r;

	set();
	IS(result(LITMUS_POKE, 4), 2 + 100 * 2);
	IS(result(LITMUS_POKE, 5), 12);
	r = run(LITMUS_POKE, 7);
	IS(r.result, 3);
	IS(r.ticked, 3);
	IS(r.dev.a, 2);
	r = run(LITMUS_POKE, 8);
	IS(r.result, 1);
	CHECK(r.dev.fn && r.dev.cookie);
	r = run(LITMUS_POKE, 10);
	IS((int)r.result, -2);
	IS(r.kept, 13);
	set();
	IS(result(LITMUS_POKE, 15 + 4), 5);
}

static long bytes_down(void)
{
	FILE *f = fopen("/sys/kernel/debug/tandem/litmus/stats", "r");
	char line[256];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "bytes_down %ld", &n);
	if (f)
		fclose(f);
	return n;
}

/* The same call again and again gets a shape; what it changes arrives all the same. */
static void shapes(void)
{
	long bytes = 0, wanted = 10 * (sizeof(struct tandem_shaped) + 8);
	struct litmus_run r;

	/* A worker that has just come knows no shape yet. */
	for (int tries = 0; bytes != wanted && tries < 5; tries++) {
		set();
		for (int i = 0; i < 5; i++)
			IS(result(LITMUS_TEN, 0), 11 + i);
		bytes = -bytes_down();
		for (int i = 0; i < 10; i++)
			IS(result(LITMUS_TEN, 0), 16 + i);
		bytes += bytes_down();
	}
	IS(bytes, wanted);
	for (int i = 0; i < 3; i++)
		r = run(LITMUS_TEN, 1);
	IS(r.dev.a, 28);
	IS(r.dev.e, ~5LL);
	IS(r.dev.g, 3);
	IS(r.dev.h, 5);
	r = run(LITMUS_TEN, 2);
	IS(r.dev.a, 29);
	IS(r.dev.bits, 0xf5);
	r = run(LITMUS_TEN, 3);
	IS(r.dev.a, 30);
	IS(r.dev.d, 1);
	r = run(LITMUS_TEN, 4);
	IS(r.dev.a, 31);
	IS(r.dev.d, 2);
	r = run(LITMUS_TEN, 1);
	IS(r.dev.a, 32);
	IS(r.dev.b, 0);
	IS(r.dev.c, 1);
	IS(r.dev.e, 5);
	/* The kernel's side changes fields between two calls of a shape. */
	set();
	IS(result(LITMUS_TEN, 0), 11);
	IS(run(LITMUS_TEN, 0).dev.e, 5);
}

static void buffers(void)
{
	unsigned char data[3000];
	struct litmus_run r = {
		.entry = LITMUS_BUFFER, .buffer = (uintptr_t)data, .bytes = sizeof(data),
	};

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	CHECK(!ioctl(face, LITMUS_IOC_RUN, &r));
	IS(r.error, 0);
	IS(r.result, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		if (data[i] != (unsigned char)~i) {
			IS(data[i], (unsigned char)~i);
			break;
		}
}

/* 160000 bytes up and 1.3 MB down: neither fits the area. */
static void spills(void)
{
	IS(result(LITMUS_BIG, 0), 39999);
	IS(result(LITMUS_BIG, 0), 2 * 39999);
}

static void *locker(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		if (run(LITMUS_POKE, 9).error)
			return "refused";
	return NULL;
}

/* The mutex is the user half's own; the field it guards is a twin's in every worker. */
static void mutexes(void)
{
	pthread_t thread[8];

	set();
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, locker, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	IS(run(LITMUS_NULL, 0).dev.c, 1 + 8 * 20 * 2);
}

static void *nester(void *arg)
{
	struct litmus_run *r = arg;

	*r = run(LITMUS_POKE, 15 + 3);
	return NULL;
}

/* Each waits in a downcall for upcalls of its own: no number of threads is the limit. */
static void many(void)
{
	static struct litmus_run run[64];
	pthread_t thread[64];

	for (int i = 0; i < 64; i++)
		pthread_create(&thread[i], NULL, nester, &run[i]);
	for (int i = 0; i < 64; i++) {
		pthread_join(thread[i], NULL);
		IS(run[i].error, 0);
	}
}

static void time_passes(void)
{
	struct timespec begin, end;
	int before, after;

	before = result(LITMUS_POKE, 14);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	IS(result(LITMUS_POKE, 11), 11);
	clock_gettime(CLOCK_MONOTONIC, &end);
	after = result(LITMUS_POKE, 14);
	CHECK(end.tv_sec - begin.tv_sec >= 1);
	CHECK(after - before >= 375 && after - before < 1500);	/* of 250 Hz */
}

static void serves(void)
{
	pid_t pid = start(NULL, NULL);

	fields();
	memory();
	calls();
	shapes();
	buffers();
	spills();
	mutexes();
	many();
	time_passes();
	IS(stop(pid), 0);
}

/* Its end is the caller's error; the next one serves the same kernel half. */
static void dies(const char *option, const char *value, unsigned int what, int signal)
{
	pid_t pid = start(option, value);
	int end;

	IS(result(LITMUS_POKE, what), -EIO);
	if (signal == -SIGSTOP || signal == -SIGXCPU)
		kill(pid, SIGKILL);
	signal = signal == -SIGSTOP || signal == -SIGXCPU ? -SIGKILL : signal;
	/* The kernel half may end a dying process before the signal has. */
	end = stop(pid);
	IS(end, end == -SIGKILL ? end : signal);
	IS(run(LITMUS_NULL, 0).locked, 0);
}

static void deaths(void)
{
	dies("--fault", "kill@1", 0, -SIGKILL);
	dies("--fault", "kill@2", 1, -SIGKILL);
	dies("--fault", "segv@1", 0, -SIGSEGV);
	dies("--fault", "kill@4:litmus_poke", 1, -SIGKILL);
	dies("--fault", "stop@1", 0, -SIGSTOP);
	dies("--fault", "loop@1", 0, -SIGXCPU);
	dies("--fault", "deadlock@1", 0, -SIGXCPU);
	dies(NULL, NULL, 12, -SIGSEGV);
	dies(NULL, NULL, 13, -SIGABRT);
}

/* What an unprivileged process that runs as `nobody` gets when it does this to process @pid. */
static int as_nobody(int (*what)(pid_t pid), pid_t pid)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		      setresuid(NOBODY, NOBODY, NOBODY) ? 255 : what(pid) ? errno : 0);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int trace(pid_t pid)
{
	return ptrace(PTRACE_SEIZE, pid, NULL, NULL);
}

static int may_signal(pid_t pid)
{
	return kill(pid, 0);
}

static int open_channel(pid_t pid)
{
	(void)pid;
	return open("/dev/tandem/channel", O_RDWR | O_CLOEXEC) < 0;
}

/* The device is as safe as this process is from others: those of one user may trace each other. */
static void is_alone(void)
{
	pid_t pid = start(NULL, NULL);

	IS(as_nobody(trace, pid), EPERM);
	IS(as_nobody(may_signal, pid), EPERM);
	IS(as_nobody(open_channel, pid), EACCES);
	IS(stop(pid), 0);
	pid = start("--user", "nobody");
	IS(as_nobody(trace, pid), 0);
	IS(as_nobody(may_signal, pid), 0);
	IS(stop(pid), 0);
}

/* The sandbox: who it is, and what it may not. */
static void is_confined(void)
{
	pid_t pid = start(NULL, NULL);
	char path[64], line[256];
	unsigned int seen = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	CHECK(file);
	while (file && fgets(line, sizeof(line), file)) {
		unsigned long value;

		if (sscanf(line, "Uid: %lu", &value) == 1)
			seen += value > 65535;
		else if (sscanf(line, "CapEff: %lx", &value) == 1 || sscanf(line, "CapPrm: %lx", &value) == 1)
			seen += !value;
		else if (sscanf(line, "NoNewPrivs: %lu", &value) == 1)
			seen += value == 1;
		else if (sscanf(line, "Seccomp: %lu", &value) == 1)
			seen += value == 2;
		else if (sscanf(line, "VmLck: %lu", &value) == 1)
			seen += value > 0;
	}
	IS(seen, 6);
	if (file)
		fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	file = fopen(path, "r");
	CHECK(file && fgets(line, sizeof(line), file) && atoi(line) == -1000);
	if (file)
		fclose(file);
	IS(stop(pid), 0);
}

int main(int argc, char **argv)
{
	program = argc > 1 ? argv[1] : "./half-litmus";
	face = open("/dev/litmus", O_RDWR | O_CLOEXEC);
	if (face < 0) {
		perror("/dev/litmus");
		return 1;
	}
	serves();
	is_confined();
	is_alone();
	deaths();
	printf("%d failures\n", failures);
	return failures != 0;
}
