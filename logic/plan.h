/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The plan: what both halves of a split driver know of each other. The splitter
 * emits one plan per driver, as C initialisers, and the same text is compiled into
 * both halves; ids are places in its tables. All of it is const.
 *
 * Offsets and sizes are those of the kernel's own headers; generated halves assert
 * them where the types are visible.
 */
#ifndef TANDEM_PLAN_H
#define TANDEM_PLAN_H

#include <linux/types.h>

#define TANDEM_NONE		0xffffu	/* no type, no entry, no downcall */

/* ---- types: records whose fields cross ---- */

enum tandem_leaf_kind {
	TANDEM_LEAF_WORD = 1,	/* scalar of 1, 2, 4 or 8 bytes: loaded and stored whole */
	TANDEM_LEAF_BITS,	/* flag word or bitfield unit of @size bytes: changed bits merge under @mask */
	TANDEM_LEAF_PTR,	/* pointer to data, function or ops table; @type is the pointee's or NONE */
	TANDEM_LEAF_STR,	/* char pointer that is read as a string; kernel to user only */
};

/* What a pointer may be that goes to the kernel half. */
#define TANDEM_ONLY_ANY		0
#define TANDEM_ONLY_SYMBOLS	1	/* nothing but NULL and the symbols that are listed */
#define TANDEM_ONLY_CODE	2	/* those, or what the kernel half gave: no memory of both halves */

/*
 * A leaf: a field that is no record itself, with the path that leads to it. Leaves of
 * embedded records are leaves of the outer record too. @count elements, @stride apart.
 */
struct tandem_leaf {
	const char *name;	/* "hw.mac_type": for messages */
	__u32 offset;		/* bytes, in the record */
	__u32 stride;		/* bytes; 0 when count is 1 */
	__u16 count;
	__u16 type;		/* PTR: index of the pointee's type, or TANDEM_NONE */
	__u8 kind;
	__u8 size;		/* bytes of one element: 1, 2, 4, 8 */
	__u8 is_const;		/* pointee or field is const: never written back */
	__u8 only;		/* PTR: TANDEM_ONLY_* */
	__u64 mask;		/* BITS: the bits that may be merged; else 0 */
	const __u16 *symbol;	/* PTR: the symbols that the driver's code may store there, then NONE; NULL: none */
};

/* A record inside a record: what an interior pointer may point at. */
struct tandem_embed {
	__u32 offset;
	__u32 stride;
	__u16 count;
	__u16 type;
};

enum tandem_life {
	TANDEM_LIFE_CALL = 0,	/* a twin that came as an argument dies when the outermost upcall returns */
	TANDEM_LIFE_DEVICE,	/* lives until its device's scope ends (pci_dev) */
};

struct tandem_type {
	const char *name;	/* "struct net_device" */
	__u32 size;
	__u16 nleaf;
	__u16 nembed;
	const struct tandem_leaf *leaf;
	const struct tandem_embed *embed;
	__u16 tail_type;	/* record that follows this one in its allocation (private area), or NONE */
	__u16 life;
	__u32 tail_offset;
	__u8 opaque;		/* the kernel's own: its fields never cross */
	__u8 anywhere;		/* numbers, or what the driver takes DMA memory or registers for: may lie there */
};

/* ---- views: which fields an entry point's functions may read and write ---- */

#define TANDEM_READ	1
#define TANDEM_WRITE	2
#define TANDEM_RELEASE	4	/* written, and read by kernel-half code that a register write may start */

struct tandem_use {
	__u16 leaf;		/* in the type's table, ascending */
	__u16 access;
};

struct tandem_view {
	__u16 type;
	__u16 nuse;
	const struct tandem_use *use;
};

/* ---- values: arguments and results ---- */

enum tandem_value_kind {
	TANDEM_VALUE_VOID = 0,
	TANDEM_VALUE_SCALAR,	/* @size bytes, @is_signed */
	TANDEM_VALUE_PTR,	/* to an object, symbol, token; or to flat memory of @size bytes if none of these */
	TANDEM_VALUE_BUFFER,	/* flat memory; length in bytes from the stub (upcall) or the thunk's check (downcall) */
	TANDEM_VALUE_STRING,	/* NUL-terminated, copied */
	TANDEM_VALUE_INTERN,	/* NUL-terminated, kept by the callee: lives as long as the half */
};

#define TANDEM_IN	1
#define TANDEM_OUT	2
#define TANDEM_ROOM	4	/* PTR of a downcall: the half's length function says how many bytes must be there */

/* A field that an argument may point to. The last one of a list has no type. */
struct tandem_spot {
	__u16 type;
	__u16 reserved;
	__u32 offset;		/* bytes, in the record */
	__u32 bytes;
};

#define TANDEM_SPOT_ANY		0
#define TANDEM_SPOT_LOCAL	1	/* only local variables of the user half: flat memory */
#define TANDEM_SPOT_FIELDS	2	/* only the fields that are listed */

/*
 * PTR in a downcall that lies in no object of the user half (a local variable): if
 * @size is not 0, @size bytes cross as a BUFFER, in or out by @dir; with @size 0 the
 * call stops and names function and argument.
 * PTR in an upcall to memory that is no object yet: with @type, a twin of that type is
 * made (life by the type); without, it crosses as a TOKEN.
 */
