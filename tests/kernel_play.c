// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel_play.h"

int failures, face;
struct litmus_run ran;
serve nested_how;

/* ---- the user half ---- */

struct server {
	int fd;
	serve how;
};

static void *thread(void *at);

static void spare(struct raw_worker *w, struct server *s)
{
	pthread_t t;

	if (!(w->flags & TANDEM_UP_SPARE) || w->op != TANDEM_OP_CALL)
		return;
	if (pthread_create(&t, NULL, thread, s))
		_exit(9);
}

static struct server server;

static void *thread(void *at)
{
	struct server *s = at;
	struct raw_worker *w = calloc(1, sizeof(*w));
	int64_t result;
	int err = raw_worker(w, s->fd);

	if (err)
		_exit(8);
	err = raw_next(w, TANDEM_SAY_NOTHING);
	while (!err) {
		if (w->op == TANDEM_OP_QUIT)
			_exit(0);
		spare(w, s);
		result = s->how(w);
		err = raw_reply(w, result);
	}
	_exit(err == -EPROTO ? 3 : err == -ESHUTDOWN ? 4 : 5);
}

void serve_on(int fd, serve how)
{
	server.how = how;
	server.fd = fd;
	thread(&server);
}

pid_t start(serve how)
{
	pid_t pid = fork();
	int err;

	if (pid)
		return pid;
	server.how = how;
	server.fd = raw_open();
	if (server.fd < 0)
		_exit(6);
	for (int i = 0; i < 200; i++) {
		err = raw_attach(server.fd, "litmus", LITMUS_BUILD, TANDEM_ATTACH_WAIT);
		if (err != -EBUSY)
			break;
		usleep(10000);
	}
	if (err)
		_exit(7);
	thread(&server);
	return 0;
}

/* A downcall that may meet nested calls on its way. */
int down(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg)
{
	uint64_t seq = w->seq;
	int err = raw_down(w, id, n, arg);

	while (!err && w->op == TANDEM_OP_CALL && w->seq != seq) {
		spare(w, &server);
		err = raw_reply(w, nested_how ? nested_how(w) : -ENOSYS);
	}
	w->seq = seq;
	return err;
}

/* ---- this side ---- */

int run(unsigned int entry, uint64_t arg)
{
	ran.entry = entry;
	ran.arg = arg;
	if (ioctl(face, LITMUS_IOC_RUN, &ran))
		return -errno;
	return ran.error;
}

static void set(void)
{
	memset(&ran, 0, sizeof(ran));
	ran.dev.a = 1;
	ran.dev.b = 2;
	ran.dev.e = 0x1122334455667788;
	ran.dev.g = 0x7777;
	ran.dev.h = 0x88;
	ran.dev.bits = 0xa5;
	ran.dev.arr[2] = 42;
	ran.dev.fixed = 99;
	ran.device = 1;
	ioctl(face, LITMUS_IOC_SET, &ran);
	ran.device = 0;
	ioctl(face, LITMUS_IOC_SET, &ran);
}

pid_t begin(serve how)
{
	pid_t pid = start(how);

	if (ioctl(face, LITMUS_IOC_REGISTER))
		printf("  register: %s\n", strerror(errno)), failures++;
	set();
	return pid;
}

int finish(pid_t pid)
{
	int status;

	if (ioctl(face, LITMUS_IOC_UNREGISTER))
		printf("  unregister: %s\n", strerror(errno)), failures++;
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

long first_number(const char *file)
{
	char path[128];
	long v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/litmus/%s", file);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%ld", &v) != 1)
			v = -1;
		fclose(f);
	}
	return v;
}

double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

const struct raw_object *dev_of(struct raw_worker *w)
{
	return &w->object[w->wire[0].index & 255];
}

int play(int argc, char **argv, const struct play *test, int n)
{
	int before, found = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	face = open("/dev/litmus", O_RDWR);
	if (face < 0) {
		puts("no /dev/litmus: load tandem.ko and litmus.ko first");
		return 77;
	}
	for (int i = 0; i < n; i++) {
		if (argc > 1 && strcmp(argv[1], test[i].name))
			continue;
		found = 1;
		before = failures;
		test[i].run();
		printf("%s %s\n", failures == before ? "ok" : "FAIL", test[i].name);
	}
	return !found || failures;
}
