/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The split runs in a process of its own: if it is interrupted or crashes, what it has
 * written is still cleaned up.
 */
#ifndef CLI_WORKER_H
#define CLI_WORKER_H

#include "../split/split.h"

/* From now on an interruption waits for worker_run() (and after it, for good). */
void worker_hold(void);

/* split_run() there. 0, or non-zero and the reason (for free()). */
int worker_run(const struct split_options *o, char **reason);

#endif
