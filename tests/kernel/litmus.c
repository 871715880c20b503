// SPDX-License-Identifier: GPL-2.0
/*
 * The litmus half's kernel side: a character device that makes upcalls on demand.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "../../kernel/half.h"
#include "litmus.h"

#define LEAF(f, k)	{ .name = #f, .offset = offsetof(struct litmus_dev, f), .count = 1,	\
			  .type = TANDEM_NONE, .kind = TANDEM_LEAF_##k,				\
			  .size = sizeof(((struct litmus_dev *)0)->f) }

static const u16 fn_symbol[] = { 0, TANDEM_NONE };
static const struct tandem_leaf dev_leaf[] = {
	[LITMUS_USE_A] = LEAF(a, WORD),
	[LITMUS_USE_B] = LEAF(b, WORD),
	[LITMUS_USE_C] = LEAF(c, WORD),
	[LITMUS_USE_D] = LEAF(d, WORD),
	[LITMUS_USE_E] = LEAF(e, WORD),
	[LITMUS_USE_F] = LEAF(f, WORD),
	[LITMUS_USE_G] = LEAF(g, WORD),
	[LITMUS_USE_H] = LEAF(h, WORD),
	[LITMUS_USE_BITS] = { .name = "bits", .offset = offsetof(struct litmus_dev, bits),
		.count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_BITS, .size = 1, .mask = 0x0f },
	[LITMUS_USE_TICKS] = LEAF(ticks, WORD),
	[LITMUS_USE_RING] = { .name = "ring", .offset = offsetof(struct litmus_dev, ring),
		.count = 1, .type = LITMUS_TYPE_RING, .kind = TANDEM_LEAF_PTR, .size = 8 },
	[LITMUS_USE_RING2] = { .name = "ring2", .offset = offsetof(struct litmus_dev, ring2),
		.count = 1, .type = LITMUS_TYPE_RING, .kind = TANDEM_LEAF_PTR, .size = 8 },
	[LITMUS_USE_NAME] = LEAF(name, STR),
	[LITMUS_USE_COOKIE] = LEAF(cookie, PTR),
	[LITMUS_USE_FN] = { .name = "fn", .offset = offsetof(struct litmus_dev, fn), .count = 1,
		.type = TANDEM_NONE, .kind = TANDEM_LEAF_PTR, .size = 8, .only = TANDEM_ONLY_SYMBOLS, .symbol = fn_symbol },
	[LITMUS_USE_ARR] = { .name = "arr", .offset = offsetof(struct litmus_dev, arr), .count = 4,
		.stride = 4, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
	[LITMUS_USE_FIXED] = { .name = "fixed", .offset = offsetof(struct litmus_dev, fixed),
		.count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4, .is_const = 1 },
};

static const struct tandem_leaf ring_leaf[] = {
	{ .name = "head", .offset = 0, .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
	{ .name = "tail", .offset = 4, .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
	{ .name = "slot", .offset = 8, .count = 4, .stride = 8, .type = TANDEM_NONE,
	  .kind = TANDEM_LEAF_WORD, .size = 8 },
};

static const struct tandem_leaf host_leaf[] = {
	{ .name = "number", .count = 3, .stride = 8, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 8 },
};

static const struct tandem_leaf big_leaf[] = {
	{ .name = "word", .offset = 0, .count = 40000, .stride = 4, .type = TANDEM_NONE,
	  .kind = TANDEM_LEAF_WORD, .size = 4 },
};

#define LINK(f, t)	{ .name = #f, .offset = offsetof(struct litmus_link, f), .count = 1,	\
			  .type = t, .kind = TANDEM_LEAF_PTR, .size = 8 }

static const struct tandem_leaf link_leaf[] = { LINK(next, LITMUS_TYPE_LINK), LINK(cookie, TANDEM_NONE) };

static const struct tandem_type type[LITMUS_TYPES] = {
	[LITMUS_TYPE_DEV] = { .name = "struct litmus_dev", .size = sizeof(struct litmus_dev),
		.nleaf = ARRAY_SIZE(dev_leaf), .leaf = dev_leaf, .tail_type = TANDEM_NONE,
		.life = TANDEM_LIFE_DEVICE },
	[LITMUS_TYPE_RING] = { .name = "struct litmus_ring", .size = sizeof(struct litmus_ring),
		.nleaf = ARRAY_SIZE(ring_leaf), .leaf = ring_leaf, .tail_type = TANDEM_NONE },
	[LITMUS_TYPE_BIG] = { .name = "struct litmus_big", .size = 160000,
		.nleaf = 1, .leaf = big_leaf, .tail_type = TANDEM_NONE },
	[LITMUS_TYPE_HOST] = { .name = "struct litmus_host", .size = sizeof(struct litmus_host),
		.nleaf = 1, .leaf = host_leaf, .tail_type = LITMUS_TYPE_RING, .tail_offset = LITMUS_TAIL },
	[LITMUS_TYPE_LINK] = { .name = "struct litmus_link", .size = sizeof(struct litmus_link),
		.nleaf = ARRAY_SIZE(link_leaf), .leaf = link_leaf, .tail_type = TANDEM_NONE },
};

#define RW	(TANDEM_READ | TANDEM_WRITE)

static const struct tandem_use dev_use[] = {
	{ 0, RW }, { 1, RW }, { 2, RW }, { 3, RW }, { 4, RW }, { 5, RW }, { 6, RW }, { 7, RW },
	{ 8, RW }, { 9, TANDEM_READ }, { 10, RW }, { 11, RW }, { 12, TANDEM_READ }, { 13, RW },
	{ 14, RW }, { 15, RW }, { 16, RW },
};

static const struct tandem_use ring_use[] = { { 0, RW }, { 1, RW }, { 2, RW } };
static const struct tandem_use big_use[] = { { 0, RW } };
static const struct tandem_use link_use[] = { { 0, TANDEM_READ }, { 1, TANDEM_READ } };

static const struct tandem_view full_view[] = {
	{ LITMUS_TYPE_DEV, ARRAY_SIZE(dev_use), dev_use },
	{ LITMUS_TYPE_RING, ARRAY_SIZE(ring_use), ring_use },
};

static const struct tandem_view ten_view[] = {
	{ LITMUS_TYPE_DEV, 10, dev_use },
};

static const struct tandem_view tail_view[] = {
	{ LITMUS_TYPE_RING, ARRAY_SIZE(ring_use), ring_use },
};

static const struct tandem_view big_view[] = {
	{ LITMUS_TYPE_BIG, 1, big_use },
};

static const struct tandem_view link_view[] = {
	{ LITMUS_TYPE_LINK, ARRAY_SIZE(link_use), link_use },
};

#define DEV_ARG	{ .kind = TANDEM_VALUE_PTR, .type = LITMUS_TYPE_DEV, .name = "dev" }
#define S32	{ .kind = TANDEM_VALUE_SCALAR, .size = 4, .is_signed = 1 }
#define U32	{ .kind = TANDEM_VALUE_SCALAR, .size = 4 }
#define U64	{ .kind = TANDEM_VALUE_SCALAR, .size = 8 }
#define VOID	{ .kind = TANDEM_VALUE_VOID }
#define PTR	{ .kind = TANDEM_VALUE_PTR, .type = TANDEM_NONE }

static const struct tandem_value dev_args[] = { DEV_ARG, U32 };
static const struct tandem_value big_args[] = {
	{ .kind = TANDEM_VALUE_PTR, .type = LITMUS_TYPE_BIG, .name = "big" },
};
static const struct tandem_value host_args[] = {
	{ .kind = TANDEM_VALUE_PTR, .type = LITMUS_TYPE_HOST, .name = "host" },
};
static const struct tandem_value link_args[] = {
	{ .kind = TANDEM_VALUE_PTR, .type = LITMUS_TYPE_LINK, .name = "first" },
};
static const struct tandem_value buffer_args[] = {
	DEV_ARG,
	{ .kind = TANDEM_VALUE_BUFFER, .dir = TANDEM_IN | TANDEM_OUT, .type = TANDEM_NONE },
	U32,
};

static const u64 may_all = ((1ull << LITMUS_DOWNS) - 1) & ~(1ull << LITMUS_DOWN_NEVER);

#define ENTRY(n, a, na, f, c)	{ .name = n, .arg = a, .result = S32, .nargs = na, .flags = f,	\
				  .closes = c, .nview = ARRAY_SIZE(full_view),			\
				  .view = full_view, .may = &may_all }

static const u16 globals_used[] = { 0 };

static const struct tandem_entry entry[LITMUS_ENTRIES] = {
	[LITMUS_PROBE] = ENTRY("litmus_probe", dev_args, 2, TANDEM_ENTRY_BEGINS, TANDEM_NONE),
	[LITMUS_REMOVE] = ENTRY("litmus_remove", dev_args, 2, TANDEM_ENTRY_ENDS, TANDEM_NONE),
	[LITMUS_POKE] = ENTRY("litmus_poke", dev_args, 2, 0, TANDEM_NONE),
	[LITMUS_TEN] = { .name = "litmus_ten", .arg = dev_args, .result = S32, .nargs = 2,
		.closes = TANDEM_NONE, .nview = 1, .view = ten_view, .may = &may_all },
	[LITMUS_BUFFER] = ENTRY("litmus_buffer", buffer_args, 3, 0, TANDEM_NONE),
	[LITMUS_OPEN] = ENTRY("litmus_open", dev_args, 2, 0, TANDEM_NONE),
	[LITMUS_CLOSE] = ENTRY("litmus_close", dev_args, 2, 0, LITMUS_OPEN),
	[LITMUS_READ] = ENTRY("litmus_read", dev_args, 2, TANDEM_ENTRY_READS, TANDEM_NONE),
	[LITMUS_NULL] = { .name = "litmus_null", .result = S32, .closes = TANDEM_NONE,
		.nglobal = 1, .global = globals_used, .nview = 2, .view = full_view,
		.may = &may_all },
	[LITMUS_NOTHING] = { .name = "litmus_nothing", .result = S32, .closes = TANDEM_NONE,
		.may = &may_all },
	[LITMUS_BIG] = { .name = "litmus_big", .arg = big_args, .nargs = 1, .result = S32,
		.closes = TANDEM_NONE, .nview = 1, .view = big_view, .may = &may_all },
	[LITMUS_HOST] = { .name = "litmus_host", .arg = host_args, .nargs = 1, .result = S32,
		.closes = TANDEM_NONE, .nview = 1, .view = tail_view, .may = &may_all },
	[LITMUS_CHAIN] = { .name = "litmus_chain", .arg = link_args, .nargs = 1, .result = S32,
		.closes = TANDEM_NONE, .nview = 1, .view = link_view, .may = &may_all },
};

static const struct tandem_value one_u32[] = { U32 };
static const struct tandem_value two_s32[] = { S32, S32 };
static const struct tandem_value one_ptr[] = { PTR };
static const struct tandem_value string_arg[] = { { .kind = TANDEM_VALUE_STRING } };
static const struct tandem_value keep_arg[] = { { .kind = TANDEM_VALUE_INTERN } };
static const struct tandem_value fill_args[] = {
	{ .kind = TANDEM_VALUE_BUFFER, .dir = TANDEM_OUT, .type = TANDEM_NONE }, U32,
};
static const struct tandem_value dma_args[] = {
	U32, { .kind = TANDEM_VALUE_PTR, .dir = TANDEM_OUT, .type = TANDEM_NONE, .bytes = 8 },
};
static const struct tandem_value dma_free_args[] = { U32, PTR, U64 };
static const struct tandem_spot field_spot[] = {
	{ LITMUS_TYPE_DEV, 0, offsetof(struct litmus_dev, e), 8 }, { TANDEM_NONE },
};
static const struct tandem_value bit_args[] = {
	U64, { .kind = TANDEM_VALUE_PTR, .dir = TANDEM_IN | TANDEM_OUT | TANDEM_ROOM,
	       .type = TANDEM_NONE, .bytes = 8 },
};
static const struct tandem_value field_args[] = {
	U64, { .kind = TANDEM_VALUE_PTR, .dir = TANDEM_IN | TANDEM_OUT | TANDEM_ROOM,
	       .type = TANDEM_NONE, .bytes = 8, .spots = TANDEM_SPOT_FIELDS, .spot = field_spot },
};
static const struct tandem_value local_arg[] = {
	{ .kind = TANDEM_VALUE_PTR, .dir = TANDEM_IN | TANDEM_OUT, .type = TANDEM_NONE, .bytes = 4,
	  .spots = TANDEM_SPOT_LOCAL },
};
static const struct tandem_value fn_arg[] = {
	{ .kind = TANDEM_VALUE_PTR, .type = TANDEM_NONE, .only = TANDEM_ONLY_SYMBOLS, .symbol = fn_symbol },
};
static const struct tandem_value ring_args[] = {
	{ .kind = TANDEM_VALUE_PTR, .dir = TANDEM_IN, .type = LITMUS_TYPE_RING }, U32,
};

#define NO_ALLOC	.alloc = { .type = TANDEM_NONE }
#define NO_LEDGER	.ledger = { .undo = TANDEM_NONE }

static const struct tandem_down down_table[LITMUS_DOWNS] = {
	[LITMUS_DOWN_ALLOC] = { .name = "litmus_alloc", .arg = one_u32, .nargs = 1,
		.result = { .kind = TANDEM_VALUE_PTR, .type = LITMUS_TYPE_RING },
		.alloc = { .kind = TANDEM_ALLOC_DATA, .size_arg = { 0, 0xff }, .type = LITMUS_TYPE_RING },
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_NONZERO,
			    .undo = LITMUS_DOWN_FREE, .nfrom = 1, .from = { TANDEM_FROM_RESULT } } },
	[LITMUS_DOWN_RAW] = { .name = "litmus_raw", .arg = one_u32, .nargs = 1, .result = PTR,
		.alloc = { .kind = TANDEM_ALLOC_DATA, .size_arg = { 0, 0xff }, .type = TANDEM_NONE },
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_NONZERO,
			    .undo = LITMUS_DOWN_FREE, .nfrom = 1, .from = { TANDEM_FROM_RESULT } } },
	[LITMUS_DOWN_FREE] = { .name = "litmus_free", .arg = one_ptr, .nargs = 1, .result = VOID,
		.flags = TANDEM_DOWN_FREES, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .nfrom = 1,
			    .from = { 0 }, .strict = 1 } },
	[LITMUS_DOWN_LOCK] = { .name = "litmus_lock", .result = VOID, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_LOCK, .undo = LITMUS_DOWN_UNLOCK } },
	[LITMUS_DOWN_UNLOCK] = { .name = "litmus_unlock", .result = VOID, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_UNLOCK, .undo = TANDEM_NONE } },
	[LITMUS_DOWN_NEST] = { .name = "litmus_nest", .arg = dev_args, .nargs = 2, .result = S32,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_PUSH] = { .name = "litmus_push", .arg = dev_args, .nargs = 2, .result = VOID,
		.flags = TANDEM_DOWN_QUEUED, NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_LOG] = { .name = "litmus_log", .arg = string_arg, .nargs = 1, .result = U32,
		.flags = TANDEM_DOWN_SHORT, NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_ADD] = { .name = "litmus_add", .arg = two_s32, .nargs = 2, .result = S32,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_TICK] = { .name = "litmus_tick", .arg = dev_args, .nargs = 1, .result = VOID,
		.flags = TANDEM_DOWN_QUEUED, NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_FILL] = { .name = "litmus_fill", .arg = fill_args, .nargs = 2, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_KEEP] = { .name = "litmus_keep", .arg = keep_arg, .nargs = 1, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_SLEEP] = { .name = "litmus_sleep", .arg = one_u32, .nargs = 1, .result = VOID,
		.flags = TANDEM_DOWN_SLEEPS, NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_NEVER] = { .name = "litmus_never", .result = VOID, NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_DMA] = { .name = "litmus_dma", .arg = dma_args, .nargs = 2, .result = PTR,
		.alloc = { .kind = TANDEM_ALLOC_DMA, .size_arg = { 0, 0xff }, .type = TANDEM_NONE },
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_NONZERO,
			    .undo = LITMUS_DOWN_DMA_FREE, .nfrom = 3,
			    .from = { 0, TANDEM_FROM_RESULT, TANDEM_FROM_OUT | 1 } } },
	[LITMUS_DOWN_DMA_FREE] = { .name = "litmus_dma_free", .arg = dma_free_args, .nargs = 3,
		.result = VOID, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .nfrom = 3,
			    .from = { 0, 1, 2 }, .strict = 1 } },
	[LITMUS_DOWN_BIT] = { .name = "litmus_bit", .arg = bit_args, .nargs = 2, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_FIELD] = { .name = "litmus_field", .arg = field_args, .nargs = 2, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_LOCAL] = { .name = "litmus_local", .arg = local_arg, .nargs = 1, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_RING] = { .name = "litmus_ring", .arg = ring_args, .nargs = 2, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_OTHER_FREE] = { .name = "litmus_other_free", .arg = one_ptr, .nargs = 1,
		.result = VOID, .flags = TANDEM_DOWN_FREES, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .nfrom = 1,
			    .from = { 0 } } },
	[LITMUS_DOWN_HOLD] = { .name = "litmus_hold", .result = VOID, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_ALWAYS,
			    .undo = LITMUS_DOWN_UNHOLD, .strict = 1 } },
	[LITMUS_DOWN_UNHOLD] = { .name = "litmus_unhold", .result = VOID, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .strict = 1 } },
	[LITMUS_DOWN_RUN] = { .name = "litmus_run", .arg = fn_arg, .nargs = 1, .result = VOID,
		NO_ALLOC, NO_LEDGER },
	[LITMUS_DOWN_START] = { .name = "litmus_start", .result = VOID, .flags = TANDEM_DOWN_QUIET, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_ALWAYS, .undo = LITMUS_DOWN_STOP } },
	[LITMUS_DOWN_STOP] = { .name = "litmus_stop", .result = VOID, .flags = TANDEM_DOWN_STOPS, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE } },
	[LITMUS_DOWN_REMAP] = { .name = "litmus_remap", .result = PTR,
		.alloc = { .kind = TANDEM_ALLOC_MMIO, .size_arg = { 0xff, 0xff }, .type = TANDEM_NONE },
		.ledger = { .kind = TANDEM_LEDGER_ACQUIRE, .when = TANDEM_WHEN_NONZERO,
			    .undo = LITMUS_DOWN_UNREMAP, .nfrom = 1, .from = { TANDEM_FROM_RESULT } } },
	[LITMUS_DOWN_UNREMAP] = { .name = "litmus_unremap", .arg = one_ptr, .nargs = 1, .result = VOID,
		.flags = TANDEM_DOWN_FREES, NO_ALLOC,
		.ledger = { .kind = TANDEM_LEDGER_RELEASE, .undo = TANDEM_NONE, .nfrom = 1, .from = { 0 }, .strict = 1 } },
	[LITMUS_DOWN_LITTLE] = { .name = "litmus_little", .arg = one_u32, .nargs = 1, .result = VOID,
		NO_ALLOC, NO_LEDGER },
};

static void litmus_fn(void)
{
}

static u32 litmus_global;
static const struct tandem_leaf global_leaf[] = {
	{ .name = "litmus_global", .count = 1, .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD, .size = 4 },
};

/* ---- downcalls ---- */

