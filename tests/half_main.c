// SPDX-License-Identifier: GPL-2.0
/*
 * A whole user half, from main() to its end, on a channel that is served here: what it asks the kernel for,
 * in which order it gives up rights, what its filter of system calls lets through, how its workers come and
 * go, and what it says when it must end. What it would do to the machine (the wrapped calls) is only noted.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "half_filter.h"
#include "half_fixture.h"
#include "sandbox.h"

#define FAKE_BYTES	(TANDEM_MAP_OBJECT + (1ULL << 32))

/* ---- the machine ---- */

/* What the machine answers; each test begins with zeros. */
static struct {
	int open_error, attach_error, worker_error;
	int locked_error, limit_error, groups_error, uid_error, flusher_error, load_error, next_error;
	bool root, small_area;
	uint32_t workers_max;
	int (*kernel)(uint32_t id, struct tandem_area *area);
} machine;

/* What it was asked for. */
static int channel = -1, killer = -1;
static _Atomic(unsigned int) workers;
static uint32_t attach_flags;
static pthread_mutex_t kernel_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tandem_area *area_of[8];

#define EXPECT(what) do { \
	if (!(what)) { \
		fprintf(stderr, "line %d: not so: %s\n", __LINE__, #what); \
		keep_counts(0); \
		__real__exit(99); \
	} \
} while (0)

void __real__exit(int status) __attribute__((noreturn));
int __real_open64(const char *path, int flags, ...);

void __wrap__exit(int status)
{
	keep_counts(0);
	__real__exit(status);
}

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

int __wrap_open64(const char *path, int flags, ...)
{
	if (!strcmp(path, TANDEM_CHANNEL_PATH)) {
		if (machine.open_error)
			return answer(machine.open_error);
		channel = memfd_create("channel", MFD_CLOEXEC);
		EXPECT(!ftruncate(channel, FAKE_BYTES));
		return channel;
	}
	if (!strcmp(path, "/proc/self/oom_score_adj"))
		return dup(killer = memfd_create("killer", MFD_CLOEXEC));
	if (!strcmp(path, "/dev/kmsg"))
		return answer(EACCES);
	return __real_open64(path, flags, 0600);
}

