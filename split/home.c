// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "home.h"
#include "run.h"
#include "text.h"

static bool is_home(const char *dir)
{
	char *path = text_format("%s/kernel/half.h", dir);
	bool yes = run_is_file(path);

	free(path);
	return yes;
}

static char *find(void)
{
	char exe[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return NULL;
	exe[n] = 0;
	while ((slash = strrchr(exe, '/'))) {
		char *installed;

		*slash = 0;
		installed = text_format("%s/lib/tandem", exe);
		if (is_home(exe)) {
			free(installed);
			return text_dup(exe);
		}
		if (is_home(installed))
			return installed;
		free(installed);
	}
	return NULL;
}

const char *home_dir(void)
{
	static char *home;
	const char *env = getenv("TANDEM_DIR");

	if (!home && env && *env)
		home = is_home(env) ? realpath(env, NULL) : NULL;
	else if (!home)
		home = find();
	if (!home)
		fail(-ENOENT, "tandem's own files are not found: set TANDEM_DIR to its folder");
	return home;
}
