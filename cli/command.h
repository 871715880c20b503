/* SPDX-License-Identifier: GPL-2.0 */
/* What a subcommand is: a file with one function, listed in main.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#define EXIT_USAGE	2
#define EXIT_REFUSED	3

/*
 * Exit statuses: 0 done, 1 failed (one line on stderr says why), 2 wrong usage; of install and remove also
 * 3: it cannot be done here, and nothing was changed.
 */
int command_run(int argc, char **argv);
int command_status(int argc, char **argv);
int command_list(int argc, char **argv);
int command_install(int argc, char **argv);
int command_remove(int argc, char **argv);

/* "tandem: ..." on stderr; returns 1. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for wrong usage, with a pointer to the manual page; returns 2. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
