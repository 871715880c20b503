// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for QEMU's edu device, whose register write raises an interrupt at once. The handler
 * compares what it was told in memory with what the device was told. Unsplit, it never differs.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#define EDU_LIVENESS	0x04	/* reads as the complement of what was written */
#define EDU_STATUS	0x24
#define EDU_RAISE	0x60
#define EDU_ACK		0x64

#define FIRST		0x80000000u
#define TURNS		1000

struct edulit {
	void __iomem *regs;
	u32 value;		/* what the next interrupt is to find in the device */
	u32 interrupts;
};

static unsigned int interrupts, wrong_first, wrong_later;
module_param(interrupts, uint, 0444);
module_param(wrong_first, uint, 0444);
module_param(wrong_later, uint, 0444);

/* How the device is enabled: either way, it is given back by the same calls. */
static bool managed = true;
module_param(managed, bool, 0444);

static irqreturn_t edulit_irq(int irq, void *data)
{
	struct edulit *e = data;
	u32 status = readl(e->regs + EDU_STATUS);

	if (!status)
		return IRQ_NONE;
	if (e->value != status) {
		if (status == FIRST)
			wrong_first++;
		else
			wrong_later++;
	}
	interrupts++;
	writel(status, e->regs + EDU_ACK);
	e->interrupts++;
	return IRQ_HANDLED;
}

static int edulit_raise(struct edulit *e, u32 value)
{
	u32 before = e->interrupts, tries;

	e->value = value;
	writel(value, e->regs + EDU_RAISE);
	for (tries = 0; tries < 10000; tries++) {
		if (e->interrupts != before)
			return 0;
		udelay(10);
	}
	return -ETIMEDOUT;
}

/* Nobody looks yet: these writes are to publish nothing. */
static int edulit_check(struct edulit *e)
{
	u32 i;

	for (i = 1; i <= 100; i++) {
		e->value = i;
		writel(i, e->regs + EDU_LIVENESS);
		if (readl(e->regs + EDU_LIVENESS) != ~i)
			return -EIO;
	}
	return 0;
}

static int edulit_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edulit *e;
	u32 i;
	int ret;

	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	ret = managed ? pcim_enable_device(pdev) : pci_enable_device(pdev);
	if (ret)
		goto memory;
	ret = managed ? pci_try_set_mwi(pdev) : pci_set_mwi(pdev);
	if (ret)
		pci_clear_mwi(pdev);	/* allowed, needed or not */
	e->regs = pci_ioremap_bar(pdev, 0);
	ret = -ENOMEM;
	if (!e->regs)
		goto device;
	ret = edulit_check(e);
	if (ret)
		goto regs;
	ret = request_irq(pdev->irq, edulit_irq, IRQF_SHARED, "edulit", e);
	if (ret)
		goto regs;
	ret = edulit_raise(e, FIRST);
	for (i = 1; i <= TURNS && !ret; i++)
		ret = edulit_raise(e, i);
	if (ret)
		goto irq;
	pci_set_drvdata(pdev, e);
	return 0;
irq:
	free_irq(pdev->irq, e);
regs:
	iounmap(e->regs);
device:
	pci_clear_mwi(pdev);
	pci_disable_device(pdev);
memory:
	kfree(e);
	return ret;
}

static void edulit_remove(struct pci_dev *pdev)
{
	struct edulit *e = pci_get_drvdata(pdev);

	free_irq(pdev->irq, e);
	iounmap(e->regs);
	pci_clear_mwi(pdev);
	pci_disable_device(pdev);
	kfree(e);
}

static const struct pci_device_id edulit_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edulit_ids);

static struct pci_driver edulit_driver = {
	.name = "edulit",
	.id_table = edulit_ids,
	.probe = edulit_probe,
	.remove = edulit_remove,
};
module_pci_driver(edulit_driver);

MODULE_DESCRIPTION("An interrupt handler reads what was written before the register that raises it");
MODULE_LICENSE("GPL");
