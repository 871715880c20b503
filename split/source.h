/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a driver's source is, and how its halves are compiled: everything that asks kbuild.
 */
#ifndef SPLIT_SOURCE_H
#define SPLIT_SOURCE_H

struct source_tu {
	char *name;		/* "main" */
	char *c;		/* path of the .c file as kbuild knows it */
	char *i;		/* path of gcc's preprocessed output */
	char *flags;		/* the compiler's flags, without -c, -o, input and -Wp,-MMD */
};

struct source {
	char *module;		/* "dummy" */
	char *dir;		/* folder of the driver's sources */
	char *release;		/* "6.1.0-56-amd64" */
	char *kdir;		/* headers package's build folder */
	char *work;		/* scratch, inside the output folder */
	unsigned int ntu;
	struct source_tu *tu;
};

/*
 * Finds the module @what (a name, or a folder that holds a kbuild Makefile) for kernel
 * @kernel ("6.1"), takes the list of its files from kbuild and preprocesses each with
 * kbuild's own command. @out is made if it is not there; a folder that is not empty and
 * was not made by us is refused. 0, or -errno with the reason in fail_text().
 */
int source_open(struct source *src, const char *what, const char *kernel, const char *out);
void source_close(struct source *src);

/* The folder that the names in line markers are relative to: gdb finds the source there. */
char *source_root(const struct source *src);

/*
 * Compiles @out/kernel into @out/MODULE.ko and @out/user into @out/MODULE-user.
 * The generated sources are complete: see split/emit.c for the layout.
 */
int source_build(const struct source *src, const char *out);

#endif
