// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "policy.h"
#include "reach.h"
#include "scan.h"
#include "shared.h"

/* ---- loops ---- */

/* Is there a call that waits, from @from to @to? It refreshes the view where that is needed. */
static bool waits(struct func *f, uint32_t from, uint32_t to)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n)))
		if (n->start >= from && n->end <= to && n->kind == N_CALL && call_target(n) &&
		    policy_find("delay", call_target(n)->name))
			return true;
	return false;
}

/* Does the loop itself change a field that its condition looks at? */
static bool counts_field(const struct node *loop, const struct node *condition)
{
	struct node *n = NULL, *m, *to;

	while ((n = node_next(loop, n))) {
		to = (n->kind == N_BINARY && n->op == OP_COMPOUND) || (n->kind == N_UNARY && n->op == OP_INCDEC) ?
		     node_strip(n->child) : NULL;
		for (m = NULL; to && to->kind == N_MEMBER && (m = node_next(condition, m)); )
			if (m->kind == N_MEMBER && m->field == to->field)
				return true;
	}
	return false;
}

static bool counts(const struct node *top)
{
	struct node *n = NULL;

	while ((n = node_next(top, n)))
		if ((n->kind == N_BINARY && (n->op == OP_ASSIGN || n->op == OP_COMPOUND)) ||
		    (n->kind == N_UNARY && n->op == OP_INCDEC))
			return true;
	return false;
}

/*
 * A loop that only waits for a field, without delay or call: each turn refreshes the view.
 * One that counts ends by itself.
 */
void shared_loop(struct plan *plan, struct func *f, const struct node *loop, struct edits *e)
{
	const struct node *body = loop->child;
	const char *text = f->tu->text;
	bool endless = true;
	uint32_t end;

	if (loop->kind == N_DO && node_is_once(f, loop))
		return;
	while (body && body->next && loop->kind != N_DO)
		body = body->next;
	for (struct node *c = loop->child; c; c = c->next) {
		if (c == body)
			continue;
		if ((loop->kind == N_FOR && counts(c)) || counts_field(loop, c))
			return;
		endless &= node_strip(c)->kind == N_LITERAL;
	}
	if (!body || (!reach_ends(f, loop) && !(endless && reach_reads(f, body))) ||
	    waits(f, loop->start, loop->end) || reach_crosses(plan, f, loop))
		return;
	edit_add(e, body->start, body->start, "{ tandem_sync(); ");
	end = body->end;
	if (text[end - 1] != '}' && text[end - 1] != ';')
		end += strcspn(text + end, ";") + 1;
	edit_add_end(e, end, " }");
}

/* The same for a jump back, unless it leads over calls: error paths stand in front of jumps to them, too. */
void shared_jump(struct plan *plan, struct func *f, const struct node *jump, struct edits *e)
{
	const struct node *label = reach_jumps_to(f, jump);
	struct node *n = NULL;

	if (!label || !reach_decides(f, jump) || waits(f, label->start, jump->end))
		return;
	while ((n = node_next(f->body, n)))
		if (n->start >= label->start && n->end <= jump->end &&
		    (node_region(f, n) || (n->kind == N_CALL && plan_down_of(plan, f, n) >= 0)))
			return;
	edit_add(e, jump->start, jump->start, "{ tandem_sync(); ");
	edit_add_end(e, jump->end + strcspn(f->tu->text + jump->end, ";") + 1, " }");
}

/* ---- stores ---- */

/* The field that an lvalue is, or is an element of. */
static const struct node *stored_to(const struct node *lvalue)
{
	const struct node *n = node_strip((struct node *)lvalue);

	while (n && n->kind == N_INDEX && n->child && n->child->type && n->child->type->kind == TYPE_ARRAY)
		n = node_strip(n->child);
	return n && n->kind == N_MEMBER ? n : NULL;
}

static bool has_effects(const struct node *top)
{
	struct node *n = NULL;

	while ((n = node_next(top, n)))
		if (n->kind == N_CALL || n->kind == N_STMTEXPR || (n->kind == N_UNARY && n->op == OP_INCDEC) ||
		    (n->kind == N_BINARY && n->op >= OP_ASSIGN && n->op <= OP_COMPOUND) ||
		    (n->kind == N_REF && n->var && !n->var->is_local))
			return true;
	return false;
}

/* A bitfield has no address: its unit is found from the record's. */
static void store_bits(const struct func *f, const struct node *n, const struct node *at, struct edits *e)
{
	const struct field *field = at->field;
	unsigned int unit = field->type->size * 8;
	const char *text = f->tu->text;

	if (has_effects(at->child))
		return;
	edit_add(e, n->start, n->start, "({ __auto_type tandem_v = (");
	edit_add_end(e, n->end, text_format("); tandem_stored((const char *)%s(%.*s) + %u, %u, 0x%llxULL); tandem_v; })",
					    at->arrow ? "" : "&", (int)(at->child->end - at->child->start),
					    text + at->child->start,
					    (unsigned int)(field->offset_bits / unit * field->type->size), unit / 8,
					    (unsigned long long)(((field->bits == 64 ? 0 : 1ULL << field->bits) - 1)
								 << field->offset_bits % unit)));
}

/*
 * `field = value` where interrupts write the field too. The runtime finds out what has
 * changed by comparing, so a value that was there before, as far as this half knows, would
 * never reach the kernel, and the interrupt's would stay. It is told; the same for bits
 * that are set or cleared. What is computed from the old value (^=, +=) differs from it.
 */
void shared_store(struct func *f, const struct node *n, struct edits *e)
{
	const struct node *lvalue = n->child, *value = lvalue ? lvalue->next : NULL, *at;
	const char *text = f->tu->text, *mask, *op;

	if (!value || (n->op != OP_ASSIGN && n->op != OP_COMPOUND_BITS))
		return;
	at = stored_to(lvalue);
	if (!at || !at->field || !at->field->atomic_writes || !lvalue->type ||
	    (lvalue->type->kind != TYPE_INT && lvalue->type->kind != TYPE_BOOL && lvalue->type->kind != TYPE_POINTER))
		return;
	op = memchr(text + lvalue->end, '=', value->start - lvalue->end);
	if (!op)
		return;
	mask = n->op == OP_ASSIGN ? "~0ULL" : op[-1] == '|' ? "tandem_v" : op[-1] == '&' ? "~tandem_v" : NULL;
	if (!mask)
		return;
	if (at->field->bits) {
		if (n->op == OP_ASSIGN)
			store_bits(f, n, at, e);
		return;
	}
	edit_add(e, n->start, n->start, "({ __auto_type tandem_p = &(");
	edit_add(e, lvalue->end, value->start,
		 n->op == OP_ASSIGN ? "); *tandem_p = (" : "); __typeof__(*tandem_p) tandem_v = (");
	edit_add_end(e, n->end,
		     text_format(")%s; tandem_stored(tandem_p, sizeof(*tandem_p), %s); *tandem_p; })",
				 n->op == OP_ASSIGN ? "" : op[-1] == '|' ? "; *tandem_p |= tandem_v" : "; *tandem_p &= tandem_v",
				 mask));
}
