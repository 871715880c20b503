/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two sides of a test of the channel: a raw user half in a child process, the litmus
 * module's face in this one.
 */
#ifndef KERNEL_PLAY_H
#define KERNEL_PLAY_H

#include <sys/types.h>

#include "check.h"
#include "kernel/litmus.h"
#include "kernel_raw.h"

/* Result of the upcall that was just delivered; the rest of the reply may be in the body. */
typedef int64_t (*serve)(struct raw_worker *w);

extern int failures, face;
extern struct litmus_run ran;		/* the last run, and what the next one is given */
extern serve nested_how;		/* serves calls that come inside downcalls */

/* An attached channel's user half, for ever: its process ends with it. */
void serve_on(int fd, serve how);

/* A user half that serves so; begin() also registers the kernel half and sets its devices. */
pid_t start(serve how);
pid_t begin(serve how);
/* Unregisters; how the user half ended: its status, or minus the signal. */
int finish(pid_t pid);

/* A downcall that may meet nested calls on its way. */
int down(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg);
const struct raw_object *dev_of(struct raw_worker *w);	/* argument 0 */

/* Runs an entry in the user half; the upcall's error. What it did is in ran. */
int run(unsigned int entry, uint64_t arg);
long first_number(const char *file);
double seconds(void);

/* main() of a program of such tests: all, or the one that is named. */
struct play {
	const char *name;
	void (*run)(void);
};

int play(int argc, char **argv, const struct play *test, int n);

#endif
