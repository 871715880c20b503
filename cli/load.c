// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "load.h"

char *load_info(const char *ko, const char *key)
{
	uint32_t length;
	char *file = text_file(ko, &length), *word = text_format("%s=", key), *found = NULL;
	size_t n = strlen(word);

	/* .modinfo is NUL-separated text: each of its strings follows a NUL */
	for (char *at = file; at && (at = memmem(at, file + length - at, word, n)); at += n)
		if (at > file && !at[-1]) {
			found = text_dup(at + n);
			break;
		}
	free(word);
	free(file);
	return found;
}

/* The kernel writes "_" for "-". */
static char *kernel_name(const char *module)
{
	char *name = text_dup(module);

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

static char *sysfs(const char *folder, const char *module, const char *below)
{
	char *name = kernel_name(module), *path = text_format("%s/%s%s", folder, name, below);

	free(name);
	return path;
}

char *load_drivers(const char *module)
{
	return sysfs("/sys/module", module, "/drivers");
}

bool load_is_loaded(const char *module)
{
	char *path = sysfs("/sys/module", module, "/initstate");
	bool yes = run_is_file(path);	/* built-in modules have none */

	free(path);
	return yes;
}

bool load_runs_split(const char *module)
{
	char *path = sysfs("/sys/module/tandem/holders", module, "");
	bool yes = run_is_dir(path);

	free(path);
	return yes;
}

bool load_fits(const char *ko)
{
	char *magic = load_info(ko, "vermagic");
	struct utsname name;
	bool fits;
	size_t n;

	uname(&name);
	n = magic ? strcspn(magic, " ") : 0;
	fits = n && n == strlen(name.release) && !strncmp(magic, name.release, n);
	if (!fits)
		complain("wrong kernel: %s is for %.*s and this is %s: split again with --kernel %s",
			 ko, magic ? (int)n : 1, magic ? magic : "?", name.release, name.release);
	free(magic);
	return fits;
}

int load_depends(const char *ko)
{
	char *list = load_info(ko, "depends"), *save = NULL, *name;
	int e = 0;

	for (name = list ? strtok_r(list, ",", &save) : NULL; name && !e; name = strtok_r(NULL, ",", &save)) {
		const char *const argv[] = { "modprobe", "--", name, NULL };

		if (!strcmp(name, "tandem") || load_is_loaded(name) || !run_program(argv, NULL, "/dev/null"))
			continue;
		e = complain("module %s, which %s needs, cannot be loaded: see modprobe %s", name, ko, name);
	}
	free(list);
	return e;
}

int load_module(const char *ko)
{
	int fd = open(ko, O_RDONLY | O_CLOEXEC), e = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		e = -errno;
	close(fd);
	return e;
}

int load_complain(const char *ko, int error)
{
	switch (-error) {
	case EPERM:
	case EACCES:
		return complain("no permission to load %s: run as root, with lockdown off", ko);
	case EEXIST:
		return complain("%s is loaded already: rmmod it first", ko);
	case ESTALE:
		return complain("%s: the halves come from different builds: run tandem split again", ko);
	case ETIMEDOUT:
		return complain("%s: no user half came: see dmesg", ko);
	case EINVAL:	/* symbol versions differ */
	case EPROTONOSUPPORT:	/* the meaning of what has the same types does */
	case ENOENT:	/* a symbol is not there */
		return complain("%s does not fit the tandem.ko that is loaded, which is from another build: "
				"make, rmmod tandem, run tandem split again", ko);
	case ENOEXEC:
		return complain("wrong kernel: %s does not load: split again, see dmesg", ko);
	default:
		return complain("%s does not load: %s: see dmesg", ko, strerror(-error));
	}
}
