// SPDX-License-Identifier: GPL-2.0
/* What tandem status makes of the kernel's text. */
#include "fuzz.h"
#include "cli/status.c"

int complain(const char *format, ...)
{
	(void)format;
	return 1;
}

int complain_usage(const char *format, ...)
{
	(void)format;
	return 2;
}

bool run_is_dir(const char *path)
{
	(void)path;
	return true;
}

const char *isolated(const char *module)
{
	return *module ? "no" : "-";
}

bool installed_any(const char *root)
{
	return !root;
}

int installed_print(const char *root, bool raw)
{
	return !root && raw;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char *text, *cell;

	fuzz_begin(data, bytes);
	text = fuzz_file("stats", NULL);
	for (unsigned int i = 0; i < COLUMNS; i++) {
		cell = value(text, columns[i].key);
		check(!strchr(cell, '\n') && strlen(cell) <= bytes + 1);
		check(!columns[i].key || !strcmp(cell, "?") || strstr(text, cell));
	}
	fuzz_end();
	return 0;
}
