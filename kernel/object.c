// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: memory that both halves know, found by handle or by address.
 */
#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define CHUNKS	(TANDEM_OBJECTS_MAX / OBJECT_CHUNK)

/* ---- by address ---- */

static struct object *tree_floor(struct state *st, unsigned long address)
{
	struct rb_node *n = st->objects.tree.rb_node;
	struct object *best = NULL;

	while (n) {
		struct object *o = rb_entry(n, struct object, node);

		if (address < o->start) {
			n = n->rb_left;
		} else {
			best = o;
			n = n->rb_right;
		}
	}
	return best;
}

struct object *object_find(struct state *st, unsigned long address)
{
	struct object **guess = &st->objects.cache[hash_long(address, CACHE_BITS)];
	struct object *o = *guess;

	if (o && address - o->start < o->size)
		return o;
	o = tree_floor(st, address);
	if (!o || address - o->start >= o->size)
		return NULL;
	*guess = o;
	return o;
}

/* The first live object that shares a byte with the range; NULL. */
static struct object *object_in(struct state *st, unsigned long start, size_t size)
{
	struct object *o = tree_floor(st, start);
	struct rb_node *n;

	if (o && start - o->start < o->size)
		return o;
	n = o ? rb_next(&o->node) : rb_first(&st->objects.tree);
	if (!n)
		return NULL;
	o = rb_entry(n, struct object, node);
	return o->start - start < size ? o : NULL;
}

static void tree_add(struct state *st, struct object *new)
{
	struct rb_node **link = &st->objects.tree.rb_node, *parent = NULL;

	while (*link) {
		struct object *o = rb_entry(*link, struct object, node);

		parent = *link;
		link = new->start < o->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &st->objects.tree);
}

/* ---- by handle ---- */

static struct object *object_at(struct state *st, u32 index)
{
	return &st->objects.chunk[index / OBJECT_CHUNK][index % OBJECT_CHUNK];
}

struct object *object_by_handle(struct state *st, u32 index, u32 gen)
{
	struct object *o;

	if (!gen)
		return index < st->plan->nglobal ? &st->objects.global[index] : NULL;
	if (index >= st->objects.count)
		return NULL;
	o = object_at(st, index);
	return o->gen == gen && o->size ? o : NULL;
}

static struct object *slot_take(struct state *st)
{
	struct objects *all = &st->objects;
	struct object *o = all->free;
	u32 index = all->count;

	if (o) {
		all->free = o->next;
		o->gen++;
		return o;
	}
	if (index >= TANDEM_OBJECTS_MAX)
		return NULL;
	if (!all->chunk[index / OBJECT_CHUNK]) {
		all->chunk[index / OBJECT_CHUNK] = kvcalloc(OBJECT_CHUNK, sizeof(*o), GFP_KERNEL);
		if (!all->chunk[index / OBJECT_CHUNK])
			return NULL;
	}
	all->count++;
	o = object_at(st, index);
	o->index = index;
	o->gen = 1;
	return o;
}

/* ---- life ---- */

static void tell_gone(struct worker *w, struct object *o)
{
	if (o->index >= w->seen_room || w->seen[o->index].known >> 32 != o->gen)
		return;
	w->seen[o->index].known = 0;
	/* Not telling is no harm but the memory of a dead copy: the next NEW ends it. */
	if (w->ngone + 2 > w->gone_room) {
		u32 room = w->gone_room ? 2 * w->gone_room : 32;
		u32 *more = krealloc_array(w->gone, room, sizeof(*more), GFP_KERNEL | __GFP_NOWARN);

		if (!more)
			return;
		w->gone = more;
		w->gone_room = room;
	}
	w->gone[w->ngone++] = o->index;
	w->gone[w->ngone++] = o->gen;
}

void object_kill(struct state *st, struct object *o)
{
	struct tandem_channel *ch = READ_ONCE(st->channel);
	u32 i, n;

	lockdep_assert_held(&st->mutex);
	if (!o->size || !o->gen)
		return;
	rb_erase(&o->node, &st->objects.tree);
	o->size = 0;
	st->objects.epoch++;
	st->objects.alive--;
	if (ch) {
		n = smp_load_acquire(&ch->nworker);
		for (i = 0; i < n; i++)
			tell_gone(ch->worker[i], o);
		if (o->kind != TANDEM_OBJECT_DATA)
			window_revoke(ch, o->index, o->gen);
	}
	if (o->gen == U32_MAX)
		return;		/* a handle is never used twice */
	o->next = st->objects.free;
	st->objects.free = o;
}

