// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/text.h"
#include "worker.h"

static volatile sig_atomic_t group, interrupted;

/* The worker and the compilers that it runs. */
static void interrupt(int signal)
{
	interrupted = signal;
	if (group)
		kill(-group, SIGTERM);
}

/* @how: SIG_BLOCK or SIG_UNBLOCK */
static void set_signals(int how, void (*with)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = with };
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &act, NULL);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(how, &set, NULL);
}

void worker_hold(void)
{
	set_signals(SIG_BLOCK, interrupt);
}

static void work(const struct split_options *o, int out)
{
	int e;

	set_signals(SIG_UNBLOCK, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	e = split_run(o);
	if (e)
		dprintf(out, "%s", fail_text());
	exit(e ? EXIT_FAILURE : EXIT_SUCCESS);
}

static char *read_all(int in)
{
	struct text t = { 0 };
	char part[1024];
	ssize_t n;

	while ((n = read(in, part, sizeof(part))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			text_add_bytes(&t, part, n);
	return t.at ? t.at : text_dup("");
}

/* Where the analysis died is of use to who mends it; the rest is for the user. */
static char *how_it_ended(int status)
{
	if (interrupted)
		return text_format("interrupted; nothing was changed");
	return text_format("the splitter died of signal %d: this is a mistake in it, please report it "
			   "with the driver's name", WTERMSIG(status));
}

int worker_run(const struct split_options *o, char **reason)
{
	int pipe[2], status = 0;
	pid_t pid;

	*reason = NULL;
	if (pipe2(pipe, O_CLOEXEC))
		pid = -1;
	else
		pid = fork();
	if (!pid) {
		setpgid(0, 0);
		close(pipe[0]);
		work(o, pipe[1]);
	}
	if (pid < 0) {
		*reason = text_format("cannot start a process: %s", strerror(errno));
		return -errno;
	}
	setpgid(pid, pid);
	group = pid;
	set_signals(SIG_UNBLOCK, interrupt);
	close(pipe[1]);
	*reason = read_all(pipe[0]);
	close(pipe[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	group = 0;
	worker_hold();
	if (interrupted || WIFSIGNALED(status)) {
		free(*reason);
		*reason = how_it_ended(status);
		return -EINTR;
	}
	return WEXITSTATUS(status);
}
