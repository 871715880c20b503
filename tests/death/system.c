// SPDX-License-Identifier: GPL-2.0
/* What the kernel says of itself: files, the device, the clock, an echo. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"

#define LINK_US		20000000
#define ECHO_US		30000000	/* a busy host lets even a counted guest wait */

long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

void sleep_us(long us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

int try_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), e = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		e = errno;
	close(fd);
	return e;
}

void write_file(const char *path, const char *text)
{
	int e = try_write(path, text);

	if (!e)
		return;
	printf("%s: %s\n", path, strerror(e));
	exit(1);
}

bool read_file(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t n;

	*to = 0;
	if (fd < 0)
		return false;
	while (used < room - 1 && (n = read(fd, to + used, room - 1 - used)) > 0)
		used += n;
	to[used] = 0;
	close(fd);
	return true;
}

bool debug_read(const char *name, char *to, size_t room)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/%s/%s", site.module, name);
	return read_file(path, to, room);
}

long debug_number(const char *name, const char *word)
{
	size_t n = strlen(word);
	char text[16384];

	if (!debug_read(name, text, sizeof(text)))
		return -1;
	for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, word, n))
			return strtol(line + n, NULL, 10);
	return -1;
}

/* Lines of a file of /proc that hold @word. */
static int lines_with(const char *path, const char *word)
{
	static char text[1 << 19];
	int n = 0;

	read_file(path, text, sizeof(text));
	for (char *at = text; (at = strstr(at, word)); at += strcspn(at, "\n"))
		n++;
	return n;
}

const char *left_over(void)
{
	char word[64];

	snprintf(word, sizeof(word), "[%.32s]", site.module);
	if (lines_with("/proc/vmallocinfo", word))
		return "memory";
	snprintf(word, sizeof(word), ": %.32s", site.module);
	if (lines_with("/proc/iomem", word))
		return "a region";
	if (*site.nic && lines_with("/proc/interrupts", site.nic))
		return "an interrupt";
	return NULL;
}

bool is_bound(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", site.slot);
	return !access(path, F_OK);
}

bool find_nic(void)
{
	char path[128];
	struct dirent *d;
	DIR *dir;

	*site.nic = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/net", site.slot);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(site.nic, sizeof(site.nic), "%.15s", d->d_name);
	if (dir)
		closedir(dir);
	return *site.nic;
}

bool wait_link(void)
{
	long end = now_us() + LINK_US;
	char path[128], text[8];

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", site.nic);
	while (now_us() < end) {
		if (read_file(path, text, sizeof(text)) && text[0] == '1')
			return true;
		sleep_us(20000);
	}
	return false;
}

static unsigned short checksum(const unsigned short *word, size_t n)
{
	unsigned long sum = 0;

	while (n--)
		sum += *word++;
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16));
}

static bool echo(int fd, const struct sockaddr_in *peer, unsigned short number)
{
	struct { struct icmphdr head; char data[56]; } frame = { .head.type = ICMP_ECHO };
	struct { struct iphdr ip; struct icmphdr head; char data[512]; } got;
	long end = now_us() + ECHO_US;

	frame.head.un.echo.id = htons(0x7a17);
	frame.head.un.echo.sequence = htons(number);
	frame.head.checksum = checksum((void *)&frame, sizeof(frame) / 2);
	if (sendto(fd, &frame, sizeof(frame), 0, (void *)peer, sizeof(*peer)) < 0)
		return false;
	while (now_us() < end)
		if (recv(fd, &got, sizeof(got), MSG_DONTWAIT) >= 84 && got.head.type == ICMP_ECHOREPLY &&
		    got.head.un.echo.sequence == htons(number))
			return true;
	return false;
}

bool ping_lost(int n)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(site.peer) };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	bool lost = false;
	static unsigned short number;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, site.nic, strlen(site.nic) + 1))
		lost = true;
	while (n-- && !lost)
		lost = !echo(fd, &peer, ++number);
	close(fd);
	return lost;
}
