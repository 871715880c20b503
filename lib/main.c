// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "format.h"
#include "sandbox.h"
#include "thread.h"

#define EXIT_USAGE	2

struct options {
	const char *user;
	const char *fault;
	unsigned int workers;
	bool wait;
	bool trace;
};

static void print(int fd, const char *format, ...)
{
	char line[2048];
	va_list args;
	int n;

	va_start(args, format);
	n = tandem_vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(fd, line, n < (int)sizeof(line) ? n : (int)sizeof(line) - 1) < 0)
		return;
}

static void help(const struct tandem_plan *plan)
{
	print(STDOUT_FILENO,
	      "User half of the split driver %s. Serves its kernel half until that is unloaded.\n"
	      "\n"
	      "  --user NAME|UID   run as this user (default: one that no other process has)\n"
	      "  --workers N       threads to begin with (default 2)\n"
	      "  --no-wait         fail if the kernel half is not loaded (--wait: the default)\n"
	      "  --trace           print each crossing\n"
	      "  --fault KIND@N[:ENTRY[:RUN]]\n"
	      "                    for tests: kill, segv, stop, loop or deadlock before the N-th\n"
	      "                    crossing, or before the N-th in the first or RUN-th run of ENTRY\n"
	      "  --help, --version\n"
	      "\n"
	      "Prints `ready' when the kernel half may call.\n", plan->module);
}

/* 0: go on; else the exit status + 1. */
static int parse(int argc, char **argv, const struct tandem_plan *plan, struct options *options)
{
	static const struct option known[] = {
		{ "user", required_argument, NULL, 'u' },
		{ "workers", required_argument, NULL, 'n' },
		{ "wait", no_argument, NULL, 'w' },
		{ "no-wait", no_argument, NULL, 'W' },
		{ "trace", no_argument, NULL, 't' },
		{ "fault", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 }
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'u':
			options->user = optarg;
			break;
		case 'n':
			options->workers = strtoul(optarg, &end, 10);
			if (*end || !options->workers || options->workers > 1024) {
				print(STDERR_FILENO, "%s: --workers takes a number from 1 to 1024\n",
				      plan->module);
				return EXIT_USAGE + 1;
			}
			break;
		case 'w':
		case 'W':
			options->wait = c == 'w';
			break;
		case 't':
			options->trace = true;
			break;
		case 'f':
			options->fault = optarg;
			break;
		case 'h':
			help(plan);
			return 1;
		case 'v':
			print(STDOUT_FILENO, "%s user half, build %s\n", plan->module,
			      plan->build_id);
			return 1;
		default:
			return EXIT_USAGE + 1;
		}
	}
	if (optind == argc)
		return 0;
	print(STDERR_FILENO, "%s: unknown argument %s: see --help\n", plan->module, argv[optind]);
	return EXIT_USAGE + 1;
}

static int parse_fault(struct tandem_process *process, const char *text)
{
	const struct tandem_plan *plan = process->half->plan;

	if (!text)
		return 0;
	switch (tandem_fault_parse(&process->fault, text, plan)) {
	case 0:
		return 0;
	case -ENOENT:
		print(STDERR_FILENO, "%s: --fault: no entry %s in this driver\n", plan->module,
		      strchr(text, ':') + 1);
		break;
	default:
		print(STDERR_FILENO, "%s: --fault takes KIND@N[:ENTRY[:RUN]], KIND one of "
		      "kill segv stop loop deadlock\n", plan->module);
	}
	return -EINVAL;
}

static int init_tables(struct tandem_process *process)
{
	int ret = tandem_lenses_init(&process->lenses, process->half->plan);

	if (!ret)
		ret = tandem_names_init(&process->names, process->half, process->fd);
	if (!ret)
		ret = tandem_channel_init_stacks(process);
	return ret;
}

static int start_workers(struct tandem_process *process, unsigned int n)
{
	int ret = 0;

	if (n > process->attach.workers_max)
		n = process->attach.workers_max;
	while (n-- && !ret)
		ret = tandem_channel_start(process);
	return ret;
}

static int run(struct tandem_process *process, const struct options *options, char *why, size_t bytes)
{
	const char *module = process->half->plan->module;
	gid_t gid;
	uid_t uid;
	int ret;

	if (tandem_sandbox_user(options->user, &uid, &gid)) {
		tandem_snprintf(why, bytes, "%s: no user %s: name one with --user", module,
				options->user);
		return -ENOENT;
	}
	ret = tandem_channel_attach(process, options->wait, why, bytes);
	if (ret)
		return ret;
	/* Before the tables: of these, only what is used is to be locked. */
	ret = tandem_sandbox_memory(why, bytes);
	if (ret)
		return ret;
	ret = init_tables(process);
	if (!ret)
		ret = tandem_fault_init();
	if (ret)
		tandem_snprintf(why, bytes, "%s: cannot start: %s", module, strerror(-ret));
	if (!ret)
		ret = tandem_sandbox_enter(process, uid, gid, why, bytes);
	if (ret)
		return ret;
	ret = start_workers(process, options->workers);
	if (ret)
		tandem_snprintf(why, bytes, "%s: cannot start workers: %s", module, strerror(-ret));
	return ret;
}

int tandem_half_main(int argc, char **argv, const struct tandem_uhalf *half)
{
	static struct tandem_process process;	/* as old as the program; found through threads only */
	struct options options = { .workers = 2, .wait = true };
	const char *rule;
	char why[256];
	int ret;

	rule = tandem_plan_rule(half->plan);
	if (rule) {
		print(STDERR_FILENO, "%s: plan: %s: run tandem split again\n", half->plan->module, rule);
		return EXIT_FAILURE;
	}
	ret = parse(argc, argv, half->plan, &options);
	if (ret)
		return ret - 1;
	process.half = half;
	tandem_mutexes_init(&process.mutexes);
	process.trace = options.trace;
	if (parse_fault(&process, options.fault))
		return EXIT_USAGE;
	process.kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (run(&process, &options, why, sizeof(why))) {
		print(STDERR_FILENO, "%s\n", why);
		return EXIT_FAILURE;
	}
	/* The workers end the process. */
	for (;;)
		pause();
}
