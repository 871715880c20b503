// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "thread.h"

#define STACK_BYTES	(32 * 1024)

/* ---- dying ---- */

static void say(const char *text, size_t n)
{
	struct tandem_thread *thread = tandem_thread_self();

	(void)!write(STDERR_FILENO, text + 3, n - 3);	/* dying anyway */
	if (thread && thread->process->kernel_log >= 0 &&
	    write(thread->process->kernel_log, text, n) < 0)
		return;
}

/* One line; its first three characters are the kernel log's level. */
static void say_line(const char *format, va_list args)
{
	struct tandem_thread *thread = tandem_thread_self();
	char line[512];
	int n = tandem_snprintf(line, sizeof(line), "<3>tandem: ");

	if (thread)
		n += tandem_snprintf(line + n, sizeof(line) - n, "%s: ",
				     thread->process->half->plan->module);
	n += tandem_vsnprintf(line + n, sizeof(line) - n, format, args);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	say(line, n);
}

static void say_format(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

void tandem_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(format, args);
	va_end(args);
	/* By a signal, so that a core shows who called. */
	abort();
}

void tandem_warn(const char *file, unsigned int line)
{
	say_format("warning at %s:%u", file, line);
}

static const char *signal_name(int number)
{
	switch (number) {
	case SIGSEGV:
		return "bad memory access";
	case SIGBUS:
		return "memory access without memory";
	case SIGILL:
		return "BUG or illegal instruction";
	case SIGFPE:
		return "division error";
	case SIGSYS:
		return "system call that the sandbox refuses";
	}
	return "signal";
}

/* All but SIGSYS with SA_RESETHAND: returning meets the same fault again, and its default end. */
static void explain(int number, siginfo_t *info, void *context)
{
	struct tandem_thread *thread = tandem_thread_self();
	const struct tandem_frame *frame = thread ? thread->seat.frames.top : NULL;
	const char *where = frame ? frame->entry->name : "no upcall";
	char why[160] = "";

	(void)context;
	if (number == SIGSYS) {
		say_format("%s (number %d) in %s", signal_name(number), info->si_syscall, where);
		abort();
	}
	if (thread && (number == SIGSEGV || number == SIGBUS) && info->si_code > 0)
		tandem_name_explain(&thread->process->names, &thread->seat.twins, info->si_addr,
				    why, sizeof(why));
	say_format("%s in %s%s%s", signal_name(number), where, *why ? ": " : "", why);
	if (info->si_code <= 0)
		raise(number);
}

