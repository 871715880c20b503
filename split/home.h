/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SPLIT_HOME_H
#define SPLIT_HOME_H

/*
 * The folder that holds kernel/, logic/, include/, policy/ and build/: the repository, or
 * lib/tandem of an installation. Found from the place of the program; TANDEM_DIR in the
 * environment wins. NULL with fail_text() if there is none.
 */
const char *home_dir(void);

#endif