static void set_type(struct state *st, struct object *o, u16 type, bool tail)
{
	o->nseg = type == TANDEM_NONE ? 0 :
		  tandem_place_segments(st->plan, type, tail, o->size, o->seg);
}

/* What the memory held before, or was filled with, is no pointer. */
void object_clear_pointers(const struct state *st, const struct object *o)
{
	const struct tandem_type *t;
	u32 i, n, item;

	for (i = 0; i < o->nseg; i++) {
		t = &st->plan->type[o->seg[i].type];
		for (n = 0; n < o->seg[i].count * t->nleaf; n++) {
			const struct tandem_leaf *leaf = &t->leaf[n % t->nleaf];
			unsigned long at = o->start + o->seg[i].offset + n / t->nleaf * (size_t)t->size + leaf->offset;

			for (item = 0; item < leaf->count && leaf->kind == TANDEM_LEAF_PTR; item++)
				WRITE_ONCE(*(u64 *)(at + item * leaf->stride), 0);
		}
	}
}

void object_retype(struct state *st, struct object *o, u16 type)
{
	set_type(st, o, type, false);
	object_clear_pointers(st, o);
	o->version++;
	st->objects.epoch++;
}

/*
 * Makes the object of memory that nothing else is in any more: what is known to lie
 * there is dead. NULL: it can be none. An error: no memory, or no index left.
 */
struct object *object_make(struct state *st, u8 kind, unsigned long start, size_t size,
			   u16 type, bool tail, struct scope *scope)
{
	struct object *o;

	lockdep_assert_held(&st->mutex);
	if (!size || start + size < start)
		return NULL;
	while ((o = object_in(st, start, size)) != NULL) {
		if (!o->gen)
			return NULL;
		object_kill(st, o);
	}
	o = slot_take(st);
	if (!o)
		return ERR_PTR(-ENOMEM);
	o->start = start;
	o->size = size;
	o->version = 0;
	o->holders = 0;
	o->holder = 0;
	o->walk = 0;
	o->kind = kind;
	o->life = TANDEM_LIFE_DEVICE;
	o->allocated = false;
	o->scope = scope;
	o->phys = 0;
	set_type(st, o, kind == TANDEM_OBJECT_DATA ? type : TANDEM_NONE, tail);
	tree_add(st, o);
	st->objects.epoch++;
	st->objects.alive++;
	return o;
}

static bool readable(unsigned long start, size_t size)
{
	u8 byte;

	return !copy_from_kernel_nofault(&byte, (void *)start, 1) &&
	       !copy_from_kernel_nofault(&byte, (void *)(start + size - 1), 1);
}

size_t object_twin_size(const struct state *st, u16 type)
{
	const struct tandem_type *t = &st->plan->type[type];

	return t->tail_type == TANDEM_NONE ? t->size : t->tail_offset + st->plan->type[t->tail_type].size;
}

/* A record that an earlier pointer named may turn out to be part of a larger one, unless somebody works with it. */
static bool gives_way(const struct call *c, const struct object *o, unsigned long start, size_t size)
{
	return o->gen && o->life == TANDEM_LIFE_CALL && o->walk != c->state->walk &&
	       (!o->holders || (o->holders == 1 && o->holder == c->outermost->seq)) &&
	       o->start >= start && o->start + o->size <= start + size;
}

static bool all_give_way(const struct call *c, unsigned long start, size_t size)
{
	const struct object *o = object_in(c->state, start, size);
	struct rb_node *n;

	for (; o && o->start < start + size; o = n ? rb_entry(n, struct object, node) : NULL) {
		if (!gives_way(c, o, start, size))
			return false;
		n = rb_next(&o->node);
	}
	return true;
}

/*
 * The twin of a record that a pointer of its type led to. NULL: it lies where something
 * else is known to be, in memory that was freed, or in none of the kernel's. Otherwise as object_make().
 */
struct object *object_twin(struct call *c, unsigned long address, u16 type)
{
	struct state *st = c->state;
	const struct tandem_type *t = &st->plan->type[type];
	size_t size = object_twin_size(st, type);
	struct object *o;

	if (address + size < address || !readable(address, size) ||
	    (test_bit(type, st->given) && freed_has(st, address, size)) ||
	    !all_give_way(c, address, size))
		return NULL;
	o = object_make(st, TANDEM_OBJECT_DATA, address, size, type, t->tail_type != TANDEM_NONE,
			c->outermost->scope);
	if (!IS_ERR_OR_NULL(o))
		o->life = t->life;
	return o;
}

/* ---- holds: what ends CALL objects ---- */

