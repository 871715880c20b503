// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../split/text.h"
#include "../split/xalloc.h"
#include "command.h"
#include "inventory.h"

#define FIRST_LINE "tandem inventory 1"

static struct entry *add(struct inventory *inv, const char *owner, const char *kind, const char *what)
{
	struct entry *e = inventory_find(inv, owner, kind, what);

	if (e)
		return e;
	inv->entry = xrealloc(inv->entry, (inv->count + 1) * sizeof(*e));
	e = &inv->entry[inv->count++];
	*e = (struct entry){ .owner = text_dup(owner), .kind = text_dup(kind), .what = text_dup(what) };
	return e;
}

static void set_note(struct entry *e, const char *note)
{
	free(e->note);
	e->note = note ? text_dup(note) : NULL;
}

/* False if @line is none of ours. */
static bool read_line(struct inventory *inv, char *line)
{
	char *word[6] = { NULL }, *save = NULL;
	struct entry *e;
	int n = 0;

	for (char *w = strtok_r(line, " ", &save); w && n < 6; w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	if (n < 4 || n > 5 || strlen(word[0]) != 1 || !strchr("+=-", *word[0]) || (*word[0] == '=') != (n == 5))
		return false;
	inv->loose = inv->loose || *word[0] == '-' || inventory_find(inv, word[1], word[2], word[3]);
	e = add(inv, word[1], word[2], word[3]);
	e->gone = *word[0] == '-';
	set_note(e, word[4]);
	return true;
}

struct entry *inventory_find(struct inventory *inv, const char *owner, const char *kind, const char *what)
{
	for (unsigned int i = 0; i < inv->count; i++) {
		struct entry *e = &inv->entry[i];

		if (!e->gone && !strcmp(e->owner, owner) && !strcmp(e->kind, kind) && !strcmp(e->what, what))
			return e;
	}
	return NULL;
}

bool inventory_has(struct inventory *inv, const char *owner)
{
	for (unsigned int i = 0; i < inv->count; i++)
		if (!inv->entry[i].gone && (!owner || !strcmp(inv->entry[i].owner, owner)))
			return true;
	return false;
}

int inventory_open(struct inventory *inv, const char *root)
{
	char *text, *rest, *line, *end, *new;
	int e = 0;

	*inv = (struct inventory){ .fd = -1, .lock = -1 };
	inv->root = strcmp(root, "/") ? realpath(root, NULL) : text_dup("");
	if (!inv->root)
		return complain("%s: %s", root, strerror(errno)), EXIT_REFUSED;
	if (!strcmp(inv->root, "/"))
		*inv->root = 0;
	inv->path = text_format("%s/" INVENTORY, inv->root);
	text = text_file(inv->path, NULL);
	if (!text && errno != ENOENT && errno != ENOTDIR)
		return complain("%s: %s", inv->path, strerror(errno)), EXIT_REFUSED;
	new = text_format("%s.new", inv->path);
	end = text ? strrchr(text, '\n') : NULL;
	inv->loose = !access(new, F_OK) || (text && (!end || end[1]));
	free(new);
	if (end)
		end[1] = 0;
	rest = end ? text : NULL;
	line = strsep(&rest, "\n");
	if (line && strcmp(line, FIRST_LINE))
		e = EXIT_REFUSED;
	while (!e && (line = strsep(&rest, "\n")))
		if (*line && !read_line(inv, line))
			e = EXIT_REFUSED;
	if (e)
		complain("%s was not written by this tandem: use the version that did", inv->path);
	free(text);
	return e;
}

int inventory_lock(struct inventory *inv)
{
	char *dir = text_format("%s/" INVENTORY_DIR, inv->root), *root;
	int e = 0, lock;

	inv->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (inv->lock < 0 && errno == ENOENT)
		e = complain("%s is not there: is %s a root file system?", dir, inv->root);
	else if (inv->lock < 0 || access(dir, W_OK))
		e = complain("cannot write to %s: %s%s", dir, strerror(errno),
			     errno == EACCES ? ": run as root" : "");
	else if (flock(inv->lock, LOCK_EX | LOCK_NB))
		e = complain("another tandem install or remove is running");
	free(dir);
	lock = inv->lock;
	inv->lock = -1;	/* who has no lock leaves the journal alone */
	if (e) {
		if (lock >= 0)
			close(lock);
		return EXIT_REFUSED;
	}
	/* what the other one has done meanwhile */
	root = text_dup(*inv->root ? inv->root : "/");
	inventory_close(inv);
	e = inventory_open(inv, root);
	if (e)
		close(lock);
	else
		inv->lock = lock;
	free(root);
	return e;
}

/* ---- writing ---- */

static int write_all(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t put = write(fd, text, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		text += put;
		n -= put;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_dir(const char *path)
{
	char *dir = text_format("%.*s", (int)(strrchr(path, '/') - path), path);
	int fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), e = 0;

	if (fd < 0 || fsync(fd))
		e = -errno;
	if (fd >= 0)
		close(fd);
	free(dir);
	return e;
}

static int make_dir(const struct inventory *inv)
{
	char *dir = text_format("%.*s", (int)(strrchr(inv->path, '/') - inv->path), inv->path);
	int e = mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;

	if (!e)
		e = sync_dir(dir);
	free(dir);
	return e;
}

/* The state as one text, which replaces the journal in one step. */
static int rewrite(struct inventory *inv)
{
	char *new = text_format("%s.new", inv->path);
	struct text t = { 0 };
	int fd, e;

	text_add(&t, FIRST_LINE "\n");
	for (unsigned int i = 0; i < inv->count; i++) {
		struct entry *x = &inv->entry[i];

		if (!x->gone)
			text_add(&t, "%c %s %s %s%s%s\n", x->note ? '=' : '+', x->owner, x->kind, x->what,
				 x->note ? " " : "", x->note ? x->note : "");
	}
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	e = fd < 0 ? -errno : write_all(fd, t.at);
	if (fd >= 0)
		close(fd);
	if (!e && rename(new, inv->path))
		e = -errno;
	if (e)
		unlink(new);
	else
		e = sync_dir(inv->path);
	free(t.at);
	free(new);
	return e;
}

static int append(struct inventory *inv, char sign, const struct entry *x)
{
	char *line;
	int e = 0;

	if (inv->fd < 0) {
		e = make_dir(inv);
		if (!e)
			e = rewrite(inv);	/* also cuts a torn last line */
		if (!e) {
			inv->fd = open(inv->path, O_WRONLY | O_APPEND | O_CLOEXEC);
			e = inv->fd < 0 ? -errno : 0;
		}
	}
	if (e)
		return e;
	inv->loose = true;
	line = text_format("%c %s %s %s%s%s\n", sign, x->owner, x->kind, x->what, x->note ? " " : "",
			   x->note ? x->note : "");
	e = write_all(inv->fd, line);
	if (e) {
		/* a part of a line may be there, and nothing may follow it */
		close(inv->fd);
		inv->fd = -1;
	}
	free(line);
	return e;
}

int inventory_begin(struct inventory *inv, const char *owner, const char *kind, const char *what)
{
	struct entry x = { (char *)owner, (char *)kind, (char *)what, NULL, false };
	int e = append(inv, '+', &x);

	if (!e)
		set_note(add(inv, owner, kind, what), NULL);
	return e;
}

int inventory_done(struct inventory *inv, const char *owner, const char *kind, const char *what,
		   const char *note)
{
	struct entry x = { (char *)owner, (char *)kind, (char *)what, (char *)note, false };
	int e = append(inv, '=', &x);

	if (!e)
		set_note(add(inv, owner, kind, what), note);
	return e;
}

int inventory_gone(struct inventory *inv, struct entry *x)
{
	set_note(x, NULL);
	x->gone = true;
	return append(inv, '-', x);
}

/* Nothing is installed any more: neither is there a journal. */
static void vanish(struct inventory *inv)
{
	char *new = text_format("%s.new", inv->path);

	unlink(new);
	unlink(inv->path);
	*strrchr(new, '/') = 0;
	rmdir(new);
	sync_dir(new);
	free(new);
}

void inventory_close(struct inventory *inv)
{
	if (inv->lock >= 0 && !inventory_has(inv, NULL))
		vanish(inv);
	else if (inv->lock >= 0 && (inv->loose))
		rewrite(inv);	/* if it cannot, the long one stays */
	for (unsigned int i = 0; i < inv->count; i++) {
		free(inv->entry[i].owner);
		free(inv->entry[i].kind);
		free(inv->entry[i].what);
		free(inv->entry[i].note);
	}
	free(inv->entry);
	if (inv->fd >= 0)
		close(inv->fd);
	if (inv->lock >= 0)
		close(inv->lock);
	free(inv->path);
	free(inv->root);
	*inv = (struct inventory){ .fd = -1, .lock = -1 };
}