static struct litmus_dev *device[2];
static void *big, *host;
static struct litmus_link *link;
static atomic_t allocated, ticked, locked, kept, held, busy, harm, started;
static unsigned long ring_in_use;
static DEFINE_MUTEX(litmus_mutex);
static const char *kept_string;
static struct tandem_half half;

static u64 do_alloc(const u64 *arg)
{
	void *p = arg[0] <= 65536 ? kzalloc(arg[0], GFP_KERNEL) : NULL;

	if (p)
		atomic_inc(&allocated);
	return (unsigned long)p;
}

static u64 do_free(const u64 *arg)
{
	if (arg[0] == READ_ONCE(ring_in_use))
		atomic_inc(&harm);
	else
		kfree((void *)arg[0]);
	atomic_dec(&allocated);
	return 0;
}

/* Another allocator's memory: real ones would be corrupt now. */
static u64 do_other_free(const u64 *arg)
{
	atomic_inc(&harm);
	return do_free(arg);
}

static u64 do_lock(const u64 *arg)
{
	mutex_lock(&litmus_mutex);
	atomic_inc(&locked);
	return 0;
}

static u64 do_unlock(const u64 *arg)
{
	atomic_dec(&locked);
	mutex_unlock(&litmus_mutex);
	return 0;
}

static u64 do_nest(const u64 *arg)
{
	u64 result = 0;
	int err = tandem_upcall(&half, LITMUS_POKE, arg, NULL, &result);

	return err ?: result;
}

