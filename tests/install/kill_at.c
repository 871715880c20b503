// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded: counts the calls that change the file system, in all processes of a command, and ends all of
 * them before the N-th, as a power cut would. TANDEM_KILL_COUNT names the file that counts, a byte a call,
 * TANDEM_KILL_AT is N (0: only count).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void point(void)
{
	const char *path = getenv("TANDEM_KILL_COUNT"), *at = getenv("TANDEM_KILL_AT");
	int (*open_call)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	ssize_t (*write_call)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
	struct stat st;
	int fd;

	if (!path || (fd = open_call(path, O_WRONLY | O_APPEND)) < 0)
		return;
	if (write_call(fd, "x", 1) != 1 || fstat(fd, &st))
		abort();
	close(fd);
	if (at && st.st_size == atol(at))
		kill(0, SIGKILL);	/* the process group: the test starts each command in one of its own */
}

#define POINT(type, name, parameters, ...)						\
	type name parameters								\
	{										\
		type (*call) parameters = (type (*) parameters)dlsym(RTLD_NEXT, #name);	\
											\
		point();								\
		return call(__VA_ARGS__);						\
	}

POINT(int, mkdir, (const char *path, mode_t mode), path, mode)
POINT(int, mkdirat, (int dir, const char *path, mode_t mode), dir, path, mode)
POINT(int, rmdir, (const char *path), path)
POINT(int, unlink, (const char *path), path)
POINT(int, unlinkat, (int dir, const char *path, int flags), dir, path, flags)
POINT(int, remove, (const char *path), path)
POINT(int, rename, (const char *from, const char *to), from, to)
POINT(int, renameat, (int a, const char *from, int b, const char *to), a, from, b, to)
POINT(int, renameat2, (int a, const char *from, int b, const char *to, unsigned int flags), a, from, b, to, flags)
POINT(int, symlink, (const char *to, const char *path), to, path)
POINT(int, symlinkat, (const char *to, int dir, const char *path), to, dir, path)
POINT(int, chmod, (const char *path, mode_t mode), path, mode)
POINT(int, fchmod, (int fd, mode_t mode), fd, mode)
POINT(int, fsync, (int fd), fd)

/* A regular file's: what goes to pipes and terminals is nobody's state. */
ssize_t write(int fd, const void *from, size_t n)
{
	ssize_t (*call)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		point();
	return call(fd, from, n);
}

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define OPENS(name)									\
	int name(const char *path, int flags, ...)					\
	{										\
		int (*call)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);		\
		va_list ap;								\
		mode_t mode;								\
											\
		va_start(ap, flags);							\
		mode = mode_of(flags, ap);						\
		va_end(ap);								\
		if (flags & O_CREAT)							\
			point();							\
		return call(path, flags, mode);						\
	}
OPENS(open)
OPENS(open64)
