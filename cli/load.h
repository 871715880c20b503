/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel modules: what a file says of itself, and loading it. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <stdbool.h>

/* The value of @key in the .modinfo of the file @ko; NULL if it has none. */
char *load_info(const char *ko, const char *key);
/* The folder of links to its drivers. Here and below, "-" and "_" in names are the same. */
char *load_drivers(const char *module);
bool load_is_loaded(const char *module);
bool load_runs_split(const char *module);
/* Is @ko made for the running kernel? Else complains. */
bool load_fits(const char *ko);
/* Loads the modules that @ko needs, but for tandem.ko. Else complains. */
int load_depends(const char *ko);
/* 0 or -errno. */
int load_module(const char *ko);
/* What errno @error of loading @ko means and what to do. */
int load_complain(const char *ko, int error);

#endif
