/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output folders. One of ours holds the file .tandem-split; scratch is in its .work.
 *
 * A run writes into a stage inside the folder and moves the result in place at its end,
 * so a failed run leaves the folder as it was.
 */
#ifndef SPLIT_OUT_H
#define SPLIT_OUT_H

#include <stdbool.h>

#define OUT_MARK ".tandem-split"
#define OUT_WORK ".work"

struct out {
	char *dir;	/* absolute */
	char *stage;	/* write here */
	int lock;
	unsigned int made;	/* folders made by this run, undone if it fails */
	bool marked;		/* the same for the mark */
};

/*
 * Makes @dir an output folder; one that is not empty and not ours is refused, a file
 * or an unwritable folder too. @path: its absolute name. 0, or -errno with fail_text().
 */
int out_claim(const char *dir, char **path, unsigned int *made, bool *marked);
/* Undoes out_claim() as far as it did something. */
void out_unclaim(const char *path, unsigned int made, bool marked);

/* Claims and locks @dir (-EBUSY: another run) and makes an empty stage. */
int out_begin(struct out *out, const char *dir);
/* The stage's files replace the folder's. Ends the run, also if it fails. */
int out_commit(struct out *out);
/* Throws the stage away; if it holds a build.log, keeps it as @keep (a folder). */
void out_abort(struct out *out, const char *keep);

#endif
