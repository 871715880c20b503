/* SPDX-License-Identifier: GPL-2.0 */
/* The two Debian packages a split needs: a kernel's headers and its source. */
#ifndef SPLIT_TREE_H
#define SPLIT_TREE_H

/*
 * The newest installed headers for @kernel: "6.1", or a whole release such as
 * "6.1.0-56-amd64". 0 with both strings, or -errno with fail_text().
 */
int tree_headers(const char *kernel, char **release, char **kdir);

/*
 * The folder of the source that belongs to the headers in @kdir; Debian's tarball is
 * unpacked into the cache the first time. 0, or -errno with fail_text().
 */
int tree_source(const char *kdir, char **tree);

#endif
