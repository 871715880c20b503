// SPDX-License-Identifier: GPL-2.0
/* Asking kbuild: a generated Kbuild file reads the driver's Makefile and writes down what it set. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "kbuild.h"
#include "run.h"
#include "text.h"
#include "xalloc.h"

char *kbuild_compiler(const char *kdir)
{
	char *path = text_format("%s/include/config/auto.conf", kdir), *text = text_file(path, NULL);
	const char *at = text ? strstr(text, "\nCONFIG_CC_VERSION_TEXT=") : NULL;
	char *cc;

	at = at ? strchr(at, '=') + 1 : "gcc";
	at += *at == '"';
	/* "gcc-12 (Debian ...": the name ends at the blank; a whole path is not expected */
	cc = text_format("%.*s", (int)strcspn(at, " \"\n"), at);
	if (strncmp(cc, "gcc-", 4) || cc[4] < '0' || cc[4] > '9') {
		free(cc);
		cc = text_dup("gcc");
	}
	free(text);
	free(path);
	return cc;
}

/* ---- asking ---- */

/*
 * In the kernel source, src and srctree are what they are in a build of the kernel, so
 * that -I$(srctree)/$(src) means what its author meant. The error at the end stops make
 * before it builds anything; the answer's last line tells that the Makefile was read.
 */
static const char question[] =
	"ask-fit = $(foreach o,$(filter %%.o,$(1)),"
		"$(if $(filter %s,$(subst -,_,$(notdir $(o:.o=)))),$(o)))\n"
	"ask-m := $(firstword $(call ask-fit,$(obj-m)))\n"
	"ask-stem := $(ask-m:.o=)\n"
	"ask-parts := $(filter %%.o,$(foreach v,objs y m,$($(ask-stem)-$(v))))\n"
	"ask-say = $(file >>%s,$(1) $(2))\n"
	"$(call ask-say,module,$(ask-stem))\n"
	"$(call ask-say,builtin,$(firstword $(call ask-fit,$(obj-y))))\n"
	"$(call ask-say,off,$(firstword $(call ask-fit,$(obj-) $(obj-n))))\n"
	"$(call ask-say,modules,$(patsubst %%.o,%%,$(filter %%.o,$(obj-m))))\n"
	"$(call ask-say,flags,$(ccflags-y) $(ccflags-m) $(EXTRA_CFLAGS))\n"
	"$(call ask-say,below,$(subdir-ccflags-y))\n"
	"$(call ask-say,drop,$(ccflags-remove-y))\n"
	"$(if $(ask-parts),$(call ask-say,composite,y))\n"
	"$(foreach o,$(or $(ask-parts),$(ask-m)),$(call ask-say,object,$(o:.o=))"
		"$(call ask-say,object-flags,$(CFLAGS_$(o)))"
		"$(call ask-say,object-drop,$(CFLAGS_REMOVE_$(o))))\n"
	"$(call ask-say,end)\n"
	"$(error tandem has its answer)\n";

static char *makefile_of(const char *root, const char *rel)
{
	static const char *const names[] = { "Kbuild", "Makefile" };

	for (unsigned int i = 0; i < 2; i++) {
		char *path = text_format("%s/%s/%s", root, rel, names[i]);

		if (run_is_file(path))
			return path;
		free(path);
	}
	return NULL;
}

static int write_question(const char *work, const struct kbuild_folder *folder, const char *rel,
			  const char *name, const char *answer)
{
	char *makefile = makefile_of(folder->root, rel), *path;
	char *pattern = text_dup(*name ? name : "%");
	struct text t = { 0 };
	int e;

	if (!makefile) {
		free(pattern);
		return fail(-ENOENT, "%s/%s has no kbuild Makefile: give a driver's folder",
			    folder->root, rel);
	}
	for (char *c = pattern; *c; c++)
		if (*c == '-')
			*c = '_';
	if (folder->in_tree)
		text_add(&t, "srctree := %s\nsrc := %s\noverride obj := %s\n", folder->root, rel, rel);
	else
		text_add(&t, "src := %s/%s\noverride obj := $(src)\n", folder->root, rel);
	text_add(&t, "include %s\n", makefile);
	text_add(&t, question, pattern, answer);
	path = text_format("%s/Kbuild", work);
	e = text_write(&t, path);
	if (e)
		e = fail(e, "cannot write %s: %s", path, strerror(-e));
	free(path);
	free(t.at);
	free(pattern);
	free(makefile);
	return e;
}

