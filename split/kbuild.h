/* SPDX-License-Identifier: GPL-2.0 */
/* What a driver's own Makefile says. */
#ifndef SPLIT_KBUILD_H
#define SPLIT_KBUILD_H

#include <stdbool.h>

/*
 * A folder with a kbuild Makefile. Names in reports and line markers are relative to
 * @root: the kernel source, or the parent of a folder that is not in one.
 */
struct kbuild_folder {
	char *root;
	char *rel;
	bool in_tree;
};

struct kbuild_object {
	char *stem;	/* "main", "pci/quirk" */
	char *flags;	/* flags of this file only */
	char *drop;	/* flags that this file must not get */
};

/* What kbuild makes of one module of a folder; "" where it says nothing. */
struct kbuild_answer {
	char *module;		/* obj-m has it */
	char *builtin;		/* obj-y has it */
	char *off;		/* its configuration symbol is not set */
	char *modules;		/* everything in obj-m */
	char *flags;		/* ccflags-y and the like */
	char *below;		/* subdir-ccflags-y, also of the folders above */
	char *drop;		/* ccflags-remove-y */
	bool composite;		/* made of other objects than its own name */
	unsigned int nobject;
	struct kbuild_object *object;
};

/*
 * Asks about module @name ("" = all that obj-m has), "-" and "_" being the same.
 * @work is a scratch folder. 0, or -errno with fail_text().
 */
int kbuild_ask(const char *kdir, const char *work, const struct kbuild_folder *folder,
	       const char *name, struct kbuild_answer *answer);
void kbuild_forget(struct kbuild_answer *answer);

/* The kernel's compiler, "gcc-12". */
char *kbuild_compiler(const char *kdir);

#endif
