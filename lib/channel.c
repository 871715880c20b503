// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "format.h"
#include "thread.h"

#define STACK_BYTES	(256 * 1024)
#define STACK_SPARE	(16 * 1024)	/* of the stack: in use when the rest is touched */

static __thread struct tandem_thread *self;

struct tandem_thread *tandem_thread_self(void)
{
	return self;
}

void tandem_thread_set_self(struct tandem_thread *thread)
{
	self = thread;
}

/* ---- attach ---- */

static void explain_attach(const struct tandem_process *process, int error, char *why, size_t bytes)
{
	const char *module = process->half->plan->module;
	static const struct {
		int error;
		const char *text;
	} known[] = {
		{ ESTALE, "halves come from different builds: run tandem split again" },
		{ ENOENT, "its kernel half is not loaded: load it, or start without --no-wait" },
		{ EBUSY, "its kernel half has a user half already, or calls of the last one have not ended: end that, or try again" },
		{ EINTR, "interrupted while waiting for the kernel half" },
		{ ENOTTY, "tandem.ko is from another version: install matching ones" },
		{ EINVAL, "tandem.ko does not understand this program: install matching ones" },
		{ E2BIG, "tandem.ko is older than this program: install matching ones" },
	};

	if (error == EPROTONOSUPPORT) {
		tandem_snprintf(why, bytes, "%s: tandem.ko speaks protocol %u, this program %u: install matching "
				"ones, or run tandem split again", module, process->attach.protocol, TANDEM_PROTOCOL);
		return;
	}

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].error == error) {
			tandem_snprintf(why, bytes, "%s: %s", module, known[i].text);
			return;
		}
	tandem_snprintf(why, bytes, "%s: cannot attach: %s", module, strerror(error));
}

static void explain_open(const char *module, int error, char *why, size_t bytes)
{
	if (error == ENOENT || error == ENXIO || error == ENODEV)
		tandem_snprintf(why, bytes, "%s: no %s: load tandem.ko first", module,
				TANDEM_CHANNEL_PATH);
	else if (error == EACCES || error == EPERM)
		tandem_snprintf(why, bytes, "%s: no permission on %s: run as root", module,
				TANDEM_CHANNEL_PATH);
	else
		tandem_snprintf(why, bytes, "%s: %s: %s", module, TANDEM_CHANNEL_PATH,
				strerror(error));
}

static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

static int parse_build_id(const char *text, __u8 *id)
{
	for (int i = 0; i < TANDEM_BUILD_ID_BYTES; i++) {
		int high = hex(text[2 * i]), low = high < 0 ? -1 : hex(text[2 * i + 1]);

		if (low < 0)
			return -EINVAL;
		id[i] = high << 4 | low;
	}
	return text[2 * TANDEM_BUILD_ID_BYTES] ? -EINVAL : 0;
}

int tandem_channel_attach(struct tandem_process *process, bool wait, char *why, size_t bytes)
{
	const struct tandem_plan *plan = process->half->plan;
	struct tandem_attach *attach = &process->attach;
	int ret;

	memset(attach, 0, sizeof(*attach));
	attach->size = sizeof(*attach);
	attach->flags = wait ? TANDEM_ATTACH_WAIT : 0;
	attach->protocol = TANDEM_PROTOCOL;
	if (strlen(plan->module) >= TANDEM_NAME_BYTES ||
	    parse_build_id(plan->build_id, attach->build_id)) {
		tandem_snprintf(why, bytes, "%s: plan with a wrong name or build id: "
				"run tandem split again", plan->module);
		return -EINVAL;
	}
	memcpy(attach->name, plan->module, strlen(plan->module) + 1);

	process->fd = open(TANDEM_CHANNEL_PATH, O_RDWR | O_CLOEXEC);
	if (process->fd < 0) {
		ret = -errno;
		explain_open(plan->module, -ret, why, bytes);
		return ret;
	}
	if (ioctl(process->fd, TANDEM_IOC_ATTACH, attach)) {
		ret = -errno;
		explain_attach(process, -ret, why, bytes);
		close(process->fd);
		return ret;
	}
	return 0;
}

/* ---- say and wait ---- */

static void die_of(struct tandem_thread *thread, int error)
{
	const char *module = thread->process->half->plan->module;

	/* The kernel log has the reason; here it is the end in any case. */
	if (error == EPROTO || error == ESHUTDOWN)
		tandem_die("%s: the kernel half condemned this process: the kernel log says why",
			   module);
	tandem_die("%s: channel: %s", module, strerror(error));
}

