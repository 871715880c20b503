// SPDX-License-Identifier: GPL-2.0
/* The user half attaches first; then the kernel half registers with its bus. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "load.h"
#include "start.h"

#define LOGS "/run/tandem"

struct halves {
	char *user, *log;
	const char *ko;
};

/* In a session of its own, so that it outlives the terminal. @options: more arguments. */
static pid_t start_user(const struct halves *half, char **options, int count)
{
	char **argv = calloc(count + 2, sizeof(*argv));
	int in, log;
	pid_t pid;

	if (!argv)
		return -1;
	run_make_dirs(LOGS);
	unlink(half->log);
	argv[0] = half->user;
	for (int i = 0; i < count; i++)
		argv[i + 1] = options[i];
	pid = fork();
	if (!pid) {
		in = open("/dev/null", O_RDONLY);
		log = open(half->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
		setsid();
		if (in >= 0 && log >= 0 && dup2(in, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0)
			execv(argv[0], argv);
		dprintf(2, "%s cannot start: %s\n", argv[0], strerror(errno));
		_exit(126);
	}
	free(argv);
	return pid;
}

/* A child of its own loads the module: it waits for the user half, and we watch both. */
static pid_t start_load(const char *ko)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-load_module(ko) & 255);
	return pid;
}

static int user_died(const struct halves *half)
{
	char *log = text_file(half->log, NULL), *last = log, *line;

	for (char *rest = log; rest && (line = strsep(&rest, "\n"));)
		if (*line)
			last = line;
	complain("the user half ended: %s (log: %s)", last && *last ? last : "it said nothing",
		 half->log);
	free(log);
	return EXIT_FAILURE;
}

/* 0 once the kernel half is loaded, which is after the user half is ready. */
static int wait_both(const struct halves *half, pid_t user, pid_t load)
{
	int status;
	pid_t who;

	while ((who = wait(&status)) > 0 || errno == EINTR) {
		if (who == load && WIFEXITED(status) && !WEXITSTATUS(status))
			return 0;
		if (who == load) {
			kill(user, SIGTERM);
			return load_complain(half->ko, WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR);
		}
		if (who == user) {
			kill(load, SIGTERM);
			waitpid(load, &status, 0);
			return user_died(half);
		}
	}
	return complain("lost the children: see %s", half->log);
}

int start_halves(const char *module, char *user, char **options, int count, const char *ko)
{
	struct halves half = { .user = user, .ko = ko, .log = text_format(LOGS "/%s.log", module) };
	pid_t pid, load;
	int e;

	pid = start_user(&half, options, count);
	load = pid < 0 ? -1 : start_load(ko);
	if (load < 0) {
		if (pid > 0)
			kill(pid, SIGTERM);
		return complain("cannot start a process: %s", strerror(errno));
	}
	e = wait_both(&half, pid, load);
	if (!e)
		printf("%s runs split; user half: process %d, log %s\n", module, pid, half.log);
	free(half.log);
	return e;
}
