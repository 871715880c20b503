// SPDX-License-Identifier: GPL-2.0
/* A driver of two files, which share inlines and tables. */
#include "card.h"

static int get_one(struct card *c, int x) { c->v = x; return 0; }
static const struct ops ops_one = { .get = get_one };
static const struct info info_one = { .ports = 1, .ops = &ops_one };
static const struct info *infos[] = { &info_one, &info_two };

/* What these start with cannot be said in the user half: a kernel-half function, and a variable's address. */
static int in_kernel(struct card *c, int x) { return count_locked(c) + x; }
static int (*const by_number[])(struct card *c, int x) = { [1] = in_kernel };
static int counted __read_mostly;
static irqreturn_t interrupt(int irq, void *data)
{
	struct card *c = data;

	count_locked(c);
	return IRQ_HANDLED;
}

static struct { int *count; int last; irqreturn_t (*handler)(int irq, void *data); } state = { &counted, 3, interrupt };

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *ent)
{
	static const struct net_device_ops netdev_ops = {
		.ndo_start_xmit = xmit,
		.ndo_validate_addr = eth_validate_addr,
	};
	static int cards = 41;
	const struct info *info = infos[ent->driver_data];
	struct net_device *dev = alloc_etherdev(sizeof(struct card));
	struct card *c;
	int e;

	if (!dev)
		return -ENOMEM;
	c = netdev_priv(dev);
	c->dev = dev;
	c->ops = *info->ops;
	c->check = eth_validate_addr;
	spin_lock_init(&c->lock);
	dev->netdev_ops = &netdev_ops;
	cards++;
	card_lock_and_count(c, cards);
	pci_set_drvdata(pdev, c);
	counted += panic_timeout + defined_without_a_value;
	state.last += counted;
	state.last += by_number[1](c, 1);
	e = request_irq(pdev->irq, interrupt, IRQF_SHARED, "units", c);
	if (!e)
		e = c->check(dev) + card_get(c, cards) + two_reset(c);
	if (e) {
		free_irq(pdev->irq, c);
		free_netdev(dev);
	}
	return e;
}

static void remove(struct pci_dev *pdev)
{
	struct card *c = pci_get_drvdata(pdev);

	free_irq(pdev->irq, c);
	free_netdev(c->dev);
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1af4, 0x10f0), .driver_data = 1 }, { } };
static struct pci_driver units_driver = { .name = "units", .id_table = ids, .probe = probe, .remove = remove };
module_pci_driver(units_driver);
MODULE_LICENSE("GPL");
