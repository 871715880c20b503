// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lens.h"

static bool is_pointer(const struct tandem_leaf *leaf)
{
	return leaf->kind == TANDEM_LEAF_PTR;
}

static bool is_written(const struct tandem_leaf *leaf, __u16 access)
{
	return (access & (TANDEM_WRITE | TANDEM_RELEASE)) && !leaf->is_const &&
	       leaf->kind != TANDEM_LEAF_STR;
}

static bool is_dense(const struct tandem_leaf *leaf)
{
	return leaf->count == 1 || leaf->stride == leaf->size;
}

static __u32 align(__u32 at, __u32 to)
{
	return (at + to - 1) & ~(to - 1);
}

/* Adds a piece of @bytes, to the last run if it follows that in record and payload. */
static void add_run(struct tandem_pass *pass, struct tandem_run piece)
{
	struct tandem_run *last = pass->nrun ? &pass->run[pass->nrun - 1] : NULL;

	if (last && last->use + last->nuse >= piece.use &&
	    last->offset + last->bytes == piece.offset &&
	    last->payload + last->bytes == piece.payload &&
	    last->bytes + piece.bytes <= pass->most) {
		last->bytes += piece.bytes;
		last->nuse = piece.use + 1 - last->use;
		last->is_word = false;
	} else {
		pass->run[pass->nrun++] = piece;
	}
}

/* A use whose items are not side by side is a piece for each item. */
static void add_scalar(struct tandem_pass *pass, const struct tandem_leaf *leaf, __u16 use,
		       __u32 payload)
{
	struct tandem_run piece = { leaf->offset, payload, leaf->size, use, 1, false };

	if (is_dense(leaf)) {
		piece.bytes = (__u32)leaf->size * leaf->count;
		piece.is_word = leaf->kind == TANDEM_LEAF_WORD && leaf->count == 1;
		add_run(pass, piece);
		return;
	}
	for (__u16 i = 0; i < leaf->count; i++) {
		add_run(pass, piece);
		piece.offset += leaf->stride;
		piece.payload += leaf->size;
	}
}

static void add_pointer(struct tandem_pass *pass, const struct tandem_leaf *leaf, __u16 use,
			__u32 payload)
{
	pass->pointer[pass->npointer++] =
		(struct tandem_run){ leaf->offset, payload, 8 * leaf->count, use, 1, false };
}

static size_t pieces(const struct tandem_leaf *leaf)
{
	return is_dense(leaf) ? 1 : leaf->count;
}

static struct tandem_run *init_pass(struct tandem_pass *pass, const struct tandem_lens *lens,
				    struct tandem_run *room, __u32 most)
{
	size_t n = 0;

	pass->most = most;

	for (__u16 i = 0; i < lens->view->nuse; i++)
		n += pieces(&lens->type->leaf[lens->view->use[i].leaf]);
	pass->run = room;
	pass->pointer = room + n;
	return room + 2 * n;
}

static int rank(const struct tandem_run *run)
{
	if (!run->is_word)
		return 2;
	return run->bytes == 8 ? 0 : run->bytes == 4 ? 1 : 2;
}

/* Within a length they stay in the order of the view. */
static int compare_runs(const void *a, const void *b)
{
	const struct tandem_run *one = a, *two = b;

	if (rank(one) != rank(two))
		return rank(one) - rank(two);
	return one->use != two->use ? one->use - two->use : (int)(one->offset - two->offset);
}

static void order(struct tandem_pass *pass, bool is_copied)
{
	/* What a run is made of matters to nobody who only copies it. */
	for (__u16 i = 0; is_copied && i < pass->nrun; i++)
		pass->run[i].is_word = true;
	qsort(pass->run, pass->nrun, sizeof(*pass->run), compare_runs);
	while (pass->n8 < pass->nrun && rank(&pass->run[pass->n8]) == 0)
		pass->n8++;
	while (pass->n8 + pass->n4 < pass->nrun && rank(&pass->run[pass->n8 + pass->n4]) == 1)
		pass->n4++;
}

/* The same walk as the kernel's: each item at its own alignment, a pointer is a wire. */
static struct tandem_run *init_lens(struct tandem_lens *lens, const struct tandem_plan *plan,
				    const struct tandem_view *view, struct tandem_run *room)
{
	__u32 payload = 0;

	lens->view = view;
	lens->type = &plan->type[view->type];
	lens->fixed = true;
	room = init_pass(&lens->sync, lens, room, ~0u);
	/* Where a compared run differs, each of its uses is looked at: it is one word. */
	room = init_pass(&lens->write, lens, room, 8);
	room = init_pass(&lens->release, lens, room, 8);
	for (__u16 i = 0; i < view->nuse; i++) {
		const struct tandem_leaf *leaf = &lens->type->leaf[view->use[i].leaf];
		__u32 bytes = is_pointer(leaf) ? 16 : leaf->size;

		if (leaf->kind == TANDEM_LEAF_STR) {
			lens->fixed = false;
			continue;
		}
		payload = align(payload, is_pointer(leaf) ? 8 : leaf->size);
		if (is_pointer(leaf))
			add_pointer(&lens->sync, leaf, i, payload);
		else
			add_scalar(&lens->sync, leaf, i, payload);
		payload += bytes * leaf->count;
		/* What is compared has no payload: only the record's layout counts. */
		if (is_written(leaf, view->use[i].access))
			add_scalar(&lens->write, leaf, i, leaf->offset);
		if (is_written(leaf, view->use[i].access) && view->use[i].access & TANDEM_RELEASE)
			add_scalar(&lens->release, leaf, i, leaf->offset);
	}
	lens->payload = payload;
	order(&lens->sync, true);
	order(&lens->write, false);
	order(&lens->release, false);
	return room;
}

int tandem_lenses_init(struct tandem_lenses *lenses, const struct tandem_plan *plan)
{
	size_t nlens = 0, nrun = 0;
	struct tandem_lens *lens;
	struct tandem_run *room;

	for (__u32 i = 0; i < plan->nentry; i++) {
		const struct tandem_entry *entry = &plan->entry[i];

		nlens += entry->nview;
		for (__u16 j = 0; j < entry->nview; j++)
			for (__u16 k = 0; k < entry->view[j].nuse; k++)
				nrun += 6 * pieces(&plan->type[entry->view[j].type]
							.leaf[entry->view[j].use[k].leaf]);
	}
	lenses->ntype = plan->ntype;
	lens = lenses->lens = calloc(nlens + 1, sizeof(*lens));
	room = lenses->runs = calloc(nrun + 1, sizeof(*room));
	lenses->by_type = calloc((size_t)plan->nentry * plan->ntype + 1, sizeof(*lenses->by_type));
	if (!lens || !room || !lenses->by_type) {
		tandem_lenses_exit(lenses);
		return -ENOMEM;
	}
	for (__u32 i = 0; i < plan->nentry; i++)
		for (__u16 j = 0; j < plan->entry[i].nview; j++, lens++) {
			const struct tandem_view *view = &plan->entry[i].view[j];

			room = init_lens(lens, plan, view, room);
			if (view->nuse)
				lenses->by_type[(size_t)i * plan->ntype + view->type] = lens;
		}
	return 0;
}

void tandem_lenses_exit(struct tandem_lenses *lenses)
{
	free(lenses->lens);
	free(lenses->runs);
	free(lenses->by_type);
	memset(lenses, 0, sizeof(*lenses));
}
