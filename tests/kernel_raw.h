/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user half without its runtime: speaks the raw channel, for tests of the kernel alone.
 */
#ifndef KERNEL_RAW_H
#define KERNEL_RAW_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/channel.h>

struct raw_object {
	uint32_t index, gen, kind;
	uint64_t size;
	uint32_t page_offset;
	uint32_t nseg, type;
	const uint8_t *sync;	/* the last SYNC's values */
	uint32_t sync_bytes;
	bool gone;
};

struct raw_worker {
	int fd;
	uint32_t id;
	volatile struct tandem_area *area;
	uint8_t *up;		/* body of what the kernel says: area, or a fetched copy */
	uint8_t *spill;
	uint8_t *down;		/* body of what we say */
	uint32_t at;		/* bytes of it so far */
	uint64_t seq;		/* of the innermost upcall */
	uint32_t nbuffer;
	uint32_t say_flags;	/* of the next message */
	struct raw_object object[256];	/* by index */
	struct raw_object global[8];
	/* of the last thing the kernel said */
	uint32_t op, flags, id_said, nwire;
	struct tandem_wire wire[12];
	const uint8_t *buffer[16];
	uint32_t buffer_bytes[16];
	uint32_t nup_buffer;
	uint32_t nnew, ngone, nsync;
};

extern void (*raw_saying)(struct raw_worker *w, unsigned int op);	/* before each message */

int raw_open(void);
int raw_attach(int fd, const char *name, const char *build, unsigned int flags);
int raw_worker(struct raw_worker *w, int fd);
int raw_next(struct raw_worker *w, unsigned int op);	/* 0 or -errno; parses what came */

void raw_begin(struct raw_worker *w);
struct tandem_record *raw_record(struct raw_worker *w, unsigned int kind, unsigned int id,
				 const void *data, unsigned int bytes);
void raw_flush(struct raw_worker *w, const struct raw_object *o, unsigned int use, unsigned int item,
	       uint64_t old, uint64_t now);
void raw_flush_wire(struct raw_worker *w, const struct raw_object *o, unsigned int use,
		    struct tandem_wire wire);
unsigned int raw_buffer(struct raw_worker *w, const void *data, unsigned int bytes);
int raw_down(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg);
void raw_queue(struct raw_worker *w, unsigned int id, unsigned int n, const struct tandem_wire *arg);
int raw_reply(struct raw_worker *w, int64_t result);
int raw_sync(struct raw_worker *w);
/* The reply to come is short: these words of the shape, @n values. */
void raw_shaped(struct raw_worker *w, uint64_t changed, unsigned int n, const uint64_t *now);

struct tandem_wire raw_scalar(uint64_t v);
struct tandem_wire raw_handle(const struct raw_object *o, uint32_t offset);

/* A line of the half's statistics; -1 if there is none. */
long stat_of(const char *name);

#endif
