// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *what;
};

/* The splitter is a program of its own: machines that only run split drivers need no libclang. */
static int command_split(int argc, char **argv)
{
	static const char *const places[] = { "tandem-split", "../lib/tandem/tandem-split" };
	char exe[PATH_MAX], splitter[PATH_MAX + 64], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)argc;
	exe[n < 0 ? 0 : n] = 0;
	slash = strrchr(exe, '/');
	for (unsigned int i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		snprintf(splitter, sizeof(splitter), "%.*s/%s", (int)(slash - exe), exe, places[i]);
		execv(splitter, argv);
	}
	return complain("the splitter is not installed beside the program: make install");
}

static const struct command commands[] = {
	{ "split", command_split, "MODULE|FOLDER -o DIR", "split a driver into its two halves" },
	{ "run", command_run, "DIR|MODULE", "load a split driver and start its user half" },
	{ "install", command_install, "MODULE", "make the split driver this machine's, by DKMS" },
	{ "remove", command_remove, "MODULE|--all", "take that back" },
	{ "status", command_status, "", "what runs split, and what is installed" },
	{ "list", command_list, "[DIR...]", "splits in these folders (default: here, build/split)" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int help(void)
{
	puts("tandem: Linux drivers on two seats, half in the kernel, half in a process\n");
	for (unsigned int i = 0; i < COMMANDS; i++)
		printf("  tandem %-7s %-22s %s\n", commands[i].name, commands[i].arguments,
		       commands[i].what);
	puts("  tandem --version\n"
	     "  tandem --help\n"
	     "\n"
	     "Without arguments: list, or this help if there is nothing to list.\n"
	     "The pages tandem(1) and tandem-split(1) say more.");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		int status = command_list(0, NULL);

		return status == EXIT_FAILURE ? help() : status;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("tandem " TANDEM_VERSION);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help();
	for (unsigned int i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return complain_usage("no such command: %s", argv[1]);
}