static u64 do_log(const u64 *arg)
{
	return strlen((const char *)arg[0]);
}

static u64 do_add(const u64 *arg)
{
	return (int)arg[0] + (int)arg[1];
}

static u64 do_tick(const u64 *arg)
{
	atomic_inc(&ticked);
	return 0;
}

static u64 do_fill(const u64 *arg)
{
	memset((void *)arg[0], 0x5a, arg[1]);
	return 0;
}

static u64 fill_length(const u64 *arg, unsigned int n)
{
	return arg[1];
}

static u64 do_keep(const u64 *arg)
{
	kept_string = (const char *)arg[0];
	atomic_set(&kept, strlen(kept_string));
	return 0;
}

static u64 do_sleep(const u64 *arg)
{
	msleep(min_t(u64, arg[0], 1000));
	return 0;
}

static u64 do_dma(const u64 *arg)
{
	void *p = arg[0] && arg[0] <= 65536 ?
		  (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(arg[0])) : NULL;

	if (!p)
		return 0;
	*(u64 *)arg[1] = virt_to_phys(p);
	atomic_inc(&allocated);
	return (unsigned long)p;
}

static u64 do_bit(const u64 *arg)
{
	set_bit(arg[0], (unsigned long *)arg[1]);
	return 0;
}

static u64 bit_length(const u64 *arg, unsigned int n)
{
	return (arg[0] / 64 + 1) * 8;
}

