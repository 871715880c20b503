// SPDX-License-Identifier: GPL-2.0
/*
 * The character device /dev/tandem/channel: what a user half opens.
 */
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "internal.h"

static bool may_kill = true;
module_param_named(kill, may_kill, bool, 0600);
MODULE_PARM_DESC(kill, "kill the process of a condemned user half (off: for tests that condemn a million)");

static unsigned int end_ms = 30000;
module_param(end_ms, uint, 0644);
MODULE_PARM_DESC(end_ms, "how long a user half that is not served any more may take to end, with its core dump");

/* ---- life ---- */

void channel_free(struct tandem_channel *ch)
{
	u32 i;

	for (i = 0; i < ch->nworker; i++)
		worker_free(ch->worker[i]);
	kvfree(ch->worker);
	put_pid(ch->pid);
	if (ch->state)
		state_put(ch->state);
	kfree(ch);
}

void channel_put(struct tandem_channel *ch)
{
	struct state *st = ch->state;
	u32 left = 0;

	if (st) {
		kref_get(&st->ref);	/* see tandem_upcall() */
		mutex_lock(&st->mutex);
		left = --ch->users;
		mutex_unlock(&st->mutex);
	}
	if (!left)
		channel_free(ch);
	if (st)
		state_put(st);
}

/* A process that dumps core is as good as dead; a signal would only cut the dump short. */
static bool dumps(struct pid *pid)
{
	struct task_struct *task;
	bool yes;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	yes = task && READ_ONCE(task->signal->core_state);
	rcu_read_unlock();
	return yes;
}

/*
 * A core dump whose reader stands still, or a process that is stopped, would keep this module
 * loaded for ever. The signal ends both.
 */
static void channel_late(struct work_struct *work)
{
	struct tandem_channel *ch = container_of(to_delayed_work(work), struct tandem_channel, late);

	pr_warn("tandem: %s: user half killed: %s did not end within %u ms\n", ch->state->name,
		dumps(ch->pid) ? "its core dump" : "it", end_ms);
	kill_pid(ch->pid, SIGKILL, 1);
	channel_put(ch);
}

/* From now on its process has so long to end. The release of the file waits for what is queued here. */
static void limit_end(struct tandem_channel *ch)
{
	lockdep_assert_held(&ch->state->mutex);
	if (!ch->released && READ_ONCE(may_kill) &&
	    queue_delayed_work(system_wq, &ch->late, msecs_to_jiffies(end_ms)))
		ch->users++;
}

/* Any context. */
void channel_kill(struct tandem_channel *ch)
{
	if (READ_ONCE(may_kill) && !dumps(ch->pid))
		kill_pid(ch->pid, SIGKILL, 1);
}

/* Notes which rule the call's worker broke; the first one counts. */
void note_refusal(struct call *c, const char *format, ...)
{
	struct tandem_channel *ch = c->channel;
	va_list args;

	lockdep_assert_held(&c->state->mutex);
	c->state->stats.refused++;
	if (!ch->why[0]) {
		va_start(args, format);
		vscnprintf(ch->why, sizeof(ch->why), format, args);
		va_end(args);
	}
}

/* Who waits for a worker of this channel, or for its own turn, sees the end now. */
static void wake_everybody(struct tandem_channel *ch)
{
	struct state *st = ch->state;
	struct call *c;
	u32 i;

	lockdep_assert_held(&st->mutex);
	/* Pairs with the barriers of set_current_state() in the waits. */
	smp_mb();
	for_each_call(c, i, st)
		if (c->channel == ch && READ_ONCE(c->worker->turn) != TURN_CALLER)
			wake_up_process(c->task);
	for (i = 0; i < ch->nworker; i++)
		wake_up_process(ch->worker[i]->task);
	wake_up_all(&ch->waiting);
}

/*
 * Ends the channel, for the rule that refuse() noted if @why is NULL. Order: nobody new;
 * everybody awake; the process dead; the device out of its reach. Callers that run a
 * downcall find out when that returns. May sleep.
 */
void channel_condemn(struct tandem_channel *ch, const char *why)
{
	struct state *st = ch->state;
	bool first;

	if (!st)
		return;
	mutex_lock(&st->mutex);
	first = !ch->condemned;
	if (first) {
		ch->broke = !why;
		WRITE_ONCE(ch->condemned, true);
		WRITE_ONCE(st->attended, false);
		strscpy(st->reason, why ?: ch->why, sizeof(st->reason));
		wake_everybody(ch);
		limit_end(ch);
	}
	mutex_unlock(&st->mutex);
	if (!first)
		return;
	if (!ch->quit)
		pr_warn_ratelimited("tandem: %s: user half condemned: %s\n", st->name,
				    why ?: ch->why);
	channel_kill(ch);
	window_revoke_all(ch);
}

