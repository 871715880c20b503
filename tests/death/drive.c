// SPDX-License-Identifier: GPL-2.0
/*
 * drive DIR SLOT ADDRESS PEER KIND OPERATION ENTRY [SAMPLES [MS]]: lets the user half of the split in DIR
 * end by KIND before the 1st, 2nd, ... crossing of ENTRY, which OPERATION leads to, until it is not met
 * any more; or before SAMPLES of them, the first and the last among them. After each: the caller's answer and
 * its time (MS more are allowed), locks, ledger, unbind, bind, and reload. A line for the whole walk; exit
 * status 1 at a failure, and if fewer have died than were to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ethtool.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <net/if.h>
#include <unistd.h>

#include "drive.h"

#define HUNG_US		20000000	/* a call that is not back by then is lost; more on a slow machine */
#define FAILURES_MAX	20
#define AFTER_US	100000		/* what the kernel may take from a death to the answer */

struct site site;
static long hung = HUNG_US;

/* What the child that makes the call leaves for us. */
struct outcome {
	long end;		/* us */
	int error;
};

static struct outcome *outcome;
static char label[64];
static int failures;

static bool failed(const char *format, ...)
{
	va_list args;

	printf("%s: ", label);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	failures++;
	return true;
}

/* Who does not come back is shown, and is the end: the next trial would wait for the same lock. */
static void show_lost(pid_t pid, const char *what)
{
	char path[64], text[8192];

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	read_file(path, text, sizeof(text));
	printf("%s: %s does not come back:\n%s", label, what, text);
	debug_read("ledger", text, sizeof(text));
	printf("ledger: %s", text);
	debug_read("stats", text, sizeof(text));
	printf("stats: %s", text);
	exit(1);
}

/* Runs it in a child, which may hang; the time at which it was back. */
static int run_apart(int (*run)(void), const char *what, struct half *half, long *end)
{
	long limit = now_us() + hung;
	pid_t pid = fork();

	if (!pid) {
		outcome->error = run();
		outcome->end = now_us();
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) != pid) {
		if (half)
			halves_listen(half);
		if (now_us() > limit)
			show_lost(pid, what);
		sleep_us(500);
	}
	if (half)
		halves_listen(half);
	if (end)
		*end = outcome->end;
	return outcome->error;
}

static int take_rtnl(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_mtu = 65536 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return ioctl(fd, SIOCSIFMTU, &ifr) ? errno : 0;
}

static int unbind(void)
{
	return operation_find("remove")->run();
}

static int bind_again(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", site.module);
	return try_write(path, site.slot);
}

/* When the fault struck, in us; 0: it did not. */
static long struck(struct half *half)
{
	char *at = strstr(half->text, " strikes at ");
	char *rest;
	long s;

	if (!at)
		return 0;
	s = strtol(at + strlen(" strikes at "), &rest, 10);
	return s * 1000000 + strtol(rest + 1, NULL, 10) / 1000;
}

/* How many crossings the run had that the fault missed; 0: there was none. */
static int missed(struct half *half)
{
	static const char words[] = " missed: the run has ";
	char *at = strstr(half->text, words);

	return at ? atoi(at + strlen(words)) : 0;
}

/* ---- one trial ---- */

struct trial {
	const struct operation *op;
	const char *kind;
	const char *entry;
	int at;
	long allowed;		/* us, from the fault to the answer */
	struct half half;
	char before[8192];	/* the ledger */
	long took;		/* us */
};

static bool load(struct half *half, const char *fault)
{
	int e;

	halves_start(half, fault);
	e = run_apart(halves_load, "insmod", half, NULL);
	if (e)
		return !failed("insmod: %s: %s", strerror(e), half->text);
	return true;
}

static bool open_nic(const struct operation *op, bool linked)
{
	int e = operation_up();

	if (!e)
		e = operation_configure();
	if (e)
		return !failed("cannot be opened: %s", strerror(e));
	if (op->loops && operation_leave_loopback())
		return !failed("loopback cannot be left");
	if (linked && !wait_link())
		return !failed("no link");
	return true;
}

static bool prepare(struct trial *t)
{
	char fault[96];
	int e;

	snprintf(fault, sizeof(fault), "%s@%d:%s", t->kind, t->at, t->entry);
	if (!strcmp(t->op->name, "probe")) {
		halves_start(&t->half, fault);
		return true;
	}
	if (!load(&t->half, fault))
		return false;
	if (!find_nic())
		return !failed("no interface");
	debug_read("ledger", t->before, sizeof(t->before));
	if (t->op->opened && !open_nic(t->op, t->op->linked))
		return false;
	if (t->op->linked && ping_lost(1))
		return !failed("no answer from the peer");
	e = t->op->ends ? hang_frames() : 0;
	return !e || !failed("no frames hang: %s", strerror(e));
}