static u64 do_local(const u64 *arg)
{
	*(u32 *)arg[0] = 0x5a5a5a5a;
	return 0;
}

static u64 do_ring(const u64 *arg)
{
	WRITE_ONCE(ring_in_use, arg[0]);
	atomic_inc(&busy);
	msleep(min_t(u64, arg[1], 5000));
	atomic_dec(&busy);
	WRITE_ONCE(ring_in_use, 0);
	return 0;
}

/* Held once, as napi_enable() is: who does it twice hurts. */
static u64 do_hold(const u64 *arg)
{
	if (atomic_inc_return(&held) > 1)
		atomic_inc(&harm);
	atomic_inc(&busy);
	msleep(600);
	atomic_dec(&busy);
	return 0;
}

static u64 do_unhold(const u64 *arg)
{
	atomic_inc(&busy);
	msleep(600);
	atomic_dec(&busy);
	if (atomic_dec_return(&held) < 0)
		atomic_inc(&harm);
	return 0;
}

/* A state, as a device's bus mastering: to start it twice does nothing. */
static u64 do_start(const u64 *arg)
{
	atomic_set(&started, 1);
	return 0;
}

static u64 do_stop(const u64 *arg)
{
	atomic_set(&started, 0);
	return 0;
}

/* The end of the firmware's ROM: nothing there minds being read or written. */
static u64 do_remap(const u64 *arg)
{
	void __iomem *p = ioremap(0xfffff000, 4096);

	if (p)
		atomic_inc(&allocated);
	return (unsigned long)p;
}

