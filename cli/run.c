// SPDX-License-Identifier: GPL-2.0
/* tandem run: tandem.ko, then the user half, then the kernel half that waits for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/home.h"
#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "load.h"
#include "result.h"

#define LOGS "/run/tandem"

struct half {
	struct result result;
	char *ko, *user, *log;
};

static int find(struct half *half, const char *what)
{
	static const char *const places[] = { "", "build/", "build/split/" };
	bool found = false;

	for (unsigned int i = 0; i < 3 && !found; i++) {
		char *dir = text_format("%s%s", places[i], what);

		found = result_read(&half->result, dir);
		free(dir);
	}
	if (!found)
		return complain("no split in %s: make one with tandem split MODULE -o %s", what, what);
	half->ko = text_format("%s/%s.ko", half->result.dir, half->result.module);
	half->user = text_format("%s/%s-user", half->result.dir, half->result.module);
	half->log = text_format(LOGS "/%s.log", half->result.module);
	if (!half->result.built)
		return complain("%s is not compiled: run tandem split without --no-build",
				half->result.dir);
	return 0;
}

static int load_runtime(void)
{
	const char *home = home_dir();
	unsigned int major, minor;
	struct utsname name;
	char *ko;
	int e;

	if (load_is_loaded("tandem"))
		return 0;
	uname(&name);
	if (!home || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return complain("%s", fail_text());
	ko = text_format("%s/build/kernel/%u.%u/tandem.ko", home, major, minor);
	if (!run_is_file(ko))
		e = complain("tandem.ko is not built for this kernel (no %s): run make", ko);
	else if (!load_fits(ko))
		e = EXIT_FAILURE;
	else
		e = load_module(ko);
	if (e < 0)
		e = load_complain(ko, e);
	free(ko);
	return e;
}

/* In a session of its own, so that it outlives the terminal. @options: more arguments. */
static pid_t start_user(const struct half *half, char **options, int count)
{
	char **argv = calloc(count + 2, sizeof(*argv));
	int in, log;
	pid_t pid;

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

static int user_died(const struct half *half)
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
static int wait_both(const struct half *half, pid_t user, pid_t load)
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

int command_run(int argc, char **argv)
{
	struct half half = { 0 };
	pid_t user, load;
	int e;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		puts("usage: tandem run DIR|MODULE [OPTION OF THE USER HALF...]\n\n"
		     "Loads tandem.ko and the kernel half, starts the user half (DIR/MODULE-user --help).");
		return EXIT_SUCCESS;
	}
	if (argc < 2)
		return complain_usage("run: name the folder of a split");
	e = find(&half, argv[1]);
	if (e)
		return e;
	if (geteuid())
		return complain("no permission to load modules: run tandem run as root");
	if (load_is_loaded(half.result.module))
		return complain("%s is loaded already: rmmod %s first", half.result.module,
				half.result.module);
	if (!load_fits(half.ko))
		return EXIT_FAILURE;
	e = load_runtime();
	if (e)
		return e;
	user = start_user(&half, argv + 2, argc - 2);
	load = start_load(half.ko);
	if (user < 0 || load < 0)
		return complain("cannot start a process: %s", strerror(errno));
	e = wait_both(&half, user, load);
	if (!e)
		printf("%s runs split; user half: process %d, log %s\n", half.result.module, user,
		       half.log);
	return e;
}
