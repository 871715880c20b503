// SPDX-License-Identifier: GPL-2.0
/* A module's .modinfo, out of whatever file it is said to be. */
#include "fuzz.h"
#include "cli/load.c"

int complain(const char *format, ...)
{
	(void)format;
	return 1;
}

bool run_is_dir(const char *path)
{
	(void)path;
	return false;
}

bool run_is_file(const char *path)
{
	(void)path;
	return false;
}

int run_program(const char *const *argv, const char *dir, const char *log)
{
	/* A name, not an option. */
	check(!strcmp(argv[1], "--") && argv[2] && *argv[2] && !argv[3]);
	(void)dir;
	(void)log;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *magic;

	fuzz_begin(data, bytes);
	magic = load_info("x.ko", "vermagic");
	check(!magic || strlen(magic) + strlen("vermagic=") < bytes + 1);
	load_fits("x.ko");
	load_depends("x.ko");
	fuzz_end();
	return 0;
}