static u64 do_unremap(const u64 *arg)
{
	iounmap((void __iomem *)arg[0]);
	atomic_dec(&allocated);
	return 0;
}

static u64 do_run(const u64 *arg)
{
	if (arg[0] == (unsigned long)litmus_fn)
		litmus_fn();
	else
		atomic_inc(&harm);
	return 0;
}

static u64 do_little(const u64 *arg)
{
	if (arg[0] > 10)
		atomic_inc(&harm);
	return 0;
}

static bool little_check(const u64 *arg)
{
	return arg[0] <= 10;
}

static u64 do_dma_free(const u64 *arg)
{
	free_pages(arg[1], get_order(arg[0]));
	atomic_dec(&allocated);
	return 0;
}

static const tandem_thunk thunk[LITMUS_DOWNS] = {
	[LITMUS_DOWN_ALLOC] = do_alloc, [LITMUS_DOWN_RAW] = do_alloc,
	[LITMUS_DOWN_FREE] = do_free,
	[LITMUS_DOWN_LOCK] = do_lock, [LITMUS_DOWN_UNLOCK] = do_unlock,
	[LITMUS_DOWN_NEST] = do_nest, [LITMUS_DOWN_PUSH] = do_nest, [LITMUS_DOWN_LOG] = do_log, [LITMUS_DOWN_ADD] = do_add,
	[LITMUS_DOWN_TICK] = do_tick, [LITMUS_DOWN_FILL] = do_fill, [LITMUS_DOWN_KEEP] = do_keep,
	[LITMUS_DOWN_SLEEP] = do_sleep, [LITMUS_DOWN_NEVER] = do_tick,
	[LITMUS_DOWN_DMA] = do_dma, [LITMUS_DOWN_DMA_FREE] = do_dma_free,
	[LITMUS_DOWN_BIT] = do_bit, [LITMUS_DOWN_FIELD] = do_bit, [LITMUS_DOWN_LOCAL] = do_local,
	[LITMUS_DOWN_RING] = do_ring, [LITMUS_DOWN_OTHER_FREE] = do_other_free,
	[LITMUS_DOWN_HOLD] = do_hold, [LITMUS_DOWN_UNHOLD] = do_unhold,
	[LITMUS_DOWN_START] = do_start, [LITMUS_DOWN_STOP] = do_stop,
	[LITMUS_DOWN_REMAP] = do_remap, [LITMUS_DOWN_UNREMAP] = do_unremap, [LITMUS_DOWN_LITTLE] = do_little, [LITMUS_DOWN_RUN] = do_run,
};

