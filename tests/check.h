/* SPDX-License-Identifier: GPL-2.0 */
/* For programs that run in a guest: what must hold. Counts in `failures`, an int of the program's. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

#define CHECK(x) do {								\
	if (!(x)) {								\
		printf("  %s:%d: not so: %s\n", __func__, __LINE__, #x);	\
		failures++;							\
	}									\
} while (0)

#endif