/* The kernel half goes: idle workers are told so. */
void channel_quit(struct tandem_channel *ch)
{
	mutex_lock(&ch->state->mutex);
	WRITE_ONCE(ch->quit, true);
	wake_everybody(ch);
	limit_end(ch);
	mutex_unlock(&ch->state->mutex);
}

static int channel_open(struct inode *inode, struct file *file)
{
	struct tandem_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return -ENOMEM;
	ch->worker = kvcalloc(WORKERS_MAX, sizeof(*ch->worker), GFP_KERNEL);
	if (!ch->worker) {
		kfree(ch);
		return -ENOMEM;
	}
	ch->users = 1;
	ch->mapping = file->f_mapping;
	init_waitqueue_head(&ch->waiting);
	init_rwsem(&ch->windows);
	INIT_LIST_HEAD(&ch->window);
	watchdog_prepare(ch);
	INIT_DELAYED_WORK(&ch->late, channel_late);
	file->private_data = ch;
	return 0;
}

static int channel_release(struct inode *inode, struct file *file)
{
	struct tandem_channel *ch = file->private_data;
	struct state *st = ch->state;

	if (st) {
		channel_condemn(ch, ch->seen ?: "its process has ended");
		mutex_lock(&registry_lock);
		mutex_lock(&st->mutex);
		ch->released = true;
		if (st->channel == ch) {
			st->channel = NULL;
			if (st->half)
				st->half->channel = NULL;
		}
		mutex_unlock(&st->mutex);
		mutex_unlock(&registry_lock);
		if (cancel_delayed_work_sync(&ch->late))
			channel_put(ch);
	}
	channel_put(ch);
	return 0;
}

/* ---- attaching ---- */

/*
 * The numbers are in the first struct of all, and an older kernel refuses one that is not 0 there. What
 * comes behind them may mean something else to the caller, so that this is looked at first.
 */
static int protocol_rule(struct tandem_attach __user *to, u32 protocol)
{
	if (protocol >= PROTOCOL_OLDEST && protocol <= TANDEM_PROTOCOL)
		return 0;
	pr_warn_ratelimited("tandem: a user half speaks protocol %u, this tandem.ko %u: install matching ones\n",
			    protocol, TANDEM_PROTOCOL);
	return put_user(TANDEM_PROTOCOL, &to->protocol) ? -EFAULT : -EPROTONOSUPPORT;
}

/*
 * May this channel serve the half now? One that is condemned, or gone already, gives way when
 * its calls are over: what they undo is not for others to see.
 */
static int attach_rule(struct state *st, const struct tandem_attach *arg)
{
	if (memcmp(arg->build_id, st->build_id, sizeof(st->build_id))) {
		st->stale = true;
		wake_up_all(&registry_changed);
		return -ESTALE;
	}
	if (st->dying)
		return -ENOENT;
	if (st->channel && !st->channel->condemned)
		return -EBUSY;
	return st->ncalls ? -EBUSY : 0;
}

static int attach_to(struct tandem_channel *ch, struct state *st, const struct tandem_attach *arg)
{
	int err;

	mutex_lock(&st->mutex);
	err = attach_rule(st, arg);
	if (!err) {
		kref_get(&st->ref);
		ch->state = st;
		ch->nglobal = st->plan->nglobal;
		ch->nentry = st->plan->nentry;
		ch->pid = get_pid(task_tgid(current));
		st->channel = ch;
		st->half->channel = ch;
		st->reason[0] = 0;
		WRITE_ONCE(st->attended, false);
	}
	mutex_unlock(&st->mutex);
	if (!err)
		wake_up_all(&registry_changed);
	return err;
}

static int attach_once(struct tandem_channel *ch, const struct tandem_attach *arg)
{
	struct state *st;
	int err = -ENOENT;

	mutex_lock(&registry_lock);
	st = registry_find(arg->name);
	if (ch->state)
		err = -EBUSY;
	else if (st)
		err = attach_to(ch, st, arg);
	mutex_unlock(&registry_lock);
	return err;
}

