// SPDX-License-Identifier: GPL-2.0
/* Frames that are on their way when the user half dies. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drive.h"

#define FRAMES		8
#define REGISTERS	0x1000
#define TCTL		0x400	/* transmit control of Intel's 8254x */
#define TCTL_EN		2

static int sender = -1;

static int stop_transmitter(void)
{
	volatile uint32_t *reg;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", site.slot);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return errno;
	reg = mmap(NULL, REGISTERS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (reg == MAP_FAILED)
		return errno;
	reg[TCTL / 4] &= ~TCTL_EN;
	munmap((void *)reg, REGISTERS);
	return 0;
}

int hang_frames(void)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(9),
				    .sin_addr.s_addr = inet_addr(site.peer) };
	int e = stop_transmitter();
	char data[512] = { 0 };

	close(sender);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < FRAMES && !e; i++)
		if (sendto(sender, data, sizeof(data), 0, (void *)&peer, sizeof(peer)) < 0)
			e = errno;
	return e ? e : frames_hang() ? 0 : ENOMSG;
}

bool frames_hang(void)
{
	int bytes = 0;

	return !ioctl(sender, SIOCOUTQ, &bytes) && bytes;
}
