/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The channel: how the user half of a split driver talks to its kernel half.
 *
 * A user half is a process that opens /dev/tandem/channel. One open file is one
 * channel; a channel serves one kernel half; each serving thread is a worker with
 * an area of memory that it shares with the kernel. Nothing but handles crosses:
 * no address of either side is ever in a message.
 *
 *   fd = open("/dev/tandem/channel", O_RDWR | O_CLOEXEC)
 *   ioctl(fd, TANDEM_IOC_ATTACH, &attach)        once per channel
 *   ioctl(fd, TANDEM_IOC_WORKER, &worker)        once per thread
 *   mmap(0, worker.area_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, worker.area_offset)
 *   for (;;)
 *           lseek(fd, worker.id, SEEK_SET)           NEXT: says something, waits for the next thing
 *
 * NEXT is a seek because this is the shortest way into a driver, and because a sandbox may
 * allow it unseen: on any other file it moves a position, and no more.
 *
 * Growth: every struct starts with its size; a kernel that knows fewer bytes refuses
 * with E2BIG unless the rest is zero; a caller that knows fewer gets the bytes it
 * knows. Unknown flags and non-zero reserved fields are refused with EINVAL.
 * All numbers are in the byte order of the machine.
 */
#ifndef _UAPI_TANDEM_CHANNEL_H
#define _UAPI_TANDEM_CHANNEL_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define TANDEM_NAME_BYTES	32	/* module name, NUL included */
#define TANDEM_BUILD_ID_BYTES	20
#define TANDEM_IOC_MAGIC	0xD7

/*
 * The protocol's number. It goes up with each change by which one side could misread the
 * other: of what a message means, not of what a struct has at its end. Each side knows the
 * numbers from an oldest to this one; ATTACH finds out whether both know the caller's.
 */
#define TANDEM_PROTOCOL		1

/*
 * ATTACH: the channel becomes the user half of the kernel half called @name.
 *
 * Caller fills size, flags, name, build_id, protocol (the number it speaks from then on), the
 * rest zero. With
 * TANDEM_ATTACH_WAIT the call waits (interruptibly) until the kernel half is loaded;
 * without it, a kernel half that is not loaded is ENOENT. On success the kernel half
 * may go on with its registration at its bus as soon as the first worker waits in NEXT.
 * Out: workers_max, hz, jiffies, jiffies_ns (CLOCK_MONOTONIC when jiffies was read).
 *
 * EPROTONOSUPPORT  the kernel does not know the caller's protocol; out: protocol, the newest
 *         that it knows
 * EBUSY   the half has a user half already, calls of the last one are inside still, or this
 *         channel is attached
 * ESTALE  the build ids differ: the halves come from different builds
 * ENOENT  no kernel half of that name is loaded
 * EINVAL  unknown flag, name without NUL
 * EINTR   a signal ended the wait
 */
#define TANDEM_ATTACH_WAIT	(1U << 0)

struct tandem_attach {
	__u32 size;
	__u32 flags;
	char name[TANDEM_NAME_BYTES];
	__u8 build_id[TANDEM_BUILD_ID_BYTES];
	__u32 workers_max;
	__u32 hz;
	__u32 protocol;
	__aligned_u64 jiffies;
	__aligned_u64 jiffies_ns;
};

/*
 * WORKER: the calling thread becomes a worker. Only this thread may call NEXT and
 * FETCH with the id that comes back. A thread that exits ends the whole channel
 * (a user half that lost a thread is not trusted to go on).
 *
 * ENOTCONN not attached; EAGAIN workers_max reached; EALREADY this thread is one.
 */
struct tandem_worker {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 area_bytes;
	__aligned_u64 area_offset;	/* for mmap; the mapping is shared, never inherited */
};

