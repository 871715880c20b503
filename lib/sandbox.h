/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sandbox: what the process may still do once it is attached. Its channel is its
 * only way out; its memory stays in memory, so that it can serve when there is none.
 */
#ifndef TANDEM_LIB_SANDBOX_H
#define TANDEM_LIB_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

struct tandem_process;

/* A name or a number; NULL: a user that no other process has. -ENOENT. */
int tandem_sandbox_user(const char *text, uid_t *uid, gid_t *gid);

/* Memory first: it needs rights that the second gives away. 0, or -errno with a line in @why. */
int tandem_sandbox_memory(char *why, size_t bytes);
int tandem_sandbox_enter(const struct tandem_process *process, uid_t uid, gid_t gid, char *why,
			 size_t bytes);

#endif
