// SPDX-License-Identifier: GPL-2.0
/* From a module's name to its preprocessed files. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "kbuild.h"
#include "out.h"
#include "preprocess.h"
#include "run.h"
#include "source.h"
#include "text.h"
#include "tree.h"

#define FOUND_MAX 64

/* Folders whose Makefile names an object; kbuild is asked about each. */
struct search {
	const char *tree;
	const char *name;
	unsigned int count;
	char *rel[FOUND_MAX];
};

/* ---- finding a module's folder in the kernel source ---- */

static bool in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* Is @at on a line, with the lines it continues, that sets an obj- variable? */
static bool sets_objects(const char *text, const char *at)
{
	const char *start = at, *obj;

	while (start > text && (start[-1] != '\n' || (start - 1 > text && start[-2] == '\\')))
		start--;
	obj = strstr(start, "obj-");
	return obj && obj < at;
}

static bool names_object(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = text; (at = strstr(at, ".o")); at += 2) {
		const char *start = at - n;
		size_t i = 0;

		if (in_name(at[2]) || start < text || (start > text && in_name(start[-1])))
			continue;
		while (i < n && (start[i] == name[i] || (start[i] == '-' && name[i] == '_') ||
				 (start[i] == '_' && name[i] == '-')))
			i++;
		if (i == n && sets_objects(text, start))
			return true;
	}
	return false;
}

static void search(struct search *s, const char *rel)
{
	char *path = text_format("%s/%s", s->tree, rel);
	struct dirent *d;
	bool hit = false;
	DIR *dir = opendir(path);

	while (dir && (d = readdir(dir))) {
		if (d->d_type == DT_DIR && d->d_name[0] != '.') {
			char *below = text_format("%s/%s", rel, d->d_name);

			search(s, below);
			free(below);
		} else if (!strcmp(d->d_name, "Makefile") || !strcmp(d->d_name, "Kbuild")) {
			char *file = text_format("%s/%s", path, d->d_name);
			char *text = text_file(file, NULL);

			hit |= text && names_object(text, s->name);
			free(text);
			free(file);
		}
	}
	if (dir)
		closedir(dir);
	if (hit && s->count < FOUND_MAX)
		s->rel[s->count++] = text_dup(rel);
	free(path);
}

/* Asks kbuild about each folder until one has @name as a module. */
static int find(struct source *src, const char *name, struct kbuild_folder *folder,
		struct kbuild_answer *answer)
{
	static const char *const tops[] = {
		"drivers", "sound", "net", "fs", "crypto", "lib", "arch/x86", "block", "security",
		"virt", "kernel", "mm",
	};
	struct search s = { .tree = folder->root, .name = name };
	bool found = false, builtin = false, off = false;
	int e = 0;

	for (unsigned int i = 0; i < sizeof(tops) / sizeof(*tops); i++)
		search(&s, tops[i]);
	for (unsigned int i = 0; i < s.count && !found; i++) {
		folder->rel = s.rel[i];
		e = kbuild_ask(src->kdir, src->work, folder, name, answer);
		if (e)
			continue;
		found = *answer->module;
		builtin |= *answer->builtin;
		off |= *answer->off;
		if (!found)
			kbuild_forget(answer);
	}
	folder->rel = found ? text_dup(folder->rel) : NULL;
	for (unsigned int i = 0; i < s.count; i++)
		free(s.rel[i]);
	if (found)
		return 0;
	if (builtin)
		return fail(-ENOTSUP, "%s is built into kernel %s: only modules can be split", name,
			    src->release);
	if (off)
		return fail(-ENOENT, "%s is switched off in the configuration of kernel %s: "
			    "choose a module that modinfo knows", name, src->release);
	return e ? e : fail(-ENOENT, "no such module: %s (give a name that modinfo knows, "
			    "or the folder of a driver)", name);
}

/* ---- a folder given by the user ---- */

static bool is_tree(const char *dir)
{
	char *a = text_format("%s/MAINTAINERS", dir), *b = text_format("%s/Kbuild", dir);
	bool yes = run_is_file(a) && run_is_file(b);

	free(a);
	free(b);
	return yes;
}

/* The kernel source that @dir is in, or else its parent, is the root of names. */
static void place_folder(struct kbuild_folder *folder, const char *dir)
{
	char *root = text_dup(dir), *slash;

	while ((slash = strrchr(root, '/')) && slash > root) {
		*slash = 0;
		if (is_tree(root))
			break;
	}
	folder->in_tree = slash && slash > root;
	if (!folder->in_tree) {
		slash = strrchr(dir, '/');
		free(root);
		root = text_format("%.*s", (int)(slash - dir), dir);
	}
	folder->rel = text_dup(dir + strlen(root) + 1);
	folder->root = root;
}