static const tandem_length length[LITMUS_DOWNS] = {
	[LITMUS_DOWN_FILL] = fill_length, [LITMUS_DOWN_BIT] = bit_length,
	[LITMUS_DOWN_FIELD] = bit_length,
};
static const tandem_check check[LITMUS_DOWNS] = { [LITMUS_DOWN_LITTLE] = little_check };

static const char *const symbol_name[] = { "litmus_fn", "litmus_table" };
static const void *const symbol[] = { litmus_fn, symbol_name };
static const struct tandem_global global[] = { { "litmus_global", LITMUS_TYPES, 0, 4 } };
static void *const global_at[] = { &litmus_global };

static struct tandem_type all_types[LITMUS_TYPES + 1];

static struct tandem_plan plan = {
	.module = "litmus", .build_id = LITMUS_BUILD,
	.type = all_types, .entry = entry, .down = down_table, .global = global, .symbol = symbol_name,
	.ntype = LITMUS_TYPES + 1, .nentry = LITMUS_ENTRIES, .ndown = LITMUS_DOWNS, .nglobal = 1,
	.nsymbol = 2,
};

static struct tandem_half half = {
	.size = sizeof(half), .abi = TANDEM_HALF_ABI, .plan = &plan, .owner = THIS_MODULE, .down = thunk, .length = length, .check = check,
	.symbol = symbol,
	.global = global_at,
};

