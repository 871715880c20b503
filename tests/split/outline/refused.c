// SPDX-License-Identifier: GPL-2.0
/* Functions that stay in the kernel: no region can be made of what they do with locks. */
#include "include/linux/fake.h"

struct dev { spinlock_t lock; int count; struct dev *next; };

int one_branch(struct dev *d, int n)
{
	kernel_event("begin", n);
	if (n)
		spin_lock(&d->lock);
	d->count++;
	if (n)
		spin_unlock(&d->lock);
	kernel_event("end", n);
	return n;
}

int held_at_return(struct dev *d, int n)
{
	kernel_event("begin", n);
	spin_lock(&d->lock);
	return n;
}

void held_at_end(struct dev *d, int n)
{
	kernel_event("begin", n);
	spin_lock(&d->lock);
	d->count = n;
}

void releases_only(struct dev *d, int n)
{
	kernel_event("begin", n);
	d->count = n;
	spin_unlock(&d->lock);
}

int jump_in(struct dev *d, int n)
{
	kernel_event("begin", n);
	if (n > 3)
		goto middle;
	kernel_event("small", n);
	spin_lock(&d->lock);
	d->count++;
middle:
	d->count += 2;
	spin_unlock(&d->lock);
	return n;
}

int loop_left_locked(struct dev *d, int n)
{
	kernel_event("begin", n);
	for (int i = 0; i < n; i++) {
		spin_lock(&d->lock);
		if (d->count == i)
			break;
		spin_unlock(&d->lock);
	}
	spin_unlock(&d->lock);
	kernel_event("end", n);
	return n;
}

int across_turns(struct dev *d, int n)
{
	kernel_event("begin", n);
	while (n--) {
		if (d->count)
			spin_unlock(&d->lock);
		else
			spin_lock(&d->lock);
	}
	kernel_event("end", n);
	return n;
}

int across_cases(struct dev *d, int n)
{
	kernel_event("begin", n);
	switch (n) {
	case 1:
		spin_lock(&d->lock);
		/* fall through */
	case 2:
		d->count++;
		spin_unlock(&d->lock);
		break;
	}
	kernel_event("end", n);
	return n;
}

int tried_or(struct dev *d, int n)
{
	kernel_event("begin", n);
	if (!spin_trylock(&d->lock) || n > 3)
		return -1;
	spin_unlock(&d->lock);
	kernel_event("end", n);
	return n;
}

struct dev *pointer_out(struct dev *d, int n)
{
	struct dev *next;

	kernel_event("begin", n);
	spin_lock(&d->lock);
	next = d->next;
	spin_unlock(&d->lock);
	kernel_event("end", n);
	kernel_event("end", n);
	kernel_event("end", n);
	return next;
}

struct dev *pointer_returned(struct dev *d, int n)
{
	kernel_event("begin", n);
	spin_lock(&d->lock);
	if (d->count) {
		spin_unlock(&d->lock);
		return d->next;
	}
	spin_unlock(&d->lock);
	kernel_event("end", n);
	kernel_event("end", n);
	kernel_event("end", n);
	return d;
}

int static_local(struct dev *d, int n)
{
	static int calls;

	kernel_event("begin", n);
	spin_lock(&d->lock);
	d->count = ++calls;
	spin_unlock(&d->lock);
	kernel_event("end", n);
	kernel_event("end", n);
	return n;
}

int declared_inside(struct dev *d, int n)
{
	kernel_event("begin", n);
	spin_lock(&d->lock);
	int count = d->count;
	spin_unlock(&d->lock);
	kernel_event("end", count);
	kernel_event("end", n);
	kernel_event("end", n);
	return n;
}

int unnamed_type(struct dev *d, int n)
{
	struct { int a, b; } local = { n, n };

	kernel_event("begin", n);
	spin_lock(&d->lock);
	d->count = local.a++;
	spin_unlock(&d->lock);
	kernel_event("end", local.a);
	kernel_event("end", n);
	kernel_event("end", n);
	return n;
}

int holds_pointers(struct dev *d, int n)
{
	struct dev *both[2] = { d, d };

	kernel_event("begin", n);
	spin_lock(&d->lock);
	both[0]->count++;
	spin_unlock(&d->lock);
	kernel_event("end", n);
	kernel_event("end", n);
	kernel_event("end", n);
	return n;
}

int computed(struct dev *d, int n)
{
	void *to[] = { &&one, &&two };

	kernel_event("begin", n);
	goto *to[n & 1];
one:
	spin_lock(&d->lock);
	d->count++;
	spin_unlock(&d->lock);
two:
	return n;
}

int scoped(struct dev *d, int n)
{
	kernel_event("begin", n);
	hold(&d->lock);
	d->count++;
	kernel_event("locked", n);
	return n;
}

int scoped_block(struct dev *d, int n)
{
	kernel_event("begin", n);
	kernel_event("begin", n);
	kernel_event("begin", n);
	held_scope(&d->lock) {
		d->count++;
	}
	kernel_event("end", n);
	return n;
}
