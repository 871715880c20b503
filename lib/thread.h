/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process and its threads. Each thread is a worker of the channel: it waits for
 * upcalls, serves them, and makes downcalls from inside them.
 */
#ifndef TANDEM_LIB_THREAD_H
#define TANDEM_LIB_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <tandem/channel.h>

#include "fault.h"
#include "half.h"
#include "marshal.h"
#include "mutex.h"

#define TANDEM_CHANNEL_PATH	"/dev/tandem/channel"

struct tandem_process {
	const struct tandem_uhalf *half;
	int fd;				/* the channel */
	int kernel_log;			/* -1: none */
	bool trace;
	struct tandem_attach attach;	/* what the kernel answered */
	struct tandem_names names;
	struct tandem_lenses lenses;
	struct tandem_fault fault;
	struct tandem_mutexes mutexes;
	bool ready;			/* has said so; atomic */
	pthread_attr_t attr;		/* of workers */
	size_t stack_bytes;		/* of a worker's stack, to be touched before use */
};

struct tandem_thread {
	struct tandem_process *process;
	/* Says what the area holds and waits for the answer; 0 or -errno. Tests have their own kernel. */
	int (*next)(struct tandem_thread *thread);
	__u32 id;
	struct tandem_area *area;
	struct tandem_seat seat;
	const void *up;			/* body that came */
	size_t up_bytes;
	void *spill;			/* where it is when it did not fit the area */
	char text[4][512];		/* tandem_format()'s */
	unsigned int text_next;
	sem_t *started;			/* posted when the thread is a worker, or is not to be one */
	int error;			/* why it is not; valid once started is posted */
};

/* The calling thread's; NULL in a thread that is no worker. */
struct tandem_thread *tandem_thread_self(void);
void tandem_thread_set_self(struct tandem_thread *thread);

/* ---- channel.c ---- */

/* Opens the channel and attaches: 0 or -errno, with a line for the user in @why. */
int tandem_channel_attach(struct tandem_process *process, bool wait, char *why, size_t bytes);
/* Starts one more worker and waits until the kernel knows it. -EAGAIN: as many as may be. */
int tandem_channel_start(struct tandem_process *process);
/* Room for a worker's stack: what the driver's thread variables need comes on top. */
int tandem_channel_init_stacks(struct tandem_process *process);

/*
 * Says @op for upcall @seq with the seat's body, empties the body, and waits. Returns
 * TANDEM_OP_CALL or TANDEM_OP_RETURN with thread->up set; ends the process otherwise.
 */
unsigned int tandem_say(struct tandem_thread *thread, unsigned int op, __u64 seq);
/* As SAY_REPLY; at the beginning of the body's home is a struct tandem_shaped of @bytes. */
unsigned int tandem_say_shaped(struct tandem_thread *thread, __u64 seq, __u32 bytes);

/* ---- downcall.c ---- */

/* As tandem_release(), for all fields that the entry may write. */
void tandem_publish(void);

/* Sends the downcalls that are queued, if any: before the thread sleeps. */
void tandem_unqueue(void);

/* ---- upcall.c ---- */

/* Serves the CALL in thread->up and replies; returns what came next, as tandem_say(). */
unsigned int tandem_upcall(struct tandem_thread *thread);
/* Replies in full to the innermost upcall, which came without buffers. */
unsigned int tandem_upcall_reply(struct tandem_thread *thread, tandem_u64 x);
/* Value of a wire that came; strings and buffers are found in seat->buffer. */
tandem_u64 tandem_value_get(struct tandem_thread *thread, const struct tandem_wire *wire,
			    const char *function, const char *value);

#endif
