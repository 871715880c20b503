/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a generated kernel half uses of tandem.ko.
 *
 * MODULE-half.c of a kernel half defines one struct tandem_half and these two, which
 * the stubs in its translation units call:
 *
 *   int tandem_up(unsigned int entry, const u64 *arg, const u64 *bytes, u64 *result);
 *
 * and module_init/exit functions that call tandem_half_register(), then the driver's own.
 */
#ifndef TANDEM_HALF_H
#define TANDEM_HALF_H

#include <linux/module.h>
#include "plan.h"

struct tandem_channel;

/*
 * A thunk: casts the arguments, calls the function, returns the result as 64 bits.
 * Arguments are kernel values already (addresses, not handles).
 */
typedef u64 (*tandem_thunk)(const u64 *arg);

/*
 * Bytes that pointer argument @n must have, computed from the scalar arguments
 * (downcalls with BUFFER or ROOM arguments whose length policy gives). NULL: value.bytes holds.
 */
typedef u64 (*tandem_length)(const u64 *arg, unsigned int n);

/* May this call be made, as policy has it? Without it, any may. */
typedef bool (*tandem_check)(const u64 *arg);

/*
 * The number of what a kernel half and tandem.ko have in common: this header and plan.h. It goes up with
 * each change of one of them, also where kernels check symbol versions: these see types, not meanings.
 */
#define TANDEM_HALF_ABI	1

struct tandem_half {
	/* These two are read before anything else, and never move. */
	u32 size;				/* of this struct */
	u32 abi;				/* TANDEM_HALF_ABI */
	/* const after registration */
	const struct tandem_plan *plan;
	struct module *owner;
	const tandem_thunk *down;		/* by downcall id */
	const tandem_length *length;		/* by downcall id; entries may be NULL */
	const tandem_check *check;		/* so */
	const void *const *symbol;		/* by symbol id: kernel addresses */
	void *const *global;			/* by global id: kernel addresses */
	/* tandem.ko's */
	struct list_head node;
	struct tandem_channel *channel;		/* under the registry's mutex */
	void *state;
};

/*
 * Makes the half known, starts or finds its user half, and waits until that has
 * attached and its first worker waits (module parameter attach_ms, default 10000).
 * May sleep; call from module init. 0, -EEXIST (a half of this name is there),
 * -ETIMEDOUT (no user half came), -ESTALE (it came from another build), -EINTR, -EPROTONOSUPPORT (@half was
 * compiled for another tandem.ko).
 */
int tandem_half_register(struct tandem_half *half);

/*
 * The driver has unregistered from its bus: no upcall can start any more. Undoes what
 * the ledger still holds (and says so), tells the user half to quit. May sleep.
 */
void tandem_half_unregister(struct tandem_half *half);

/*
 * Runs entry @entry in the user half; sleeps until it replied, died, or missed its
 * deadline. @arg: one u64 per argument; @bytes: lengths of BUFFER arguments (by
 * argument number) or NULL. 0 and *@result, or: -EWOULDBLOCK called from atomic context
 * (warned once); -EIO the user half is dead, died, or was condemned; -ENOMEM.
 */
int tandem_upcall(struct tandem_half *half, unsigned int entry, const u64 *arg,
		  const u64 *bytes, u64 *result);

#endif
