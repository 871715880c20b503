// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: registers and DMA memory in the user half's address space. Revocable: the
 * fault handler hands out the real page while the window lives, and the mapping's own
 * dummy page afterwards, so that late accesses hurt nobody.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "internal.h"

#define WINDOW_MAX	(256UL << 20)
#define OBJECT_PGOFF	(TANDEM_MAP_OBJECT >> PAGE_SHIFT)

/*
 * One mmap of an object. References: one of each vma. The channel's file outlives them
 * all, so the channel does too.
 */
struct window {
	struct kref ref;
	struct list_head node;		/* channel.window; under channel.windows */
	struct tandem_channel *channel;
	u32 index, gen;			/* const */
	u8 kind;			/* const */
	unsigned long start;		/* const: kernel address, DMA */
	phys_addr_t phys;		/* const: MMIO */
	unsigned long pages;		/* const */
	bool live;			/* channel.windows */
	struct page *dummy;		/* const: filled with ones, as a device that is gone */
};

u32 window_offset(const struct object *o)
{
	return o->start & ~PAGE_MASK;
}

/*
 * Where the registers of an ioremap address are, and how many bytes are mapped from
 * there: until the guard page that follows each such mapping.
 */
int window_measure(unsigned long address, phys_addr_t *phys, size_t *bytes)
{
	unsigned long at = address & PAGE_MASK, span;
	unsigned int level;
	pte_t *pte;

	if (!is_vmalloc_addr((void *)address))
		return -EINVAL;
	for (; at - address < WINDOW_MAX || at < address; at += span) {
		pte = lookup_address(at, &level);
		if (!pte || pte_none(*pte) || !(pte_val(*pte) & _PAGE_PRESENT))
			break;
		span = page_level_size(level) - (at & ~page_level_mask(level));
	}
	if (at <= address)
		return -EINVAL;
	*phys = slow_virt_to_phys((void *)address);
	*bytes = at - address;
	return 0;
}

/* ---- faults ---- */

static unsigned long window_pfn(const struct window *win, unsigned long page)
{
	if (win->kind == TANDEM_OBJECT_MMIO)
		return PHYS_PFN(win->phys) + page;
	return PHYS_PFN(slow_virt_to_phys((void *)((win->start & PAGE_MASK) + page * PAGE_SIZE)));
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct window *win = vmf->vma->vm_private_data;
	struct tandem_channel *ch = win->channel;
	unsigned long page = vmf->pgoff - OBJECT_PGOFF - win->index, pfn;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (page >= win->pages)
		return ret;
	/* Held over the insertion: revocation sets its flag, then removes what is there. */
	down_read(&ch->windows);
	pfn = win->live && !ch->revoked ? window_pfn(win, page) : page_to_pfn(win->dummy);
	ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	up_read(&ch->windows);
	return ret;
}

static void window_free(struct kref *ref)
{
	struct window *win = container_of(ref, struct window, ref);

	down_write(&win->channel->windows);
	list_del(&win->node);
	up_write(&win->channel->windows);
	__free_page(win->dummy);
	kfree(win);
}

static void window_open(struct vm_area_struct *vma)
{
	struct window *win = vma->vm_private_data;

	kref_get(&win->ref);
}

static void window_close(struct vm_area_struct *vma)
{
	struct window *win = vma->vm_private_data;

	kref_put(&win->ref, window_free);
}

static const struct vm_operations_struct window_ops = {
	.open = window_open,
	.close = window_close,
	.fault = window_fault,
};

/* ---- mapping ---- */

/* Registers, and descriptors in DMA memory, make the device write anywhere: they are for who may do that. */
static int window_rule(struct file *file)
{
	if (!file_ns_capable(file, &init_user_ns, CAP_SYS_RAWIO) && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return security_locked_down(LOCKDOWN_PCI_ACCESS);
}

static struct window *window_make(struct tandem_channel *ch, struct file *file, u32 index,
				  unsigned long pages)
{
	struct object *o;
	struct window *win;
	int err = -ENOENT;

	o = object_by_handle(ch->state, index, index < ch->state->objects.count ?
			     ch->state->objects.chunk[index / OBJECT_CHUNK][index % OBJECT_CHUNK].gen : 1);
	if (!o || o->kind == TANDEM_OBJECT_DATA)
		return ERR_PTR(err);
	if (pages != PHYS_PFN(PAGE_ALIGN(window_offset(o) + o->size)))
		return ERR_PTR(-EINVAL);
	err = window_rule(file);
	if (err)
		return ERR_PTR(err);
	win = kzalloc(sizeof(*win), GFP_KERNEL);
	if (win)
		win->dummy = alloc_page(GFP_KERNEL);
	if (!win || !win->dummy) {
		kfree(win);
		return ERR_PTR(-ENOMEM);
	}
	memset(page_address(win->dummy), 0xff, PAGE_SIZE);
	kref_init(&win->ref);
	win->channel = ch;
	win->index = index;
	win->gen = o->gen;
	win->kind = o->kind;
	win->start = o->start;
	win->phys = o->phys;
	win->pages = pages;
	win->live = true;
	down_write(&ch->windows);
	list_add(&win->node, &ch->window);
	up_write(&ch->windows);
	return win;
}

int window_map(struct tandem_channel *ch, struct file *file, struct vm_area_struct *vma)
{
	unsigned long index = vma->vm_pgoff - OBJECT_PGOFF;
	struct state *st = ch->state;
	struct window *win = ERR_PTR(-ENOTCONN);

	if (!st || index >= TANDEM_OBJECTS_MAX || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	mutex_lock(&st->mutex);
	if (st->half && READ_ONCE(st->channel) == ch)
		win = window_make(ch, file, index, vma_pages(vma));
	mutex_unlock(&st->mutex);
	if (IS_ERR(win))
		return PTR_ERR(win);
	vm_flags_set(vma, VM_PFNMAP | VM_IO);
	if (win->kind == TANDEM_OBJECT_MMIO)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_private_data = win;
	vma->vm_ops = &window_ops;
	return 0;
}

/* ---- revoking: first the flag, then what is mapped ---- */

/* Neighbours in the number space of offsets may be unmapped with it; they fault in again. */
static void unmap_object(struct tandem_channel *ch, u32 index, unsigned long pages)
{
	unmap_mapping_range(ch->mapping, (loff_t)(OBJECT_PGOFF + index) << PAGE_SHIFT,
			    (loff_t)pages << PAGE_SHIFT, 1);
}

void window_revoke(struct tandem_channel *ch, u32 index, u32 gen)
{
	unsigned long pages = 0;
	struct window *win;

	down_write(&ch->windows);
	list_for_each_entry(win, &ch->window, node) {
		if (win->index != index || win->gen != gen)
			continue;
		win->live = false;
		pages = win->pages;
	}
	up_write(&ch->windows);
	if (pages)
		unmap_object(ch, index, pages);
}

void window_revoke_all(struct tandem_channel *ch)
{
	bool any;

	down_write(&ch->windows);
	ch->revoked = true;
	any = !list_empty(&ch->window);
	up_write(&ch->windows);
	if (any)
		unmap_mapping_range(ch->mapping, (loff_t)TANDEM_MAP_OBJECT,
				    (loff_t)TANDEM_OBJECTS_MAX << (PAGE_SHIFT + 1), 1);
}
