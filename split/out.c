// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "out.h"
#include "run.h"
#include "text.h"

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int is_empty(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int empty = 1;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (!is_dots(e->d_name))
			empty = 0;
	closedir(d);
	return empty;
}

static void cut_slashes(char *path)
{
	for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = 0;
}

/* How many folders have to be made for @dir to be there. */
static unsigned int missing(const char *dir)
{
	char *part = text_dup(dir), *slash;
	unsigned int n = 0;

	cut_slashes(part);
	while (!run_is_dir(part)) {
		n++;
		slash = strrchr(part, '/');
		if (!slash || slash == part)
			break;
		*slash = 0;
		cut_slashes(part);
	}
	free(part);
	return n;
}

int out_claim(const char *dir, char **path, unsigned int *made, bool *marked)
{
	char *mark;
	int e = 0, fd;

	*marked = false;
	*path = NULL;
	*made = missing(dir);
	if (*made) {
		e = run_make_dirs(dir);
		if (e)
			return fail(e, "cannot make folder %s: %s", dir, strerror(-e));
	}
	*path = realpath(dir, NULL);
	if (!*path)
		return fail(-errno, "cannot use folder %s: %s", dir, strerror(errno));
	mark = text_format("%s/" OUT_MARK, *path);
	if (strpbrk(*path, " \t:'\"\\$#")) {
		e = fail(-EINVAL, "%s: kbuild cannot work in a folder with such a name, "
			 "choose one of letters and digits", *path);
	} else if (!run_is_file(mark)) {
		e = is_empty(*path);
		if (!e)
			e = fail(-ENOTEMPTY, "%s is not empty and not made by tandem split: "
				 "choose another folder for -o", *path);
		else if (e > 0)
			e = 0;
		else
			e = fail(e, "cannot read %s: %s", *path, strerror(-e));
		fd = e ? -1 : open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		*marked = fd >= 0;
		if (!e && fd < 0)
			e = fail(-errno, "cannot write to %s: %s", *path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	free(mark);
	if (e) {
		out_unclaim(*path, *made, *marked);
		free(*path);
		*path = NULL;
	}
	return e;
}

void out_unclaim(const char *path, unsigned int made, bool marked)
{
	char *mark = text_format("%s/" OUT_MARK, path), *part = text_dup(path), *slash;

	if (marked)
		unlink(mark);
	for (; made && !rmdir(part); made--) {
		slash = strrchr(part, '/');
		if (!slash || slash == part)
			break;
		*slash = 0;
	}
	free(part);
	free(mark);
}

static int lock(struct out *out)
{
	struct stat held, there;

	out->lock = open(out->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->lock < 0)
		return fail(-errno, "cannot open %s: %s", out->dir, strerror(errno));
	/* a run that failed may have removed the folder between our look and the lock */
	if (flock(out->lock, LOCK_EX | LOCK_NB) || fstat(out->lock, &held) ||
	    stat(out->dir, &there) || held.st_ino != there.st_ino)
		return fail(-EBUSY, "another tandem split works in %s: wait for it, "
			    "or choose another folder", out->dir);
	return 0;
}

int out_begin(struct out *out, const char *dir)
{
	char *work;
	int e;

	memset(out, 0, sizeof(*out));
	out->lock = -1;
	e = out_claim(dir, &out->dir, &out->made, &out->marked);
	if (e)
		return e;
	e = lock(out);
	if (!e) {
		work = text_format("%s/" OUT_WORK, out->dir);
		out->stage = text_format("%s/new", work);
		run_remove(work);		/* a killed run's */
		e = run_make_dirs(out->stage);
		if (e)
			e = fail(e, "cannot write to %s: %s", out->dir, strerror(-e));
		free(work);
	} else {
		out->made = 0;
		out->marked = false;	/* the other run's now */
	}
	if (e)
		out_abort(out, NULL);
	return e;
}

static void end(struct out *out)
{
	char *work = text_format("%s/" OUT_WORK, out->dir);

	if (out->stage)
		run_remove(work);
	free(work);
	if (out->lock >= 0)
		close(out->lock);
	free(out->stage);
	free(out->dir);
	memset(out, 0, sizeof(*out));
	out->lock = -1;
}

/* Moves everything in @from but the mark and the scratch into @to. */
static int move_all(const char *from, const char *to)
{
	struct dirent *entry;
	DIR *d = opendir(from);
	int e = d ? 0 : -errno;

	while (!e && (entry = readdir(d))) {
		char *a, *b;

		if (is_dots(entry->d_name) || !strcmp(entry->d_name, OUT_MARK) ||
		    !strcmp(entry->d_name, OUT_WORK))
			continue;
		a = text_format("%s/%s", from, entry->d_name);
		b = text_format("%s/%s", to, entry->d_name);
		if (rename(a, b))
			e = -errno;
		free(a);
		free(b);
	}
	if (d)
		closedir(d);
	return e;
}

int out_commit(struct out *out)
{
	char *old = text_format("%s/" OUT_WORK "/old", out->dir);
	int e = mkdir(old, 0777) ? -errno : 0;

	if (!e)
		e = move_all(out->dir, old);
	if (!e)
		e = move_all(out->stage, out->dir);
	if (e) {
		move_all(old, out->dir);
		e = fail(e, "cannot put the result into %s: %s", out->dir, strerror(-e));
	}
	free(old);
	end(out);
	return e;
}

void out_abort(struct out *out, const char *keep)
{
	char *log = text_format("%s/build.log", out->stage ? out->stage : "");
	unsigned int made = out->made;
	bool marked = out->marked;
	char *dir = text_dup(out->dir);

	if (keep && run_is_file(log)) {
		const char *const argv[] = { "mv", out->stage, keep, NULL };

		/* made with its parents, then removed to be made by mv, also from another disk */
		if (!run_make_dirs(keep) && !run_remove(keep))
			run_program(argv, NULL, "/dev/null");
	}
	end(out);
	out_unclaim(dir, made, marked);
	free(dir);
	free(log);
}
