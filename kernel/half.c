// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel halves: which there are, and how they come and go.
 */
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "internal.h"

static char *helper = "";
module_param(helper, charp, 0644);
MODULE_PARM_DESC(helper, "program that starts a user half; gets the module's name. Empty: none is started");

static unsigned int attach_ms = 10000;
module_param(attach_ms, uint, 0644);
MODULE_PARM_DESC(attach_ms, "how long a kernel half waits for its user half");

DEFINE_MUTEX(registry_lock);
DECLARE_WAIT_QUEUE_HEAD(registry_changed);
unsigned int registry_news;
static LIST_HEAD(halves);		/* registry_lock */

struct state *registry_find(const char *name)
{
	struct tandem_half *half;

	lockdep_assert_held(&registry_lock);
	list_for_each_entry(half, &halves, node)
		if (!strcmp(half->plan->module, name))
			return half->state;
	return NULL;
}

/* ---- state ---- */

static void state_free(struct kref *ref)
{
	kfree(container_of(ref, struct state, ref));
}

void state_put(struct state *st)
{
	kref_put(&st->ref, state_free);
}

/* All that points into the kernel half's module. */
static void state_forget(struct state *st)
{
	struct scope *scope, *more;

	list_for_each_entry_safe(scope, more, &st->scopes, node)
		kfree(scope);
	INIT_LIST_HEAD(&st->scopes);
	strings_retire(st);
	ledger_exit(st);
	objects_exit(st);
	freed_clear(st);
	plan_forget(st);
	st->half = NULL;
	st->plan = NULL;
}

static struct state *state_alloc(struct tandem_half *half)
{
	struct state *st = kzalloc(sizeof(*st), GFP_KERNEL);

	if (!st)
		return NULL;
	kref_init(&st->ref);
	st->half = half;
	st->plan = half->plan;
	strscpy(st->name, half->plan->module, sizeof(st->name));
	mutex_init(&st->mutex);
	INIT_LIST_HEAD(&st->scopes);
	INIT_LIST_HEAD(&st->strings);
	INIT_LIST_HEAD(&st->running);
	init_waitqueue_head(&st->ended);
	INIT_LIST_HEAD(&st->ledger.list);
	init_waitqueue_head(&st->drained);
	return st;
}

static int state_prepare(struct state *st)
{
	const char *rule = tandem_plan_rule(st->plan);
	int err;

	if (rule) {
		pr_err("tandem: %s: its plan is wrong: %s: run tandem split again\n", st->name,
		       rule);
		return -EINVAL;
	}
	if (hex2bin(st->build_id, st->plan->build_id, sizeof(st->build_id))) {
		pr_err("tandem: %s: its build id is not 40 hex digits\n", st->name);
		return -EINVAL;
	}
	err = plan_prepare(st);
	if (!err)
		err = ledger_init(st);
	if (!err)
		err = objects_init(st);
	return err;
}

/* ---- registration ---- */

static int start_helper(struct state *st)
{
	char *argv[] = { helper, st->name, NULL };
	char *envp[] = { "HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	if (!helper[0])
		return 0;
	return call_usermodehelper(helper, argv, envp, UMH_WAIT_EXEC);
}

/* The first worker waits, so the driver's first upcall will be served. */
static bool attended(struct state *st)
{
	return READ_ONCE(st->attended);
}

static int wait_attended(struct state *st)
{
	long left = msecs_to_jiffies(attach_ms);

	left = wait_event_interruptible_timeout(registry_changed,
						attended(st) || READ_ONCE(st->stale), left);
	if (attended(st))
		return 0;
	if (st->stale) {
		pr_err("tandem: %s: a user half of another build came: run tandem split again\n",
		       st->name);
		return -ESTALE;
	}
	if (left < 0)
		return -EINTR;
	pr_err("tandem: %s: no user half came within %u ms\n", st->name, attach_ms);
	return -ETIMEDOUT;
}

int tandem_half_register(struct tandem_half *half)
{
	struct state *st;
	int err;

	if (half->size != sizeof(*half) || half->abi != TANDEM_HALF_ABI) {
		pr_err("tandem: a kernel half has interface %u of %u bytes, this tandem.ko %u of %zu: run tandem split again\n",
		       half->abi, half->size, TANDEM_HALF_ABI, sizeof(*half));
		return -EPROTONOSUPPORT;
	}
	st = state_alloc(half);
	if (!st)
		return -ENOMEM;
	err = state_prepare(st);
	if (err)
		goto forget;
	half->channel = NULL;
	half->state = st;
	mutex_lock(&registry_lock);
	if (registry_find(st->name)) {
		mutex_unlock(&registry_lock);
		err = -EEXIST;
		half->state = NULL;
		goto forget;
	}
	list_add(&half->node, &halves);
	debug_add(st);
	WRITE_ONCE(registry_news, registry_news + 1);
	mutex_unlock(&registry_lock);
	wake_up_all(&registry_changed);
	err = start_helper(st);
	if (err)
		pr_err("tandem: %s: %s does not start: %d\n", st->name, helper, err);
	else
		err = wait_attended(st);
	if (err)
		tandem_half_unregister(half);
	return err;
forget:
	state_forget(st);
	state_put(st);
	return err;
}
EXPORT_SYMBOL_GPL(tandem_half_register);

/*
 * Stop new users: no attach, no upcall. Wait: for calls that are still on their way out.
 * Drain: the ledger. Then the user half is told, and what points into the module goes.
 */
void tandem_half_unregister(struct tandem_half *half)
{
	struct state *st = half->state;
	struct tandem_channel *ch;

	mutex_lock(&registry_lock);
	list_del(&half->node);
	debug_remove(st);
	mutex_lock(&st->mutex);
	st->dying = true;
	ch = st->channel;
	if (ch)
		ch->users++;
	mutex_unlock(&st->mutex);
	mutex_unlock(&registry_lock);

	wait_event(st->drained, !READ_ONCE(st->ncalls));
	ledger_undo_all(st);
	if (ch) {
		channel_quit(ch);
		window_revoke_all(ch);
		channel_put(ch);
	}
	mutex_lock(&registry_lock);
	mutex_lock(&st->mutex);
	st->channel = NULL;
	state_forget(st);
	mutex_unlock(&st->mutex);
	mutex_unlock(&registry_lock);
	half->channel = NULL;
	half->state = NULL;
	state_put(st);
}
EXPORT_SYMBOL_GPL(tandem_half_unregister);