static int next(struct tandem_thread *thread)
{
	/*
	 * EINTR comes only while nothing is served. What was said is then said again: it
	 * names a sequence number that is answered at most once.
	 */
	while (lseek(thread->process->fd, thread->id, SEEK_SET))
		if (errno != EINTR)
			return -errno;
	return 0;
}

static void __attribute__((noinline)) get_spill(struct tandem_thread *thread)
{
	struct tandem_fetch fetch = { .size = sizeof(fetch), .worker = thread->id };

	thread->spill = malloc(thread->up_bytes);
	if (!thread->spill)
		die_of(thread, ENOMEM);
	fetch.address = (unsigned long)thread->spill;
	fetch.bytes = thread->up_bytes;
	if (ioctl(thread->process->fd, TANDEM_IOC_FETCH, &fetch))
		die_of(thread, errno);
	thread->up = thread->spill;
}

static inline void get_body(struct tandem_thread *thread)
{
	struct tandem_area *area = thread->area;

	thread->up = (unsigned char *)area + TANDEM_UP_OFFSET;
	thread->up_bytes = area->up_bytes;
	if (__builtin_expect(!!thread->spill, 0)) {
		free(thread->spill);
		thread->spill = NULL;
	}
	if (area->up_flags & TANDEM_UP_SPILL)
		get_spill(thread);
	else if (thread->up_bytes > TANDEM_UP_BYTES)
		die_of(thread, EMSGSIZE);
}

static void trace(struct tandem_thread *thread, unsigned int op)
{
	const struct tandem_plan *plan = thread->process->half->plan;
	const struct tandem_frame *frame = thread->seat.frames.top;
	const struct tandem_record *last = NULL;
	const char *what = op == TANDEM_SAY_REPLY ? "reply" : op == TANDEM_SAY_DOWN ? "down" : "sync";
	char line[200];
	int n;

	tandem_marshal_last(&thread->seat, thread->seat.body.at, thread->seat.body.bytes, &last);
	n = tandem_snprintf(line, sizeof(line), "%s: worker %u: %s %s in %s, %zu bytes\n",
			    plan->module, thread->id, what,
			    op == TANDEM_SAY_DOWN ? plan->down[last->id].name : "-",
			    frame->entry->name, thread->seat.body.bytes);
	if (write(STDERR_FILENO, line, n < (int)sizeof(line) ? n : (int)sizeof(line) - 1) < 0)
		return;
}

/* The first worker is about to wait: whoever started this process may go on. */
static void say_ready(struct tandem_process *process)
{
	static const char ready[] = "ready\n";

	if (__atomic_exchange_n(&process->ready, true, __ATOMIC_RELAXED))
		return;
	if (write(STDOUT_FILENO, ready, sizeof(ready) - 1) < 0)
		return;		/* nobody listens: no reason not to serve */
}

/* What the kernel said: in thread->up, when this returns. */
static inline unsigned int listen(struct tandem_thread *thread)
{
	int ret = thread->next(thread);
	unsigned int op;

	if (ret)
		die_of(thread, -ret);
	op = thread->area->up_op;
	if (op == TANDEM_OP_QUIT)
		_exit(0);
	if (op != TANDEM_OP_CALL && op != TANDEM_OP_RETURN)
		die_of(thread, EPROTO);
	get_body(thread);
	/* No more threads than workers_max is no error: the kernel knows the limit it set. */
	if (thread->area->up_flags & TANDEM_UP_SPARE)
		tandem_channel_start(thread->process);
	return op;
}

unsigned int tandem_say(struct tandem_thread *thread, unsigned int op, __u64 seq)
{
	struct tandem_process *process = thread->process;
	struct tandem_body *body = &thread->seat.body;
	struct tandem_area *area = thread->area;

	if (op == TANDEM_SAY_NOTHING) {
		say_ready(process);
	} else {
		thread->seat.frames.top->crossings++;
		if (process->trace)
			trace(thread, op);
		tandem_fault_crossing(thread, op == TANDEM_SAY_REPLY);
	}
	area->down_seq = seq;
	area->down_op = op;
	area->down_bytes = body->bytes;
	area->down_flags = 0;
	if (tandem_body_spilled(body)) {
		area->down_flags = TANDEM_DOWN_SPILL;
		area->down_address = (unsigned long)body->at;
	}
	tandem_body_reset(body);
	return listen(thread);
}

