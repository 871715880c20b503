/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wire values: how pointers of this process become handles and back.
 *
 * What is no memory of ours has an address in one of two reserved regions: a token
 * is a kernel pointer that may only be handed back, a symbol without a stand-in is a
 * kernel function or datum that only has a name. Touching either faults, and the fault
 * handler says which it was.
 */
#ifndef TANDEM_LIB_WIRE_H
#define TANDEM_LIB_WIRE_H

#include <pthread.h>
#include <stdbool.h>
#include <tandem/channel.h>

#include "half.h"
#include "map.h"
#include "twin.h"

#define TANDEM_TOKEN_SHIFT	12
#define TANDEM_TOKENS		(1U << 24)	/* that have addresses of their own */

/* One per process. */
struct tandem_names {
	const struct tandem_uhalf *half;
	struct tandem_maps maps;
	unsigned char *token;		/* region; const after init */
	unsigned char *symbol;		/* region; const after init */
	__u32 *symbol_hash;		/* id + 1 by address; const after init */
	__u32 hash_mask;
	pthread_mutex_t lock;		/* strings */
	struct tandem_text **string;	/* hash table of kept strings */
};

int tandem_names_init(struct tandem_names *names, const struct tandem_uhalf *half, int fd);
void tandem_names_exit(struct tandem_names *names);

/* A string that lives as long as the process; equal ones are the same. NULL: no memory. */
const char *tandem_name_keep(struct tandem_names *names, const char *text, size_t bytes);

/*
 * Pointer of this worker to wire value. -EFAULT: it is nothing that both halves know
 * (or what it pointed at is dead).
 */
int tandem_wire_put(struct tandem_names *names, struct tandem_twins *twins, const void *pointer,
		    struct tandem_wire *wire);
/* And back; not for BUFFER, STRING. -EPROTO: no such object, symbol, or token. */
int tandem_wire_get(struct tandem_names *names, struct tandem_twins *twins,
		    const struct tandem_wire *wire, void **pointer);

/* The symbol whose address this is; NULL. */
const char *tandem_name_symbol(const struct tandem_names *names, const void *pointer);
/* A kernel pointer that may only be handed back? */
bool tandem_name_is_token(const struct tandem_names *names, const void *address);
/* Whether the address is in memory that this runtime hands out: no variable of the program. */
bool tandem_name_ours(const struct tandem_names *names, const struct tandem_twins *twins,
		      const void *address);
/* Says what an address is that cannot be used; safe in a signal handler. @text gets NUL. */
void tandem_name_explain(const struct tandem_names *names, struct tandem_twins *twins,
			 const void *address, char *text, size_t bytes);

#endif
