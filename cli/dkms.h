/* SPDX-License-Identifier: GPL-2.0 */
/* DKMS, below a root. @what: "NAME/VERSION/KERNEL". */
#ifndef CLI_DKMS_H
#define CLI_DKMS_H

#include <stdbool.h>

bool dkms_is_there(void);
bool dkms_is_installed(const char *root, const char *what);
/* Exit statuses, after a message. */
int dkms_install(const char *root, const char *what);
int dkms_remove(const char *root, const char *what);	/* for all kernels */
int dkms_forget(const char *root, const char *what);	/* for this kernel: a build that was interrupted */

#endif
