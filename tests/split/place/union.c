// SPDX-License-Identifier: GPL-2.0
/* A pointer and a number in the same place: which it is only the driver knows. */
#include "include/linux/fake.h"

struct slot { int count; };
struct page { int flags; };
struct dev {
	union { struct slot *slot; unsigned long cookie; } any;
	union { struct slot *first; struct slot *other; } pointers;
	union { struct slot *slot; struct page *page; } either;
	union { u8 low; u32 whole; u8 bytes[8]; } numbers;
	union { struct slot *never; u32 always; } one;
	union { struct { struct slot *at; u32 n; } is; u32 what[4]; } inner;
	int kind;
} dev;

struct option { int n; union { struct { int min, max; } r; struct { struct slot *at; } l; } arg; };

#define REST kernel_event("more", 0); kernel_event("more", 1); kernel_event("more", 2)

static int by_pointer(void) { return dev.any.slot ? 1 : 0; }
static int by_number(void) { REST; if (dev.kind) dev.any.cookie = 1; return 0; }
static int two_pointers(void) { return dev.pointers.first == dev.pointers.other; }
static int two_records(void) { return dev.either.slot ? 1 : dev.either.page != 0; }
static int all_numbers(void) { dev.numbers.low = 1; dev.numbers.bytes[1] = 2; return dev.numbers.whole; }
static int only_one(void) { return dev.one.always; }
static int inside(void) { return dev.inner.what[2] + (dev.inner.is.at != 0); }

/* Of a variable nothing crosses. */
static int of_option(const struct option *option) { return option->arg.r.min + (option->arg.l.at != 0); }
static int local(void)
{
	struct option option = { .n = 1 };

	option.arg.r.min = 1;
	return of_option(&option) + option.arg.r.max;
}

static int open(struct file *file)
{
	(void)file;
	return by_pointer() + by_number() + two_pointers() + two_records() + all_numbers() + only_one() + inside() + local();
}

static const struct file_operations ops = { .open = open };

int start(int n)
{
	return register_file(&ops) + n;
}
