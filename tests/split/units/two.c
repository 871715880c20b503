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

int two_reset(struct card *c)
{
	card_lock_and_count(c, 3);
	return card_get(c, 2);
}
