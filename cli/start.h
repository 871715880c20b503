/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CLI_START_H
#define CLI_START_H

/*
 * Starts the program @user with @count more arguments, in the background, and loads the
 * kernel half @ko, which waits for it. An exit status; says what went wrong.
 */
int start_halves(const char *module, char *user, char **options, int count, const char *ko);

#endif