int tandem_fault_init(void)
{
	static const int numbers[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	struct sigaction action = {
		.sa_sigaction = explain,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	/* SIGSYS keeps its handler: several threads may meet the sandbox at once. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (sigaction(numbers[i], &action, NULL))
			return -errno;
		action.sa_flags |= SA_RESETHAND;
	}
	return 0;
}

int tandem_fault_init_thread(void)
{
	stack_t stack = { .ss_size = STACK_BYTES };

	stack.ss_sp = malloc(stack.ss_size);
	if (!stack.ss_sp)
		return -ENOMEM;
	memset(stack.ss_sp, 0, stack.ss_size);
	if (sigaltstack(&stack, NULL)) {
		free(stack.ss_sp);
		return -errno;
	}
	return 0;
}

/* ---- faults that are asked for ---- */

static const char *const kinds[] = {
	[TANDEM_FAULT_KILL] = "kill",
	[TANDEM_FAULT_SEGV] = "segv",
	[TANDEM_FAULT_STOP] = "stop",
	[TANDEM_FAULT_LOOP] = "loop",
	[TANDEM_FAULT_DEADLOCK] = "deadlock",
};

static int parse_kind(const char *text, size_t n)
{
	for (int i = TANDEM_FAULT_KILL; i <= TANDEM_FAULT_DEADLOCK; i++)
		if (strlen(kinds[i]) == n && !memcmp(kinds[i], text, n))
			return i;
	return TANDEM_FAULT_NONE;
}

int tandem_fault_parse(struct tandem_fault *fault, const char *text, const struct tandem_plan *plan)
{
	const char *at = strchr(text, '@');
	const char *name;
	size_t n;
	char *end;

	memset(fault, 0, sizeof(*fault));
	fault->entry = TANDEM_NONE;
	fault->run = 1;
	if (!at)
		return -EINVAL;
	fault->kind = parse_kind(text, at - text);
	fault->at = strtoul(at + 1, &end, 10);
	if (!fault->kind || !fault->at || end == at + 1 || (*end && *end != ':'))
		return -EINVAL;
	if (!*end)
		return 0;
	name = end + 1;
	n = strcspn(name, ":");
	if (name[n]) {
		fault->run = strtoul(name + n + 1, &end, 10);
		if (!fault->run || *end)
			return -EINVAL;
	}
	for (unsigned int i = 0; i < plan->nentry; i++)
		if (strlen(plan->entry[i].name) == n && !memcmp(plan->entry[i].name, name, n)) {
			fault->entry = i;
			return 0;
		}
	return -ENOENT;
}

/* What fault->frame is when the run is over: no frame has this address. */
static const struct tandem_frame over;

void tandem_fault_enter(struct tandem_fault *fault, const struct tandem_frame *frame)
{
	const struct tandem_frame *none = NULL;

	if (frame->id == fault->entry && atomic_fetch_add(&fault->runs, 1) + 1 == fault->run)
		atomic_compare_exchange_strong(&fault->frame, &none, frame);
}

void tandem_fault_leave(struct tandem_fault *fault, const struct tandem_frame *frame)
{
	if (frame->id == fault->entry)
		atomic_compare_exchange_strong(&fault->frame, &frame, &over);
}

static void deadlock(void)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	pthread_mutex_lock(&lock);
}

/* On stderr only, with the time: how long others took to notice is what is tested. */
static void say_strike(enum tandem_fault_kind kind)
{
	struct timespec now;
	char line[80];
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	n = tandem_snprintf(line, sizeof(line), "fault %s strikes at %lld.%09ld\n", kinds[kind],
			    (long long)now.tv_sec, now.tv_nsec);
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

/* The sanitizer would stop what is meant to happen. */
static void __attribute__((no_sanitize("undefined"))) strike(enum tandem_fault_kind kind)
{
	volatile int *volatile nowhere = NULL;

	say_strike(kind);
	switch (kind) {
	case TANDEM_FAULT_KILL:
		kill(getpid(), SIGKILL);
		break;
	case TANDEM_FAULT_SEGV:
		*nowhere = 0;
		break;
	case TANDEM_FAULT_STOP:
		raise(SIGSTOP);		/* to this thread: others stop when they notice */
		break;
	case TANDEM_FAULT_LOOP:
		for (;;)
			__asm__ volatile("");
	case TANDEM_FAULT_DEADLOCK:
		deadlock();
		break;
	case TANDEM_FAULT_NONE:
		break;
	}
}

static int is_inside(struct tandem_thread *thread, const struct tandem_frame *run)
{
	for (const struct tandem_frame *frame = thread->seat.frames.top; frame; frame = frame->outer)
		if (frame == run)
			return 1;
	return 0;
}

/* The run ends before the fault: who asked for it may want to know how near that was. */
static void say_missed(enum tandem_fault_kind kind, unsigned int count)
{
	char line[80];
	int n = tandem_snprintf(line, sizeof(line), "fault %s missed: the run has %u crossings\n",
				kinds[kind], count);

	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

void tandem_fault_crossing(struct tandem_thread *thread, bool replies)
{
	struct tandem_fault *fault = &thread->process->fault;
	const struct tandem_frame *run = atomic_load(&fault->frame);
	unsigned int count;

	if (!fault->kind)
		return;
	if (fault->entry != TANDEM_NONE && !is_inside(thread, run))
		return;
	count = atomic_fetch_add(&fault->count, 1) + 1;
	if (count == fault->at)
		strike(fault->kind);
	if (replies && thread->seat.frames.top == run && count < fault->at)
		say_missed(fault->kind, count);
}