/*
 * The area. The first page holds the two headers; each side writes its own only.
 * up_* is what the kernel says, down_* what the worker says. The kernel copies the
 * worker's header and body once and works on the copy; of a short reply (see Shapes) it
 * reads each word once.
 *
 * NEXT with down_op:
 *   TANDEM_SAY_NOTHING  wait for an upcall
 *   TANDEM_SAY_REPLY    the body ends the upcall down_seq (a REPLY record comes last)
 *   TANDEM_SAY_DOWN     the body asks for a downcall inside upcall down_seq (a DOWN
 *                       record comes last); NEXT returns with RETURN, or with CALL for
 *                       an upcall that the downcall caused (nested), to be replied first
 *   TANDEM_SAY_SYNC     the body holds only FLUSH records; the answer (RETURN) carries
 *                       fresh SYNC records: a release and an acquire without a call
 * down_seq names the upcall that the worker serves (innermost). A wrong number is
 * answered by nothing: the call waits as SAY_NOTHING does (a NEXT restarted after
 * SIGCONT must not be taken for a reply).
 *
 * NEXT returns 0 with up_op:
 *   TANDEM_OP_CALL      serve the CALL record that comes last; seq is up_seq
 *   TANDEM_OP_RETURN    the downcall's answer: a RETURN record comes last (none for SYNC)
 *   TANDEM_OP_QUIT      the kernel half is gone; the process should end
 * up_flags TANDEM_UP_SPARE: no worker is left idle; start one more thread and make
 * it a worker before serving the call.
 * up_flags TANDEM_UP_SPILL: the body (up_bytes long) did not fit the area; get it with
 * FETCH first. down_flags TANDEM_DOWN_SPILL: the body is at down_address in the
 * worker's memory, down_bytes long (at most TANDEM_SPILL_BYTES).
 *
 * Errors of NEXT: EPERM not this thread's worker; EPROTO the last message broke a rule
 * (the channel is condemned, the reason is in the kernel log); ESHUTDOWN the channel
 * is condemned; EINTR a signal came while nothing was served: call again; ENOMEM there is none
 * for a spilled message, which was not taken.
 */
#define TANDEM_AREA_BYTES	(128 * 1024)
#define TANDEM_UP_OFFSET	4096			/* body of what the kernel says */
#define TANDEM_UP_BYTES		(60 * 1024)
#define TANDEM_DOWN_OFFSET	(64 * 1024)		/* body of what the worker says */
#define TANDEM_DOWN_BYTES	(64 * 1024)
#define TANDEM_SPILL_BYTES	(16 * 1024 * 1024)

#define TANDEM_SAY_NOTHING	0
#define TANDEM_SAY_REPLY	1
#define TANDEM_SAY_DOWN		2
#define TANDEM_SAY_SYNC		3

#define TANDEM_OP_CALL		1
#define TANDEM_OP_RETURN	2
#define TANDEM_OP_QUIT		3

#define TANDEM_UP_SPARE		(1U << 0)
#define TANDEM_UP_SPILL		(1U << 1)
#define TANDEM_DOWN_SPILL	(1U << 0)
#define TANDEM_DOWN_SHAPED	(1U << 1)

struct tandem_area {
	__aligned_u64 up_seq;
	__u32 up_op;
	__u32 up_flags;
	__u32 up_bytes;
	__u32 up_reserved;
	__aligned_u64 up_shape;
	__u8 pad0[32];
	__aligned_u64 down_seq;
	__u32 down_op;
	__u32 down_flags;
	__u32 down_bytes;
	__u32 down_reserved;
	__aligned_u64 down_address;
	__u8 pad1[32];
};

/* FETCH: copies the spilled body of the last NEXT to @address. EINVAL: size differs. */
struct tandem_fetch {
	__u32 size;
	__u32 worker;
	__aligned_u64 address;
	__u32 bytes;
	__u32 reserved;
};

