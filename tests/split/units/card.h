/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/etherdevice.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

struct card;
struct ops { int (*get)(struct card *c, int x); };
struct info { int ports; const struct ops *ops; };

struct card {
	struct net_device *dev;
	spinlock_t lock;
	struct list_head list;
	int v;
	struct ops ops;
	int (*check)(struct net_device *dev);
	struct tail *tail;
};

struct tail { int n; struct { int a; } part[]; };

extern const struct info info_two;
extern int panic_timeout;	/* of the kernel, as if it were another module's */
extern int defined_without_a_value;
int two_reset(struct card *c);
int count_locked(struct card *c);

/* Both files have it: a call of the kernel half, and one through a pointer that may lead there. */
static inline int card_get(struct card *c, int x)
{
	return c->ops.get(c, x) + count_locked(c);
}

/* Taken to pieces: a region. */
static inline void card_lock_and_count(struct card *c, unsigned int times)
{
	register unsigned int turn = times * 2;

	if (turn > 4)
		turn -= 2;
	if (turn > 6)
		turn -= 3;
	spin_lock_bh(&c->lock);
	c->v += turn++;
	spin_unlock_bh(&c->lock);
	if (turn > 8)
		turn -= 4;
	c->v ^= turn;
}
