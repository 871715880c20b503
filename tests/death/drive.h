/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where the split is, what it is called, which PCI device it drives. */
struct site {
	const char *dir;
	const char *module;
	const char *slot;
	const char *address, *peer;
	char nic[32];		/* once it is probed */
};

extern struct site site;

/* ---- halves.c ---- */

/* A user half that runs, and what it has said. */
struct half {
	pid_t pid;		/* 0: it has ended */
	int out;
	char text[4096];
	size_t bytes;
};

void halves_start(struct half *half, const char *fault);
void halves_listen(struct half *half);
bool halves_have_ended(struct half *half, long ms);
int halves_load(void);
int halves_unload(void);

/* ---- system.c ---- */

long now_us(void);
void sleep_us(long us);
void write_file(const char *path, const char *text);
int try_write(const char *path, const char *text);
bool read_file(const char *path, char *to, size_t room);
/* The one number behind @word at the begin of a line of debugfs' @name; -1: none. */
long debug_number(const char *name, const char *word);
bool debug_read(const char *name, char *to, size_t room);
bool is_bound(void);
/* What an unbound driver still has; NULL: nothing. */
const char *left_over(void);
bool find_nic(void);
bool wait_link(void);
/* Whether one of @n was lost; each is waited for busily: idle time flies when counting. */
bool ping_lost(int n);

/*
 * Frames that the device does not fetch, so that they hang in the driver's ring; 0 or an errno. They
 * belong to a socket: whether some have not been freed.
 */
int hang_frames(void);
bool frames_hang(void);

/* ---- operations.c ---- */

struct operation {
	const char *name;
	bool opened;		/* the interface is up when it begins */
	bool linked;		/* and has its link */
	bool loops;		/* may leave the device in loopback, which QEMU's PHY keeps over a reset */
	bool ends;		/* what was sent must have gone, one way or other */
	bool reads;		/* changes nothing: traffic goes on */
	int (*run)(void);	/* 0 or an errno */
	int wanted;		/* what it is when the user half dies in it */
};

const struct operation *operation_find(const char *name);
int operation_up(void);
int operation_down(void);
int operation_configure(void);
int operation_leave_loopback(void);

#endif