#define TANDEM_IOC_ATTACH	_IOWR(TANDEM_IOC_MAGIC, 0x10, struct tandem_attach)
#define TANDEM_IOC_WORKER	_IOWR(TANDEM_IOC_MAGIC, 0x11, struct tandem_worker)
#define TANDEM_IOC_FETCH	_IOW(TANDEM_IOC_MAGIC, 0x13, struct tandem_fetch)

/*
 * Objects. Memory that both halves know has a handle: index and generation. An
 * index is used again only with a higher generation; a handle whose generation is
 * not the index's is refused (EPROTO). What an object is:
 *   DATA   a twin: the user half has a copy per worker; fields cross in SYNC and FLUSH
 *   MMIO   a register window; DMA: memory shared with the device. Both are mapped with
 *          mmap(0, size rounded up to pages, ..., fd, index << TANDEM_MAP_SHIFT | TANDEM_MAP_OBJECT);
 *          the bytes start at NEW.page_offset in the mapping. EPERM: neither who opened the channel
 *          nor the caller has CAP_SYS_RAWIO, or the kernel is locked down. What is gone is a page of
 *          ones that is nobody's
 *   GLOBAL a variable of the driver; its index is its place in the plan's table of
 *          globals, its generation 0, and it is never announced
 */
#define TANDEM_OBJECT_DATA	1
#define TANDEM_OBJECT_MMIO	2
#define TANDEM_OBJECT_DMA	3
#define TANDEM_OBJECT_GLOBAL	4
#define TANDEM_OBJECTS_MAX	(1U << 20)
#define TANDEM_MAP_OBJECT	(1ULL << 40)	/* mmap offset = MAP_OBJECT + (index << MAP_SHIFT) */
#define TANDEM_MAP_SHIFT	12

/*
 * A value on the wire: an argument, a result, or a pointer field.
 *   SCALAR value      sign- or zero-extended to 64 bits as its C type says
 *   NULL
 *   ERROR  value      a pointer that holds -errno (-4095 .. -1)
 *   OBJECT index, gen, offset
 *   SYMBOL index      a function, ops table or other named datum of the plan
 *   TOKEN  index, gen a kernel pointer that the user half may only hand back; offset < 4096
 *   BUFFER index      the index-th BUFFER record before the record that holds this value
 *   STRING index      the same; the bytes end with NUL
 */
#define TANDEM_WIRE_SCALAR	0
#define TANDEM_WIRE_NULL	1
#define TANDEM_WIRE_ERROR	2
#define TANDEM_WIRE_OBJECT	3
#define TANDEM_WIRE_SYMBOL	4
#define TANDEM_WIRE_TOKEN	5
#define TANDEM_WIRE_BUFFER	6
#define TANDEM_WIRE_STRING	7

struct tandem_wire {
	__u32 tag;
	__u32 index;
	union {
		__aligned_u64 value;
		struct {
			__u32 gen;
			__u32 offset;
		};
	};
};

/*
 * Records. A body is a sequence of them, each a multiple of 8 bytes, in the order in
 * which they take effect.
 *
 * Kernel to worker:
 *   NEW     an object this worker has not seen (or has seen with another generation:
 *           the old one is dead and its view is freed). Followed by nseg segments.
 *           With the generation it knows: the object's view stays, its segments are now
 *           these (an untyped object got its type from the pointer it was stored in:
 *           see struct tandem_change)
 *   GONE    an object died
 *   SYNC    values of an object, for the plan's view of the entry that is being served:
 *           segments in order, elements of a segment in order, uses of the view in order,
 *           elements of an array leaf in order. A WORD or BITS takes its own size at its
 *           own alignment, a PTR a struct tandem_wire at 8, a STR a __u32 length at 4
 *           (0xffffffff: NULL) and that many bytes without NUL. Then padding to 8.
 *           Segments whose type the view does not use contribute nothing.
 *   BUFFER  bytes that a wire value of a later record names, counted from 0 per body
 *   CALL    id = entry in the plan; count arguments follow
 *   RETURN  result of a downcall; count = 1: the value. BUFFER records before it bring back
 *           the OUT buffers, in the order of the arguments
 * Worker to kernel:
 *   FLUSH   changed fields of one object: count struct tandem_change follow
 *   BUFFER  as above
 *   DOWN    id = downcall in the plan; count arguments follow. A DOWN whose plan entry is
 *           marked QUEUED may stand before other records: it is run in its turn, its
 *           result is dropped
 *   REPLY   result of the upcall: one value; BUFFER records before it bring back the
 *           OUT and INOUT buffers, in the order of the arguments
 */
