// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/litmus.h"
#include "kernel_raw.h"
#include "kernel_tape.h"

#define ROOM	(TANDEM_DOWN_BYTES - 8192)	/* a message that has more is said */

/* ---- the tape ---- */

struct tape now;
static uint32_t head;

static uint32_t take(unsigned int bytes)
{
	uint32_t x = 0;

	for (; bytes; bytes--)
		x = x << 8 | (head < now.bytes ? now.at[head++] : 0);
	return x;
}

/* Small numbers mostly, and those at which things end. */
static uint64_t number(void)
{
	static const uint64_t ends[] = { ~0ULL, 1ULL << 63, 1ULL << 32, 0xffffffff, 0x7fffffff, 65536, 4096, 128, 64 };
	uint32_t x = take(1);

	return x < 200 ? x : x < 209 ? ends[x - 200] : x < 230 ? take(2) : take(4);
}

/* ---- requests ---- */

static void *any_address(void *good)
{
	switch (take(1) % 8) {
	case 0:
		return NULL;
	case 1:
		return (void *)0xffff888000000000;
	case 2:
		return (void *)0x7ffffffff000;
	}
	return good;
}

static uint32_t any_size(uint32_t right)
{
	uint32_t x = take(1);

	return x < 160 ? right : x < 200 ? right + x - 180 : (uint32_t)number();
}

static void try_attach(int fd)
{
	struct { struct tandem_attach a; uint8_t more[64]; } arg = { 0 };

	arg.a.size = any_size(sizeof(arg.a));
	arg.a.protocol = TANDEM_PROTOCOL;
	strcpy(arg.a.name, "litmus");
	for (int i = 0; i < TANDEM_BUILD_ID_BYTES; i++)
		sscanf(LITMUS_BUILD + 2 * i, "%2hhx", &arg.a.build_id[i]);
	switch (take(1) % 8) {
	case 0:
		memset(arg.a.name, 'x', sizeof(arg.a.name));
		break;
	case 1:
		arg.a.build_id[take(1) % 20] ^= 1;
		break;
	case 2:
		arg.a.flags = number();
		break;
	case 3:
		arg.a.protocol += number();
		break;
	case 4:
		arg.a.name[take(1) % 32] = take(1);
		break;
	case 5:
		arg.more[take(1) % 64] = 1;
	}
	ioctl(fd, TANDEM_IOC_ATTACH, any_address(&arg));
}

static void try_worker(int fd)
{
	struct { struct tandem_worker w; uint8_t more[64]; } arg = { .w.size = any_size(sizeof(arg.w)) };

	arg.w.flags = take(1) % 4 ? 0 : number();
	arg.more[0] = take(1) % 4 == 3;
	ioctl(fd, TANDEM_IOC_WORKER, any_address(&arg));
}

static uint8_t scratch[1 << 18];

static void try_fetch(struct raw_worker *w)
{
	struct tandem_fetch arg = { .size = any_size(sizeof(arg)), .worker = w->id, .bytes = w->area->up_bytes };

	arg.address = (uintptr_t)any_address(scratch);
	if (take(1) % 4 == 0)
		arg.worker = number();
	if (take(1) % 4 == 0)
		arg.bytes = number();
	arg.reserved = take(1) % 8 == 0;
	if (arg.bytes <= sizeof(scratch))
		ioctl(w->fd, TANDEM_IOC_FETCH, any_address(&arg));
}

static sigjmp_buf back;

void tape_fault(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static void touch(volatile uint8_t *at, size_t bytes, bool write)
{
	if (sigsetjmp(back, 1))
		return;
	for (size_t i = 0; i < bytes && i < 64 * 4096; i += 4096)
		write ? (void)(at[i] = 0x55) : (void)at[i];
}

/* Everywhere, and of any length; of what is there, bytes are read and written. */
static void try_map(struct raw_worker *w)
{
	uint64_t offset, bytes = 4096 * (uint64_t)(take(1) % 40);
	int prot = take(1) % 8, flags = take(1) % 8 ? MAP_SHARED : MAP_PRIVATE;
	uint8_t *at;

	switch (take(1) % 4) {
	case 0:
		offset = 4096 * (uint64_t)take(1);
		break;
	case 1:
		offset = number() << 12;
		break;
	default:
		offset = TANDEM_MAP_OBJECT + (number() << TANDEM_MAP_SHIFT);
	}
	if (take(1) % 4 == 0)
		bytes = number() << 12;
	at = mmap(NULL, bytes, prot, flags, w->fd, offset);
	if (at == MAP_FAILED)
		return;
	if (prot & PROT_READ)
		touch(at, bytes, prot & PROT_WRITE);
	if (take(1) % 4 == 0)
		mremap(at, bytes, bytes + 4096, MREMAP_MAYMOVE);
	munmap(at, bytes);
}

/* What is shared with a device, or is to be: some pages of it, and some behind. */
static void try_shared(struct raw_worker *w)
{
	uint64_t bytes = 4096 * (uint64_t)(1 + take(1) % 20), page = take(1) % 4 ? 0 : number();
	uint8_t *at;

	for (int i = 0; i < 256; i++) {
		const struct raw_object *o = &w->object[i];

		if (o->gone || (o->kind != TANDEM_OBJECT_DMA && o->kind != TANDEM_OBJECT_MMIO))
			continue;
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
			  TANDEM_MAP_OBJECT + ((o->index + page) << TANDEM_MAP_SHIFT));
		if (at == MAP_FAILED)
			continue;
		touch(at, bytes, true);
		munmap(at, bytes);
	}
}

