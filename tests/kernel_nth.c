// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_nth.h"

#define DEBUGFS	"/sys/kernel/debug/"

/* Of this thread: files of /proc know for whom they were opened. */
static __thread int nth_file, on_file;
static __thread pid_t opened_by;

static int put(int fd, const char *text)
{
	return pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

static int tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

int nth_init(void)
{
	/* The filter before the probability: without it, every process would run out of memory. */
	static const char *const set[][2] = {
		{ DEBUGFS "failslab/task-filter", "Y" },
		{ DEBUGFS "fail_page_alloc/task-filter", "Y" },
		{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		{ DEBUGFS "failslab/times", "1000000000" },
		{ DEBUGFS "failslab/verbose", "2" },
		{ DEBUGFS "fail_page_alloc/verbose", "2" },
		{ DEBUGFS "failslab/probability", "100" },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(set) / sizeof(set[0]); i++)
		err = tell(set[i][0], set[i][1]);
	if (err && err != -ENOENT)
		fprintf(stderr, "the fault injector takes no settings: %s\n", strerror(-err));
	return err;
}

static int open_of(pid_t thread, int *nth, int *on)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", thread);
	*nth = open(path, O_RDWR | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/make-it-fail", thread);
	*on = open(path, O_RDWR | O_CLOEXEC);
	return *nth < 0 || *on < 0 ? -errno : 0;
}

static void open_files(void)
{
	if (opened_by == gettid())
		return;
	opened_by = gettid();
	if (open_of(opened_by, &nth_file, &on_file)) {
		perror("/proc/TID/fail-nth");
		exit(1);
	}
}

void nth_arm(unsigned int n, bool on)
{
	char text[16];

	open_files();
	/* Telling the second file is a copy from this process's memory, and counted. */
	snprintf(text, sizeof(text), "%u", n + on);
	put(nth_file, text);
	if (on)
		put(on_file, "1");
}

static unsigned int disarm(int nth, int on)
{
	char text[16] = "";
	/* Reading the count copies too: a one that is left is used up by that, and the read fails. */
	unsigned int left = pread(nth, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 1;

	while (put(nth, "0") == -EFAULT)
		;
	while (put(on, "0") == -EFAULT)
		;
	return left;
}

unsigned int nth_disarm(void)
{
	return disarm(nth_file, on_file);
}

unsigned int nth_disarm_other(pid_t thread)
{
	unsigned int left = 0;
	int nth, on;

	if (open_of(thread, &nth, &on))
		return 0;
	left = disarm(nth, on);
	close(nth);
	close(on);
	return left;
}