static void check_answer(struct trial *t, long end, int error)
{
	bool waits = strcmp(t->op->name, "watchdog");	/* the driver's own work has no caller */

	t->took = waits ? end - struck(&t->half) : 0;
	if (error != t->op->wanted)
		failed("error %d instead of %d", error, t->op->wanted);
	if (t->took > t->allowed)
		failed("the answer took %ld ms", t->took / 1000);
	/* The dump is still being written. */
	if (!strcmp(t->kind, "segv") && waits && halves_have_ended(&t->half, 0))
		failed("the answer came only after the core dump");
}

/*
 * The first line that one has and the other has not; NULL: none. That the device may write to memory is
 * what a death ends, whatever else the ledger holds.
 */
static const char *odd_line(const char *now, const char *before)
{
	static char line[256];

	for (int i = 0; i < 2; i++) {
		const char *at = strchr(i ? before : now, '\n'), *in = i ? now : before;

		for (; at && at[1]; at = strchr(at + 1, '\n')) {
			snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
			if (!strstr(in, line) && !(i && strstr(line, "undo pci_clear_master")))
				return line;
		}
	}
	return NULL;
}

/* No lock stays; what ended with the call leaves nothing; what opened leaves what was before. */
static void check_ledger(struct trial *t)
{
	bool probe = !strcmp(t->op->name, "probe") || !strncmp(t->op->name, "remove", 6);
	bool opens = !strcmp(t->op->name, "open") || !strcmp(t->op->name, "stop");
	const char *odd;
	char text[8192];

	debug_read("ledger", text, sizeof(text));
	if (strstr(text, "unlock"))
		failed("a lock is held: %s", text);
	if (probe && strcmp(text, "0\n"))
		failed("the ledger has %s", text);
	odd = opens ? odd_line(text, t->before) : NULL;
	if (odd)
		failed("in the ledger of before and now, only once: %s", odd);
}

static void check_device(struct trial *t)
{
	bool unbound = !strcmp(t->op->name, "probe") || !strncmp(t->op->name, "remove", 6);
	char text[8192];
	int e;

	if (is_bound() == unbound)
		failed(unbound ? "the device is still bound" : "the device is not bound any more");
	if (t->op->reads && ping_lost(5))
		failed("traffic does not go on");
	if (is_bound()) {
		e = run_apart(unbind, "unbind", NULL, NULL);
		if (e || is_bound())
			failed("unbind: %s", strerror(e));
	}
	if (t->op->ends && frames_hang())
		failed("frames have not been freed");
	debug_read("ledger", text, sizeof(text));
	if (strcmp(text, "0\n"))
		failed("after unbind the ledger has %s", text);
	if (left_over())
		failed("after unbind it has %s", left_over());
	e = run_apart(bind_again, "bind", NULL, NULL);
	if (e != EIO)
		failed("bind without a user half: %s", strerror(e));
	debug_read("ledger", text, sizeof(text));
	if (strcmp(text, "0\n"))
		failed("after a bind that failed the ledger has %s", text);
}

static void check_kernel(struct trial *t)
{
	if (debug_number("stats", "attached ") != 0)
		failed("it is still attached");
	if (debug_number("calls", "") > 0)
		failed("a call is still active");
	if (run_apart(take_rtnl, "RTNL", NULL, NULL))
		failed("RTNL");
	check_ledger(t);
}

static void end_half(struct trial *t)
{
	int e = run_apart(halves_unload, "rmmod", &t->half, NULL);

	if (e)
		failed("rmmod: %s", strerror(e));
	if (!halves_have_ended(&t->half, 10000)) {
		failed("its process does not end");
		kill(t->half.pid, SIGKILL);
		halves_have_ended(&t->half, 10000);
	}
	close(t->half.out);
}

/* As if nothing had been. Each trial but the last is followed by another, which loads it again. */
static void check_reload(const struct operation *op)
{
	struct trial again = { 0 };

	if (!load(&again.half, NULL))
		return;
	if (!find_nic())
		failed("no interface after the reload");
	else if (open_nic(op, true) && ping_lost(3))
		failed("no traffic after the reload");
	end_half(&again);
}

