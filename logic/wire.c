// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "wire.h"

const char *tandem_record_rule(const void *body, __u32 bytes, __u32 at)
{
	const struct tandem_record *rec;
	__u32 left, room;

	if (at > bytes || bytes - at < sizeof(*rec))
		return "a record's header is cut off";
	left = bytes - at;
	rec = (const void *)((const __u8 *)body + at);
	if (rec->bytes < sizeof(*rec) || rec->bytes > left)
		return "a record's length leaves the body";
	if (rec->bytes & 7)
		return "a record's length is no multiple of 8";
	room = rec->bytes - sizeof(*rec);
	switch (rec->kind) {
	case TANDEM_REC_FLUSH:
		if (rec->count != room / sizeof(struct tandem_change) ||
		    room % sizeof(struct tandem_change))
			return "FLUSH: count and length differ";
		return NULL;
	case TANDEM_REC_BUFFER:
		if (rec->length > room || room - rec->length > 7)
			return "BUFFER: the bytes do not fill the record";
		return NULL;
	case TANDEM_REC_DOWN:
	case TANDEM_REC_REPLY:
		if (rec->count != room / sizeof(struct tandem_wire) ||
		    room % sizeof(struct tandem_wire))
			return "count of values and length differ";
		return NULL;
	}
	return "a record of a kind that workers do not say";
}

/* Places in a table of @n, and NONE behind the last. One that is longer than the table has no end. */
static bool list_holds(const __u16 *list, __u32 n)
{
	__u32 i;

	for (i = 0; list && list[i] != TANDEM_NONE; i++)
		if (i == n || list[i] >= n)
			return false;
	return true;
}

/* What a leaf or a value may be, if it is a pointer. */
static const char *symbols_rule(const struct tandem_plan *plan, bool pointer, const __u16 *symbol, __u8 only)
{
	if (!pointer && (symbol || only))
		return "what is no pointer lists symbols";
	if (only > TANDEM_ONLY_CODE)
		return "a pointer is only what is not known";
	if (!list_holds(symbol, plan->nsymbol))
		return "a list holds no symbol of the plan";
	return NULL;
}

static const char *leaf_rule(const struct tandem_plan *plan, const struct tandem_type *type,
			     const struct tandem_leaf *leaf)
{
	__u64 end;

	if (leaf->size != 1 && leaf->size != 2 && leaf->size != 4 && leaf->size != 8)
		return "a leaf's size is not 1, 2, 4 or 8";
	if (leaf->kind < TANDEM_LEAF_WORD || leaf->kind > TANDEM_LEAF_STR)
		return "a leaf is of no known kind";
	if ((leaf->kind == TANDEM_LEAF_PTR || leaf->kind == TANDEM_LEAF_STR) && leaf->size != 8)
		return "a pointer leaf's size is not 8";
	if (!leaf->count || (leaf->count > 1 && leaf->stride < leaf->size))
		return "a leaf's count or stride";
	end = leaf->offset + (__u64)(leaf->count - 1) * leaf->stride + leaf->size;
	if (end > type->size)
		return "a leaf leaves its record";
	if (leaf->kind == TANDEM_LEAF_PTR && leaf->type != TANDEM_NONE && leaf->type >= plan->ntype)
		return "a leaf's pointee is no type";
	return symbols_rule(plan, leaf->kind == TANDEM_LEAF_PTR, leaf->symbol, leaf->only);
}

static const char *embed_rule(const struct tandem_plan *plan, const struct tandem_type *type,
			      const struct tandem_embed *embed)
{
	__u64 end;

	if (embed->type >= plan->ntype || !embed->count)
		return "an embedded record is of no type";
	end = embed->offset + (__u64)(embed->count - 1) * embed->stride + plan->type[embed->type].size;
	if (end > type->size)
		return "an embedded record leaves its record";
	if (embed->count > 1 && embed->stride < plan->type[embed->type].size)
		return "embedded records overlap";
	return NULL;
}

static const char *type_rule(const struct tandem_plan *plan, const struct tandem_type *type)
{
	const char *why;
	unsigned int i;

	if (!type->size)
		return "a type has no size";
	if (type->tail_type != TANDEM_NONE &&
	    (type->tail_type >= plan->ntype || type->tail_offset < type->size))
		return "a type's tail";
	for (i = 0; i < type->nembed; i++) {
		why = embed_rule(plan, type, &type->embed[i]);
		if (why)
			return why;
	}
	for (i = 0; i < type->nleaf; i++) {
		why = leaf_rule(plan, type, &type->leaf[i]);
		if (why)
			return why;
	}
	return NULL;
}

static const char *spots_rule(const struct tandem_plan *plan, const struct tandem_value *value)
{
	const struct tandem_spot *spot;

	if (value->spots & ~(TANDEM_SPOT_LOCAL | TANDEM_SPOT_FIELDS))
		return "a value may point to what there is not";
	if (!(value->spots & TANDEM_SPOT_FIELDS) != !value->spot)
		return "a value's list of fields";
	for (spot = value->spot; spot && spot->type != TANDEM_NONE; spot++)
		if (spot->type >= plan->ntype ||
		    (__u64)spot->offset + spot->bytes > plan->type[spot->type].size)
			return "a value points to no field of its record";
	if (value->kind != TANDEM_VALUE_PTR && value->spots)
		return "a value that is no pointer lists what it points to";
	return symbols_rule(plan, value->kind == TANDEM_VALUE_PTR, value->symbol, value->only);
}

