// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel half that is measured, with a character device that asks for calls.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "../../kernel/half.h"
#include "upbench_plan.h"

static const unsigned int place[UPBENCH_FIELDS] = UPBENCH_PLACES;

static struct tandem_half half = {
	.size = sizeof(half), .abi = TANDEM_HALF_ABI, .plan = &plan, .owner = THIS_MODULE,
};
static struct upbench_dev *dev;

static void fill(u64 seed)
{
	unsigned int i;

	for (i = 0; i < UPBENCH_FIELDS; i++)
		dev->word[place[i]] = seed + i;
}

/* How many fields are not what the entry makes of them. */
static u64 differing(u32 entry, u64 seed)
{
	u64 wrong = 0, want;
	unsigned int i, changed;

	changed = entry == UPBENCH_TEN ? UPBENCH_FIELDS : entry == UPBENCH_TWO ? 2 : 0;
	for (i = 0; i < UPBENCH_FIELDS; i++) {
		want = i < changed ? upbench_next(seed + i) : seed + i;
		wrong += dev->word[place[i]] != want;
	}
	return wrong;
}

static u64 sum(u32 entry, u64 seed)
{
	return entry == UPBENCH_NONE ? 0 : UPBENCH_FIELDS * seed + 45;
}

static void run(struct upbench_run *r)
{
	u64 arg[] = { (unsigned long)dev }, result, start;
	u32 i;

	for (i = 0; i < r->count && !r->error; i++) {
		if (r->asleep)
			schedule_timeout_idle(1);
		fill(i);
		result = 0;
		start = rdtsc_ordered();
		r->error = tandem_upcall(&half, r->entry, arg, NULL, &result);
		r->ticks += rdtsc_ordered() - start;
		r->wrong += differing(r->entry, i) + (result != sum(r->entry, i));
	}
}

static long register_half(void)
{
	u64 arg[] = { (unsigned long)dev };
	int err = tandem_half_register(&half);

	if (err)
		return err;
	err = tandem_upcall(&half, UPBENCH_PROBE, arg, NULL, NULL);
	if (err)
		tandem_half_unregister(&half);
	return err;
}

static long unregister_half(void)
{
	u64 arg[] = { (unsigned long)dev };
	int err = tandem_upcall(&half, UPBENCH_REMOVE, arg, NULL, NULL);

	tandem_half_unregister(&half);
	return err;
}

static long upbench_ioctl(struct file *file, unsigned int cmd, unsigned long to)
{
	struct upbench_run r;

	switch (cmd) {
	case UPBENCH_IOC_REGISTER:
		return register_half();
	case UPBENCH_IOC_UNREGISTER:
		return unregister_half();
	case UPBENCH_IOC_RUN:
		if (copy_from_user(&r, (void __user *)to, sizeof(r)))
			return -EFAULT;
		if (r.entry < UPBENCH_TEN || r.entry >= UPBENCH_ENTRIES)
			return -EINVAL;
		run(&r);
		return copy_to_user((void __user *)to, &r, sizeof(r)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

static const struct file_operations upbench_ops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = upbench_ioctl,
};

static struct miscdevice upbench_device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "upbench", .fops = &upbench_ops,
};

static int __init upbench_init(void)
{
	int err;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	err = misc_register(&upbench_device);
	if (err)
		kfree(dev);
	return err;
}

static void __exit upbench_exit(void)
{
	misc_deregister(&upbench_device);
	kfree(dev);
}

module_init(upbench_init);
module_exit(upbench_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Measures an upcall");
