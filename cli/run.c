// SPDX-License-Identifier: GPL-2.0
/* tandem run: what to start, and whether it can be. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../split/home.h"
#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "load.h"
#include "result.h"
#include "start.h"

struct half {
	struct result result;
	char *ko, *user;
};

/* "6.1" of the running kernel */
static const char *kernel_version(void)
{
	static char version[16];
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	snprintf(version, sizeof(version), "%u.%u", major, minor);
	return version;
}

static int find(struct half *half, const char *what)
{
	char *usual = text_format("build/split/%s/%s", kernel_version(), what);
	bool found = result_read(&half->result, what) || result_read(&half->result, usual);

	free(usual);
	if (!found)
		return complain("no split in %s: make one with tandem split MODULE -o %s", what, what);
	half->ko = text_format("%s/%s.ko", half->result.dir, half->result.module);
	half->user = text_format("%s/%s-user", half->result.dir, half->result.module);
	if (!half->result.built)
		return complain("%s is not compiled: run tandem split without --no-build",
				half->result.dir);
	return 0;
}

/* Beside the program in a build folder, or in its home. */
static char *find_runtime(void)
{
	char exe[PATH_MAX] = "", *slash, *ko;
	const char *home;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		*exe = 0;
	slash = strrchr(exe, '/');
	if (slash)
		*slash = 0;
	ko = text_format("%s/../kernel/%s/tandem.ko", exe, kernel_version());
	home = run_is_file(ko) ? NULL : home_dir();
	if (home) {
		free(ko);
		ko = text_format("%s/build/kernel/%s/tandem.ko", home, kernel_version());
	}
	return ko;
}

static int load_runtime(void)
{
	char *ko;
	int e;

	if (load_is_loaded("tandem"))
		return 0;
	ko = find_runtime();
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

int command_run(int argc, char **argv)
{
	struct half half = { 0 };
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
	if (!e)
		e = load_depends(half.ko);
	if (e)
		return e;
	return start_halves(half.result.module, half.user, argv + 2, argc - 2, half.ko);
}
