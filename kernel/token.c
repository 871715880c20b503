// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens: kernel pointers that the user half may only hand back, until the outermost
 * upcall in which it got them returns. Each knows as what it was given out: a kernel pointer
 * of unknown kind is good for nothing but comparing and for what asks for no kind.
 */
#include <linux/hash.h>
#include <linux/slab.h>

#include "internal.h"

static u32 *hash_slot(struct tokens *t, unsigned long address)
{
	u32 mask = 2 * t->room - 1;
	u32 at = hash_long(address, 32) & mask;

	while (t->hash[at] && t->token[t->hash[at] - 1].address != address)
		at = (at + 1) & mask;
	return &t->hash[at];
}

static int grow(struct tokens *t)
{
	u32 room = t->room ? 2 * t->room : 64, i;
	struct token *token = kvmalloc_array(room, sizeof(*token), GFP_KERNEL);
	u32 *hash = kvcalloc(2 * room, sizeof(*hash), GFP_KERNEL);

	if (!token || !hash) {
		kvfree(token);
		kvfree(hash);
		return -ENOMEM;
	}
	if (t->count)
		memcpy(token, t->token, t->count * sizeof(*token));
	kvfree(t->token);
	kvfree(t->hash);
	t->token = token;
	t->hash = hash;
	t->room = room;
	for (i = 0; i < t->count; i++)
		*hash_slot(t, token[i].address) = i + 1;
	return 0;
}

/* A record and its first member have one address. The last of many kinds is the one that is kept. */
static void add_type(struct token *token, u16 type)
{
	unsigned int i;

	for (i = 0; i < TOKEN_TYPES - 1; i++)
		if (token->type[i] == type || token->type[i] == TANDEM_NONE)
			break;
	token->type[i] = type;
}

static bool holds(const struct tandem_plan *plan, u16 outer, u32 offset, u16 type)
{
	return type == TANDEM_NONE ? offset < plan->type[outer].size :
				     tandem_place_inside(plan, outer, offset, type);
}

/* The record itself, or what follows it in its memory. */
static bool reaches(const struct tandem_plan *plan, u16 outer, u32 offset, u16 type)
{
	const struct tandem_type *t = &plan->type[outer];

	if (holds(plan, outer, offset, type))
		return true;
	return t->tail_type != TANDEM_NONE && offset >= t->tail_offset &&
	       holds(plan, t->tail_type, offset - t->tail_offset, type);
}

/* Numbers that iomap functions give for I/O ports are below this (lib/iomap.c); none is an address of memory. */
#define PORTS_END	0x40000

/* May what was given out as this be named as a @type at @offset? */
bool token_fits(const struct tandem_plan *plan, const struct token *token, u32 offset, u16 type)
{
	unsigned int i;

	if (type == TANDEM_NONE && (!offset || token->address < PORTS_END))
		return true;
	for (i = 0; i < TOKEN_TYPES && token->type[i] != TANDEM_NONE; i++)
		if (reaches(plan, token->type[i], offset, type))
			return true;
	return false;
}

int token_of(struct worker *w, unsigned long address, u16 type, u32 *id)
{
	struct tokens *t = &w->tokens;
	u32 *slot;

	if (t->count == t->room && grow(t))
		return -ENOMEM;
	slot = hash_slot(t, address);
	if (!*slot) {
		/* 0 is no token; numbers may wrap, the order within one upcall stays. */
		if (!++w->channel->tokens)
			w->channel->tokens = 1;
		t->token[t->count].id = w->channel->tokens;
		t->token[t->count].address = address;
		memset(t->token[t->count].type, 0xff, sizeof(t->token[0].type));
		*slot = ++t->count;
		w->channel->state->stats.tokens++;
	}
	if (type != TANDEM_NONE)
		add_type(&t->token[*slot - 1], type);
	*id = t->token[*slot - 1].id;
	return 0;
}

const struct token *token_find(const struct tokens *t, u32 id)
{
	u32 low = 0, high = t->count, first = t->count ? t->token[0].id : 0;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (t->token[mid].id == id)
			return &t->token[mid];
		if (t->token[mid].id - first < id - first)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void tokens_reset(struct worker *w)
{
	struct tokens *t = &w->tokens;

	if (!t->count)
		return;
	memset(t->hash, 0, 2 * t->room * sizeof(*t->hash));
	t->count = 0;
}

void tokens_free(struct worker *w)
{
	kvfree(w->tokens.token);
	kvfree(w->tokens.hash);
}
