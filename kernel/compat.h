/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the kernels that are supported: 6.1 and 6.12. */
#ifndef TANDEM_COMPAT_H
#define TANDEM_COMPAT_H

#include <linux/freezer.h>
#include <linux/mm.h>
#include <linux/version.h>

/* Set field by field before it is read: the compiler's own clearing costs more than the call. */
#define __tandem_uninitialized	__attribute__((__uninitialized__))

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* Since 6.3 a mapping's flags are written through functions. */
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

#endif