static int get_shared(struct raw_worker *w)
{
	struct tandem_wire arg[2] = { raw_scalar(take(1) % 4 ? 4096 : number()), { .tag = TANDEM_WIRE_BUFFER } };

	arg[1].index = raw_buffer(w, scratch, 8);
	return raw_down(w, LITMUS_DOWN_DMA, 2, arg);
}

static void try_file(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	uint64_t id = number();

	switch (take(1) % 8) {
	case 0:
		(void)!read(fd, scratch, 64);
		break;
	case 1:
		(void)!write(fd, scratch, 64);
		break;
	case 2:
		poll(&p, 1, 0);
		break;
	case 3:
		lseek(fd, id, take(1) % 5);
		break;
	case 4:
		if (id)		/* its own would wait */
			lseek(fd, id, SEEK_SET);
		break;
	default:
		ioctl(fd, (uint32_t)number() << 8 | take(1), any_address(scratch));
	}
}

static void try_debug(void)
{
	static const char *const file[] = { "stats", "calls", "objects", "ledger" };
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/tandem/litmus/%s", file[take(1) % 4]);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	lseek(fd, take(1) % 4 ? 0 : number(), SEEK_SET);
	(void)!read(fd, scratch, 1 + take(2));
	close(fd);
}

/* ---- messages ---- */

static const struct raw_object *any_object(struct raw_worker *w)
{
	uint32_t x = take(1);

	if (x < 128 && w->nwire && w->wire[0].tag == TANDEM_WIRE_OBJECT)
		return &w->object[w->wire[0].index & 255];
	return x < 240 ? &w->object[x % 16] : &w->global[x % 8];
}

static struct tandem_wire any_wire(struct raw_worker *w)
{
	struct tandem_wire wire = { .tag = TANDEM_WIRE_NULL };
	uint32_t x = take(1);

	switch (x % 8) {
	case 0:
	case 1:
		return raw_scalar(number());
	case 2:
	case 3:
		return raw_handle(any_object(w), x < 128 ? 0 : number());
	case 4:
		return w->wire[x / 8 % 12];
	case 5:
		wire.tag = x & 128 ? TANDEM_WIRE_BUFFER : TANDEM_WIRE_STRING;
		wire.index = x & 64 ? number() : w->nbuffer - 1;
		return wire;
	case 6:
		wire = (struct tandem_wire){ .tag = take(1), .index = number() };
		wire.gen = number();
		wire.offset = number();
	}
	return wire;
}

static void flush(struct raw_worker *w, uint32_t n)
{
	const struct raw_object *o = any_object(w);
	struct tandem_change change[4] = { 0 };
	struct tandem_record *rec;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t where = take(1);

		change[i].use = take(1) % (LITMUS_USES + 2);
		change[i].item = where & 3 ? 0 : number();
		change[i].element = where & 12 ? 0 : number();
		change[i].segment = where & 48 ? 0 : number();
		if (where & 64)
			change[i].wire = any_wire(w);
		else
			change[i].now = number();
	}
	rec = raw_record(w, TANDEM_REC_FLUSH, 0, change, n * sizeof(change[0]));
	rec->index = o->index;
	rec->gen = o->gen;
	rec->count = n;
}

/* Two of them sleep for long. */
static uint32_t any_down(void)
{
	uint32_t id = take(1) % (LITMUS_DOWNS + 2);

	return (id == LITMUS_DOWN_SLEEP || id == LITMUS_DOWN_UNHOLD) && take(1) > 4 ? LITMUS_DOWN_ADD : id;
}

static void queue(struct raw_worker *w, uint32_t id)
{
	struct tandem_wire wire[8];
	uint32_t n = take(1) % 5;

	for (uint32_t i = 0; i < n; i++)
		wire[i] = any_wire(w);
	raw_queue(w, id, n, wire);
}

static void edit(struct raw_worker *w)
{
	uint32_t *word = (uint32_t *)w->down + take(2) % (w->at / 4 + 1);

	switch (take(1) % 5) {
	case 0:
		*word ^= 1u << take(1) % 32;
		break;
	case 1:
		*word = number();
		break;
	case 2:
		*word += take(1) - 128;
		break;
	case 3:
		*word = ~0u;
		break;
	default:
		w->at = take(1) % 2 ? w->at + 8 * take(1) : 8 * (number() & 0x1fff);
	}
}

