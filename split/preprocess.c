// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's folder is not copied: one-line files that include the driver's own are given
 * to kbuild as an external module, so "../x.h" and "x.c" next to a file are found where they
 * are. Line markers are then made relative to the kernel source, as in a build of the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "preprocess.h"
#include "run.h"
#include "text.h"
#include "xalloc.h"

struct unit {
	const char *stem;	/* the driver's, "pci/quirk" */
	char *name;		/* the wrapper's, "pci_quirk" */
};

/* "$" and "#" mean something to make. */
static void add_escaped(struct text *t, const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_add(t, value[i] == '$' ? "$$" : value[i] == '#' ? "\\#" : "%c", value[i]);
}

/* Flags as the driver's Makefile means them: relative folders are the kernel source's. */
static void add_flags(struct text *t, const struct kbuild_folder *folder, const char *flags)
{
	bool path_next = false;

	while (flags && *(flags += strspn(flags, " "))) {
		size_t n = strcspn(flags, " ");
		bool include = !strncmp(flags, "-I", 2);
		const char *path = include ? flags + 2 : flags;

		if (include && n > 2)
			text_add(t, " -I");
		else
			text_add(t, " ");
		if ((path_next || (include && n > 2)) && folder->in_tree && *path != '/')
			text_add(t, "%s/", folder->root);
		if (include && n > 2)
			add_escaped(t, path, n - 2);
		else
			add_escaped(t, flags, n);
		path_next = (include && n == 2) || !strncmp(flags, "-include ", 9) ||
			    !strncmp(flags, "-isystem ", 9) || !strncmp(flags, "-iquote ", 8);
		flags += n;
	}
}

static int write_kbuild(const char *dir, const struct kbuild_folder *folder,
			const struct kbuild_answer *a, const struct unit *unit)
{
	char *path = text_format("%s/Kbuild", dir), *own = text_format("%s/%s", folder->root,
								       folder->rel);
	const char *module = strrchr(a->module, '/');
	struct text t = { 0 };
	int e;

	module = module ? module + 1 : a->module;
	text_add(&t, "obj-m := %s.o\n", module);
	if (a->composite) {
		text_add(&t, "%s-objs :=", module);
		for (unsigned int i = 0; i < a->nobject; i++)
			text_add(&t, " %s.o", unit[i].name);
		text_add(&t, "\n");
	}
	text_add(&t, "ccflags-y :=");
	add_flags(&t, folder, a->below);
	add_flags(&t, folder, a->flags);
	/* kbuild adds the folder itself; trace headers name themselves from include/trace */
	text_add(&t, " -I%s", own);
	if (folder->in_tree)
		text_add(&t, " -idirafter %s/include/trace", folder->root);
	text_add(&t, " -fmacro-prefix-map=%s/=\nccflags-remove-y :=", folder->root);
	add_flags(&t, folder, a->drop);
	text_add(&t, "\n");
	for (unsigned int i = 0; i < a->nobject; i++) {
		text_add(&t, "CFLAGS_%s.o :=", unit[i].name);
		add_flags(&t, folder, a->object[i].flags);
		text_add(&t, "\nCFLAGS_REMOVE_%s.o :=", unit[i].name);
		add_flags(&t, folder, a->object[i].drop);
		text_add(&t, "\n");
	}
	e = text_write(&t, path);
	if (e)
		e = fail(e, "cannot write %s: %s", path, strerror(-e));
	free(t.at);
	free(own);
	free(path);
	return e;
}

