// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/tandem/MODULE/: ledger, objects, stats, calls. Tests read them.
 */
#include <linux/seq_file.h>

#include "internal.h"

static struct dentry *root;

static int ledger_show(struct seq_file *m, void *unused)
{
	struct state *st = m->private;
	struct record *r;
	unsigned int i;

	mutex_lock(&st->mutex);
	seq_printf(m, "%u\n", st->ledger.count);
	list_for_each_entry(r, &st->ledger.list, node) {
		seq_printf(m, "%s in %s undo %s", st->plan->down[r->down].name,
			   st->plan->entry[r->entry].name, st->plan->down[r->key.undo].name);
		for (i = 0; i < r->key.n; i++)
			if (r->key.arg[i] < 4096)
				seq_printf(m, " %llu", r->key.arg[i]);
			else
				seq_printf(m, " %p", (void *)r->key.arg[i]);
		seq_puts(m, "\n");
	}
	mutex_unlock(&st->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ledger);

static int objects_show(struct seq_file *m, void *unused)
{
	static const char * const kind[] = { "?", "data", "mmio", "dma", "global" };
	struct state *st = m->private;
	struct rb_node *n;
	u32 i;

	mutex_lock(&st->mutex);
	seq_printf(m, "%u\n", st->objects.alive);
	for (n = rb_first(&st->objects.tree); n; n = rb_next(n)) {
		struct object *o = rb_entry(n, struct object, node);

		seq_printf(m, "%u.%u %s %zu %s%s", o->index, o->gen, kind[o->kind], o->size,
			   o->life == TANDEM_LIFE_CALL ? "call" : "device",
			   o->allocated ? " allocated" : "");
		for (i = 0; i < o->nseg; i++)
			seq_printf(m, " %s[%u]", st->plan->type[o->seg[i].type].name,
				   o->seg[i].count);
		seq_puts(m, "\n");
	}
	mutex_unlock(&st->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

static int calls_show(struct seq_file *m, void *unused)
{
	static const char * const turn[] = { "caller", "worker", "busy" };
	struct state *st = m->private;
	struct call *c;
	u32 i;

	mutex_lock(&st->mutex);
	for_each_call(c, i, st)
		seq_printf(m, "%llu %s pid %d worker %u turn %s%s\n", c->seq, c->entry->name,
			   c->task->pid, c->worker->id, turn[READ_ONCE(c->worker->turn)],
			   c->outer ? " nested" : "");
	mutex_unlock(&st->mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(calls);

static void show_names(struct seq_file *m, struct state *st)
{
	u32 i;

	for (i = 0; i < st->plan->nentry; i++)
		if (st->stats.up[i])
			seq_printf(m, "up %s %llu\n", st->plan->entry[i].name, st->stats.up[i]);
	for (i = 0; i < st->plan->ndown; i++)
		if (st->stats.down[i])
			seq_printf(m, "down %s %llu\n", st->plan->down[i].name, st->stats.down[i]);
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct state *st = m->private;
	struct stats *s = &st->stats;

	mutex_lock(&st->mutex);
	/* A crossing is a round trip of the pair of threads: what a user half waits for. */
	seq_printf(m, "crossings %llu\nupcalls %llu\nnested %llu\ndowncalls %llu\nshort %llu\n",
		   s->upcalls + s->downcalls + s->shorts + s->syncs, s->upcalls, s->nested,
		   s->downcalls, s->shorts);
	seq_printf(m, "queued %llu\nsyncs %llu\nflushes %llu\nchanges %llu\nbytes_up %llu\n",
		   s->queued, s->syncs, s->flushes, s->changes, s->bytes_up);
	seq_printf(m, "bytes_down %llu\ntokens %llu\nspills %llu\nrefused %llu\nleft %llu\n", s->bytes_down,
		   s->tokens, s->spills, s->refused, s->left);
	seq_printf(m, "workers %u\nattached %d\ncondemned %s\n",
		   st->channel ? st->channel->nworker : 0,
		   st->channel && !st->channel->condemned, st->reason[0] ? st->reason : "no");
	show_names(m, st);
	mutex_unlock(&st->mutex);
	return 0;
}

static int stats_open(struct inode *inode, struct file *file)
{
	return single_open(file, stats_show, inode->i_private);
}

/* Writing 0 resets. */
static ssize_t stats_write(struct file *file, const char __user *from, size_t n, loff_t *pos)
{
	struct state *st = file_inode(file)->i_private;
	u64 *up = st->stats.up, *down = st->stats.down;
	int err, value;

	err = kstrtoint_from_user(from, n, 0, &value);
	if (err)
		return err;
	if (value)
		return -EINVAL;
	mutex_lock(&st->mutex);
	memset(up, 0, st->plan->nentry * sizeof(*up));
	memset(down, 0, st->plan->ndown * sizeof(*down));
	st->stats = (struct stats){ .up = up, .down = down };
	mutex_unlock(&st->mutex);
	return n;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.open = stats_open,
	.read = seq_read,
	.write = stats_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void debug_add(struct state *st)
{
	st->debug = debugfs_create_dir(st->name, root);
	debugfs_create_file("ledger", 0400, st->debug, st, &ledger_fops);
	debugfs_create_file("objects", 0400, st->debug, st, &objects_fops);
	debugfs_create_file("calls", 0400, st->debug, st, &calls_fops);
	debugfs_create_file("stats", 0600, st->debug, st, &stats_fops);
}

void debug_remove(struct state *st)
{
	debugfs_remove(st->debug);
	st->debug = NULL;
}

void debug_init(void)
{
	root = debugfs_create_dir("tandem", NULL);
}

void debug_exit(void)
{
	debugfs_remove(root);
}