static void set(char **to, const char *value)
{
	free(*to);
	while (*value == ' ')
		value++;
	*to = text_dup(value);
}

static bool read_answer(char *text, struct kbuild_answer *a)
{
	struct kbuild_object *o = NULL;
	char *line, *value;

	while ((line = strsep(&text, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			value = line + strlen(line);
		else
			*value++ = 0;
		if (!strcmp(line, "module")) {
			set(&a->module, value);
		} else if (!strcmp(line, "builtin")) {
			set(&a->builtin, value);
		} else if (!strcmp(line, "off")) {
			set(&a->off, value);
		} else if (!strcmp(line, "modules")) {
			set(&a->modules, value);
		} else if (!strcmp(line, "flags")) {
			set(&a->flags, value);
		} else if (!strcmp(line, "below")) {
			set(&a->below, value);
		} else if (!strcmp(line, "drop")) {
			set(&a->drop, value);
		} else if (!strcmp(line, "composite")) {
			a->composite = true;
		} else if (!strcmp(line, "object")) {
			a->object = xrealloc(a->object, ++a->nobject * sizeof(*o));
			o = &a->object[a->nobject - 1];
			*o = (struct kbuild_object){ .stem = text_dup(value) };
		} else if (!strcmp(line, "object-flags") && o) {
			set(&o->flags, value);
		} else if (!strcmp(line, "object-drop") && o) {
			set(&o->drop, value);
		} else if (!strcmp(line, "end")) {
			return true;
		}
	}
	return false;
}

static int ask(const char *kdir, const char *work, const struct kbuild_folder *folder,
	       const char *rel, const char *name, struct kbuild_answer *a)
{
	char *dir = text_format("%s/ask", work), *answer = text_format("%s/answer", dir);
	char *log = text_format("%s/log", dir), *m = text_format("M=%s", dir), *text, *first;
	const char *const argv[] = { "make", "-C", kdir, m, NULL };
	int e;

	memset(a, 0, sizeof(*a));
	run_remove(dir);
	e = run_make_dirs(dir);
	if (e)
		e = fail(e, "cannot make %s: %s", dir, strerror(-e));
	else
		e = write_question(dir, folder, rel, name, answer);
	if (!e)
		e = run_program(argv, NULL, log);
	if (e >= 0) {
		text = text_file(answer, NULL);
		first = run_first_error(log);
		e = 0;
		if (!text || !read_answer(text, a))
			e = fail(-EINVAL, "kbuild cannot read %s/%s: %s", folder->root, rel,
				 first ? first : "it says nothing");
		free(first);
		free(text);
	}
	free(m);
	free(log);
	free(answer);
	free(dir);
	return e;
}

/* subdir-ccflags-y of the folders above count for this one too. */
static int ask_above(const char *kdir, const char *work, const struct kbuild_folder *folder,
		     struct kbuild_answer *a)
{
	char *rel = text_dup(folder->rel), *slash;
	int e = 0;

	while (!e && (slash = strrchr(rel, '/'))) {
		struct kbuild_answer above = { 0 };
		char *makefile, *text;

		*slash = 0;
		makefile = makefile_of(folder->root, rel);
		text = makefile ? text_file(makefile, NULL) : NULL;
		if (text && strstr(text, "subdir-ccflags-y")) {
			e = ask(kdir, work, folder, rel, "", &above);
			if (!e) {
				char *both = text_format("%s %s", above.below, a->below);

				free(a->below);
				a->below = both;
			}
			kbuild_forget(&above);
		}
		free(text);
		free(makefile);
	}
	free(rel);
	return e;
}

int kbuild_ask(const char *kdir, const char *work, const struct kbuild_folder *folder,
	       const char *name, struct kbuild_answer *answer)
{
	int e = ask(kdir, work, folder, folder->rel, name, answer);

	if (!e && folder->in_tree && *answer->module)
		e = ask_above(kdir, work, folder, answer);
	if (e)
		kbuild_forget(answer);
	return e;
}

void kbuild_forget(struct kbuild_answer *a)
{
	for (unsigned int i = 0; i < a->nobject; i++) {
		free(a->object[i].stem);
		free(a->object[i].flags);
		free(a->object[i].drop);
	}
	free(a->object);
	free(a->module);
	free(a->builtin);
	free(a->off);
	free(a->modules);
	free(a->flags);
	free(a->below);
	free(a->drop);
	memset(a, 0, sizeof(*a));
}
