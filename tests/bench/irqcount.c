// SPDX-License-Identifier: GPL-2.0
/*
 * What functions cost: in counting mode, how many instructions from their first to their return, with all that
 * they call. Parameter functions: names with commas. Reading /sys/kernel/debug/irqcount says, for each, its
 * name, how often it ran, and the median, the mean and the least; what a probe costs is taken off.
 */
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>

#define FUNCTIONS	16
#define SAMPLES		16384
#define EMPTY		1000

static char *functions = "";
module_param(functions, charp, 0444);
MODULE_PARM_DESC(functions, "what is measured, with commas");

/* One processor only, as in counting mode: nobody else counts. */
struct counted {
	struct kretprobe probe;
	u32 n;
	u64 *took;
};

static struct counted counted[FUNCTIONS];	/* the first is irqcount_empty() */
static unsigned int ncounted;
static struct dentry *file;

static noinline void irqcount_empty(void)
{
	asm volatile("");
}

static int entered(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(u64 *)instance->data = rdtsc_ordered();
	return 0;
}
NOKPROBE_SYMBOL(entered);

static int left(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	u64 now = rdtsc_ordered();
	struct counted *c = container_of(get_kretprobe(instance), struct counted, probe);

	if (c->n < SAMPLES)
		c->took[c->n++] = now - *(u64 *)instance->data;
	return 0;
}
NOKPROBE_SYMBOL(left);

static int less(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

static void say(struct seq_file *m, struct counted *c, u64 probe)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < c->n; i++)
		sum += c->took[i];
	seq_printf(m, "%s %u %lld %lld %lld %d\n", c->probe.kp.symbol_name, c->n,
		   c->n ? c->took[c->n / 2] - probe : 0, c->n ? sum / c->n - probe : 0, c->n ? c->took[0] - probe : 0,
		   c->probe.nmissed);
}

static int irqcount_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	counted[0].n = 0;
	local_irq_disable();
	for (i = 0; i < EMPTY; i++)
		irqcount_empty();
	local_irq_enable();
	for (i = 0; i < ncounted; i++)
		disable_kretprobe(&counted[i].probe);
	for (i = 0; i < ncounted; i++)
		sort(counted[i].took, counted[i].n, sizeof(u64), less, NULL);
	seq_printf(m, "probe %u %llu\n", counted[0].n, counted[0].took[EMPTY / 2]);
	for (i = 1; i < ncounted; i++)
		say(m, &counted[i], counted[0].took[EMPTY / 2]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(irqcount);

static void stop(void)
{
	debugfs_remove(file);
	for (; ncounted; ncounted--) {
		unregister_kretprobe(&counted[ncounted - 1].probe);
		vfree(counted[ncounted - 1].took);
	}
}

static int count(const char *name)
{
	struct counted *c = &counted[ncounted];
	int err;

	c->took = vzalloc(SAMPLES * sizeof(u64));
	if (!c->took)
		return -ENOMEM;
	c->probe.kp.symbol_name = name;
	c->probe.entry_handler = entered;
	c->probe.handler = left;
	c->probe.data_size = sizeof(u64);
	c->probe.maxactive = 16;
	err = register_kretprobe(&c->probe);
	if (err) {
		pr_err("irqcount: %s: %d\n", name, err);
		vfree(c->took);
		return err;
	}
	ncounted++;
	return 0;
}

static int __init irqcount_init(void)
{
	char *rest = functions, *name;
	int err = count("irqcount_empty");

	while (!err && (name = strsep(&rest, ",")) && ncounted < FUNCTIONS)
		err = count(name);
	if (err) {
		stop();
		return err;
	}
	file = debugfs_create_file("irqcount", 0400, NULL, NULL, &irqcount_fops);
	return 0;
}

static void __exit irqcount_exit(void)
{
	stop();
}

module_init(irqcount_init);
module_exit(irqcount_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Counts what functions cost");