static int write_wrapper(const char *dir, const struct kbuild_folder *folder,
			 const struct unit *unit)
{
	char *c = text_format("%s/%s/%s.c", folder->root, folder->rel, unit->stem);
	char *assembly = text_format("%s/%s/%s.S", folder->root, folder->rel, unit->stem);
	char *path = text_format("%s/%s.c", dir, unit->name);
	struct text t = { 0 };
	int e;

	/* libclang does not know gcc's builtin; headers ask it whether a string is declared to be none */
	text_add(&t, "#define __builtin_has_attribute(declaration, attribute) 0\n#include \"%s\"\n", c);
	if (run_is_file(assembly))
		e = fail(-ENOTSUP, "%s/%s.S is assembly: this driver cannot be split", folder->rel,
			 unit->stem);
	else if (!run_is_file(c))
		e = fail(-ENOENT, "the driver's source is not there: no %s (is it generated? "
			 "then build it in its folder and give that folder)", c);
	else if ((e = text_write(&t, path)))
		fail(e, "cannot write %s: %s", path, strerror(-e));
	free(t.at);
	free(path);
	free(assembly);
	free(c);
	return e;
}

/* ---- what comes out ---- */

/* Takes "a/.." out of a relative path. What leads out of its beginning stays. */
static void shorten(char *path)
{
	char *up = path;

	while ((up = strstr(up, "/../"))) {
		char *before = up;

		while (before > path && before[-1] != '/')
			before--;
		if (before == up || !strncmp(before, "./", 2) || !strncmp(before, "../", 3)) {
			up++;
			continue;
		}
		memmove(before, up + 4, strlen(up + 4) + 1);
		up = path;
	}
}

/* Copies @from to @to with markers of files below the root made relative. */
static int rewrite_markers(const char *from, const char *to, const struct kbuild_folder *folder,
			   const char *wrapper, const char *original)
{
	char *text = text_file(from, NULL), *rest = text, *line;
	char *root = text_format("%s/", folder->root);
	size_t nroot = strlen(root), nwrapper = strlen(wrapper);
	struct text t = { 0 };
	int e = text ? 0 : -errno;

	while (rest && (line = strsep(&rest, "\n"))) {
		char *path = *line == '#' ? strchr(line, '"') : NULL;
		char *end = path ? strchr(++path, '"') : NULL;

		if (end && !strncmp(path, root, nroot)) {
			char *name = text_format("%.*s", (int)(end - path - nroot), path + nroot);

			shorten(name);
			text_add(&t, "%.*s%s%s", (int)(path - line), line, name, end);
			free(name);
		} else if (end && !strncmp(path, wrapper, nwrapper) && path + nwrapper == end) {
			text_add(&t, "%.*s%s%s", (int)(path - line), line, original, end);
		} else {
			text_add_bytes(&t, line, strlen(line));
		}
		if (rest)
			text_add_bytes(&t, "\n", 1);
	}
	if (!e)
		e = text_write(&t, to);
	if (e)
		e = fail(e, "cannot write %s: %s", to, strerror(-e));
	free(t.at);
	free(root);
	free(text);
	return e;
}

/* End of a word of a shell command; quotes and backslashes count. */
static const char *word_end(const char *s)
{
	for (char quote = 0; *s && *s != '\n' && (quote || *s != ' '); s++) {
		if (quote ? *s == quote : *s == '\'' || *s == '"')
			quote = quote ? 0 : *s;
		else if (*s == '\\' && quote != '\'' && s[1])
			s++;
	}
	return s;
}

/* The flags in kbuild's record of its command: all but the compiler, -E, outputs and the input. */
static char *read_flags(const char *cmd_file)
{
	char *text = text_file(cmd_file, NULL);
	const char *at = text ? strstr(text, " := ") : NULL;
	struct text t = { 0 };
	bool first = true, skip = false;

	for (at = at ? at + 4 + strspn(at + 4, " ") : ""; *at && *at != '\n'; at += strspn(at, " ")) {
		const char *end = word_end(at);
		bool last = !*end || *end == '\n' || !end[strspn(end, " ")] ||
			    end[strspn(end, " ")] == '\n';

		if (!strncmp(at, "-o ", 3)) {
			skip = true;
		} else if (skip) {
			skip = false;
		} else if (!first && !last && strncmp(at, "-E ", 3) && strncmp(at, "-Wp,-M", 6)) {
			text_add(&t, t.length ? " " : "");
			for (; at < end; at++) {
				text_add_bytes(&t, at, 1);
				if (at[0] == '$' && at[1] == '$')	/* make's */
					at++;
			}
		}
		first = false;
		at = end;
	}
	free(text);
	return t.at ? t.at : text_dup("");
}