/* ---- upcalls ---- */

#include "litmus_from.h"

static void show(struct litmus_run *run)
{
	run->dev = *device[run->device];
	run->dev.ring = (void *)(long)!!run->dev.ring;
	run->dev.ring2 = (void *)(long)!!run->dev.ring2;
	run->dev.name = NULL;
	run->dev.cookie = (void *)(long)(run->dev.cookie == &allocated);
	run->dev.fn = (void *)(long)(run->dev.fn == litmus_fn);
	run->allocated = atomic_read(&allocated);
	run->locked = atomic_read(&locked);
	run->ticked = atomic_read(&ticked);
	run->kept = atomic_read(&kept);
	run->held = atomic_read(&held);
	run->busy = atomic_read(&busy);
	run->started = atomic_read(&started);
	run->harm = atomic_read(&harm);
}

/*
 * As with a bus: nobody comes before the half is registered, and who unregisters it waits for those inside, as
 * unregister_netdev() does: none starts afterwards.
 */
static DECLARE_RWSEM(inside);
static bool registered;		/* under inside for writing */

static long litmus_run(struct litmus_run *run)
{
	struct litmus_dev *dev = device[run->device & 1];
	u64 arg[3] = { (unsigned long)dev, run->arg, run->bytes };
	u64 bytes[3] = { 0, run->bytes, 0 };
	void *buffer = NULL;
	u64 i, start;

	if (run->entry >= LITMUS_ENTRIES || run->bytes > 1 << 20)
		return -EINVAL;
	if (run->entry == LITMUS_BIG)
		arg[0] = (unsigned long)big;
	if (run->entry == LITMUS_HOST)
		arg[0] = (unsigned long)host;
	if (run->entry == LITMUS_CHAIN)
		arg[0] = (unsigned long)&link[LITMUS_LINKS - clamp_t(u64, run->arg, 1, LITMUS_LINKS)];
	if (run->entry == LITMUS_BUFFER) {
		buffer = vmemdup_user(u64_to_user_ptr(run->buffer), run->bytes);
		if (IS_ERR(buffer))
			return PTR_ERR(buffer);
		arg[1] = (unsigned long)buffer;
	}
	start = ktime_get_ns();
	for (i = 0; i < (run->repeat ?: 1); i++) {
		down_read(&inside);
		run->error = -EIO;
		if (registered)
			run_from(run, arg, bytes);
		up_read(&inside);
		if (run->error)
			break;
	}
	run->ns = ktime_get_ns() - start;
	show(run);
	if (buffer && copy_to_user(u64_to_user_ptr(run->buffer), buffer, run->bytes)) {
		kvfree(buffer);
		return -EFAULT;
	}
	kvfree(buffer);
	return 0;
}

