// SPDX-License-Identifier: GPL-2.0
#include "card.h"

int defined_without_a_value;

/* The interrupt handler calls it. */
int count_locked(struct card *c)
{
	int v;

	spin_lock(&c->lock);
	v = c->v++;
	spin_unlock(&c->lock);
	return v;
}

static int get_two(struct card *c, int x) { c->v = x + 1; return 0; }
static const struct ops ops_two = { .get = get_two };
const struct info info_two = { .ports = 2, .ops = &ops_two };

/* Another module may call it, under whatever locks. */
int two_exported(struct card *c)
{
	return c->v + 1;
}
EXPORT_SYMBOL_GPL(two_exported);

/* Of a type that has no name outside. */
static int inner_type(int x)
{
	static struct inner { int a, b; } pair = { 1, 2 };

	pair.a += x;
	return pair.a + pair.b;
}

int two_reset(struct card *c)
{
	struct card *other;

	c->v += c->tail->part[1].a;
	c->v += two_exported(c) + inner_type(c->v);
	list_for_each_entry(other, &c->list, list)
		c->v += other->v;
	if (c->v > 100)
		c->v = 100;
	if (c->v > 90)
		c->v = 90;
	if (c->v > 80)
		c->v = 80;
	card_lock_and_count(c, 3);
	return card_get(c, 2);
}
