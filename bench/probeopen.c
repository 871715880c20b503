// SPDX-License-Identifier: GPL-2.0
/*
 * In the guest: how long a driver takes to bind to its device, and its interface to come up.
 *
 * probeopen SLOT DRIVER ROUNDS: unbinds, binds again and brings the interface up, ROUNDS
 * times after one that is not counted; prints "PROBE OPEN" in ns for each round.
 * probeopen SLOT DRIVER link STATS: one round, the kernel half's statistics cleared before
 * it, and printed as soon as there is a link; again if that was late.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LATE_NS		500000000LL
#define ROUNDS		5

static const char *slot, *driver;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long say(const char *file)
{
	char path[128];
	long long start;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", driver, file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		fail(path);
	start = now_ns();
	if (write(fd, slot, strlen(slot)) < 0)
		fail(path);
	start = now_ns() - start;
	close(fd);
	return start;
}

static void interface(char *name)
{
	char path[128];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/net", slot);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(name, IFNAMSIZ, "%.15s", d->d_name);
	if (!*name)
		fail(path);
	closedir(dir);
}

/* False: this process slept so long beside the link that later watchdogs may be counted. */
static int link_statistics(const char *path)
{
	char name[IFNAMSIZ] = "", carrier[64], text[16384];
	long long before;
	size_t bytes = 0;
	ssize_t n;
	int fd;

	interface(name);
	snprintf(carrier, sizeof(carrier), "/sys/class/net/%s/carrier", name);
	do {
		before = now_ns();
		usleep(1000);
		fd = open(carrier, O_RDONLY);
		n = read(fd, text, 1);
		close(fd);
	} while (n != 1 || text[0] != '1');
	fd = open(path, O_RDONLY);
	while ((n = read(fd, text + bytes, sizeof(text) - bytes)) > 0)
		bytes += n;
	close(fd);
	if (n < 0 || !bytes)
		fail(path);
	if (now_ns() - before > LATE_NS)
		return 0;
	fwrite(text, 1, bytes, stdout);
	return 1;
}

static void clear_statistics(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "0", 1) != 1)
		fail(path);
	close(fd);
}

static long long up(int fd)
{
	struct ifreq r = { 0 };
	long long start;

	interface(r.ifr_name);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		fail(r.ifr_name);
	r.ifr_flags |= IFF_UP;
	start = now_ns();
	if (ioctl(fd, SIOCSIFFLAGS, &r))
		fail(r.ifr_name);
	return now_ns() - start;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long long probe, open;

	if (argc < 4)
		return 1;
	slot = argv[1];
	driver = argv[2];
	for (int i = 0; argc == 5 && i < ROUNDS; i++) {
		say("unbind");
		usleep(100000);
		clear_statistics(argv[4]);
		say("bind");
		up(fd);
		if (link_statistics(argv[4]))
			return 0;
	}
	if (argc == 5) {
		fprintf(stderr, "the statistics could not be read soon after the link came\n");
		return 1;
	}
	for (int i = 0; i <= atoi(argv[3]); i++) {
		say("unbind");
		usleep(100000);
		probe = say("bind");
		open = up(fd);
		if (i)
			printf("%lld %lld\n", probe, open);
	}
	return 0;
}