static int take(struct source *src, const char *dir, const struct kbuild_folder *folder,
		const struct unit *unit, struct source_tu *tu)
{
	char *wrapper = text_format("%s/%s.c", dir, unit->name);
	char *i = text_format("%s/%s.i", dir, unit->name);
	char *cmd = text_format("%s/.%s.i.cmd", dir, unit->name);
	int e;

	/* kbuild cannot make X.ko of X.o and more: the file of a one-file module gets a new name */
	tu->name = text_format(strcmp(unit->name, src->module) ? "%s" : "%s_main", unit->name);
	tu->c = text_format("%s/%s.c", folder->rel, unit->stem);
	tu->i = text_format("%s/%s.i", src->work, tu->name);
	tu->flags = read_flags(cmd);
	e = rewrite_markers(i, tu->i, folder, wrapper, tu->c);
	free(cmd);
	free(i);
	free(wrapper);
	return e;
}

/* The compiler's message with the driver's own path in it. */
static int does_not_compile(const struct source *src, const struct kbuild_folder *folder,
			    const char *log)
{
	char *first = run_first_error(log), *at = first ? strstr(first, folder->root) : NULL;
	int e;

	e = fail(-EINVAL, "%s does not compile for %s: %s", src->module, src->release,
		    at ? at + strlen(folder->root) + 1 : first ? first : "kbuild failed");
	free(first);
	return e;
}

static int run_kbuild(const struct source *src, const char *dir, const struct kbuild_folder *folder,
		      const struct unit *unit, unsigned int n)
{
	const char **argv = xcalloc(n + 6, sizeof(*argv));
	char *m = text_format("M=%s", dir), *log = text_format("%s/log", dir);
	unsigned int argc = 0;
	int e;

	argv[argc++] = "make";
	argv[argc++] = "-C";
	argv[argc++] = src->kdir;
	argv[argc++] = m;
	argv[argc++] = "-j2";
	for (unsigned int i = 0; i < n; i++)
		argv[argc++] = text_format("%s.i", unit[i].name);
	e = run_program(argv, NULL, log);
	if (e > 0)
		e = does_not_compile(src, folder, log);
	for (unsigned int i = 0; i < n; i++)
		free((char *)argv[5 + i]);
	free(log);
	free(m);
	free(argv);
	return e;
}

static void name_units(struct unit *unit, const struct kbuild_answer *a)
{
	for (unsigned int i = 0; i < a->nobject; i++) {
		const char *slash = strrchr(a->object[i].stem, '/');

		unit[i].stem = a->object[i].stem;
		/* named as its module, or as the path to it */
		unit[i].name = text_dup(!a->composite && slash ? slash + 1 : unit[i].stem);
		for (char *c = unit[i].name; *c; c++)
			if (*c == '/')
				*c = '_';
	}
}

int preprocess(struct source *src, const struct kbuild_folder *folder,
	       const struct kbuild_answer *answer)
{
	char *dir = text_format("%s/kbuild", src->work);
	struct unit *unit = xcalloc(answer->nobject + 1, sizeof(*unit));
	int e;

	name_units(unit, answer);
	src->tu = xcalloc(answer->nobject + 1, sizeof(*src->tu));
	e = run_make_dirs(dir);
	if (e)
		e = fail(e, "cannot make %s: %s", dir, strerror(-e));
	else
		e = write_kbuild(dir, folder, answer, unit);
	for (unsigned int i = 0; i < answer->nobject && !e; i++)
		e = write_wrapper(dir, folder, &unit[i]);
	if (!e)
		e = run_kbuild(src, dir, folder, unit, answer->nobject);
	for (unsigned int i = 0; i < answer->nobject && !e; i++) {
		src->ntu++;
		e = take(src, dir, folder, &unit[i], &src->tu[i]);
	}
	for (unsigned int i = 0; i < answer->nobject; i++)
		free(unit[i].name);
	free(unit);
	free(dir);
	return e;
}
