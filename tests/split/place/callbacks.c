// SPDX-License-Identifier: GPL-2.0
/* Ways in which a function becomes a callback: all handlers run in interrupts, all openers may sleep. */
#include "include/linux/fake.h"

static int count;

static void positional(int n) { count = n; }
static void in_array(int n) { count = n; }
static void in_array_of_structs(int n) { count = n; }
static void by_index(int n) { count = n; }
static void copied(int n) { count = n; }
static void assigned(int n) { count = n; }
static void in_compound(int n) { count = n; }
static void returned(int n) { count = n; }
static void by_own_parameter(int n) { count = n; }
static void by_own_parameter_2(int n) { count = n; }
static void cast_to(int n) { count = n; }
static void nested(int n) { count = n; }
static void through_own_table(int n) { count = n; }
static void own_table_under_lock(int n) { count = n; }
static void by_hook(int n) { count = n; }
static int opener(struct file *file) { (void)file; return count; }

static const struct file_operations positional_ops = { "name", opener, 0, positional };
static void (*const array[])(int) = { in_array, [3] = by_index };
static const struct file_operations ops_array[] = { { .irq = in_array_of_structs }, { .open = opener } };
static void (*hook)(int) = by_hook;
static const struct wrapped { int n; struct file_operations ops; } wrapped = { 1, { .irq = nested } };

struct own_ops { void (*step)(int n); void (*locked)(int n); };
struct own { spinlock_t lock; const struct own_ops *ops; struct own_ops copy; };
static const struct own_ops own_ops = { through_own_table, own_table_under_lock };

static void (*choose(void))(int)
{
	return returned;
}

static void pass_on(void (*handler)(int))
{
	request_irq(5, handler);
}

static void pass_on_2(void (*handler)(int))
{
	pass_on(handler);
}

static void use_hook(struct own *own, int n)
{
	spin_lock(&own->lock);
	hook(n);
	spin_unlock(&own->lock);
}

static void use_own_table(struct own *own, int n)
{
	own->copy = own_ops;
	own->ops = &own_ops;
	own->ops->step(n);
	spin_lock(&own->lock);
	own->copy.locked(n);
	spin_unlock(&own->lock);
}

static void from_table(void)
{
	static const struct file_operations source = { .irq = copied };
	struct file_operations ops = source, other;

	other = ops;
	other.irq = assigned;
	register_file(&other);
}

int test(int n)
{
	static struct own own;

	from_table();
	use_hook(&own, n);
	register_file(&(struct file_operations){ .irq = in_compound });
	register_file(&positional_ops);
	register_file(&ops_array[0]);
	register_file(&wrapped.ops);
	request_irq(1, array[n]);
	request_irq(2, choose());
	request_irq(3, (void (*)(int))(void *)cast_to);
	pass_on(by_own_parameter);
	pass_on_2(by_own_parameter_2);
	use_own_table(&own, n);
	return count;
}
