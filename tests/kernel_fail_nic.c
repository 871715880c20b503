// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of a split driver's probe, and of its interface going up, fails once.
 *
 *   kernel_fail_nic MOST DIRECTORY MODULE PCI-DEVICE
 *
 * DIRECTORY/MODULE has the halves, or the driver alone. Of each scene's allocations at most MOST fail, evenly spread; 0: all.
 * After each failure the device is bound or not, as was said, and both scenes go well.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "kernel_nth.h"

static const char *directory, *module, *device;
static int failures, reloads;
static unsigned int most;
static pid_t user;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static const char *in_driver(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", module, name);
	return path;
}

static bool bound(void)
{
	return !access(in_driver(device), F_OK);
}

/* Of the half's file in debugfs. */
static long number(const char *file)
{
	char path[256];
	long v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/%s/%s", module, file);
	f = fopen(path, "r");
	if (f && fscanf(f, "%ld", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

/* ---- the halves ---- */

static bool is_split(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s-user", directory, module, module);
	return !access(path, X_OK);
}

/* Is there a user half that was not condemned? */
static bool serves(void)
{
	char path[256], line[256];
	int attached = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/%s/stats", module);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "attached %d", &attached);
	if (f)
		fclose(f);
	return attached || !is_split();
}

static void load(void)
{
	char path[256];
	int fd, log;

	snprintf(path, sizeof(path), "%s/%s/%s-user", directory, module, module);
	user = is_split() ? fork() : -1;
	if (!user) {
		log = open("/out/user.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
		dup2(log, 1);
		dup2(log, 2);
		execl(path, path, NULL);
		_exit(126);
	}
	snprintf(path, sizeof(path), "%s/%s/%s.ko", directory, module, module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_finit_module, fd, "", 0)) {
		printf("%s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void end(void)
{
	if (syscall(SYS_delete_module, module, 0)) {
		printf("delete_module: %s\n", strerror(errno));
		exit(1);
	}
	if (user > 0)
		waitpid(user, NULL, 0);
	user = 0;
}

/* Whose user half has gone is loaded again. */
static void mend(void)
{
	if (serves())
		return;
	reloads++;
	end();
	load();
}

/* ---- the scenes ---- */

static int bind_device(void)
{
	return put(in_driver("bind"), device);
}

static void unbind(void)
{
	if (bound())
		CHECK(put(in_driver("unbind"), device) == 0);
	CHECK(!bound());
	CHECK(number("ledger") == (is_split() ? 0 : -1));
}

static int face(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd;
}

static bool find_name(char *name)
{
	char path[128];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/net", device);
	dir = opendir(path);
	name[0] = 0;
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(name, IFNAMSIZ, "%.15s", d->d_name);
	if (dir)
		closedir(dir);
	return name[0];
}

static int set_up(bool on)
{
	static struct ifreq r;

	if (!find_name(r.ifr_name))
		return -ENODEV;
	face();
	r.ifr_flags = on ? IFF_UP : 0;
	return ioctl(face(), SIOCSIFFLAGS, &r) ? -errno : 0;
}

/* Under failure, the part that is meant; nothing is left to find a name for then. */
static struct ifreq going_up;

static int go_up(void)
{
	return ioctl(face(), SIOCSIFFLAGS, &going_up) ? -errno : 0;
}

static void prepare_up(void)
{
	CHECK(bind_device() == 0);
	CHECK(find_name(going_up.ifr_name));
	going_up.ifr_flags = IFF_UP;
	face();
}

static void nothing(void)
{
}

static void after_bind(int err)
{
	CHECK(bound() == !err);
}

static void after_up(int err)
{
	if (!err)
		CHECK(set_up(false) == 0);
	else if (serves())
		CHECK(set_up(true) == 0 && set_up(false) == 0);
}

static const struct scene {
	const char *name;
	void (*before)(void);
	int (*act)(void);
	void (*after)(int err);
} scene[] = {
	{ "bind", nothing, bind_device, after_bind },
	{ "up", prepare_up, go_up, after_up },
};

static unsigned int play(const struct scene *s, unsigned int n, bool on)
{
	unsigned int left;
	int err;

	s->before();
	nth_arm(n, on);
	err = s->act();
	left = nth_disarm();
	s->after(err);
	unbind();
	mend();
	return left;
}

static void sweep(const struct scene *s)
{
	unsigned int total, step, n, times = 0, begun_with = reloads;
	double begun = seconds();

	total = 1000000 - play(s, 1000000, false);
	step = most && total > most ? total / most : 1;
	for (int on = 0; on < 2; on++)
		for (n = 1 + on * step / 2; n <= total && failures < 20; n += step, times++) {
			int before = failures;

			play(s, n, on);
			if (failures != before)
				printf("  %s: allocation %u%s\n", s->name, n, on ? " and all after it" : "");
		}
	/* It goes well in the end. */
	CHECK(play(s, 1000000, false) > 0);
	printf("%s: %u of %u allocations failed, %u reloads, %.1f s\n", s->name, times, 2 * total,
	       reloads - begun_with, seconds() - begun);
}

/*
 * The device stays enabled: enabling it runs the firmware's tables, with thousands of allocations
 * in the interpreter of these, which uses freed memory when one fails.
 */
static void keep_enabled(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", device);
	CHECK(put(path, "1") == 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 5)
		return 2;
	most = atoi(argv[1]);
	directory = argv[2];
	module = argv[3];
	device = argv[4];
	if (nth_init()) {
		puts("this kernel has no fault injector");
		return 77;
	}
	/* The lab has loaded it; bound is it here, when that is wanted. */
	CHECK(put("/sys/bus/pci/drivers_autoprobe", "0") == 0);
	end();
	keep_enabled();
	load();
	for (size_t i = 0; i < sizeof(scene) / sizeof(scene[0]); i++)
		sweep(&scene[i]);
	end();
	return failures != 0;
}
