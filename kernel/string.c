// SPDX-License-Identifier: GPL-2.0
/*
 * Strings that the kernel keeps: names of mutexes, interrupts, drivers.
 */
#include <linux/slab.h>

#include "internal.h"

struct kept {
	struct list_head node;
	u32 bytes;
	char text[];
};

#define KEPT_MAX	(256 * 1024)

/*
 * Lockdep reads the names of a module's locks until the module's memory goes, which is after its
 * exit function, and tells nobody. So strings outlive their half: the next one takes them again,
 * and only as many are freed as are more than one half can have, oldest first.
 */
static LIST_HEAD(retired);
static u32 retired_bytes;
static DEFINE_MUTEX(retired_lock);	/* both; innermost */

static struct kept *revive(const char *s)
{
	struct kept *kept;

	mutex_lock(&retired_lock);
	list_for_each_entry(kept, &retired, node) {
		if (strcmp(kept->text, s))
			continue;
		list_del(&kept->node);
		retired_bytes -= kept->bytes;
		mutex_unlock(&retired_lock);
		return kept;
	}
	mutex_unlock(&retired_lock);
	return NULL;
}

static struct kept *make(const char *s, u32 bytes)
{
	struct kept *kept = kvmalloc(sizeof(*kept) + bytes, GFP_KERNEL);

	if (kept) {
		kept->bytes = bytes;
		memcpy(kept->text, s, bytes);
	}
	return kept;
}

/* The string for as long as the half's module is there. -ENOSPC: it has too many. */
const char *string_keep(struct state *st, const char *s)
{
	size_t bytes = strlen(s) + 1;
	struct kept *kept;

	lockdep_assert_held(&st->mutex);
	list_for_each_entry(kept, &st->strings, node)
		if (!strcmp(kept->text, s))
			return kept->text;
	if (st->strings_bytes + bytes > KEPT_MAX)
		return ERR_PTR(-ENOSPC);
	kept = revive(s) ?: make(s, bytes);
	if (!kept)
		return ERR_PTR(-ENOMEM);
	list_add(&kept->node, &st->strings);
	st->strings_bytes += bytes;
	return kept->text;
}

static void trim(u32 most)
{
	struct kept *kept, *more;

	list_for_each_entry_safe(kept, more, &retired, node) {
		if (retired_bytes <= most)
			break;
		list_del(&kept->node);
		retired_bytes -= kept->bytes;
		kvfree(kept);
	}
}

/* The half is gone, its module not yet. */
void strings_retire(struct state *st)
{
	mutex_lock(&retired_lock);
	list_splice_tail_init(&st->strings, &retired);
	retired_bytes += st->strings_bytes;
	st->strings_bytes = 0;
	trim(KEPT_MAX);
	mutex_unlock(&retired_lock);
}

void strings_exit(void)
{
	trim(0);
}