/* False: the operation ended before the fault. */
static bool try(struct trial *t)
{
	int before = failures, error;
	char text[96];
	long end;

	snprintf(label, sizeof(label), "%s before crossing %d of %s", t->kind, t->at, t->op->name);
	snprintf(text, sizeof(text), "trial: %s\n", label);
	write_file("/dev/kmsg", text);
	if (!prepare(t)) {
		end_half(t);
		return false;
	}
	error = run_apart(t->op->run, t->op->name, &t->half, &end);
	if (!struck(&t->half)) {
		/* QEMU's device fails its self-test by itself. */
		if (error && !t->op->loops)
			failed("without a fault: %s", strerror(error));
		end_half(t);
		return false;
	}
	check_answer(t, end, error);
	check_kernel(t);
	check_device(t);
	end_half(t);
	if (failures > before)
		printf("%s: the user half said: %s\n", label, t->half.text);
	return true;
}

/* ---- the walk ---- */

static long allowed(const char *kind)
{
	char text[32];

	if (!strcmp(kind, "kill") || !strcmp(kind, "segv"))
		return AFTER_US;
	read_file("/sys/module/tandem/parameters/deadline_ms", text, sizeof(text));
	return AFTER_US + atol(text) * 1000;
}

/* How many crossings the entry has, as the user half counts them. */
static int count(struct trial *t)
{
	t->at = 1000000;
	snprintf(label, sizeof(label), "%s without a fault", t->op->name);
	if (prepare(t))
		run_apart(t->op->run, t->op->name, &t->half, NULL);
	end_half(t);
	return missed(&t->half);
}

struct result {
	int deaths, last, slowest;
	long longest;		/* us */
};

static bool step(struct trial *t, struct result *result)
{
	if (!try(t))
		return false;
	result->deaths++;
	result->last = t->at;
	if (t->took > result->longest) {
		result->longest = t->took;
		result->slowest = t->at;
	}
	return failures < FAILURES_MAX;
}

#define SHORTER_MAX	3

/* Loops that wait turn more or less often: a run that ended before the sample says where its own last is. */
static void sample(struct trial *t, int at, struct result *result)
{
	int deaths = result->deaths;

	t->at = at;
	for (int i = 0; i < SHORTER_MAX; i++) {
		step(t, result);
		if (result->deaths > deaths || !missed(&t->half) || failures >= FAILURES_MAX)
			return;
		t->at = missed(&t->half);
	}
}

/* So many, the first and the last among them. */
static void walk_samples(struct trial *t, int samples, struct result *result)
{
	int n = count(t);

	samples = samples < n ? samples : n;
	for (int i = 0; i < samples && failures < FAILURES_MAX; i++)
		sample(t, samples == 1 ? 1 : 1 + i * (n - 1) / (samples - 1), result);
	if (result->deaths < samples)
		failed("only %d of %d samples died", result->deaths, samples);
}

/* @samples: 0: every crossing until it is over. */
static int walk(struct trial *t, int samples)
{
	struct result result = { 0 };
	long begun = now_us();

	if (samples)
		walk_samples(t, samples, &result);
	else
		for (t->at = 1; step(t, &result); t->at++)
			;
	check_reload(t->op);
	printf("%s in %s: %d deaths, last before crossing %d, longest answer %ld.%ld ms (at %d), "
	       "%d failures, %ld s\n", t->kind, t->op->name, result.deaths, result.last,
	       result.longest / 1000, result.longest / 100 % 10, result.slowest, failures,
	       (now_us() - begun) / 1000000);
	if (!result.deaths)
		failed("it never struck");
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The program that the kernel gives a core dump to: it takes its time. */
static int take_dump(void)
{
	char text[65536];

	sleep_us(1500000);
	while (read(0, text, sizeof(text)) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	const struct operation *op;
	struct trial t;
	char text[300];

	if (argc == 2 && !strcmp(argv[1], "take-dump"))
		return take_dump();
	if (argc < 8)
		return 2;
	site = (struct site){ .dir = argv[1], .module = strrchr(argv[1], '/') + 1, .slot = argv[2],
			      .address = argv[3], .peer = argv[4] };
	op = operation_find(argv[6]);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!op || outcome == MAP_FAILED)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(text, sizeof(text), "|%s take-dump", realpath("/proc/self/exe", NULL));
	write_file("/proc/sys/kernel/core_pattern", text);
	t = (struct trial){ .op = op, .kind = argv[5], .entry = argv[7], .allowed = allowed(argv[5]) };
	if (argc > 9) {
		t.allowed += atol(argv[9]) * 1000;
		hung += atol(argv[9]) * 10000;
	}
	return walk(&t, argc > 8 ? atoi(argv[8]) : 0);
}