#define TANDEM_REC_NEW		1
#define TANDEM_REC_GONE		2
#define TANDEM_REC_SYNC		3
#define TANDEM_REC_BUFFER	4
#define TANDEM_REC_CALL		5
#define TANDEM_REC_RETURN	6
#define TANDEM_REC_FLUSH	7
#define TANDEM_REC_DOWN		8
#define TANDEM_REC_REPLY	9

struct tandem_record {
	__u16 kind;
	__u16 id;
	__u32 bytes;		/* whole record, header included; BUFFER: see length */
	__u32 index;		/* object, where one is meant */
	__u32 gen;
	__u32 count;
	__u32 length;		/* BUFFER: bytes that follow, before padding; SYNC: 0 */
};

struct tandem_new {
	struct tandem_record rec;	/* count = nseg, id = TANDEM_OBJECT_* */
	__aligned_u64 size;		/* bytes */
	__u32 page_offset;		/* MMIO and DMA: first byte within the mapping */
	__u32 reserved;
};

struct tandem_segment {
	__u32 type;		/* in the plan */
	__u32 count;		/* elements */
	__aligned_u64 offset;	/* of the first element in the object */
};

/*
 * One changed element. @use is the place of the leaf in the view, @segment and
 * @element say which record of the object, @item which element of an array leaf.
 * WORD: @now is stored with one store of the leaf's width. BITS: the kernel stores
 * (cur & ~c) | (now & c) with c = (old ^ now) & mask: bits that others changed meanwhile survive.
 * PTR: @now and @old are not used, @wire is. When the leaf has a pointee type T and
 * @wire is the start of an object without segments, the object becomes T[size / sizeof T]
 * on both sides at once: FLUSH records of it may follow in the same body; its pointers are NULL then.
 * Refused (EPROTO): a use the view does not list as written, any index out of range, of a pointer to a
 * record any place where no such record is as a whole.
 */
struct tandem_change {
	__u16 segment;
	__u16 use;
	__u32 element;
	__u32 item;
	__u32 reserved;
	union {
		struct {
			__aligned_u64 old;
			__aligned_u64 now;
		};
		struct tandem_wire wire;
	};
};

/*
 * Shapes. Most calls of an entry are like the one before. Bodies of CALLs that came to one
 * worker with the same up_shape, if that is not 0, hold the same records with the same
 * handles in the same order; they differ in WORD and BITS values and in SCALAR arguments
 * only. (Its low 16 bits are the entry's id; it has 64 words at most.) Nobody need look at it.
 *
 * Who does may reply in short, if nothing else was said in this upcall: TANDEM_SAY_REPLY
 * with TANDEM_DOWN_SHAPED, and a struct tandem_shaped as the body. Bit n of @changed stands
 * for the n-th word of the shape: words are counted by size, those of 8 bytes first, then
 * 4, 2, 1, and within a size in the order of the body. BITS are counted but not changed so.
 * For each bit that is set, from the lowest, one __u64 follows; of a shorter word its low
 * bytes are stored. The result of a function without one is not looked at.
 * Refused (EPROTO): a bit of what is no WORD that the view lists as written, any other
 * length, a CALL without shape, one in which something was said already.
 */
#define TANDEM_SHAPE_WORDS	64

struct tandem_shaped {
	__aligned_u64 result;
	__aligned_u64 changed;
	__aligned_u64 now[];
};

#endif