static int ask_kbuild(struct source *src, const char *dir, const char *name, struct kbuild_folder *folder,
		      struct kbuild_answer *answer)
{
	char *real = realpath(dir, NULL);
	int e;

	if (!real)
		return fail(-errno, "cannot open %s: %s", dir, strerror(errno));
	place_folder(folder, real);
	e = kbuild_ask(src->kdir, src->work, folder, name, answer);
	free(real);
	return e;
}

static int ask_folder(struct source *src, const char *what, struct kbuild_folder *folder,
		      struct kbuild_answer *answer)
{
	char *dir = text_dup(what), *name = NULL;
	int e;

	while (strlen(dir) > 1 && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = 0;
	if (!run_is_dir(dir) && strrchr(dir, '/') && strrchr(dir, '/') > dir) {	/* FOLDER/MODULE */
		name = strrchr(dir, '/');
		*name++ = 0;
	}
	e = run_is_dir(dir) ? ask_kbuild(src, dir, name ? name : "", folder, answer) :
		fail(-ENOENT, "no such folder: %s", what);
	if (!e && name && !*answer->module)
		e = fail(-ENOENT, "no such module: %s is not in obj-m of %s", name, dir);
	else if (!e && !*answer->module)
		e = fail(-ENOENT, "%s builds no module: its Makefile sets no obj-m", what);
	else if (!e && !name && strchr(answer->modules, ' '))
		e = fail(-EINVAL, "%s builds several modules (%s): give %s/NAME", what,
			 answer->modules, dir);
	free(dir);
	return e;
}

/* ---- */

static int check_name(const char *name)
{
	const char *c = name;

	while (in_name(*c))
		c++;
	return *c || !*name ? fail(-EINVAL, "\"%s\" is no module name", name) : 0;
}

static int open_module(struct source *src, const char *what, struct kbuild_folder *folder,
		       struct kbuild_answer *answer)
{
	size_t n = strlen(what);
	char *name;
	int e;

	if (strchr(what, '/') || !strcmp(what, ".") || !strcmp(what, ".."))
		return ask_folder(src, what, folder, answer);
	name = text_format("%.*s", (int)(n > 3 && !strcmp(what + n - 3, ".ko") ? n - 3 : n), what);
	folder->in_tree = true;
	e = check_name(name);
	if (!e)
		e = tree_source(src->kdir, &folder->root);
	if (!e)
		e = find(src, name, folder, answer);
	free(name);
	return e;
}

int source_open(struct source *src, const char *what, const char *kernel, const char *out)
{
	struct kbuild_folder folder = { 0 };
	struct kbuild_answer answer = { 0 };
	char *path, *slash;
	unsigned int made;
	bool marked;
	int e;

	memset(src, 0, sizeof(*src));
	e = out_claim(out, &path, &made, &marked);
	if (e)
		return e;
	src->work = text_format("%s/" OUT_WORK, path);
	e = run_remove(src->work);
	if (!e)
		e = run_make_dirs(src->work);
	if (e)
		e = fail(e, "cannot write to %s: %s", src->work, strerror(-e));
	if (!e)
		e = tree_headers(kernel, &src->release, &src->kdir);
	if (!e)
		e = open_module(src, what, &folder, &answer);
	if (!e) {
		slash = strrchr(answer.module, '/');
		src->module = text_dup(slash ? slash + 1 : answer.module);
		src->dir = text_format("%s/%s", folder.root, folder.rel);
		e = preprocess(src, &folder, &answer);
	}
	kbuild_forget(&answer);
	free(folder.root);
	free(folder.rel);
	if (e) {
		run_remove(src->work);
		source_close(src);
		out_unclaim(path, made, marked);
	}
	free(path);
	return e;
}

void source_close(struct source *src)
{
	for (unsigned int i = 0; i < src->ntu; i++) {
		free(src->tu[i].name);
		free(src->tu[i].c);
		free(src->tu[i].i);
		free(src->tu[i].flags);
	}
	free(src->tu);
	free(src->module);
	free(src->dir);
	free(src->release);
	free(src->kdir);
	free(src->work);
	memset(src, 0, sizeof(*src));
}
