// SPDX-License-Identifier: GPL-2.0
/* A driver that hands functions and tables around in the ways that drivers do. */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/slab.h>

struct card;
struct ops { int (*get)(struct card *c, int x); int (*put)(struct card *c, int x); };
struct sub { const struct ops *ops; void *cookie; };
struct board { const char *name; const struct ops *ops; };
struct more { struct ops ops; const struct ops *back, *unnamed; };
struct hw { struct sub sub; struct { const struct ops *unnamed; }; };

struct card {
	struct net_device *dev;
	spinlock_t lock;
	int v;
	int (*variable)(struct card *c, int x);
	int (*one_of)(struct card *c, int x);
	int (*array[2])(struct card *c, int x);
	const struct ops *direct, *in_region, *from_region, *in_kernel, *from_kernel;
	const struct ops *decays[3], *from_board, *omitted, *from_union, *returned, *first, *global;
	union { const struct ops *a; const void *b; } u;
	const void *any;
	struct sub literal;
	struct more more;
	const struct ops *or_error;
	struct sub by_helper;
	int (*rows[2][2])(struct card *c, int x);
	void *memory;
};

static int get_a(struct card *c, int x) { c->v = x; return 0; }
static int get_b(struct card *c, int x) { c->v = x + 1; return 0; }
static int get_c(struct card *c, int x) { c->v = x + 2; return 0; }
static int get_d(struct card *c, int x) { c->v = x + 3; return 0; }
static const struct ops ops_a = { .get = get_a, .put = get_b };
static const struct ops ops_b = { .get = get_b, .put = get_a };
static const struct ops ops_c = { .get = get_c, .put = get_a };
static const struct ethtool_ops eth = { .get_link = ethtool_op_get_link };
static const struct { struct ops base; int more; } derived = { .base = { .get = get_d } };
static struct board boards[] = { { "a", &ops_a }, { .name = "b", .ops = &ops_b } };
static struct ops ops_var;
static struct sub sub_var = { .cookie = (void *)&ops_b };
static const struct ops *cur;

static noinline void kernel_sets(struct card *c, const struct ops *ops)
{
	c->in_kernel = ops;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct card *c = data;

	kernel_sets(c, c->v ? &ops_a : &ops_b);
	return IRQ_HANDLED;
}

static irqreturn_t other_interrupt(int irq, void *data)
{
	return IRQ_NONE;
}

static void fill(const struct ops **t)
{
	t[0] = &ops_a;
	*(t + 2) = &ops_c;
}

static void fill_row(int (**row)(struct card *c, int x))
{
	row[0] = get_c;
}

static void copy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

static const struct ops *find(int v)
{
	return v ? &ops_c : ERR_PTR(-ENODEV);
}

static const struct ops *pick(struct card *c)
{
	return c->v ? &ops_c : &derived.base;
}

static int card_open(struct net_device *dev)
{
	struct card *c = netdev_priv(dev);
	int (*fn)(struct card *c, int x) = get_a;
	irqreturn_t (*handler)(int, void *) = interrupt;
	struct hw hw = { .sub.ops = &ops_a, .unnamed = &ops_b };

	if (c->v)
		fn = get_b;
	c->variable = fn;
	c->one_of = c->v ? get_c : NULL;
	c->array[0] = get_d;
	c->array[c->v & 1] = get_a;
	c->direct = &ops_c;
	spin_lock(&c->lock);
	c->in_region = &ops_b;
	spin_unlock(&c->lock);
	c->from_region = c->in_region;
	c->from_kernel = c->in_kernel;
	fill(c->decays);
	c->from_board = boards[c->v].ops;
	c->omitted = c->from_region ?: &ops_c;
	c->u.a = &ops_c;
	c->from_union = c->u.b;
	c->returned = pick(c);
	c->first = &derived.base;
	cur = &ops_a;
	c->global = cur;
	c->any = &ops_a;
	c->literal = (struct sub){ .ops = &ops_b, .cookie = (void *)&ops_a };
	memcpy(&c->more.ops, &ops_var, sizeof(c->more.ops));
	c->more.back = hw.sub.ops;
	c->more.unnamed = hw.unnamed;
	c->or_error = find(c->v);
	copy(&c->by_helper, &sub_var, sizeof(c->by_helper));
	fill_row(c->rows[1]);
	c->memory = kmalloc(64, GFP_KERNEL);
	if (c->v == 2)
		handler = other_interrupt;
	return request_irq(dev->irq, handler, 0, dev->name, c);
}

static int card_stop(struct net_device *dev)
{
	struct card *c = netdev_priv(dev);

	free_irq(dev->irq, c);
	kfree(c->memory);
	return 0;
}

static netdev_tx_t card_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops card_ops = {
	.ndo_open = card_open, .ndo_stop = card_stop, .ndo_start_xmit = card_xmit,
};

static int card_probe(struct pci_dev *pdev, const struct pci_device_id *ent)
{
	struct net_device *dev = alloc_etherdev(sizeof(struct card));
	int err;

	if (!dev)
		return -ENOMEM;
	dev->irq = pdev->irq;
	dev->netdev_ops = &card_ops;
	dev->ethtool_ops = &eth;
	pci_set_drvdata(pdev, dev);
	err = register_netdev(dev);
	if (err)
		free_netdev(dev);
	return err;
}

static void card_remove(struct pci_dev *pdev)
{
	struct net_device *dev = pci_get_drvdata(pdev);

	unregister_netdev(dev);
	free_netdev(dev);
}

static const struct pci_device_id card_id[] = { { PCI_DEVICE(0x8086, 0x1234) }, { } };
MODULE_DEVICE_TABLE(pci, card_id);
static struct pci_driver card_driver = { .name = "symbols", .id_table = card_id, .probe = card_probe, .remove = card_remove };
module_pci_driver(card_driver);
MODULE_LICENSE("GPL");
