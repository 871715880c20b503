// SPDX-License-Identifier: GPL-2.0
/* What each request of the channel refuses, one by one, as its specification says. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_play.h"

#define OBJECT(index)	(TANDEM_MAP_OBJECT + ((off_t)(index) << TANDEM_MAP_SHIFT))

/* What @call failed with; 0: it did not. */
#define ERROR(call)	((long)(call) < 0 ? errno : 0)

/* A struct of a caller that is younger than this kernel. */
struct grown_attach {
	struct tandem_attach arg;
	uint64_t more;
};

struct grown_worker {
	struct tandem_worker arg;
	uint64_t more;
};

struct grown_fetch {
	struct tandem_fetch arg;
	uint64_t more;
};

static int attach(int fd, const struct grown_attach *how)
{
	struct grown_attach arg = *how;

	return ERROR(ioctl(fd, TANDEM_IOC_ATTACH, &arg));
}

static int worker(int fd, struct grown_worker arg)
{
	return ERROR(ioctl(fd, TANDEM_IOC_WORKER, &arg));
}

static int fetch(int fd, struct grown_fetch arg)
{
	return ERROR(ioctl(fd, TANDEM_IOC_FETCH, &arg));
}

static int map(int fd, off_t offset, size_t bytes, int protection, int flags)
{
	void *at = mmap(NULL, bytes, protection, flags, fd, offset);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, bytes);
	return 0;
}

/* ---- before it is attached ---- */

static void test_file(void)
{
	int fd = raw_open();
	char byte = 0;

	CHECK(ERROR(ioctl(fd, _IO('t', 0x10), NULL)) == ENOTTY);
	CHECK(ERROR(ioctl(fd, _IO(TANDEM_IOC_MAGIC, 0x12), NULL)) == ENOTTY);
	CHECK(ERROR(ioctl(fd, _IO(TANDEM_IOC_MAGIC, 0xff), NULL)) == ENOTTY);
	CHECK(ERROR(read(fd, &byte, 1)) == EINVAL);
	CHECK(ERROR(write(fd, &byte, 1)) == EINVAL);
	CHECK(ERROR(ioctl(fd, TANDEM_IOC_ATTACH, NULL)) == EFAULT);
	CHECK(ERROR(ioctl(fd, TANDEM_IOC_WORKER, NULL)) == EFAULT);
	CHECK(ERROR(ioctl(fd, TANDEM_IOC_FETCH, NULL)) == EFAULT);
	CHECK(worker(fd, (struct grown_worker){ .arg.size = sizeof(struct tandem_worker) }) == ENOTCONN);
	CHECK(fetch(fd, (struct grown_fetch){ .arg.size = sizeof(struct tandem_fetch) }) == EPERM);
	CHECK(ERROR(lseek(fd, 0, SEEK_SET)) == EPERM);
	CHECK(map(fd, 0, TANDEM_AREA_BYTES, PROT_READ, MAP_SHARED) == EINVAL);
	CHECK(map(fd, OBJECT(0), 4096, PROT_READ, MAP_SHARED) == EINVAL);
	close(fd);
}

static void test_attach(void)
{
	struct grown_attach good = {
		.arg = { .size = sizeof(good.arg), .name = "litmus", .protocol = TANDEM_PROTOCOL } }, bad;
	int fd = raw_open();

	CHECK(attach(fd, &good) == ENOENT);
	bad = good;
	bad.arg.size = offsetof(struct tandem_attach, jiffies) - 1;
	CHECK(attach(fd, &bad) == EINVAL);
	bad.arg.size = 0;
	CHECK(attach(fd, &bad) == EINVAL);
	bad.arg.size = 1 << 16;	/* 4 GB from a high stack are no address any more: EFAULT */
	CHECK(attach(fd, &bad) == E2BIG);
	bad = good;
	bad.arg.flags = TANDEM_ATTACH_WAIT << 1;
	CHECK(attach(fd, &bad) == EINVAL);
	bad = good;
	bad.arg.protocol++;
	CHECK(attach(fd, &bad) == EPROTONOSUPPORT);
	bad.arg.protocol = 0;
	CHECK(attach(fd, &bad) == EPROTONOSUPPORT);
	bad = good;
	memset(bad.arg.name, 'x', sizeof(bad.arg.name));
	CHECK(attach(fd, &bad) == EINVAL);
	/* What this kernel does not know is nothing, or refused. */
	bad = good;
	bad.arg.size = sizeof(bad);
	CHECK(attach(fd, &bad) == ENOENT);
	bad.more = 1;
	CHECK(attach(fd, &bad) == E2BIG);
	/* A caller that knows less than this kernel gets no answer but the result. */
	bad = good;
	bad.arg.size = offsetof(struct tandem_attach, jiffies);
	CHECK(attach(fd, &bad) == ENOENT);
	close(fd);
}

/* ---- as a worker ---- */

static struct raw_worker *self;
static int other_fetched, other_next;

/* Another thread of the same process, with this one's number. */
static void *other(void *unused)
{
	other_fetched = fetch(self->fd, (struct grown_fetch){ .arg = { .size = sizeof(struct tandem_fetch), .worker = self->id } });
	other_next = ERROR(lseek(self->fd, self->id, SEEK_SET));
	return unused;
}

