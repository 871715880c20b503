// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "run.h"
#include "text.h"

/* A make above us must not reach into kbuild: job server, verbosity, architecture. */
static const char *const unwanted[] = {
	"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "GNUMAKEFLAGS", "M", "O", "V", "C", "W",
	"ARCH", "CROSS_COMPILE", "CC", "LD", "LLVM", "KBUILD_OUTPUT", "KBUILD_EXTMOD",
	"KBUILD_EXTRA_SYMBOLS", "KCFLAGS", "KCPPFLAGS", "CFLAGS", "LDFLAGS", "CPATH",
};

static void child(const char *const *argv, const char *cwd, const char *log, int report)
{
	int in = open("/dev/null", O_RDONLY), out;

	/* make passes it on: nothing of a killed run goes on writing */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		goto failed;
	if (cwd && chdir(cwd))
		goto failed;
	for (unsigned int i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		unsetenv(unwanted[i]);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)argv);
	if (errno == ENOENT)
		errno = ENOEXEC;	/* the program is missing, not one of its folders */
failed:
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

int run_program(const char *const *argv, const char *cwd, const char *log)
{
	int pipe[2], status, error = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(pipe, O_CLOEXEC))
		return fail(-errno, "cannot run %s: %s", argv[0], strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(pipe[0]);
		close(pipe[1]);
		return fail(-errno, "cannot run %s: %s", argv[0], strerror(errno));
	}
	if (!pid)
		child(argv, cwd, log, pipe[1]);
	close(pipe[1]);
	got = read(pipe[0], &error, sizeof(error));
	close(pipe[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got > 0 && error == ENOEXEC)
		return fail(-ENOENT, "%s is not installed: apt install build-essential xz-utils",
			    argv[0]);
	if (got > 0)
		return fail(-error, "cannot run %s: %s", argv[0], strerror(error));
	if (WIFSIGNALED(status))
		return fail(-EINTR, "%s was ended by signal %d: run the command again", argv[0],
			    WTERMSIG(status));
	return WEXITSTATUS(status);
}

static bool says_error(const char *line)
{
	return strstr(line, " error: ") || strstr(line, "ERROR: ") || strstr(line, " *** ") ||
	       strstr(line, "undefined reference") || strstr(line, "cannot find ") ||
	       strstr(line, "No space left");
}

char *run_first_error(const char *log)
{
	char *all = text_file(log, NULL), *line, *rest = all, *found = NULL;

	while (all && !found && (line = strsep(&rest, "\n")))
		if (says_error(line))
			found = text_dup(line);
	free(all);
	return found;
}

bool run_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool run_is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

int run_make_dirs(const char *path)
{
	char *part = text_dup(path), *slash = part;
	int e = 0;

	while (!e && slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = 0;
		if (mkdir(part, 0777) && errno != EEXIST)
			e = -errno;
		if (slash)
			*slash = '/';
	}
	if (!e && !run_is_dir(path))
		e = -ENOTDIR;
	free(part);
	return e;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st, (void)flag, (void)at;
	return remove(path) ? -errno : 0;
}

int run_remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	return nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) ? -EIO : 0;
}

char *run_cache(const char *below)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return text_format("%s/tandem/%s", base, below);
	if (!home || !*home) {
		struct passwd *me = getpwuid(getuid());

		home = me ? me->pw_dir : "/tmp";
	}
	return text_format("%s/.cache/tandem/%s", home, below);
}
