/* SPDX-License-Identifier: GPL-2.0 */
/* What tandem status says about what is installed. */
#ifndef CLI_INSTALL_H
#define CLI_INSTALL_H

#include <stdbool.h>

/* 0: all is there, or nothing is installed; 1: something is missing, changed, interrupted or foreign. */
int installed_print(const char *root, bool raw);
bool installed_any(const char *root);

#endif
