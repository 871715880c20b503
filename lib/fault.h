/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults: those that happen, which are explained before the process dies, and one
 * that is asked for, at a crossing that is named, so that tests of death repeat.
 */
#ifndef TANDEM_LIB_FAULT_H
#define TANDEM_LIB_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plan.h"

struct tandem_frame;
struct tandem_process;
struct tandem_thread;

enum tandem_fault_kind {
	TANDEM_FAULT_NONE = 0,
	TANDEM_FAULT_KILL,
	TANDEM_FAULT_SEGV,
	TANDEM_FAULT_STOP,
	TANDEM_FAULT_LOOP,
	TANDEM_FAULT_DEADLOCK,
};

struct tandem_fault {
	enum tandem_fault_kind kind;
	unsigned int at;			/* strikes before this crossing, from 1 */
	unsigned int entry;			/* counts inside one run of it; TANDEM_NONE: everywhere */
	unsigned int run;			/* which, from 1 */
	_Atomic(unsigned int) runs;		/* that have begun */
	_Atomic(unsigned int) count;
	_Atomic(const struct tandem_frame *) frame;	/* that run's; then one that never is */
};

/* KIND@N[:ENTRY[:RUN]]. -EINVAL: not that form; -ENOENT: no such entry. */
int tandem_fault_parse(struct tandem_fault *fault, const char *text, const struct tandem_plan *plan);

/* A frame begins, ends; a crossing is about to be made, a frame's reply if @replies. */
void tandem_fault_enter(struct tandem_fault *fault, const struct tandem_frame *frame);
void tandem_fault_leave(struct tandem_fault *fault, const struct tandem_frame *frame);
void tandem_fault_crossing(struct tandem_thread *thread, bool replies);

/* Installs the handlers that explain SIGSEGV and its kin. */
int tandem_fault_init(void);
/* Gives the calling thread a stack of its own for them. */
int tandem_fault_init_thread(void);

#endif