static int held_grow(struct call *c)
{
	u32 room = c->held_room * 2;
	struct hold *more = kvmalloc_array(room, sizeof(*more), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	memcpy(more, c->held, c->nheld * sizeof(*more));
	if (c->held != c->held_few)
		kvfree(c->held);
	c->held = more;
	c->held_room = room;
	return 0;
}

int object_hold(struct call *outermost, struct object *o)
{
	u32 i;

	if (o->life != TANDEM_LIFE_CALL || o->holder == outermost->seq)
		return 0;
	for (i = 0; o->holders && i < outermost->nheld; i++)
		if (outermost->held[i].object == o && outermost->held[i].gen == o->gen)
			return 0;
	if (outermost->nheld == outermost->held_room && held_grow(outermost))
		return -ENOMEM;
	outermost->held[outermost->nheld].object = o;
	outermost->held[outermost->nheld++].gen = o->gen;
	o->holders++;
	o->holder = outermost->seq;
	return 0;
}

void objects_release(struct call *outermost)
{
	u32 i;

	for (i = 0; i < outermost->nheld; i++) {
		struct object *o = outermost->held[i].object;

		if (!o->size || o->gen != outermost->held[i].gen)
			continue;
		if (!--o->holders)
			object_kill(outermost->state, o);
	}
	outermost->nheld = 0;
	if (outermost->held != outermost->held_few)
		kvfree(outermost->held);
	outermost->held = outermost->held_few;
}

/* ---- scopes ---- */

struct scope *scope_find(struct state *st, unsigned long device)
{
	struct scope *scope;

	list_for_each_entry(scope, &st->scopes, node)
		if (scope->device == device)
			return scope;
	return NULL;
}

/* A device that is probed again without having been removed goes on with its scope. */
struct scope *scope_begin(struct state *st, unsigned long device)
{
	struct scope *scope = scope_find(st, device);

	if (scope)
		return scope;
	scope = kzalloc(sizeof(*scope), GFP_KERNEL);
	if (!scope)
		return NULL;
	scope->device = device;
	st->objects.epoch++;
	list_add(&scope->node, &st->scopes);
	return scope;
}

/* The device that a call is about: that of the first argument which belongs to one. */
struct scope *scope_of_args(struct state *st, const struct tandem_entry *entry, const u64 *arg)
{
	struct scope *scope;
	struct object *o;
	unsigned int i;

	for (i = 0; i < entry->nargs; i++) {
		if (entry->arg[i].kind != TANDEM_VALUE_PTR || !arg[i])
			continue;
		scope = scope_find(st, arg[i]);
		if (scope)
			return scope;
		o = object_find(st, arg[i]);
		if (o && o->scope)
			return o->scope;
	}
	return NULL;
}

void scope_end(struct state *st, struct scope *scope)
{
	struct record *r;
	struct call *c;
	u32 i;

	for (i = 0; i < st->objects.count; i++) {
		struct object *o = object_at(st, i);

		if (o->size && o->scope == scope) {
			o->scope = NULL;
			object_kill(st, o);
		}
	}
	list_for_each_entry(r, &st->ledger.list, node)
		if (r->scope == scope)
			r->scope = NULL;
	for_each_call(c, i, st)
		if (c->scope == scope)
			c->scope = NULL;
	st->objects.epoch++;
	list_del(&scope->node);
	kfree(scope);
}

/* ---- the table ---- */

int objects_init(struct state *st)
{
	u32 i;

	st->objects.tree = RB_ROOT;
	st->objects.chunk = kvcalloc(CHUNKS, sizeof(*st->objects.chunk), GFP_KERNEL);
	st->objects.global = kvcalloc(st->plan->nglobal ?: 1, sizeof(struct object), GFP_KERNEL);
	if (!st->objects.chunk || !st->objects.global)
		return -ENOMEM;
	for (i = 0; i < st->plan->nglobal; i++) {
		struct object *o = &st->objects.global[i];

		o->index = i;
		o->kind = TANDEM_OBJECT_GLOBAL;
		o->life = TANDEM_LIFE_DEVICE;
		o->start = (unsigned long)st->half->global[i];
		o->size = st->plan->global[i].size;
		if (!o->start || !o->size || object_in(st, o->start, o->size))
			return -EINVAL;
		set_type(st, o, st->plan->global[i].type, false);
		tree_add(st, o);
	}
	return 0;
}

void objects_exit(struct state *st)
{
	u32 i;

	for (i = 0; st->objects.chunk && i < CHUNKS; i++)
		kvfree(st->objects.chunk[i]);
	kvfree(st->objects.chunk);
	kvfree(st->objects.global);
}