static const char *values_rule(const struct tandem_plan *plan, const struct tandem_value *arg,
			       unsigned int nargs, const struct tandem_value *result)
{
	const char *why;
	unsigned int i;

	if (nargs > TANDEM_ARGS_MAX)
		return "too many arguments";
	for (i = 0; i <= nargs; i++) {
		const struct tandem_value *value = i < nargs ? &arg[i] : result;

		if (value->kind > TANDEM_VALUE_INTERN || (i < nargs && !value->kind))
			return "a value of no known kind";
		if (value->kind == TANDEM_VALUE_PTR && value->type != TANDEM_NONE &&
		    value->type >= plan->ntype)
			return "a value's pointee is no type";
		why = spots_rule(plan, value);
		if (why)
			return why;
	}
	return NULL;
}

static const char *view_rule(const struct tandem_plan *plan, const struct tandem_view *view)
{
	unsigned int i;

	if (view->type >= plan->ntype)
		return "a view is of no type";
	for (i = 0; i < view->nuse; i++)
		if (view->use[i].leaf >= plan->type[view->type].nleaf)
			return "a use names no leaf";
	return NULL;
}

static const char *entry_rule(const struct tandem_plan *plan, const struct tandem_entry *entry)
{
	const char *why = values_rule(plan, entry->arg, entry->nargs, &entry->result);
	unsigned int i;

	if (why)
		return why;
	if (entry->closes != TANDEM_NONE && entry->closes >= plan->nentry)
		return "an entry closes no entry";
	if ((entry->flags & (TANDEM_ENTRY_BEGINS | TANDEM_ENTRY_ENDS)) && !entry->nargs)
		return "an entry with a device scope has no argument";
	if (plan->ndown && !entry->may)
		return "an entry lacks its set of downcalls";
	for (i = 0; i < entry->nglobal; i++)
		if (entry->global[i] >= plan->nglobal)
			return "an entry uses no global of the plan";
	for (i = 0; i < entry->nview; i++) {
		why = view_rule(plan, &entry->view[i]);
		if (why)
			return why;
	}
	return NULL;
}

static const char *down_rule(const struct tandem_plan *plan, const struct tandem_down *down)
{
	const char *why = values_rule(plan, down->arg, down->nargs, &down->result);
	const struct tandem_ledger_rule *rule = &down->ledger;
	unsigned int i, from;

	if (why)
		return why;
	if (rule->kind > TANDEM_LEDGER_UNLOCK || rule->when > TANDEM_WHEN_NONZERO || rule->nfrom > 6)
		return "a ledger rule";
	if ((rule->kind == TANDEM_LEDGER_ACQUIRE || rule->kind == TANDEM_LEDGER_LOCK) &&
	    (rule->undo >= plan->ndown || rule->nfrom != plan->down[rule->undo].nargs))
		return "a ledger rule's undo and its arguments";
	if ((rule->also && rule->kind != TANDEM_LEDGER_RELEASE) || !list_holds(rule->also, plan->ndown))
		return "a ledger rule gives back what no downcall undoes";
	for (i = 0; i < rule->nfrom; i++) {
		from = rule->from[i];
		if (from != TANDEM_FROM_RESULT && (from & ~TANDEM_FROM_OUT) >= down->nargs)
			return "a ledger rule names no argument";
	}
	if (down->alloc.kind > TANDEM_ALLOC_DMA)
		return "an allocation of no known kind";
	for (i = 0; i < 2 && down->alloc.kind; i++)
		if (down->alloc.size_arg[i] != 0xff && down->alloc.size_arg[i] >= down->nargs)
			return "an allocation's size names no argument";
	if (down->alloc.kind && down->alloc.type != TANDEM_NONE && down->alloc.type >= plan->ntype)
		return "an allocation is of no type";
	if (down->flags & TANDEM_DOWN_FREES && !down->nargs)
		return "a downcall frees no argument";
	return NULL;
}

const char *tandem_plan_rule(const struct tandem_plan *plan)
{
	const char *why = NULL;
	unsigned int i;

	if (plan->ntype >= TANDEM_NONE || plan->nentry >= TANDEM_NONE || plan->ndown >= TANDEM_NONE ||
	    plan->nglobal >= TANDEM_NONE || plan->nsymbol >= TANDEM_NONE)
		return "a table is too long";
	for (i = 0; i < plan->ntype && !why; i++)
		why = type_rule(plan, &plan->type[i]);
	for (i = 0; i < plan->nentry && !why; i++)
		why = entry_rule(plan, &plan->entry[i]);
	for (i = 0; i < plan->ndown && !why; i++)
		why = down_rule(plan, &plan->down[i]);
	for (i = 0; i < plan->nglobal && !why; i++)
		if (plan->global[i].type != TANDEM_NONE && plan->global[i].type >= plan->ntype)
			why = "a global is of no type";
	return why;
}
