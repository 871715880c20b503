/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UPBENCH_PLAN_H
#define UPBENCH_PLAN_H

#include "plan.h"
#include "upbench.h"

#define WORD(n, place)	{ .name = "word" #n, .offset = 8 * (place), .count = 1, .size = 8,	\
			  .type = TANDEM_NONE, .kind = TANDEM_LEAF_WORD }

static const struct tandem_leaf dev_leaf[UPBENCH_FIELDS] = {
	WORD(0, 0), WORD(1, 5), WORD(2, 14), WORD(3, 23), WORD(4, 31),
	WORD(5, 44), WORD(6, 58), WORD(7, 77), WORD(8, 90), WORD(9, 121),
};

static const struct tandem_type type[] = {
	{ .name = "struct upbench_dev", .size = sizeof(struct upbench_dev),
	  .nleaf = UPBENCH_FIELDS, .leaf = dev_leaf, .tail_type = TANDEM_NONE,
	  .life = TANDEM_LIFE_DEVICE },
};

#define RW	(TANDEM_READ | TANDEM_WRITE)

static const struct tandem_use dev_use[UPBENCH_FIELDS] = {
	{ 0, RW }, { 1, RW }, { 2, RW }, { 3, RW }, { 4, RW },
	{ 5, RW }, { 6, RW }, { 7, RW }, { 8, RW }, { 9, RW },
};

static const struct tandem_view dev_view[] = { { 0, UPBENCH_FIELDS, dev_use } };

static const struct tandem_value dev_arg[] = {
	{ .kind = TANDEM_VALUE_PTR, .type = 0, .name = "dev" },
};

static const __u64 may_nothing[1];

#define ENTRY(n, f, v)	{ .name = n, .arg = dev_arg, .nargs = 1, .flags = f,			\
			  .result = { .kind = TANDEM_VALUE_SCALAR, .size = 8 },			\
			  .closes = TANDEM_NONE, .nview = v, .view = dev_view, .may = may_nothing }

static const struct tandem_entry entry[UPBENCH_ENTRIES] = {
	[UPBENCH_PROBE] = ENTRY("upbench_probe", TANDEM_ENTRY_BEGINS, 0),
	[UPBENCH_REMOVE] = ENTRY("upbench_remove", TANDEM_ENTRY_ENDS, 0),
	[UPBENCH_TEN] = ENTRY("upbench_ten", 0, 1),
	[UPBENCH_TWO] = ENTRY("upbench_two", 0, 1),
	[UPBENCH_NONE] = ENTRY("upbench_none", 0, 0),
};

static const struct tandem_plan plan = {
	.module = "upbench", .build_id = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
	.type = type, .entry = entry, .ntype = 1, .nentry = UPBENCH_ENTRIES,
};

#endif