static long channel_attach(struct tandem_channel *ch, struct tandem_attach __user *to)
{
	struct tandem_attach arg;
	unsigned int seen;
	u32 size, protocol;
	int err;

	if (get_user(size, &to->size))
		return -EFAULT;
	if (size < offsetofend(struct tandem_attach, protocol))
		return -EINVAL;
	if (get_user(protocol, &to->protocol))
		return -EFAULT;
	err = protocol_rule(to, protocol) ?: copy_struct_from_user(&arg, sizeof(arg), to, size);
	if (err)
		return err;
	if (arg.flags & ~TANDEM_ATTACH_WAIT ||
	    strnlen(arg.name, sizeof(arg.name)) == sizeof(arg.name))
		return -EINVAL;
	for (;;) {
		seen = READ_ONCE(registry_news);
		err = attach_once(ch, &arg);
		if (err != -ENOENT || !(arg.flags & TANDEM_ATTACH_WAIT))
			break;
		if (wait_event_freezable(registry_changed, READ_ONCE(registry_news) != seen))
			return -EINTR;
	}
	if (err)
		return err;
	arg.protocol = protocol;
	arg.workers_max = WORKERS_MAX;
	arg.hz = HZ;
	arg.jiffies = get_jiffies_64();
	arg.jiffies_ns = ktime_get_ns();
	return copy_to_user(to, &arg, min_t(size_t, size, sizeof(arg))) ? -EFAULT : 0;
}

/* ---- requests ---- */

static long channel_worker(struct tandem_channel *ch, void __user *to)
{
	struct tandem_worker arg;
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)to))
		return -EFAULT;
	if (size < offsetofend(struct tandem_worker, area_offset))
		return -EINVAL;
	err = copy_struct_from_user(&arg, sizeof(arg), to, size);
	if (err)
		return err;
	if (arg.flags)
		return -EINVAL;
	if (!ch->state)
		return -ENOTCONN;
	if (READ_ONCE(ch->condemned))
		return -ESHUTDOWN;
	mutex_lock(&registry_lock);
	err = worker_make(ch, &arg);
	mutex_unlock(&registry_lock);
	if (err)
		return err;
	return copy_to_user(to, &arg, min_t(size_t, size, sizeof(arg))) ? -EFAULT : 0;
}

static struct worker *worker_of(struct tandem_channel *ch, unsigned long id)
{
	return id < smp_load_acquire(&ch->nworker) ? ch->worker[id] : NULL;
}

static long channel_fetch(struct tandem_channel *ch, void __user *from)
{
	struct tandem_fetch arg;
	struct worker *w;
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)from))
		return -EFAULT;
	if (size < offsetofend(struct tandem_fetch, reserved))
		return -EINVAL;
	err = copy_struct_from_user(&arg, sizeof(arg), from, size);
	if (err)
		return err;
	w = worker_of(ch, arg.worker);
	if (!w || w->task != current)
		return -EPERM;
	/* Delivered and not answered: the body is the worker's, nobody writes to it. */
	if (arg.reserved || !w->delivered || w->up.base == w->up.home || arg.bytes != w->up.at)
		return -EINVAL;
	return copy_to_user(u64_to_user_ptr(arg.address), w->up.base, arg.bytes) ? -EFAULT : 0;
}

static long channel_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tandem_channel *ch = file->private_data;

	if (_IOC_TYPE(cmd) != TANDEM_IOC_MAGIC)
		return -ENOTTY;
	/* The size in the number may grow; the struct says its own. */
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(TANDEM_IOC_ATTACH):
		return channel_attach(ch, (struct tandem_attach __user *)arg);
	case _IOC_NR(TANDEM_IOC_WORKER):
		return channel_worker(ch, (void __user *)arg);
	case _IOC_NR(TANDEM_IOC_FETCH):
		return channel_fetch(ch, (void __user *)arg);
	}
	return -ENOTTY;
}

/* NEXT. */
static loff_t channel_seek(struct file *file, loff_t id, int whence)
{
	struct tandem_channel *ch = file->private_data;
	struct worker *w;

	if (whence != SEEK_SET || id < 0)
		return -EINVAL;
	w = worker_of(ch, id);
	return w ? worker_next(w) : -EPERM;
}

static int channel_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct tandem_channel *ch = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	struct worker *w;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	if (offset >= TANDEM_MAP_OBJECT)
		return window_map(ch, file, vma);
	w = worker_of(ch, offset / TANDEM_AREA_BYTES);
	if (!w || offset % TANDEM_AREA_BYTES || vma->vm_flags & VM_EXEC ||
	    vma->vm_end - vma->vm_start != TANDEM_AREA_BYTES)
		return -EINVAL;
	return remap_vmalloc_range(vma, w->area, 0);
}

static const struct file_operations channel_ops = {
	.owner = THIS_MODULE,
	.open = channel_open,
	.release = channel_release,
	.unlocked_ioctl = channel_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = channel_mmap,
	.llseek = channel_seek,
};

static struct miscdevice channel_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tandem-channel",
	.nodename = "tandem/channel",
	.mode = 0600,
	.fops = &channel_ops,
};

int channel_init(void)
{
	return misc_register(&channel_device);
}

void channel_exit(void)
{
	misc_deregister(&channel_device);
}
