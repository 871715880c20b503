/* SPDX-License-Identifier: GPL-2.0 */
/* Running other programs, and the few operations on folders that need no program. */
#ifndef SPLIT_RUN_H
#define SPLIT_RUN_H

#include <stdbool.h>

/*
 * Runs @argv (NULL-ended) in folder @cwd (NULL: here); what it prints is appended to
 * @log. Its exit status, or -errno with fail_text() if it did not run to its end.
 */
int run_program(const char *const *argv, const char *cwd, const char *log);

/* The line of @log that says what went wrong first; NULL if none does. */
char *run_first_error(const char *log);

bool run_is_dir(const char *path);
bool run_is_file(const char *path);
int run_make_dirs(const char *path);		/* mkdir -p; -errno */
int run_remove(const char *path);		/* rm -rf; -errno */
/* ${XDG_CACHE_HOME:-~/.cache}/tandem/@below */
char *run_cache(const char *below);

#endif