/* From memory of its own, which another thread could change. */
static void spill(struct raw_worker *w)
{
	memcpy(scratch, w->down, w->at);
	w->say_flags |= TANDEM_DOWN_SPILL;
	w->area->down_address = (uintptr_t)any_address(scratch);
	if (take(1) % 4 == 0)
		w->at = number();
}

static int say_shaped(struct raw_worker *w)
{
	uint64_t value[TANDEM_SHAPE_WORDS + 8], changed = take(2);
	uint32_t n = take(1) % 8 ? (uint32_t)__builtin_popcountll(changed) : take(1) % (TANDEM_SHAPE_WORDS + 8);

	if (take(1) % 4 == 0)
		changed |= (uint64_t)take(4) << 32;
	for (uint32_t i = 0; i < n; i++)
		value[i] = number();
	raw_shaped(w, changed, n, value);
	return raw_next(w, TANDEM_SAY_REPLY);
}

/* Says something of its own; the rest of the tape's say is in what stands before it. */
static int say(struct raw_worker *w, uint32_t what)
{
	struct tandem_wire wire;

	switch (what % 8) {
	case 0:
	case 1:
		return raw_reply(w, number());
	case 2:
	case 3:
	case 4:
		queue(w, any_down());
		return raw_next(w, TANDEM_SAY_DOWN);
	case 5:
		return raw_sync(w);
	case 6:
		wire = any_wire(w);
		raw_record(w, TANDEM_REC_REPLY, 0, &wire, sizeof(wire))->count = take(1) % 4 ? 1 : take(1);
		return raw_next(w, TANDEM_SAY_REPLY);
	}
	return raw_next(w, take(1) % 6);
}

/* 0, or the error of what was said. */
static int act(struct raw_worker *w)
{
	uint32_t what = take(1), n;
	struct tandem_wire wire;

	switch (what % 26) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		flush(w, 1 + what / 26 % 4);
		return 0;
	case 5:
		memset(scratch, what, 256);
		n = take(1);
		scratch[n ? n - 1 : 0] = take(1) & 1;	/* a string, or none */
		raw_buffer(w, scratch, n);
		return 0;
	case 6:
		queue(w, any_down());
		return 0;
	case 7:
	case 8:
		edit(w);
		return 0;
	case 9:
		spill(w);
		return 0;
	case 10:
		return say_shaped(w);
	case 11:
		try_map(w);
		return 0;
	case 12:
		try_fetch(w);
		return 0;
	case 13:
		try_worker(w->fd);
		return 0;
	case 14:
		try_attach(w->fd);
		return 0;
	case 15:
		try_file(w->fd);
		return 0;
	case 16:
		try_debug();
		return 0;
	case 17:
		w->say_flags |= take(1);
		if (take(1) % 8 == 0)
			w->seq += take(1) - 128;
		return 0;
	case 18:
		wire = raw_scalar(8 * take(1));
		return raw_down(w, LITMUS_DOWN_RAW, 1, &wire);
	case 19:
		return get_shared(w);
	case 20:
		try_shared(w);
		return 0;
	}
	return say(w, what / 26);
}

/* ---- one tape ---- */

static struct raw_worker *me;

static void begin_channel(int fd)
{
	uint32_t how = now.bytes > HEAD_BYTES ? take(1) : 0;
	int err, tries = 0;

	if (how % 16 == 1)
		try_attach(fd);
	if (how % 16 == 2)
		try_worker(fd);
	if (how % 16 == 3)
		try_file(fd);
	do
		err = raw_attach(fd, "litmus", LITMUS_BUILD, 0);
	while (err == -EBUSY && how % 16 > 3 && tries++ < 2000 && !usleep(100));
	if (!err && how % 32 == 17)
		try_attach(fd);
}

/* One channel, from its opening to its end; @ready is called when upcalls can come. */
void tape_play(void (*ready)(void))
{
	int fd = raw_open(), err, late = 0;

	if (!me)
		me = calloc(1, sizeof(*me));
	head = HEAD_BYTES < now.bytes ? HEAD_BYTES : now.bytes;
	begin_channel(fd);
	err = raw_worker(me, fd);
	ready();
	if (!err) {
		err = raw_next(me, TANDEM_SAY_NOTHING);
		while (head < now.bytes && late < 4) {
			late += !!err;
			if (!err && me->op == TANDEM_OP_QUIT)
				break;
			if (me->at > ROOM)
				err = raw_next(me, TANDEM_SAY_REPLY);
			else
				err = act(me);
			if (err == -EINTR)
				err = 0;
		}
		munmap((void *)me->area, TANDEM_AREA_BYTES);
		free(me->spill);
		me->spill = NULL;
	}
	close(fd);
}
