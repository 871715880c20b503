// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "dkms.h"
#include "step.h"

static int failed(const char *what, const char *path)
{
	return complain("cannot %s %s: %s%s", what, path, strerror(errno), errno == ENOSPC ?
			": make room and do it again, or tandem remove" : "");
}

/* ---- what a thing is, in a word ---- */

static uint64_t hash_bytes(uint64_t h, const char *at, size_t n)
{
	while (n--)
		h = (h ^ (unsigned char)*at++) * 0x100000001b3;
	return h;
}

static uint64_t hash_file(uint64_t h, const char *path)
{
	uint32_t length;
	char *text = text_file(path, &length);

	if (text)
		h = hash_bytes(h ^ length, text, length);
	free(text);
	return h;
}

/* Names and contents. DKMS writes nothing there. */
static uint64_t hash_tree(uint64_t h, const char *path)
{
	struct dirent **entry;
	int count = scandir(path, &entry, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char *below = text_format("%s/%s", path, entry[i]->d_name);

		if (strcmp(entry[i]->d_name, ".") && strcmp(entry[i]->d_name, "..")) {
			h = hash_bytes(h, entry[i]->d_name, strlen(entry[i]->d_name));
			h = run_is_dir(below) ? hash_tree(h, below) : hash_file(h, below);
		}
		free(below);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	return h;
}

static char *note_of(const char *path)
{
	return text_format("%016llx", (unsigned long long)(run_is_dir(path) ? hash_tree(0, path) :
							   hash_file(0, path)));
}

char *step_text_note(const char *text)
{
	size_t n = strlen(text);

	return text_format("%016llx", (unsigned long long)hash_bytes(n, text, n));
}

/* ---- writing ---- */

static void fill_in(struct text *t, const char *text, const struct step_names *names)
{
	const struct {
		const char *word, *is;
	} words[] = {
		{ "@MODULE@", names->module }, { "@VERSION@", names->version }, { "@TANDEM@", names->tandem },
	};
	const unsigned int n = sizeof(words) / sizeof(*words);

	while (*text) {
		unsigned int i = 0;

		while (i < n && strncmp(text, words[i].word, strlen(words[i].word)))
			i++;
		if (i < n) {
			text_add(t, "%s", words[i].is);
			text += strlen(words[i].word);
		} else {
			text_add_bytes(t, text++, 1);
		}
	}
}

char *step_text(const char *template, const struct step_names *names)
{
	char *path = text_format("%s/install/%s", names->home, template), *text = text_file(path, NULL);
	struct text t = { 0 };

	if (!text) {
		complain("cannot read %s: %s: install tandem again", path, strerror(errno));
	} else {
		fill_in(&t, text, names);
		if (!t.at)
			t.at = text_dup("");
	}
	free(text);
	free(path);
	return t.at;
}

/* Whole and on the disk when it returns. */
static int write_file(const char *path, const char *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		return failed("write", path);
	while (n) {
		ssize_t put = write(fd, bytes, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		bytes += put;
		n -= put;
	}
	/* Which permissions it gets is not for the umask to say. */
	if (n || fchmod(fd, mode) || fsync(fd)) {
		failed("write", path);
		close(fd);
		return EXIT_FAILURE;
	}
	close(fd);
	return 0;
}

static int make_dir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		return failed("make", path);
	return chmod(path, 0755) ? failed("make", path) : 0;
}

static int copy_file(const char *from, const char *to)
{
	struct stat st;
	uint32_t n;
	char *text = stat(from, &st) ? NULL : text_file(from, &n);
	int e = text ? write_file(to, text, n, st.st_mode & 0111 ? 0755 : 0644) : failed("read", from);

	free(text);
	return e;
}

/* What a build leaves beside the sources stays. */
static bool is_source(const char *name)
{
	const char *dot = strrchr(name, '.');

	return *name != '.' && (!dot || !strcmp(dot, ".c") || !strcmp(dot, ".h") || !strcmp(dot, ".a") ||
				!strcmp(dot, ".policy"));
}

static int copy_tree(const char *from, const char *to)
{
	struct dirent **entry;
	int count = scandir(from, &entry, NULL, alphasort), e;

	if (count < 0)
		return failed("read", from);
	e = make_dir(to);
	for (int i = 0; i < count; i++) {
		char *a = text_format("%s/%s", from, entry[i]->d_name);
		char *b = text_format("%s/%s", to, entry[i]->d_name);

		if (!e && *entry[i]->d_name != '.' && run_is_dir(a))
			e = copy_tree(a, b);
		else if (!e && is_source(entry[i]->d_name))
			e = copy_file(a, b);
		free(a);
		free(b);
		free(entry[i]);
	}
	free(entry);
	return e;
}

/* @path takes the place of what is there, at once. */
static int put_in_place(const char *new, const char *path)
{
	char *dir = text_format("%.*s", (int)(strrchr(path, '/') - path), path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), e = 0;

	if (fd < 0 || rename(new, path) || fsync(fd))
		e = failed("write", path);
	if (fd >= 0)
		close(fd);
	free(dir);
	return e;
}

/* ---- doing ---- */

static int do_file(const char *path, const struct step *s, const struct step_names *names, char **note)
{
	char *text = step_text(s->from[0], names), *new = text_format("%s" STEP_NEW, path);
	int e = text ? write_file(new, text, strlen(text), strncmp(text, "#!", 2) ? 0644 : 0755) : EXIT_FAILURE;

	if (!e)
		e = put_in_place(new, path);
	if (!e)
		*note = step_text_note(text);
	free(new);
	free(text);
	return e;
}

/* "NAME=TEMPLATE"; what has no dot in its name is a program. */
static int write_template(const char *dir, const char *from, const struct step_names *names)
{
	const char *template = strchr(from, '=') + 1;
	char *path = text_format("%s/%.*s", dir, (int)(template - from - 1), from);
	char *text = step_text(template, names);
	int e = text ? write_file(path, text, strlen(text), strrchr(path, '.') > strrchr(path, '/') ?
				  0644 : 0755) : EXIT_FAILURE;

	free(text);
	free(path);
	return e;
}

static int copy_part(const char *dir, const char *part, const struct step_names *names)
{
	char *from = text_format("%s/%s", names->home, part), *to = text_format("%s/%s", dir, part);
	int e = 0;

	for (char *slash = to + strlen(dir) + 1; !e && (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		e = make_dir(to);
		*slash = '/';
	}
	if (!e)
		e = run_is_dir(from) ? copy_tree(from, to) : copy_file(from, to);
	free(to);
	free(from);
	return e;
}

static int do_tree(const char *path, const struct step *s, const struct step_names *names, char **note)
{
	char *new = text_format("%s" STEP_NEW, path);
	int e = run_remove(new) || run_remove(path) ? failed("write", path) : make_dir(new);

	for (unsigned int i = 0; !e && s->from[i]; i++)
		e = strchr(s->from[i], '=') ? write_template(new, s->from[i], names) :
					      copy_part(new, s->from[i], names);
	if (!e)
		e = put_in_place(new, path);
	if (!e)
		*note = note_of(path);
	free(new);
	return e;
}

/* Only the machine that runs has something to be told; the initramfs may have a copy of the driver. */
static int settle(const char *root, const char *kernel)
{
	const char *const systemd[] = { "systemctl", "daemon-reload", NULL };
	const char *const initramfs[] = { "update-initramfs", "-u", "-k", kernel, NULL };
	char *image = text_format("/boot/initrd.img-%s", kernel);
	int e = 0;

	if (!*root)
		run_program(systemd, "/", "/dev/null");	/* another init has nothing to be told */
	if (!*root && run_is_file(image)) {
		e = run_program(initramfs, "/", "/dev/null");
		if (e > 0)
			e = complain("update-initramfs -u -k %s failed: see what it says, then again", kernel);
		else if (e < 0)
			e = 0;	/* another program made it */
	}
	free(image);
	return e;
}

int step_do(const char *root, const struct step *s, const struct step_names *names, char **note)
{
	char *path = text_format("%s/%s", root, s->what);
	int e = 0;

	*note = NULL;
	if (!strcmp(s->kind, "dir"))
		e = make_dir(path);
	else if (!strcmp(s->kind, "file"))
		e = do_file(path, s, names, note);
	else if (!strcmp(s->kind, "tree"))
		e = do_tree(path, s, names, note);
	else if (!strcmp(s->kind, "dkms"))
		e = dkms_install(root, s->what);
	else if (!strcmp(s->kind, "settle"))
		e = settle(root, s->what);
	if (!*note)
		*note = text_dup("-");
	free(path);
	return e;
}

static int undo_path(const char *path)
{
	char *new = text_format("%s" STEP_NEW, path);
	int e = run_remove(new);

	if (!e)
		e = run_remove(path);
	free(new);
	return e ? complain("cannot remove %s: %s", path, strerror(-e)) : 0;
}

int step_undo(const char *root, const struct entry *x)
{
	char *path = text_format("%s/%s", root, x->what);
	int e = 0;

	if (!strcmp(x->kind, "dir"))
		rmdir(path);	/* unless somebody has something in it */
	else if (!strcmp(x->kind, "file") || !strcmp(x->kind, "tree") || !strcmp(x->kind, "cache"))
		e = undo_path(path);
	else if (!strcmp(x->kind, "dkms"))
		e = dkms_remove(root, x->what);
	else if (!strcmp(x->kind, "settle"))
		e = settle(root, x->what);
	free(path);
	return e;
}

/* ---- looking ---- */

enum step_state step_state(const char *root, const struct entry *x)
{
	char *path, *note;
	enum step_state state = STEP_OK;

	if (!x->note)
		return STEP_INTERRUPTED;
	if (!strcmp(x->kind, "dkms"))
		return dkms_is_installed(root, x->what) ? STEP_OK : STEP_MISSING;
	if (!strcmp(x->kind, "settle") || !strcmp(x->kind, "cache"))
		return STEP_OK;
	path = text_format("%s/%s", root, x->what);
	if (access(path, F_OK)) {
		state = STEP_MISSING;
	} else if (strcmp(x->note, "-")) {
		note = note_of(path);
		state = strcmp(note, x->note) ? STEP_CHANGED : STEP_OK;
		free(note);
	}
	free(path);
	return state;
}
