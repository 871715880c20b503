// SPDX-License-Identifier: GPL-2.0
/*
 * In the guest: pktgen sends frames through a NIC; prints what the processor did meanwhile.
 *
 * frames NIC COUNT: one line, "SENT ERRORS RESTARTS BUSY BASE". BUSY is time that passed
 * less the time in which the processor was idle, in ns; in counting mode that is the number
 * of instructions, of pktgen, the driver, its interrupts, and everything else that runs. The
 * kernel keeps the idle time to the ns, interrupts not included (idle_sleeptime). BASE is the
 * same for a run of one frame: starting and ending pktgen, and the waiting. RESTARTS says how
 * often the driver's ring was full: pktgen then spins, which would be counted as work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WARM		2000
#define DRAIN_US	200000	/* the last frames' interrupts are over by then */

static const char *nic;

static void say(const char *file, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/pktgen/%s", file);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f)) {
		fprintf(stderr, "%s: '%s': %s\n", path, text, strerror(errno));
		exit(1);
	}
}

/* The number behind @key in what the command or file says; the first one. */
static long long number(FILE *f, const char *key)
{
	long long v = -1;
	char line[512], *at;

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, key);
		if (at && v < 0)
			v = strtoll(at + strlen(key), NULL, 10);
	}
	if (v < 0) {
		fprintf(stderr, "no '%s'\n", key);
		exit(1);
	}
	return v;
}

static long long in_file(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	long long v = number(f, key);

	fclose(f);
	return v;
}

static long long statistic(const char *key)
{
	char command[64];
	FILE *f;
	long long v;

	snprintf(command, sizeof(command), "ethtool -S %s", nic);
	f = popen(command, "r");
	v = number(f, key);
	pclose(f);
	return v;
}

static long long idle_ns(void)
{
	return in_file("/proc/timer_list", ".idle_sleeptime : ");
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Nobody answers to this address, so nothing comes back at times of its own. */
static void configure(void)
{
	static const char *const line[] = {
		"clone_skb 0", "pkt_size 60", "delay 0", "dst 10.77.1.1",
		"dst_mac 02:00:00:00:00:99",
	};

	char add[64];

	snprintf(add, sizeof(add), "add_device %s", nic);
	say("kpktgend_0", "rem_device_all");
	say("kpktgend_0", add);
	for (size_t i = 0; i < sizeof(line) / sizeof(*line); i++)
		say(nic, line[i]);
}

static long long run(long long count)
{
	char text[64];
	long long start, idle;

	snprintf(text, sizeof(text), "count %lld", count);
	say(nic, text);
	start = now_ns();
	idle = idle_ns();
	say("pgctrl", "start");	/* until all are sent */
	usleep(DRAIN_US);
	idle = idle_ns() - idle;
	return now_ns() - start - idle;
}

int main(int argc, char **argv)
{
	long long count, base, busy, sent, restarts;
	char path[128];

	if (argc != 3) {
		fprintf(stderr, "usage: frames NIC COUNT\n");
		return 1;
	}
	nic = argv[1];
	count = atoll(argv[2]);
	configure();
	run(WARM);
	base = run(1);
	sent = statistic("tx_packets: ");
	restarts = statistic("tx_restart_queue: ");
	busy = run(count);
	snprintf(path, sizeof(path), "/proc/net/pktgen/%s", nic);
	printf("%lld %lld %lld %lld %lld\n", statistic("tx_packets: ") - sent,
	       in_file(path, "errors: "), statistic("tx_restart_queue: ") - restarts, busy, base);
	return 0;
}
