/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the kernels we support; 6.1 only so far. */
#ifndef TANDEM_COMPAT_H
#define TANDEM_COMPAT_H

#include <linux/freezer.h>
#include <linux/mm.h>

/* Set field by field before it is read: the compiler's own clearing costs more than the call. */
#define __tandem_uninitialized	__attribute__((__uninitialized__))

#endif