unsigned int tandem_say_shaped(struct tandem_thread *thread, __u64 seq, __u32 bytes)
{
	struct tandem_area *area = thread->area;

	thread->seat.frames.top->crossings++;
	if (thread->process->fault.kind)
		tandem_fault_crossing(thread, true);
	area->down_seq = seq;
	area->down_op = TANDEM_SAY_REPLY;
	area->down_bytes = bytes;
	area->down_flags = TANDEM_DOWN_SHAPED;
	return listen(thread);
}

/* ---- threads ---- */

static int become_worker(struct tandem_thread *thread)
{
	struct tandem_worker worker = { .size = sizeof(worker) };
	struct tandem_process *process = thread->process;
	void *area;

	if (ioctl(process->fd, TANDEM_IOC_WORKER, &worker))
		return -errno;
	if (worker.area_bytes < TANDEM_DOWN_OFFSET + TANDEM_DOWN_BYTES)
		return -EPROTO;
	area = mmap(NULL, worker.area_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, process->fd,
		    worker.area_offset);
	if (area == MAP_FAILED)
		return -errno;
	thread->id = worker.id;
	thread->area = area;
	thread->next = next;
	return tandem_seat_init(&thread->seat, process->half, &process->names, &process->lenses,
				(char *)area + TANDEM_DOWN_OFFSET, TANDEM_DOWN_BYTES);
}

/* A page fault while the driver's caller holds a lock is what locked memory is to prevent. */
static void __attribute__((noinline)) touch_stack(size_t bytes)
{
	char stack[bytes];

	memset(stack, 0, bytes);
	__asm__ volatile("" : : "r"(stack) : "memory");
}

/*
 * libc registers each thread for restartable sequences, which nothing here uses; the kernel
 * then writes into the thread's memory at each return from a switch. Without is as good.
 */
static void leave_rseq(void)
{
	if (__rseq_size)
		syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
			sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

/*
 * A table of files that nobody else has: the kernel then need not count who uses a file at
 * each crossing. Without is as good.
 */
static void leave_files(void)
{
	if (unshare(CLONE_FILES))
		return;
}

static void *work(void *arg)
{
	struct tandem_thread *thread = arg;
	sem_t *started = thread->started;
	unsigned int op;

	leave_rseq();
	leave_files();
	touch_stack(thread->process->stack_bytes - STACK_SPARE);
	thread->error = tandem_fault_init_thread();
	if (!thread->error)
		thread->error = become_worker(thread);
	if (thread->error) {
		sem_post(started);
		return NULL;
	}
	tandem_thread_set_self(thread);
	sem_post(started);

	op = tandem_say(thread, TANDEM_SAY_NOTHING, 0);
	while (op == TANDEM_OP_CALL)
		op = tandem_upcall(thread);
	tandem_die("%s: the kernel half returned from a downcall that nobody made",
		   thread->process->half->plan->module);
}

static int tls_bytes(struct dl_phdr_info *info, size_t size, void *sum)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			*(size_t *)sum += info->dlpi_phdr[i].p_memsz + info->dlpi_phdr[i].p_align;
	return 0;
}

/* glibc takes thread variables, the driver's globals among them, from the stack's bytes. */
int tandem_channel_init_stacks(struct tandem_process *process)
{
	size_t tls = 0;
	int ret;

	dl_iterate_phdr(tls_bytes, &tls);
	process->stack_bytes = STACK_BYTES;
	ret = pthread_attr_init(&process->attr);
	if (!ret)
		ret = pthread_attr_setstacksize(&process->attr,
						(STACK_BYTES + tls + 0x4fff) & ~0xfffUL);
	return -ret;
}

int tandem_channel_start(struct tandem_process *process)
{
	struct tandem_thread *thread = calloc(1, sizeof(*thread));
	pthread_t handle;
	sem_t started;
	int ret;

	if (!thread)
		return -ENOMEM;
	sem_init(&started, 0, 0);
	thread->process = process;
	thread->started = &started;
	ret = -pthread_create(&handle, &process->attr, work, thread);
	if (!ret) {
		while (sem_wait(&started))
			;
		ret = thread->error;
		if (ret)
			pthread_join(handle, NULL);
		else
			pthread_detach(handle);
	}
	/* A worker's thread and its struct end with the process only. */
	if (ret)
		free(thread);
	sem_destroy(&started);
	return ret;
}
