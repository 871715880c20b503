/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tandem install has done to a machine: a journal in /var/lib/tandem. An entry is written, and on the
 * disk, before its step is begun, and marked once the step is done; so what was killed at any instant can be
 * finished or taken back. One line each:
 *
 *   + OWNER KIND WHAT		the step is begun
 *   = OWNER KIND WHAT NOTE	it is done; NOTE tells whether it was changed since, or is -
 *   - OWNER KIND WHAT		it is taken back
 *
 * A last line without its end was not written: its step was not begun, or will be found done.
 */
#ifndef CLI_INVENTORY_H
#define CLI_INVENTORY_H

#include <stdbool.h>

#define INVENTORY_DIR	"var/lib"
#define INVENTORY	INVENTORY_DIR "/tandem/inventory"

struct entry {
	char *owner;	/* a module, or "tandem" for what all share */
	char *kind;
	char *what;
	char *note;	/* NULL: begun and not done */
	bool gone;
};

struct inventory {
	char *root;	/* "" or a folder without a slash at its end */
	char *path;
	struct entry *entry;
	unsigned int count;
	bool loose;	/* the journal could be shorter, or is being rewritten */
	int fd;		/* the journal, once something is to be written */
	int lock;	/* of the root, between inventory_lock() and inventory_close() */
};

/* Reads what is there; no file is no entry. 0, or an exit status after a message. */
int inventory_open(struct inventory *inv, const char *root);
/* For one who changes things; another one is refused. The same result. */
int inventory_lock(struct inventory *inv);

/* The entry that is there and not gone, or NULL. */
struct entry *inventory_find(struct inventory *inv, const char *owner, const char *kind, const char *what);
/* Is there an entry of @owner, or of anybody (NULL)? */
bool inventory_has(struct inventory *inv, const char *owner);

/* Each is on the disk when it returns. -errno. */
int inventory_begin(struct inventory *inv, const char *owner, const char *kind, const char *what);
int inventory_done(struct inventory *inv, const char *owner, const char *kind, const char *what,
		   const char *note);
int inventory_gone(struct inventory *inv, struct entry *e);

/* Ends the use; if it was locked, leaves the shortest journal that says the same, or none. */
void inventory_close(struct inventory *inv);

#endif
