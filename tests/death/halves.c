// SPDX-License-Identifier: GPL-2.0
/* Loading the kernel half and running a user half that is to die. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"

void halves_start(struct half *half, const char *fault)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char path[256], option[128];
	int out[2];

	snprintf(path, sizeof(path), "%s/%s-user", site.dir, site.module);
	snprintf(option, sizeof(option), "--fault=%s", fault ? fault : "");
	half->bytes = 0;
	half->text[0] = 0;
	if (pipe2(out, O_CLOEXEC | O_NONBLOCK))
		exit(1);
	half->out = out[0];
	half->pid = fork();
	if (!half->pid) {
		setrlimit(RLIMIT_CORE, &all);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl(path, path, fault ? option : NULL, NULL);
		_exit(126);
	}
	close(out[1]);
}

void halves_listen(struct half *half)
{
	ssize_t n;

	while (half->bytes < sizeof(half->text) - 1 &&
	       (n = read(half->out, half->text + half->bytes, sizeof(half->text) - 1 - half->bytes)) > 0)
		half->bytes += n;
	half->text[half->bytes] = 0;
}

bool halves_have_ended(struct half *half, long ms)
{
	long end = now_us() + ms * 1000;

	for (;;) {
		halves_listen(half);
		if (!half->pid || waitpid(half->pid, NULL, WNOHANG) == half->pid)
			half->pid = 0;
		if (!half->pid || now_us() >= end)
			return !half->pid;
		sleep_us(1000);
	}
}

int halves_load(void)
{
	char path[256];
	int fd, e = 0;

	snprintf(path, sizeof(path), "%s/%s.ko", site.dir, site.module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		e = errno;
	close(fd);
	return e;
}

int halves_unload(void)
{
	return syscall(SYS_delete_module, site.module, O_NONBLOCK) ? errno : 0;
}
