/* SPDX-License-Identifier: GPL-2.0 */
/* What drive.c asks of /dev/memlit: ioctl(fd, command, count). The result is what was lost, or -1. */
#ifndef MEMLIT_H
#define MEMLIT_H

#define MEMLIT_NEIGHBOURS	0x4d01	/* writes, while an interrupt writes what lies beside */
#define MEMLIT_WAIT		0x4d02	/* waits in the loop of this number */
#define MEMLIT_LOCKED		0x4d03	/* increments under a mutex that both halves may take */
#define MEMLIT_PRIVATE		0x4d04	/* increments under a mutex that only moved code takes */
#define MEMLIT_OWN		0x4d05	/* writes to a field of its own: call number << 24 | count */
#define MEMLIT_CLEAR		0x4d06	/* stores what it sees already, after an interrupt changed it */
#define MEMLIT_COUNT		0x4d07	/* increments under the first mutex (0) or the second (1) */
#define MEMLIT_TICKS		0x4d08	/* how often the interrupt came */

#define MEMLIT_FLUSH		0x4d09	/* waits for work that is moved code too; once */

#define MEMLIT_LEGAL		0x4d0a	/* does what is allowed, though it looks odd */
#define MEMLIT_UNION		0x4d0b	/* writes members of a union, the largest last */

#define MEMLIT_WAITS		12
#define MEMLIT_FLUSHES		64	/* at once */

/* Whose updates MEMLIT_NEIGHBOURS lost: the interrupt's, and the moved code's << 16. */
#define MEMLIT_A		0x01
#define MEMLIT_A8		0x02
#define MEMLIT_A16		0x04
#define MEMLIT_D		0x08
#define MEMLIT_FLAGS		0x10
#define MEMLIT_BITS		0x20
#define MEMLIT_B		0x010000
#define MEMLIT_B8		0x020000
#define MEMLIT_B16		0x040000
#define MEMLIT_C		0x080000

#endif
