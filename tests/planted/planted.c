// SPDX-License-Identifier: GPL-2.0
/*
 * One bug for each checker of the checking kernels: insmod planted.ko bug=NAME makes it.
 * lab/verify fails when the checker does not report it. Never load this anywhere else.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *bug = "";
module_param(bug, charp, 0);

/* Keep the compiler from seeing, and removing, what is wrong. */
static volatile int zero;
static volatile int four = 4;
static volatile int sink;
static void *volatile hidden;

static DEFINE_SPINLOCK(lock);
static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static int __rcu *guarded;
static int counter;

static void use_after_free(void)
{
	hidden = kmalloc(64, GFP_KERNEL);
	kfree(hidden);
	sink = *(volatile char *)(hidden + 8);
}

static void heap_overflow(void)
{
	hidden = kmalloc(60, GFP_KERNEL);
	((volatile char *)hidden)[60 + zero] = 1;
	kfree(hidden);
}

static void stack_overflow(void)
{
	char area[16];

	hidden = area;
	memset(area, 0, sizeof(area));
	sink = ((volatile char *)hidden)[16 + four];
}

static void double_free(void)
{
	hidden = kmalloc(64, GFP_KERNEL);
	kfree(hidden);
	kfree(hidden);
}

static void vmalloc_overflow(void)
{
	hidden = vmalloc(PAGE_SIZE);
	sink = ((volatile char *)hidden)[PAGE_SIZE + zero];
}

static void shift(void)
{
	sink = 1 << (36 + four);
}

static void bounds(void)
{
	static int table[4];

	sink = table[four + 1];
}

static void bool_value(void)
{
	static volatile bool truth;

	*(volatile char *)&truth = 7;
	sink = truth;
}

static void lock_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void lock_kept(void)
{
	mutex_lock(&first);
}

static void sleep_in_atomic(void)
{
	spin_lock(&lock);
	msleep(2);
	spin_unlock(&lock);
}

static void alloc_in_atomic(void)
{
	spin_lock(&lock);
	kfree(kmalloc(64, GFP_KERNEL));
	spin_unlock(&lock);
}

static void rcu_outside(void)
{
	sink = rcu_dereference(guarded) != NULL;
}

static void preemptible_cpu(void)
{
	sink = smp_processor_id();
}

static void list_twice(void)
{
	static LIST_HEAD(head);
	static struct list_head node;

	list_add(&node, &head);
	list_del(&node);
	list_del(&node);
}

static void refcount_zero(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

struct timed {
	struct timer_list timer;
	struct delayed_work work;
};

static void tick(struct timer_list *timer)
{
}

static void work(struct work_struct *work)
{
}

static void timer_freed(void)
{
	struct timed *t = kzalloc(sizeof(*t), GFP_KERNEL);

	timer_setup(&t->timer, tick, 0);
	mod_timer(&t->timer, jiffies + 100 * HZ);
	kfree(t);
}

static void work_freed(void)
{
	struct timed *t = kzalloc(sizeof(*t), GFP_KERNEL);

	INIT_DELAYED_WORK(&t->work, work);
	schedule_delayed_work(&t->work, 100 * HZ);
	kfree(t);
}

static void leak(void)
{
	int i;

	for (i = 0; i < 8; i++)
		hidden = kmalloc(1024, GFP_KERNEL);
	hidden = NULL;
}

/* KASAN would see it: this one is for the poison alone. */
static void __attribute__((no_sanitize_address)) poison_page(char *at)
{
	*(volatile char *)(at + 100) = 1;
}

static void page_written(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct page *kept[64];
	char *at = page_address(page);
	int i;

	__free_page(page);
	poison_page(at);
	for (i = 0; i < 64; i++)
		kept[i] = alloc_page(GFP_KERNEL);
	for (i = 0; i < 64; i++)
		if (kept[i])
			__free_page(kept[i]);
}

static int race(void *unused)
{
	while (!kthread_should_stop()) {
		counter++;
		cond_resched();
	}
	return 0;
}

static void two_writers(void)
{
	struct task_struct *a = kthread_run(race, NULL, "race-a");
	struct task_struct *b = kthread_run(race, NULL, "race-b");

	msleep(3000);
	kthread_stop(a);
	kthread_stop(b);
}

/* ---- DMA: on a PCI device that has no other driver ---- */

static void dma_size(struct device *dev)
{
	dma_addr_t at;

	hidden = kmalloc(256, GFP_KERNEL);
	at = dma_map_single(dev, hidden, 256, DMA_TO_DEVICE);
	dma_unmap_single(dev, at, 128, DMA_TO_DEVICE);
	kfree(hidden);
}

static void dma_stack(struct device *dev)
{
	char area[64];

	hidden = area;
	dma_map_single(dev, hidden, sizeof(area), DMA_TO_DEVICE);
}

static void dma_leak(struct device *dev)
{
	dma_map_single(dev, kmalloc(256, GFP_KERNEL), 256, DMA_TO_DEVICE);
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	if (!strcmp(bug, "dma_size"))
		dma_size(&pdev->dev);
	else if (!strcmp(bug, "dma_stack"))
		dma_stack(&pdev->dev);
	else
		dma_leak(&pdev->dev);
	return 0;
}

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },	/* QEMU's edu */
	{ }
};

static struct pci_driver driver = {
	.name = "planted",
	.id_table = ids,
	.probe = probe,
};

static const struct {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "use_after_free", use_after_free }, { "heap_overflow", heap_overflow },
	{ "stack_overflow", stack_overflow }, { "double_free", double_free },
	{ "vmalloc_overflow", vmalloc_overflow }, { "shift", shift }, { "bounds", bounds },
	{ "bool_value", bool_value }, { "lock_order", lock_order }, { "lock_kept", lock_kept },
	{ "sleep_in_atomic", sleep_in_atomic }, { "alloc_in_atomic", alloc_in_atomic },
	{ "rcu_outside", rcu_outside }, { "preemptible_cpu", preemptible_cpu },
	{ "list_twice", list_twice }, { "refcount_zero", refcount_zero },
	{ "timer_freed", timer_freed }, { "work_freed", work_freed }, { "leak", leak },
	{ "page_written", page_written }, { "two_writers", two_writers },
};

static int __init planted_init(void)
{
	int i;

	pr_info("planted: %s\n", bug);
	if (!strncmp(bug, "dma_", 4)) {
		int e = pci_register_driver(&driver);

		/* The leak check runs when the driver lets go of its device. */
		if (!e)
			pci_unregister_driver(&driver);
		return e;
	}
	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(bug, bugs[i].name)) {
			bugs[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("deliberate bugs, for the checking kernels' own test");
