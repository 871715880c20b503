// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for QEMU's edu device, which copies memory: through the device's own memory and back, and
 * then, if it is told an address, to there. Nothing but register writes; so any user half that has
 * registers mapped can do the same, whatever its driver is for.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#define EDU_SOURCE	0x80
#define EDU_TARGET	0x88
#define EDU_BYTES	0x90
#define EDU_COMMAND	0x98
#define EDU_RUN		1
#define EDU_TO_MEMORY	2
#define EDU_MEMORY	0x40000		/* its own, 4 KiB, as its DMA engine sees it */

#define PATTERN		0x5e
#define BYTES		256

struct edureach {
	void __iomem *regs;
	u8 *buffer;
	dma_addr_t bus;
};

/* A bus address that nobody gave to the device; 0: none. */
static unsigned int target;
module_param(target, uint, 0644);

static bool own;	/* its own memory came back as it was */
module_param(own, bool, 0444);

static int edureach_copy(struct edureach *e, u32 source, u32 to, u32 command)
{
	int tries;

	writel(source, e->regs + EDU_SOURCE);
	writel(to, e->regs + EDU_TARGET);
	writel(BYTES, e->regs + EDU_BYTES);
	writel(command | EDU_RUN, e->regs + EDU_COMMAND);
	for (tries = 0; tries < 1000; tries++) {
		if (!(readl(e->regs + EDU_COMMAND) & EDU_RUN))
			return 0;
		msleep(10);
	}
	return -ETIMEDOUT;
}

static int edureach_run(struct edureach *e)
{
	int ret, i;

	for (i = 0; i < BYTES; i++) {
		e->buffer[i] = PATTERN;
		e->buffer[BYTES + i] = 0;
	}
	ret = edureach_copy(e, e->bus, EDU_MEMORY, 0);
	if (!ret)
		ret = edureach_copy(e, EDU_MEMORY, e->bus + BYTES, EDU_TO_MEMORY);
	if (ret)
		return ret;
	own = true;
	for (i = 0; i < BYTES; i++)
		if (e->buffer[BYTES + i] != PATTERN)
			own = false;
	return target ? edureach_copy(e, EDU_MEMORY, target, EDU_TO_MEMORY) : 0;
}

static int edureach_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edureach *e;
	int ret;

	e = kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	ret = pci_enable_device(pdev);
	if (ret)
		goto memory;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (ret)
		goto device;
	ret = -ENOMEM;
	e->regs = pci_ioremap_bar(pdev, 0);
	if (!e->regs)
		goto device;
	e->buffer = dma_alloc_coherent(&pdev->dev, 2 * BYTES, &e->bus, GFP_KERNEL);
	if (!e->buffer)
		goto regs;
	pci_set_master(pdev);
	ret = edureach_run(e);
	if (ret)
		goto buffer;
	pci_set_drvdata(pdev, e);
	return 0;
buffer:
	dma_free_coherent(&pdev->dev, 2 * BYTES, e->buffer, e->bus);
regs:
	iounmap(e->regs);
device:
	pci_disable_device(pdev);
memory:
	kfree(e);
	return ret;
}

static void edureach_remove(struct pci_dev *pdev)
{
	struct edureach *e = pci_get_drvdata(pdev);

	pci_clear_master(pdev);
	dma_free_coherent(&pdev->dev, 2 * BYTES, e->buffer, e->bus);
	iounmap(e->regs);
	pci_disable_device(pdev);
	kfree(e);
}

static const struct pci_device_id edureach_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edureach_ids);

static struct pci_driver edureach_driver = {
	.name = "edureach",
	.id_table = edureach_ids,
	.probe = edureach_probe,
	.remove = edureach_remove,
};
module_pci_driver(edureach_driver);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tandem's test of what a device reaches");