static void litmus_set(const struct litmus_run *run)
{
	struct litmus_dev *dev = device[run->device & 1];
	struct litmus_dev keep = *dev;

	*dev = run->dev;
	dev->ring = keep.ring;
	dev->ring2 = NULL;
	dev->name = "litmus";
	dev->cookie = &allocated;
	dev->fn = litmus_fn;
}

static DEFINE_MUTEX(face_mutex);

static long litmus_register(bool on)
{
	long err = 0;

	mutex_lock(&face_mutex);
	if (on && !registered)
		err = tandem_half_register(&half);
	else if (on || !registered)
		err = -EINVAL;
	if (!err) {
		down_write(&inside);
		if (!on)
			tandem_half_unregister(&half);
		registered = on;
		up_write(&inside);
	}
	mutex_unlock(&face_mutex);
	return err;
}

static long litmus_ioctl(struct file *file, unsigned int cmd, unsigned long to)
{
	struct litmus_run *run;
	long err;

	if (cmd == LITMUS_IOC_REGISTER || cmd == LITMUS_IOC_UNREGISTER)
		return litmus_register(cmd == LITMUS_IOC_REGISTER);
	if (cmd != LITMUS_IOC_RUN && cmd != LITMUS_IOC_SET)
		return -ENOTTY;
	run = memdup_user((void __user *)to, sizeof(*run));
	if (IS_ERR(run))
		return PTR_ERR(run);
	if (cmd == LITMUS_IOC_SET) {
		litmus_set(run);
		err = 0;
	} else {
		err = litmus_run(run);
		if (!err && copy_to_user((void __user *)to, run, sizeof(*run)))
			err = -EFAULT;
	}
	kfree(run);
	return err;
}

static const struct file_operations litmus_ops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = litmus_ioctl,
};

static struct miscdevice litmus_device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "litmus", .fops = &litmus_ops,
};

static void free_all(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (device[i])
			kfree(device[i]->ring);
		kfree(device[i]);
	}
	vfree(big);
	kfree(host);
	kvfree(link);
}

static int alloc_all(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		device[i] = kzalloc(sizeof(*device[i]), GFP_KERNEL);
		if (!device[i])
			return -ENOMEM;
		device[i]->ring = kzalloc(sizeof(struct litmus_ring), GFP_KERNEL);
		if (!device[i]->ring)
			return -ENOMEM;
	}
	big = vzalloc(160000);
	host = kzalloc(LITMUS_TAIL + sizeof(struct litmus_ring), GFP_KERNEL);
	link = kvcalloc(LITMUS_LINKS, sizeof(*link), GFP_KERNEL);
	if (!big || !host || !link)
		return -ENOMEM;
	((struct litmus_ring *)(host + LITMUS_TAIL))->tail = 4711;
	for (i = 0; i < LITMUS_LINKS; i++) {
		link[i].next = i + 1 < LITMUS_LINKS ? &link[i + 1] : NULL;
		link[i].cookie = (void *)(4096UL * (i + 1));
	}
	return 0;
}

static int __init litmus_init(void)
{
	int err;

	memcpy(all_types, type, sizeof(type));
	all_types[LITMUS_TYPES] = (struct tandem_type){
		.name = "u32", .size = 4, .nleaf = 1, .leaf = global_leaf, .tail_type = TANDEM_NONE,
	};
	err = alloc_all() ?: misc_register(&litmus_device);
	if (err)
		free_all();
	return err;
}

static void __exit litmus_exit(void)
{
	misc_deregister(&litmus_device);
	if (registered)
		tandem_half_unregister(&half);
	free_all();
}

module_init(litmus_init);
module_exit(litmus_exit);
MODULE_LICENSE("GPL");