static int attach(struct tandem_attach *arg)
{
	if (machine.attach_error)
		return answer(machine.attach_error);
	EXPECT(arg->size == sizeof(*arg) && !strcmp(arg->name, "sample"));
	EXPECT(!memcmp(arg->build_id, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67", 20));
	attach_flags = arg->flags;
	arg->workers_max = machine.workers_max;
	arg->hz = 250;
	return 0;
}

static int become(struct tandem_worker *arg)
{
	uint32_t id = workers++;

	if (machine.worker_error || id >= machine.workers_max)
		return answer(machine.worker_error ? machine.worker_error : EAGAIN);
	EXPECT(arg->size == sizeof(*arg) && !arg->flags && id < 8);
	arg->id = id;
	arg->area_bytes = machine.small_area ? 4096 : TANDEM_AREA_BYTES;
	arg->area_offset = (uint64_t)id * TANDEM_AREA_BYTES;
	area_of[id] = mmap(NULL, TANDEM_AREA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, channel, arg->area_offset);
	return 0;
}

static char spilled[80000];
static uint32_t spilled_bytes;

static int fetch(const struct tandem_fetch *arg)
{
	if (arg->bytes != spilled_bytes)
		return answer(EINVAL);
	memcpy((void *)(unsigned long)arg->address, spilled, spilled_bytes);
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	EXPECT(fd == channel);
	switch (request) {
	case TANDEM_IOC_ATTACH:
		return attach(arg);
	case TANDEM_IOC_WORKER:
		return become(arg);
	case TANDEM_IOC_FETCH:
		return fetch(arg);
	}
	return answer(ENOTTY);
}

/* One after the other: a script sees one worker at a time. It may wait outside of the lock. */
off_t __wrap_lseek64(int fd, off_t id, int whence)
{
	int error;

	EXPECT(fd == channel && id < workers && whence == SEEK_SET);
	if (machine.next_error)
		return answer(machine.next_error);
	pthread_mutex_lock(&kernel_lock);
	error = machine.kernel(id, area_of[id]);
	pthread_mutex_unlock(&kernel_lock);
	return answer(error);
}

/* Rights, in the order in which they go. */
static char gone[512];

static int note(int error, const char *format, ...)
{
	size_t n = strlen(gone);
	va_list args;

	va_start(args, format);
	vsnprintf(gone + n, sizeof(gone) - n, format, args);
	va_end(args);
	return answer(error);
}

uid_t __wrap_geteuid(void)
{
	return machine.root ? 0 : 1000;
}

int __wrap_mlockall(int flags)
{
	return note(machine.locked_error, "lock %d;", flags);
}

int __wrap_setrlimit64(int what, const struct rlimit *limit)
{
	EXPECT((what == RLIMIT_MEMLOCK && limit->rlim_cur == RLIM_INFINITY) ||
	       (what == RLIMIT_RTTIME && limit->rlim_max == limit->rlim_cur && limit->rlim_cur <= 60000000));
	return note(machine.limit_error, "limit;");
}

int __wrap_setgroups(size_t n, const gid_t *list)
{
	EXPECT(!n && !list);
	return note(machine.groups_error, "groups;");
}

int __wrap_setresgid(gid_t a, gid_t b, gid_t c)
{
	EXPECT(a == b && b == c);
	return note(0, "gid %u;", a);
}

int __wrap_setresuid(uid_t a, uid_t b, uid_t c)
{
	EXPECT(a == b && b == c);
	return note(machine.uid_error, "uid %u;", a);
}

int __wrap_prctl(int what, unsigned long value)
{
	const char *name = what == PR_SET_NO_NEW_PRIVS ? "no new" : what == PR_SET_DUMPABLE ? "dumps" : "flusher";

	EXPECT(value == 1);
	return note(what == PR_SET_NO_NEW_PRIVS || what == PR_SET_DUMPABLE ? 0 : machine.flusher_error, "%s;", name);
}

/* ---- the filter ---- */

static bool faulty;	/* was started with --fault */

static void check_filter(void)
{
	const long never[] = { SYS_open, SYS_openat, SYS_read, SYS_socket, SYS_execve, SYS_fork, SYS_ptrace, SYS_bpf,
			       SYS_setuid, SYS_prctl, SYS_dup, SYS_process_vm_writev, SYS_clone3, SYS_sendmsg };
	struct seccomp_data foreign = { .nr = SYS_lseek, .arch = AUDIT_ARCH_I386 };

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		EXPECT(!may(never[i], 0, 0, 0, 0));
	EXPECT(may(SYS_lseek, channel, 0, 0, 0) && may(SYS_futex, 0, 0, 0, 0) && may(SYS_exit_group, 0, 0, 0, 0));
	EXPECT(may(SYS_ioctl, channel, 0, 0, 0) && !may(SYS_ioctl, channel + 1, 0, 0, 0));
	EXPECT(may(SYS_write, 1, 0, 0, 0) && may(SYS_write, 2, 0, 0, 0) && !may(SYS_write, channel, 0, 0, 0));
	EXPECT(may(SYS_mmap, 0, PROT_READ | PROT_WRITE, MAP_SHARED, channel));
	EXPECT(may(SYS_mmap, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1));
	EXPECT(!may(SYS_mmap, 0, PROT_READ, MAP_PRIVATE, channel + 1));
	EXPECT(!may(SYS_mmap, 0, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1) && !may(SYS_mmap, 0, PROT_EXEC, 0, channel));
	EXPECT(may(SYS_mprotect, 0, PROT_READ, 0, 0) && !may(SYS_mprotect, 0, PROT_READ | PROT_EXEC, 0, 0));
	EXPECT(may(SYS_clone, CLONE_VM | CLONE_THREAD, 0, 0, 0) && !may(SYS_clone, SIGCHLD, 0, 0, 0));
	EXPECT(may(SYS_unshare, CLONE_FILES, 0, 0, 0) && !may(SYS_unshare, CLONE_NEWUSER, 0, 0, 0));
	EXPECT(may(SYS_tgkill, getpid(), 0, 0, 0) && !may(SYS_tgkill, 1, 0, 0, 0));
	EXPECT(may(SYS_kill, getpid(), 0, 0, 0) == faulty && !may(SYS_kill, 1, 0, 0, 0));
	EXPECT((judge(&foreign) & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ALLOW);
}

int __wrap_seccomp_load(const scmp_filter_ctx made)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;

	EXPECT(!seccomp_export_bpf(made, fd));
	n = pread(fd, filter, sizeof(filter), 0);
	EXPECT(n > 0 && n < (ssize_t)sizeof(filter));
	nfilter = n / sizeof(*filter);
	close(fd);
	check_filter();
	note(0, "filter;");
	return -machine.load_error;
}

/* ---- one user half ---- */

static char said[16384];

/* Its exit status, or minus the signal that ended it; what it printed is in @said. */
static int lives(char **argv)
{
	int fds[2], status, argc = 0;
	size_t all = 0;
	ssize_t n;
	pid_t pid;

	while (argv[argc])
		argc++;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		alarm(30);
		signal(SIGABRT, keep_counts);
		optind = 0;
		__wrap__exit(tandem_half_main(argc, argv, &half));
	}
	close(fds[1]);
	while ((n = read(fds[0], said + all, sizeof(said) - 1 - all)) > 0)
		all += n;
	said[all] = 0;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		fail_msg("%s", said);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#define LIVES(...)	lives((char *[]){ "sample-user", ##__VA_ARGS__, NULL })
#define SAYS(text)	assert_non_null(strstr(said, text))

static int start(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	machine.root = true;
	machine.workers_max = 4;
	faulty = false;
	return 0;
}

static int quits(uint32_t id, struct tandem_area *area)
{
	(void)id;
	area->up_op = TANDEM_OP_QUIT;
	return 0;
}

/* ---- its arguments ---- */

static void arguments(void **state)
{
	(void)state;
	assert_int_equal(LIVES("--help"), 0);
	SAYS("User half of the split driver sample");
	assert_int_equal(LIVES("--version"), 0);
	SAYS("sample user half, build 0123456789abcdef0123456789abcdef01234567\n");
	assert_int_equal(LIVES("--what"), 2);
	assert_int_equal(LIVES("more"), 2);
	SAYS("unknown argument more");
	assert_int_equal(LIVES("--workers", "0"), 2);
	assert_int_equal(LIVES("--workers", "2x"), 2);
	assert_int_equal(LIVES("--workers", "1025"), 2);
	SAYS("--workers takes a number from 1 to 1024");
	assert_int_equal(LIVES("--fault", "kill"), 2);
	SAYS("KIND one of");
	assert_int_equal(LIVES("--fault", "kill@1:nothing"), 2);
	SAYS("no entry nothing in this driver");
	assert_int_equal(LIVES("--user", "no such user"), 1);
	SAYS("no user no such user");
}

static void wrong_plan(void **state)
{
	struct tandem_plan bad = plan;
	struct tandem_uhalf wrong = half;
	static struct tandem_process p;
	char why[200];

	(void)state;
	wrong.plan = &bad;
	p.half = &wrong;
	bad.build_id = "0123";
	assert_int_equal(tandem_channel_attach(&p, false, why, sizeof(why)), -EINVAL);
	bad.build_id = "0123456789abcdef0123456789abcdef0123456g";
	assert_int_equal(tandem_channel_attach(&p, false, why, sizeof(why)), -EINVAL);
	bad.build_id = "0123456789abcdef0123456789abcdef012345678";
	assert_int_equal(tandem_channel_attach(&p, false, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "wrong name or build id"));
	bad.build_id = plan.build_id;
	bad.nentry = 1 << 20;
	assert_int_equal(tandem_half_main(1, (char *[]){ "x", NULL }, &wrong), 1);
}

/* ---- what it is refused ---- */

static void no_channel(void **state)
{
	static const struct {
		int error;
		const char *text;
	} known[] = {
		{ ENOENT, "load tandem.ko first" }, { EACCES, "run as root" }, { EMFILE, "Too many open files" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		machine.open_error = known[i].error;
		assert_int_equal(LIVES(), 1);
		SAYS(known[i].text);
	}
}

static void no_attach(void **state)
{
	static const struct {
		int error;
		const char *text;
	} known[] = {
		{ ESTALE, "different builds" }, { ENOENT, "not loaded" }, { EBUSY, "has a user half already" },
		{ EINTR, "interrupted" }, { ENOTTY, "another version" }, { E2BIG, "older than this program" },
		{ EFAULT, "cannot attach: Bad address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		machine.attach_error = known[i].error;
		assert_int_equal(LIVES(), 1);
		SAYS(known[i].text);
	}
}

/* A half that cannot lock its memory or lose its rights does not serve without. */
static void no_sandbox(void **state)
{
	static const struct {
		int *error;
		const char *text;
	} known[] = {
		{ &machine.limit_error, "cannot lift the limit of locked memory" },
		{ &machine.locked_error, "cannot lock memory" },
		{ &machine.flusher_error, "cannot become an I/O flusher" },
		{ &machine.groups_error, "cannot become another user" },
		{ &machine.uid_error, "cannot become another user" },
		{ &machine.load_error, "cannot load a system call filter" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		*known[i].error = EPERM;
		assert_int_equal(LIVES(), 1);
		SAYS(known[i].text);
		SAYS(strerror(EPERM));
		*known[i].error = 0;
	}
}

static void no_worker(void **state)
{
	(void)state;
	machine.worker_error = ENOMEM;
	assert_int_equal(LIVES(), 1);
	SAYS("cannot start workers: Cannot allocate memory");
	machine.worker_error = 0;
	machine.small_area = true;
	assert_int_equal(LIVES(), 1);
	SAYS("cannot start workers: Protocol error");
}

/* ---- its rights ---- */

static int quits_and_tells(uint32_t id, struct tandem_area *area)
{
	char adjusted[16] = "";

	dprintf(2, "%s", gone);
	if (machine.root)
		EXPECT(pread(killer, adjusted, 15, 0) == 5 && !strcmp(adjusted, "-1000"));
	EXPECT(attach_flags == (machine.root ? TANDEM_ATTACH_WAIT : 0));
	return quits(id, area);
}

static void rights_go_in_order(void **state)
{
	char wanted[200];

	(void)state;
	machine.kernel = quits_and_tells;
	snprintf(wanted, sizeof(wanted), "limit;lock %d;lock %d;flusher;groups;gid 1234;uid 1234;dumps;no new;filter;",
		 MCL_CURRENT, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	assert_int_equal(LIVES("--user", "1234", "--wait"), 0);
	SAYS(wanted);
	SAYS("ready\n");
	/* What is not there cannot be given up. */
	machine.root = false;
	assert_int_equal(LIVES("--no-wait"), 0);
	SAYS("no new;filter;");
	assert_null(strstr(said, "uid"));
}

static void nobody_is_known_everywhere(void **state)
{
	uid_t uid;
	gid_t gid;

	(void)state;
	assert_int_equal(tandem_sandbox_user("nobody", &uid, &gid), 0);
	assert_int_equal(uid, 65534);
	assert_int_equal(tandem_sandbox_user("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(tandem_sandbox_user("4711", &uid, &gid), 0);
	assert_int_equal(gid, 4711);
	assert_int_equal(tandem_sandbox_user("4711x", &uid, &gid), -ENOENT);
}

static void a_fault_may_kill(void **state)
{
	(void)state;
	faulty = true;
	machine.kernel = quits;
	assert_int_equal(LIVES("--fault", "kill@7"), 0);
}

/* ---- serving ---- */

static struct tandem_thread speaker;

/* The body of what the kernel says to this worker. */
static void begin(struct tandem_area *area)
{
	worker = &speaker;
	speaker.area = area;
	tandem_body_init(&up, (char *)area + TANDEM_UP_OFFSET, TANDEM_UP_BYTES);
}

static void call_touch(struct tandem_area *area, uint64_t seq, int n)
{
	struct tandem_wire arg[] = { to_object(1, 1, 0), to_scalar((int64_t)n) }, null = { .tag = TANDEM_WIRE_NULL };
	const uint64_t array[4] = { 0 };

	begin(area);
	put_new_node(1, 1);
	put_sync_node(1, 1, 5, 7, 0, null, NULL, array, null);
	put_sync_counter(0);
	put_values(TANDEM_REC_CALL, E_TOUCH, arg, 2);
	send(TANDEM_OP_CALL, seq);
	area->up_flags = 0;
}

static tandem_u64 doubled(struct node *node, int n)
{
	node->count = 2 * n;
	return node->count;
}

static int turn;

static int64_t result_in(struct tandem_area *area, uint64_t seq)
{
	const struct tandem_record *rec;

	worker = &speaker;
	speaker.area = area;
	EXPECT(area->down_op == TANDEM_SAY_REPLY && area->down_seq == seq);
	for (unsigned int n = 0; (rec = down_record(n)); n++)
		if (rec->kind == TANDEM_REC_REPLY)
			return wire(rec, 0)->value;
	EXPECT(!"a reply");
	return 0;
}

/* A signal; a call for which a spare worker is started, which then has nothing to do; another; the end. */
static int serves_twice(uint32_t id, struct tandem_area *area)
{
	if (id) {
		pthread_mutex_unlock(&kernel_lock);
		pause();
	}
	switch (turn++) {
	case 0:
		return EINTR;
	case 1:
		EXPECT(area->down_op == TANDEM_SAY_NOTHING);
		call_touch(area, 7, 21);
		area->up_flags = TANDEM_UP_SPARE;
		return 0;
	case 2:
		EXPECT(result_in(area, 7) == 42 && workers == 2);
		call_touch(area, 8, 4);
		return 0;
	}
	EXPECT(result_in(area, 8) == 8);
	return quits(id, area);
}

static void serves(void **state)
{
	(void)state;
	do_touch = doubled;
	machine.kernel = serves_twice;
	assert_int_equal(LIVES("--workers", "1", "--trace"), 0);
	SAYS("sample: worker 0: reply - in touch");
}

/* A body that does not fit the area comes by FETCH, and goes in memory of the worker's own. */
static int spills(uint32_t id, struct tandem_area *area)
{
	if (turn++) {
		EXPECT(result_in(area, 7) == 42);
		return quits(id, area);
	}
	call_touch(area, 7, 21);
	EXPECT(area->up_bytes <= sizeof(spilled));
	spilled_bytes = area->up_bytes;
	memcpy(spilled, (char *)area + TANDEM_UP_OFFSET, spilled_bytes);
	memset((char *)area + TANDEM_UP_OFFSET, 0xee, spilled_bytes);
	area->up_flags = TANDEM_UP_SPILL;
	return 0;
}

static void fetches(void **state)
{
	(void)state;
	do_touch = doubled;
	machine.kernel = spills;
	assert_int_equal(LIVES("--workers", "1"), 0);
}

/* ---- what ends it ---- */

static int lies(uint32_t id, struct tandem_area *area)
{
	(void)id;
	call_touch(area, 7, 1);
	switch (turn) {
	case 0:
		area->up_op = 17;
		break;
	case 1:
		area->up_bytes = TANDEM_UP_BYTES + 8;
		break;
	case 2:
		area->up_op = TANDEM_OP_RETURN;
		break;
	default:
		area->up_flags = TANDEM_UP_SPILL;
		spilled_bytes = 1;
	}
	return 0;
}

static void lies_end_it(void **state)
{
	static const char *const text[] = {
		"channel: Protocol error", "channel: Message too long", "returned from a downcall that nobody made",
		"channel: Invalid argument",
	};

	(void)state;
	machine.kernel = lies;
	for (turn = 0; turn < 4; turn++) {
		assert_int_equal(LIVES("--workers", "1"), -SIGABRT);
		SAYS(turn ? text[turn] : "the kernel half condemned this process");
	}
	turn = 0;
	machine.next_error = ESHUTDOWN;
	assert_int_equal(LIVES("--workers", "1"), -SIGABRT);
	SAYS("the kernel log says why");
	machine.next_error = EPERM;
	assert_int_equal(LIVES("--workers", "1"), -SIGABRT);
	SAYS("sample: channel: Operation not permitted");
}

/* ---- mutexes ---- */

static tandem_u64 (*locking)(struct node *node, int n);
static _Atomic(int) inside, most, entered;

/* One after the other: two in a row have the lock, a third gives up waiting for who has it only with that. */
static tandem_u64 holds(struct node *node, int n)
{
	int now;

	(void)n;
	tandem_mutex_lock(&node->hidden);
	now = ++inside;
	if (now > most)
		most = now;
	entered++;
	for (int i = 0; i < 300; i++)
		sched_yield();
	tandem_msleep(1);
	inside--;
	tandem_mutex_unlock(&node->hidden);
	return 0;
}

/* Three workers, each a call; the syncs that the lock makes are answered; then the end. */
static int calls_three(uint32_t id, struct tandem_area *area)
{
	static int replies;

	switch (area->down_op) {
	case TANDEM_SAY_SYNC:
		area->up_op = TANDEM_OP_RETURN;
		area->up_bytes = 0;
		area->up_flags = 0;
		turn++;
		return 0;
	case TANDEM_SAY_REPLY:
		EXPECT(result_in(area, 10 + id) == 0);
		if (++replies == 3) {
			/* Who came second and third has read anew what the one before had written. */
			EXPECT(entered == 3 && most == 1 && turn >= 2);
			return quits(id, area);
		}
		pthread_mutex_unlock(&kernel_lock);
		pause();
	}
	if (workers < 3) {	/* all at once */
		pthread_mutex_unlock(&kernel_lock);
		while (*(volatile unsigned int *)&workers < 3)
			sched_yield();
		pthread_mutex_lock(&kernel_lock);
	}
	call_touch(area, 10 + id, 1);
	return 0;
}

static void one_holds_a_mutex(void **state)
{
	(void)state;
	do_touch = holds;
	turn = 0;
	machine.kernel = calls_three;
	assert_int_equal(LIVES("--workers", "3"), 0);
}

static tandem_u64 locks_twice(struct node *node, int n)
{
	(void)n;
	tandem_mutex_lock(&node->hidden);
	tandem_mutex_lock(&node->hidden);
	return 0;
}

static tandem_u64 unlocks(struct node *node, int n)
{
	(void)n;
	tandem_mutex_unlock(&node->hidden);
	return 0;
}

static int one_call(uint32_t id, struct tandem_area *area)
{
	if (turn++)
		return quits(id, area);
	call_touch(area, 7, 1);
	return 0;
}

static void lock_outside(void)
{
	tandem_mutex_lock(&turn);
}

static void wrong_mutexes_end_it(void **state)
{
	(void)state;
	machine.kernel = one_call;
	turn = 0;
	do_touch = locks_twice;
	assert_int_equal(LIVES("--workers", "1"), -SIGABRT);
	SAYS("mutex locked twice by one call");
	do_touch = unlocks;
	assert_int_equal(LIVES("--workers", "1"), -SIGABRT);
	SAYS("mutex unlocked that nobody holds");
	assert_non_null(strstr(last_words(lock_outside, SIGABRT), "mutex outside a worker"));
}

/* ---- faults that happen ---- */

static tandem_u64 does_wrong(struct node *node, int n)
{
	(void)node;
	(void)n;
	keep_counts_at_end();
	tandem_warn("file.c", 77);
	raise(SIGFPE);
	return 0;
}

static void faults_are_named(void **state)
{
	(void)state;
	machine.kernel = one_call;
	do_touch = does_wrong;
	turn = 0;
	assert_int_equal(LIVES("--workers", "1"), -SIGFPE);
	SAYS("tandem: sample: warning at file.c:77\n");
	SAYS("division error in touch");
}

static int asks_twice(uint32_t id, struct tandem_area *area)
{
	(void)id;
	if (turn++ > 1)
		return quits(id, area);
	call_touch(area, 7, 1);
	return 0;
}

static void missed_faults_are_told(void **state)
{
	(void)state;
	faulty = true;
	machine.kernel = asks_twice;
	do_touch = doubled;
	turn = 0;
	assert_int_equal(LIVES("--workers", "1", "--fault", "kill@5:touch"), 0);
	SAYS("fault kill missed: the run has 1 crossings");
	turn = 0;
	assert_int_equal(LIVES("--workers", "1", "--fault", "kill@2"), -SIGKILL);
	SAYS("fault kill strikes at ");
}

#define TEST(name)	cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(arguments), TEST(wrong_plan), TEST(no_channel), TEST(no_attach), TEST(no_sandbox), TEST(no_worker),
		TEST(rights_go_in_order), TEST(nobody_is_known_everywhere), TEST(a_fault_may_kill), TEST(serves),
		TEST(fetches), TEST(lies_end_it), TEST(one_holds_a_mutex), TEST(wrong_mutexes_end_it),
		TEST(faults_are_named), TEST(missed_faults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
