// SPDX-License-Identifier: GPL-2.0
/* drive COUNT [NAME...]: runs the litmus driver's tests; a line each; exit status 1 if one lost anything. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "memlit.h"

static int device;
static unsigned long count;

static long ask(unsigned int command, unsigned long argument)
{
	return syscall(16 /* ioctl: the library's has an int for the result */, device, command, argument);
}

/* The ticker stays on the CPU that starts it, and what moved code writes is stored there too. */
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		perror("sched_setaffinity");
}

static long neighbours(void)
{
	pin(0);
	return ask(MEMLIT_NEIGHBOURS, count);
}

static long wait_loops(void)
{
	for (unsigned int i = 0; i < MEMLIT_WAITS; i++)
		for (int n = 0; n < 3; n++)
			if (ask(MEMLIT_WAIT, i))
				return i + 1;
	return 0;
}

struct caller {
	pthread_t thread;
	unsigned int command;
	unsigned long argument;
	long result;
};

static void *call(void *arg)
{
	struct caller *c = arg;

	c->result = ask(c->command, c->argument);
	return NULL;
}

/* Two callers at once; what both lost, or -1. */
static long both(unsigned int command, unsigned long n, int is_own)
{
	struct caller c[2];

	for (int i = 0; i < 2; i++) {
		c[i] = (struct caller){ .command = command, .argument = n | (is_own ? (unsigned long)i << 24 : 0) };
		pthread_create(&c[i].thread, NULL, call, &c[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(c[i].thread, NULL);
	return c[0].result || c[1].result ? (c[0].result > 0 ? c[0].result : 0) +
		(c[1].result > 0 ? c[1].result : 0) ?: -1 : 0;
}

static long locked(void)
{
	unsigned long n = count / 10, before = ask(MEMLIT_COUNT, 0);
	long ret = both(MEMLIT_LOCKED, n, 0);

	return ret ? ret : (long)(before + 2 * n - ask(MEMLIT_COUNT, 0));
}

static long private_mutex(void)
{
	unsigned long n = count / 10, before = ask(MEMLIT_COUNT, 1);
	long ret = both(MEMLIT_PRIVATE, n, 0);

	return ret ? ret : (long)(before + 2 * n - ask(MEMLIT_COUNT, 1));
}

static long own(void)
{
	return both(MEMLIT_OWN, count / 10, 1);
}

static long clear(void)
{
	return ask(MEMLIT_CLEAR, 0);
}

/* All wait at the same time: what they wait for needs as many threads of the user half again. */
static long flush(void)
{
	struct caller c[MEMLIT_FLUSHES];
	long lost = 0;

	for (int i = 0; i < MEMLIT_FLUSHES; i++) {
		c[i] = (struct caller){ .command = MEMLIT_FLUSH, .argument = i };
		pthread_create(&c[i].thread, NULL, call, &c[i]);
	}
	for (int i = 0; i < MEMLIT_FLUSHES; i++) {
		pthread_join(c[i].thread, NULL);
		lost += c[i].result != 0;
	}
	return lost;
}

static long legal(void)
{
	return ask(MEMLIT_LEGAL, 0);
}

static long members(void)
{
	return ask(MEMLIT_UNION, 0);
}

static const struct {
	const char *name;
	long (*run)(void);
} tests[] = {
	{ "legal", legal }, { "union", members }, { "clear", clear }, { "wait", wait_loops }, { "own", own }, { "locked", locked },
	{ "private", private_mutex }, { "neighbours", neighbours }, { "flush", flush },
};

static int is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc <= 2;
}

int main(int argc, char **argv)
{
	int bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	device = open("/dev/memlit", O_RDWR);
	if (device < 0) {
		perror("/dev/memlit");
		return 2;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		long lost;

		if (!is_wanted(tests[i].name, argc, argv))
			continue;
		errno = 0;
		lost = tests[i].run();
		printf("%s: %#lx lost%s%s\n", tests[i].name, lost, errno ? ", " : "", errno ? strerror(errno) : "");
		bad |= lost != 0;
	}
	return bad;
}
