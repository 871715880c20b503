// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fail.h"
#include "run.h"
#include "text.h"
#include "tree.h"

struct version {
	unsigned int major, minor, patch;
};

/* ---- headers ---- */

/* "6.1" fits 6.1.0-56-amd64 but not 6.12.0; Debian's other flavours only if asked for whole. */
static bool release_fits(const char *release, const char *kernel)
{
	size_t n = strlen(kernel);

	if (!strcmp(release, kernel))
		return true;
	return !strncmp(release, kernel, n) && (release[n] == '.' || release[n] == '-') &&
	       !strstr(release, "-rt-") && !strstr(release, "-cloud-");
}

static void newest(const char *folder, const char *prefix, const char *suffix, const char *kernel,
		   char **release, char **kdir)
{
	size_t n = strlen(prefix);
	struct dirent *d;
	DIR *dir = opendir(folder);

	while (dir && (d = readdir(dir))) {
		const char *name = d->d_name + n;
		char *path, *conf;

		if (strncmp(d->d_name, prefix, n) || !release_fits(name, kernel))
			continue;
		path = text_format("%s/%s%s", folder, d->d_name, suffix);
		conf = text_format("%s/include/config/auto.conf", path);
		if (run_is_file(conf) && (!*release || strverscmp(name, *release) > 0)) {
			*release = text_dup(name);
			*kdir = realpath(path, NULL);
		}
		free(conf);
		free(path);
	}
	if (dir)
		closedir(dir);
}

int tree_headers(const char *kernel, char **release, char **kdir)
{
	*release = *kdir = NULL;
	if (*kernel < '0' || *kernel > '9' || strpbrk(kernel, "/ "))
		return fail(-EINVAL, "\"%s\" is no kernel version: give one such as 6.1", kernel);
	newest("/lib/modules", "", "/build", kernel, release, kdir);
	if (!*release)
		newest("/usr/src", "linux-headers-", "", kernel, release, kdir);
	if (!*release)
		return fail(-ENOENT, "wrong kernel: no headers for %s are installed: "
			    "apt install linux-headers-amd64, or give another --kernel", kernel);
	return 0;
}

/* ---- source ---- */

static bool number_after(const char *text, const char *word, unsigned int *value)
{
	const char *at = strstr(text, word);

	return at && sscanf(at + strlen(word), " %*[=]%u", value) == 1;
}

static bool version_of_tree(const char *tree, struct version *v)
{
	char *path = text_format("%s/Makefile", tree), *text = text_file(path, NULL);
	bool ok = text && number_after(text, "\nVERSION", &v->major) &&
		  number_after(text, "\nPATCHLEVEL", &v->minor) &&
		  number_after(text, "\nSUBLEVEL", &v->patch);

	free(text);
	free(path);
	return ok;
}

static int version_of_headers(const char *kdir, struct version *v)
{
	char *path = text_format("%s/include/generated/uapi/linux/version.h", kdir);
	char *text = text_file(path, NULL);
	const char *code = text ? strstr(text, "LINUX_VERSION_CODE ") : NULL;
	unsigned int n, patch;
	int e = 0;

	if (!code || sscanf(code, "LINUX_VERSION_CODE %u", &n) != 1) {
		e = fail(-EINVAL, "%s does not tell its version: reinstall the headers package",
			 path);
	} else {
		v->major = n >> 16;
		v->minor = n >> 8 & 255;
		v->patch = n & 255;
		code = strstr(text, "LINUX_VERSION_SUBLEVEL ");	/* the code ends at 255 */
		if (code && sscanf(code, "LINUX_VERSION_SUBLEVEL %u", &patch) == 1)
			v->patch = patch;
	}
	free(text);
	free(path);
	return e;
}

/* Unpacked under another name and renamed: an interrupted unpack is not taken for a tree. */
static int unpack(const char *tarball, const char *tree)
{
	char *fresh = text_format("%s.XXXXXX", tree), *old = text_format("%s.old", tree);
	char *log = text_format("%s.log", tree);
	const char *const argv[] = { "tar", "-xJf", tarball, "-C", fresh, "--strip-components=1",
				     "--no-same-owner", NULL };
	int e = 0;

	if (!mkdtemp(fresh))
		return fail(-errno, "cannot write to %s: %s", fresh, strerror(errno));
	fprintf(stderr, "tandem: unpacking %s into %s (once)\n", tarball, tree);
	e = run_program(argv, NULL, log);
	if (e > 0)
		e = fail(-EIO, "%s cannot be unpacked (%s): is the disk full, or the package broken?",
			 tarball, log);
	if (!e && run_is_dir(tree) && (run_remove(old) || rename(tree, old)))
		e = fail(-errno, "cannot replace %s: %s", tree, strerror(errno));
	if (!e && rename(fresh, tree))
		e = fail(-errno, "cannot rename to %s: %s", tree, strerror(errno));
	run_remove(fresh);
	run_remove(old);
	if (!e)
		unlink(log);
	free(log);
	free(old);
	free(fresh);
	return e;
}

static bool same(const struct version *a, const struct version *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch;
}

static int get_source(const struct version *want, char **tree)
{
	char *name = text_format("linux-source-%u.%u", want->major, want->minor);
	char *tarball = text_format("/usr/src/%s.tar.xz", name);
	char *below = text_format("src/%s", name);
	struct version have = { 0 };
	int e = 0;

	*tree = run_cache(below);
	if (!version_of_tree(*tree, &have) || !same(&have, want)) {
		if (run_is_file(tarball))
			e = unpack(tarball, *tree);
		else if (!run_is_dir(*tree))
			e = fail(-ENOENT, "the driver's source is not there: apt install %s", name);
	}
	if (!e && !version_of_tree(*tree, &have))
		e = fail(-EIO, "%s holds no kernel source: remove that folder", *tree);
	if (!e && !same(&have, want))
		e = fail(-ESTALE, "%s is %u.%u.%u but the kernel headers are %u.%u.%u: "
			 "apt install %s linux-headers-amd64 in one version", name, have.major,
			 have.minor, have.patch, want->major, want->minor, want->patch, name);
	free(below);
	free(tarball);
	free(name);
	return e;
}

int tree_source(const char *kdir, char **tree)
{
	char *folder = run_cache("src"), *path = text_format("%s/.lock", folder);
	struct version want = { 0 };
	int e, lock = -1;

	*tree = NULL;
	e = version_of_headers(kdir, &want);
	if (!e && run_make_dirs(folder))
		e = fail(-EACCES, "cannot make %s: set XDG_CACHE_HOME to a folder of yours", folder);
	if (!e) {
		lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (lock >= 0)
			flock(lock, LOCK_EX);	/* two splits at once: one unpacks */
		e = get_source(&want, tree);
		if (lock >= 0)
			close(lock);
	}
	free(path);
	free(folder);
	return e;
}