static void check_worker(struct raw_worker *w)
{
	struct grown_worker good = { .arg.size = sizeof(good.arg) }, bad = good;
	struct grown_attach again = {
		.arg = { .size = sizeof(again.arg), .name = "litmus", .protocol = TANDEM_PROTOCOL } };

	CHECK(attach(w->fd, &again) == EBUSY);
	bad.arg.size--;
	CHECK(worker(w->fd, bad) == EINVAL);
	bad.arg.size = 1 << 16;	/* 4 GB from a high stack are no address any more: EFAULT */
	CHECK(worker(w->fd, bad) == E2BIG);
	bad = good;
	bad.arg.flags = 1;
	CHECK(worker(w->fd, bad) == EINVAL);
	bad = good;
	bad.arg.size = sizeof(bad);
	bad.more = 1;
	CHECK(worker(w->fd, bad) == E2BIG);
	CHECK(worker(w->fd, good) == EALREADY);
}

static void check_fetch(struct raw_worker *w)
{
	struct grown_fetch good = { .arg = { .size = sizeof(good.arg), .worker = w->id } }, bad = good;
	pthread_t t;

	CHECK(fetch(w->fd, good) == EINVAL);	/* nothing was spilled */
	bad.arg.size--;
	CHECK(fetch(w->fd, bad) == EINVAL);
	bad = good;
	bad.arg.size = sizeof(bad);
	bad.more = 1;
	CHECK(fetch(w->fd, bad) == E2BIG);
	bad = good;
	bad.arg.worker = w->id + 1;
	CHECK(fetch(w->fd, bad) == EPERM);
	bad.arg.worker = ~0u;
	CHECK(fetch(w->fd, bad) == EPERM);
	bad = good;
	bad.arg.reserved = 1;
	CHECK(fetch(w->fd, bad) == EINVAL);
	self = w;
	pthread_create(&t, NULL, other, NULL);
	pthread_join(t, NULL);
	CHECK(other_fetched == EPERM && other_next == EPERM);
}

static void check_next(struct raw_worker *w)
{
	CHECK(ERROR(lseek(w->fd, w->id, SEEK_CUR)) == EINVAL);
	CHECK(ERROR(lseek(w->fd, w->id, SEEK_END)) == EINVAL);
	CHECK(ERROR(lseek(w->fd, -1, SEEK_SET)) == EINVAL);
	CHECK(ERROR(lseek(w->fd, w->id + 1, SEEK_SET)) == EPERM);
	CHECK(ERROR(lseek(w->fd, 1L << 40, SEEK_SET)) == EPERM);
}

static void check_map(struct raw_worker *w)
{
	off_t own = (off_t)w->id * TANDEM_AREA_BYTES;
	int both = PROT_READ | PROT_WRITE;

	CHECK(!map(w->fd, own, TANDEM_AREA_BYTES, both, MAP_SHARED));
	CHECK(map(w->fd, own, TANDEM_AREA_BYTES, both, MAP_PRIVATE) == EINVAL);
	CHECK(map(w->fd, own, TANDEM_AREA_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED) == EINVAL);
	CHECK(map(w->fd, own, TANDEM_AREA_BYTES / 2, both, MAP_SHARED) == EINVAL);
	CHECK(map(w->fd, own, TANDEM_AREA_BYTES * 2, both, MAP_SHARED) == EINVAL);
	CHECK(map(w->fd, own + 4096, TANDEM_AREA_BYTES, both, MAP_SHARED) == EINVAL);
	CHECK(map(w->fd, own + 100 * TANDEM_AREA_BYTES, TANDEM_AREA_BYTES, both, MAP_SHARED) == EINVAL);
	/* Memory of the kernel's that is no registers and not the device's, and what is nothing. */
	CHECK(map(w->fd, OBJECT(dev_of(w)->index), 4096, both, MAP_SHARED) == ENOENT);
	CHECK(map(w->fd, OBJECT(TANDEM_OBJECTS_MAX - 1), 4096, both, MAP_SHARED) == ENOENT);
	CHECK(map(w->fd, OBJECT(TANDEM_OBJECTS_MAX), 4096, both, MAP_SHARED) == EINVAL);
	CHECK(map(w->fd, OBJECT(dev_of(w)->index), 4096, PROT_EXEC, MAP_SHARED) == EINVAL);
}

static int64_t asks(struct raw_worker *w)
{
	failures = 0;
	check_worker(w);
	check_fetch(w);
	check_next(w);
	check_map(w);
	return failures;
}

/* None of these is an offence: the user half serves on. */
static void test_worker(void)
{
	pid_t pid = begin(asks);

	CHECK(!run(LITMUS_POKE, 0) && !ran.result);
	CHECK(!run(LITMUS_POKE, 0) && !ran.result);
	CHECK(!finish(pid));
}

int main(int argc, char **argv)
{
	static const struct play test[] = {
		{ "file", test_file }, { "attach", test_attach }, { "worker", test_worker },
	};

	return play(argc, argv, test, 3);
}
