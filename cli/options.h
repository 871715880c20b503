/* SPDX-License-Identifier: GPL-2.0 */
/* The options of tandem split. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "../split/split.h"

/* 0: go on; else the exit status + 1, after a message. */
int options_parse(int argc, char **argv, struct split_options *o);

#endif
