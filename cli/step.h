/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The steps of an installation, each of a kind, each of which can be done again when it was begun, and taken
 * back when it was begun. Paths are below the root.
 *
 *   dir PATH			a folder that was not there
 *   file PATH			from a template
 *   tree PATH			a folder below usr/src, for DKMS
 *   cache PATH			what others fill; only taking it back does something
 *   dkms NAME/VERSION/KERNEL	DKMS has it built and installed
 *   settle KERNEL		systemd and the initramfs know what has changed
 */
#ifndef CLI_STEP_H
#define CLI_STEP_H

#include "inventory.h"

struct step {
	const char *owner, *kind;
	char *what;
	/* file: name of the template; tree: 0 or more folders of tandem's home, and templates "NAME=TEMPLATE" */
	const char *const *from;
};

/* What @MODULE@ and the like stand for in templates; also where these are. */
struct step_names {
	const char *module, *version, *home;
	char *tandem;	/* the program, for later builds */
};

#define STEP_NEW ".tandem-new"	/* behind the name of what is being written */

enum step_state { STEP_OK, STEP_MISSING, STEP_CHANGED, STEP_INTERRUPTED };

/* Does it. 0 and @note for inventory_done(), or an exit status after a message. */
int step_do(const char *root, const struct step *s, const struct step_names *names, char **note);
/* Takes it back; what is not there is no error. 0, or an exit status after a message. */
int step_undo(const char *root, const struct entry *x);
/* Is it as it was left? */
enum step_state step_state(const char *root, const struct entry *x);
/* A file's text with the names in it, for comparison. NULL after a message. */
char *step_text(const char *template, const struct step_names *names);
/* For the note of a file. */
char *step_text_note(const char *text);

#endif
