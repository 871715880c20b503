// SPDX-License-Identifier: GPL-2.0
/* What the user half dies in. Each is one system call, but for those that the driver does by itself. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "drive.h"

static int ask(unsigned long command, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int e = ioctl(fd, command, ifr) ? errno : 0;

	close(fd);
	return e;
}

static void name(struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%.15s", site.nic);
}

static int set_flags(short set, short clear)
{
	struct ifreq ifr;
	int e;

	name(&ifr);
	e = ask(SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags = (ifr.ifr_flags | set) & ~clear;
	return e ? e : ask(SIOCSIFFLAGS, &ifr);
}

int operation_up(void)
{
	return set_flags(IFF_UP, 0);
}

int operation_down(void)
{
	return set_flags(0, IFF_UP);
}

static int set_address(unsigned long command, const char *text)
{
	struct sockaddr_in *in;
	struct ifreq ifr;

	name(&ifr);
	in = (void *)&ifr.ifr_addr;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = inet_addr(text);
	return ask(command, &ifr);
}

int operation_configure(void)
{
	int e = set_address(SIOCSIFADDR, site.address);

	return e ? e : set_address(SIOCSIFNETMASK, "255.255.255.0");
}

static int probe(void)
{
	return halves_load();
}

static int remove_device(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", site.slot);
	return try_write(path, site.slot);
}

static int mii(void)
{
	struct mii_ioctl_data *data;
	struct ifreq ifr;

	name(&ifr);
	data = (void *)&ifr.ifr_data;
	data->reg_num = MII_BMSR;
	return ask(SIOCGMIIREG, &ifr);
}

static int mtu(void)
{
	struct ifreq ifr;

	name(&ifr);
	ifr.ifr_mtu = 1400;
	return ask(SIOCSIFMTU, &ifr);
}

static int ethtool(void *data)
{
	struct ifreq ifr;

	name(&ifr);
	ifr.ifr_data = data;
	return ask(SIOCETHTOOL, &ifr);
}

/* An empty name is what nobody may be told, whoever has died. */
static int drvinfo(void)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int e = ethtool(&info);

	return e ? e : strcmp(info.driver, site.module) || strcmp(info.bus_info, site.slot) ? ENODATA : 0;
}

static int registers(void)
{
	static struct { struct ethtool_regs head; char data[8192]; } regs;

	regs.head.cmd = ETHTOOL_GREGS;
	regs.head.len = sizeof(regs.data);
	return ethtool(&regs);
}

static int eeprom(void)
{
	static struct { struct ethtool_eeprom head; char data[128]; } words;

	words.head.cmd = ETHTOOL_GEEPROM;
	words.head.len = sizeof(words.data);
	return ethtool(&words);
}

int operation_leave_loopback(void)
{
	struct mii_ioctl_data *data;
	struct ifreq ifr;

	name(&ifr);
	data = (void *)&ifr.ifr_data;
	data->reg_num = MII_BMCR;
	data->val_in = BMCR_ANENABLE | BMCR_FULLDPLX | BMCR_SPEED1000;
	return ask(SIOCSMIIREG, &ifr);
}

/* Without failing, the test would have passed. */
static int self_test(void)
{
	static struct { struct ethtool_test head; __u64 data[64]; } test;
	int e;

	test.head.cmd = ETHTOOL_TEST;
	test.head.flags = ETH_TEST_FL_OFFLINE;
	e = ethtool(&test);
	return e ? e : test.head.flags & ETH_TEST_FL_FAILED ? EIO : 0;
}

static int rings(void)
{
	struct ethtool_ringparam rings = { .cmd = ETHTOOL_GRINGPARAM };
	int e = ethtool(&rings);

	rings.cmd = ETHTOOL_SRINGPARAM;
	rings.rx_pending = rings.rx_max_pending / 16;
	rings.tx_pending = rings.tx_max_pending / 16;
	return e ? e : ethtool(&rings);
}

/* The driver does it, every two seconds. */
static int wait_for_it(void)
{
	sleep_us(7000000);
	return 0;
}

static const struct operation operations[] = {
	{ "probe", .run = probe },
	{ "open", .run = operation_up, .wanted = EIO },
	{ "ioctl", .opened = true, .linked = true, .run = mii, .wanted = EIO },
	{ "stop", .opened = true, .linked = true, .ends = true, .run = operation_down },
	{ "remove", .opened = true, .linked = true, .ends = true, .run = remove_device },
	{ "remove-down", .run = remove_device },
	{ "mtu", .opened = true, .linked = true, .ends = true, .run = mtu, .wanted = EIO },
	{ "rings", .opened = true, .linked = true, .ends = true, .run = rings, .wanted = EIO },
	{ "self-test", .opened = true, .linked = true, .loops = true, .run = self_test, .wanted = EIO },
	{ "drvinfo", .opened = true, .linked = true, .reads = true, .run = drvinfo },
	{ "registers", .opened = true, .linked = true, .reads = true, .run = registers },
	{ "eeprom", .opened = true, .linked = true, .reads = true, .run = eeprom, .wanted = EIO },
	{ "watchdog", .opened = true, .linked = true, .reads = true, .run = wait_for_it },
};

const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}
