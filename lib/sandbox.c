// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "format.h"
#include "sandbox.h"
#include "thread.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif
#define ARENAS		8
#define NOBODY		65534
#define REALTIME_US	30000000
#define OWN_USER	0x7d000000	/* + process id: where no account is, nor a container's users */
#define FIRST_REALTIME	32	/* below SIGRTMIN they are libc's own */

int tandem_sandbox_user(const char *text, uid_t *uid, gid_t *gid)
{
	struct passwd *user = text ? getpwnam(text) : NULL;
	char *end;

	/* Who runs as the same user may trace it, and drive the device through it. */
	if (!text) {
		*uid = *gid = OWN_USER + getpid();
		return 0;
	}
	if (user) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
		return 0;
	}
	*uid = *gid = strtoul(text, &end, 10);
	if (!*end && end != text)
		return 0;
	/* A small root file system may have no list of users; this one is a number everywhere. */
	*uid = *gid = NOBODY;
	return strcmp(text, "nobody") ? -ENOENT : 0;
}

static int fail(const char *what, char *why, size_t bytes)
{
	int ret = -errno;

	tandem_snprintf(why, bytes, "cannot %s: %s", what, strerror(-ret));
	return ret;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int tandem_sandbox_memory(char *why, size_t bytes)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY }, realtime = { REALTIME_US, REALTIME_US };

	/* Left to itself, malloc looks up the number of processors in a file. */
	mallopt(M_ARENA_MAX, ARENAS);
	/* Without rights there is no locked memory; the kernel half decides who may attach. */
	if (geteuid())
		return 0;
	if (setrlimit(RLIMIT_MEMLOCK, &all))
		return fail("lift the limit of locked memory", why, bytes);
	/* The kernel's deadline is for who serves; a worker without a call is not watched. */
	if (setrlimit(RLIMIT_RTTIME, &realtime))
		return fail("limit real-time running", why, bytes);
	/* ONFAULT: most of what is reserved is never used. Workers touch their stacks. */
	if (mlockall(MCL_CURRENT) || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return fail("lock memory", why, bytes);
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0))
		return fail("become an I/O flusher", why, bytes);
	errno = -write_file("/proc/self/oom_score_adj", "-1000");
	if (errno && errno != ENOENT)
		return fail("leave the reach of the OOM killer", why, bytes);
	return 0;
}

static int drop_rights(uid_t uid, gid_t gid, char *why, size_t bytes)
{
	if (geteuid())
		return 0;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return fail("become another user", why, bytes);
	/* Changing the user forbade core dumps and debuggers; a driver's author needs both. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
		return fail("allow core dumps", why, bytes);
	return 0;
}

static int allow(scmp_filter_ctx filter, const int *call, size_t n)
{
	int ret = 0;

	for (size_t i = 0; i < n && !ret; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call[i], 0);
	return ret;
}

/* Calls of libc and of threads that reach nothing outside the process. */
static int allow_inner(scmp_filter_ctx filter)
{
	static const int call[] = {
		SCMP_SYS(futex), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
		SCMP_SYS(madvise), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime),
		SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield), SCMP_SYS(getrandom),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack),
		SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(pause), SCMP_SYS(exit),
		SCMP_SYS(exit_group),
	};

	return allow(filter, call, sizeof(call) / sizeof(*call));
}

/* The channel, messages, memory that is not executable, threads, signals to itself. */
static int allow_outer(scmp_filter_ctx filter, const struct tandem_process *process)
{
	const int out[] = { STDOUT_FILENO, STDERR_FILENO, process->kernel_log };
	int ret = 0;

	for (int i = 0; i < 3 && !ret; i++)
		if (out[i] >= 0)
			ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					       SCMP_A0_32(SCMP_CMP_EQ, out[i]));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, process->fd));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				       SCMP_A4_32(SCMP_CMP_EQ, process->fd));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				       SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* A worker leaves the common table of files. */
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(unshare), 1,
				       SCMP_A0(SCMP_CMP_EQ, CLONE_FILES));
	/* Its flags are in memory, where no filter sees them: libc takes clone() instead. */
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* What libc's first thread sets up for itself; no other handler can be changed. */
	for (int i = FIRST_REALTIME; i < SIGRTMIN && !ret; i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, i));
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, getpid()));
	if (!ret && process->fault.kind)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, getpid()));
	return ret;
}

static int filter_calls(const struct tandem_process *process, char *why, size_t bytes)
{
	scmp_filter_ctx filter;
	int ret;

#ifdef __SANITIZE_ADDRESS__
	(void)process;
	return 0;	/* the sanitizer's own calls are not ours to list */
#endif
	filter = seccomp_init(SCMP_ACT_TRAP);
	if (!filter) {
		errno = ENOMEM;
		return fail("make a system call filter", why, bytes);
	}
	/*
	 * Each crossing is a seek, which the kernel lets through without running the filter,
	 * since this does not look at its arguments: on other files it does no harm.
	 */
	ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(lseek), 0);
	if (!ret)
		ret = allow_inner(filter);
	if (!ret)
		ret = allow_outer(filter, process);
	if (!ret)
		ret = seccomp_load(filter);
	seccomp_release(filter);
	errno = -ret;
	return ret ? fail("load a system call filter", why, bytes) : 0;
}

int tandem_sandbox_enter(const struct tandem_process *process, uid_t uid, gid_t gid, char *why,
			 size_t bytes)
{
	int ret = drop_rights(uid, gid, why, bytes);

	if (ret)
		return ret;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail("give up new rights", why, bytes);
	return filter_calls(process, why, bytes);
}
