// SPDX-License-Identifier: GPL-2.0
/* What kbuild answers, and the record of the command with which it compiled. */
#include "fuzz.h"
#include "split/kbuild.c"
#include "split/preprocess.c"

int run_remove(const char *path) { (void)path; return 0; }
int run_make_dirs(const char *path) { (void)path; return 0; }
bool run_is_file(const char *path) { (void)path; return false; }
char *run_first_error(const char *log) { (void)log; return NULL; }

int run_program(const char *const *argv, const char *dir, const char *log)
{
	(void)argv;
	(void)dir;
	(void)log;
	return 0;
}

/* Where a path leads, as a stack of names; false if above where it began, or if it is strange. */
static bool walk(const char *path, char *to)
{
	size_t n = 0;

	for (; *path; path += *path == '/') {
		size_t part = strcspn(path, "/");

		if (!part || (part == 1 && *path == '.'))
			return false;
		if (part == 2 && !strncmp(path, "..", 2)) {
			if (!n)
				return false;
			while (n && to[--n] != '/')
				;
		} else {
			to[n++] = '/';
			memcpy(to + n, path, part);
			n += part;
		}
		path += part;
	}
	to[n] = 0;
	return true;
}

static void check_shorten(const uint8_t *data, size_t bytes)
{
	char path[257], before[514], after[514];
	bool plain;

	if (bytes > 256)
		return;
	memcpy(path, data, bytes);
	path[bytes] = 0;
	plain = walk(path, before);
	shorten(path);
	if (plain)
		check(walk(path, after) && !strcmp(before, after));
	/* What leads out stays what it was, at its front at least. */
	if (!strncmp((const char *)data, "../../", bytes < 6 ? bytes : 6) && bytes >= 6)
		check(!strncmp(path, "../../", 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct kbuild_answer answer = { 0 };
	char *flags;

	fuzz_begin(data, bytes);
	read_answer(fuzz_file("answer", NULL), &answer);
	for (unsigned int i = 0; i < answer.nobject; i++)
		check(answer.object[i].stem && !strchr(answer.object[i].stem, '\n'));
	kbuild_forget(&answer);
	check(*kbuild_compiler("/k"));
	flags = read_flags("/x.cmd");
	check(strlen(flags) <= bytes);
	check_shorten(data, bytes);
	fuzz_end();
	return 0;
}
