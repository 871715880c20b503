/* SPDX-License-Identifier: GPL-2.0 */
/* A user half that says what a tape of bytes makes it say: requests, mappings, messages. */
#ifndef KERNEL_TAPE_H
#define KERNEL_TAPE_H

#include <stdint.h>

#define TAPE_BYTES	512
#define HEAD_BYTES	6	/* what its caller calls; the rest is the user half's */

struct tape {
	uint32_t bytes;
	uint8_t at[TAPE_BYTES];
};

extern struct tape now;

/* One channel, from its opening to its end, by this thread; @ready is called when upcalls can come. */
void tape_play(void (*ready)(void));
/* Handler of SIGSEGV and SIGBUS: a mapping may have no memory behind it. */
void tape_fault(int signal);

#endif
