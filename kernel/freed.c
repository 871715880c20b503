// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that the user half has freed and that nobody is known to have got since. Pointers to it may
 * stand in fields still: a driver frees and then clears, a hostile one never does. No record is made
 * of what lies there, whoever has it now, until an allocation returns it or the kernel passes a pointer
 * to it.
 */
#include <linux/slab.h>

#include "internal.h"

struct freed {
	struct rb_node node;		/* state.freed, by start; ranges do not overlap */
	unsigned long start, end;
};

#define FREED_MAX	65536

/* Of their own, so that they can be told from leaks. */
static struct kmem_cache *ranges;

static struct freed *floor_of(struct state *st, unsigned long address)
{
	struct rb_node *n = st->freed.rb_node;
	struct freed *best = NULL;

	while (n) {
		struct freed *f = rb_entry(n, struct freed, node);

		if (f->start <= address)
			best = f;
		n = f->start <= address ? n->rb_right : n->rb_left;
	}
	return best;
}

static struct freed *freed_in(struct state *st, unsigned long start, unsigned long end)
{
	struct freed *f;

	lockdep_assert_held(&st->mutex);
	f = floor_of(st, end - 1);
	return f && f->end > start ? f : NULL;
}

bool freed_has(struct state *st, unsigned long start, size_t size)
{
	return freed_in(st, start, start + size);
}

static void insert(struct state *st, struct freed *new)
{
	struct rb_node **link = &st->freed.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = new->start < rb_entry(parent, struct freed, node)->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &st->freed);
	st->nfreed++;
}

/* One that was not added, or NULL. */
void freed_free(struct freed *f)
{
	if (f)
		kmem_cache_free(ranges, f);
}

static void drop(struct state *st, struct freed *f)
{
	rb_erase(&f->node, &st->freed);
	st->nfreed--;
	freed_free(f);
}

/* Before the memory goes, since afterwards nothing may fail. NULL: there are too many, or no memory. */
struct freed *freed_make(struct state *st, unsigned long start, size_t size)
{
	struct freed *f;

	lockdep_assert_held(&st->mutex);
	f = st->nfreed < FREED_MAX ? kmem_cache_alloc(ranges, GFP_KERNEL) : NULL;
	if (f) {
		f->start = start;
		f->end = start + size;
	}
	return f;
}

void freed_add(struct state *st, struct freed *new)
{
	struct freed *f;

	while ((f = freed_in(st, new->start, new->end)) != NULL) {
		new->start = min(new->start, f->start);
		new->end = max(new->end, f->end);
		drop(st, f);
	}
	insert(st, new);
}

/* Somebody has this memory now. -ENOMEM: nothing was changed. */
int freed_forget(struct state *st, unsigned long start, size_t size)
{
	unsigned long end = start + size;
	struct freed *f, *behind;

	while ((f = freed_in(st, start, end)) != NULL) {
		if (f->start < start && f->end > end) {
			behind = kmem_cache_alloc(ranges, GFP_KERNEL);
			if (!behind)
				return -ENOMEM;
			behind->start = end;
			behind->end = f->end;
			f->end = start;
			insert(st, behind);
		} else if (f->start < start) {
			f->end = start;
		} else if (f->end > end) {
			f->start = end;		/* its place in the tree stays */
		} else {
			drop(st, f);
		}
	}
	return 0;
}

void freed_clear(struct state *st)
{
	struct freed *f, *more;

	rbtree_postorder_for_each_entry_safe(f, more, &st->freed, node)
		freed_free(f);
	st->freed = RB_ROOT;
}

int freed_init(void)
{
	ranges = kmem_cache_create("tandem_freed", sizeof(struct freed), 0, 0, NULL);
	return ranges ? 0 : -ENOMEM;
}

void freed_exit(void)
{
	kmem_cache_destroy(ranges);
}