struct tandem_value {
	__u8 kind;
	__u8 size;		/* SCALAR: 1, 2, 4, 8 */
	__u8 is_signed;
	__u8 dir;		/* TANDEM_IN | TANDEM_OUT | TANDEM_ROOM */
	__u16 type;		/* PTR: pointee, or NONE */
	__u8 null;		/* of a downcall: may be NULL; refused otherwise */
	__u8 spots;		/* PTR of a downcall: TANDEM_SPOT_LOCAL | TANDEM_SPOT_FIELDS, either or both */
	__u32 bytes;		/* PTR: size of flat memory, 0 if it may not be flat */
	const char *name;
	const struct tandem_spot *spot;
	const __u16 *symbol;	/* PTR to the kernel half: as of a leaf */
	__u8 only;		/* TANDEM_ONLY_* */
};

/* ---- ledger rules: what a downcall acquires or releases, and how it is undone ---- */

#define TANDEM_LEDGER_NONE	0
#define TANDEM_LEDGER_ACQUIRE	1	/* adds a record when @when holds */
#define TANDEM_LEDGER_RELEASE	2	/* removes the newest record with equal arguments, if there is one */
#define TANDEM_LEDGER_LOCK	3	/* ACQUIRE that the same upcall must release; taking it twice is refused */
#define TANDEM_LEDGER_UNLOCK	4	/* refused unless a record is there */

#define TANDEM_WHEN_ALWAYS	0
#define TANDEM_WHEN_ZERO	1	/* result == 0 */
#define TANDEM_WHEN_NONZERO	2	/* result != 0 and, as a pointer, no error */

#define TANDEM_FROM_ARG		0x00	/* | argument number */
#define TANDEM_FROM_OUT		0x40	/* | number of an argument that points to 8 bytes: what it holds afterwards */
#define TANDEM_FROM_RESULT	0x80

struct tandem_ledger_rule {
	__u8 kind;
	__u8 when;
	__u16 undo;		/* ACQUIRE, LOCK: the downcall that undoes; RELEASE, UNLOCK: NONE */
	__u8 nfrom;		/* arguments that identify the thing: of the undo call, in its order */
	__u8 from[6];
	__u8 strict;		/* ACQUIRE: refused while it is held; RELEASE: refused unless it is held */
	const __u16 *also;	/* RELEASE: other undos whose things it gives back too, then NONE; or NULL */
};

/* What memory a downcall's result is. */
#define TANDEM_ALLOC_NONE	0
#define TANDEM_ALLOC_DATA	1	/* a DATA object, freed by the ledger's undo */
#define TANDEM_ALLOC_MMIO	2
#define TANDEM_ALLOC_DMA	3

/*
 * Size of allocated memory in bytes: product of two arguments, each 0xff for 1; plus,
 * for DATA with a type, the type's tail offset. MMIO: 0xff,0xff means "ask the kernel
 * half" (half->window_bytes).
 */
struct tandem_alloc {
	__u8 kind;
	__u8 size_arg[2];
	__u8 reserved;
	__u16 type;		/* element type, or NONE: bytes */
	__u16 plus_tail;	/* 1: size is type.tail_offset + size_arg product (netdev and its private area) */
};

/* ---- downcalls: what the user half may ask the kernel half to run ---- */

#define TANDEM_DOWN_SHORT	1	/* needs no context of the caller: may run in the worker's own thread */
#define TANDEM_DOWN_QUEUED	2	/* void, may ride in front of the next message */
#define TANDEM_DOWN_FREES	4	/* argument 0 is memory that is gone afterwards: its objects die */
#define TANDEM_DOWN_SLEEPS	8
#define TANDEM_DOWN_STOPS	16	/* as an undo: ends the device's DMA, so it precedes freeing DMA memory */
#define TANDEM_DOWN_QUIET	32	/* lets nobody look at what its caller has made */

struct tandem_down {
	const char *name;
	const struct tandem_value *arg;
	struct tandem_value result;
	__u8 nargs;
	__u8 flags;
	__u16 reserved;
	struct tandem_alloc alloc;
	struct tandem_ledger_rule ledger;
};

/* ---- entries: functions of the user half that the kernel half calls ---- */

#define TANDEM_ENTRY_READS	1	/* changes nothing worth undoing: an interrupted call needs no rollback */
#define TANDEM_ENTRY_BEGINS	2	/* argument 0 is the device whose scope begins (probe) */
#define TANDEM_ENTRY_ENDS	4	/* argument 0 is the device whose scope ends (remove) */

struct tandem_entry {
	const char *name;
	const struct tandem_value *arg;
	struct tandem_value result;
	__u8 nargs;
	__u8 flags;
	__u16 closes;		/* entry whose records are undone if this one fails (ndo_stop: ndo_open), or NONE */
	__u16 nview;
	__u16 nglobal;
	const struct tandem_view *view;	/* ascending by type */
	const __u16 *global;	/* globals that it uses */
	const __u64 *may;	/* bit set over downcalls: those its functions can reach */
};

/* ---- the rest ---- */

/* Driver variables (also function-local statics) that user-half functions use. */
struct tandem_global {
	const char *name;
	__u16 type;		/* a type of its own in the table, with leaves for what is used */
	__u16 reserved;
	__u32 size;
};

struct tandem_plan {
	const char *module;
	const char *build_id;	/* 40 hex digits */
	const struct tandem_type *type;
	const struct tandem_entry *entry;
	const struct tandem_down *down;
	const struct tandem_global *global;
	const char *const *symbol;	/* names; functions of both halves, ops tables, kernel data */
	__u32 ntype, nentry, ndown, nglobal, nsymbol;
};

#endif
