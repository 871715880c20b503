// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "leaf.h"
#include "xalloc.h"
#include "partition.h"
#include "reach.h"
#include "scan.h"

#define LEAVES_MAX	65535

/* ---- fields get numbers ---- */

static void number_fields(struct plan *plan)
{
	for (struct record *r = plan->model->record; r; r = r->next)
		for (unsigned int i = 0; i < r->nfield; i++) {
			if ((plan->nfield & 1023) == 0)
				plan->field = xrealloc(plan->field, (plan->nfield + 1024) * sizeof(*plan->field));
			plan->field[plan->nfield] = &r->field[i];
			r->field[i].number = plan->nfield++;
		}
}

/* What any function of the kernel half does, another thread may do beside an upcall, atomic or not. */
static void kernel_access(const struct func *f, const struct access *a)
{
	bool reads = a->how & ACC_READ, writes = a->how & ACC_WRITE;

	if (a->field) {
		a->field->kernel_reads |= reads;
		a->field->kernel_writes |= writes;
		a->field->beside_writes |= writes;
		a->field->atomic_reads |= f->atomic && reads;
		a->field->atomic_writes |= f->atomic && writes;
	} else if (a->var) {
		a->var->beside_writes |= writes;
		a->var->atomic_writes |= f->atomic && writes;
	}
}

static void kernel_side(struct plan *plan)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		if (!f->is_own || f->dropped)
			continue;
		for (struct access *a = f->accesses; a; a = a->next)
			if (f->side != SIDE_USER || node_region(f, a->node))
				kernel_access(f, a);
		for (struct access *a = f->accesses; a; a = a->next)
			if (a->field && f->side == SIDE_USER && a->how & ACC_MERGE)
				a->field->user_merges = true;
	}
}

static bool others_write(const struct access *a, bool beside)
{
	if (a->field)
		return a->field->atomic_writes || (beside && a->field->beside_writes);
	return a->var && a->var->global >= 0 && (a->var->atomic_writes || (beside && a->var->beside_writes));
}

static bool within(const struct node *n, const struct node *part)
{
	return !part || (n->start >= part->start && n->end <= part->end);
}

/*
 * Does @part read what interrupts write, or, with @beside, what any code may that can run at the
 * same time?
 */
static bool reads(struct func *f, const struct node *part, bool beside, int level)
{
	for (struct access *a = f->accesses; a; a = a->next)
		if (a->how & ACC_READ && others_write(a, beside) && within(a->node, part) && !node_region(f, a->node))
			return true;
	for (struct edge *e = user_edge(f, NULL); e && part; e = user_edge(f, e))
		if (e->call && e->callee && within(e->call, part) && e->callee->has_body && runs_in_user(e->callee) &&
		    level < 8 && reads(e->callee, e->callee->body, beside, level + 1))
			return true;
	return false;
}

/* Does a branch decide whether the loop goes on? A switch's own `break` does not leave it. */
static bool decides(const struct node *top)
{
	struct node *n = NULL;

	if (top->kind != N_IF && top->kind != N_SWITCH)
		return false;
	while ((n = node_next(top, n)))
		if (n->kind == N_RETURN || n->kind == N_GOTO || n->kind == N_CONTINUE || (n->kind == N_BREAK && top->kind == N_IF))
			return true;
	return false;
}

/* Is the variable's address given away here, so that a callee sets it? Gives the call. */
static const struct node *set_by_call(const struct node *n, const struct var *v)
{
	struct node *of = n->kind == N_UNARY && n->op == OP_ADDRESS ? node_strip(n->child) : NULL;

	if (!of || of->kind != N_REF || of->var != v)
		return NULL;
	while (n && n->kind != N_CALL)
		n = n->parent;
	return n;
}

/* Is @part computed from such a field, if by way of local variables that @loop sets? */
static bool depends(struct func *f, const struct node *loop, const struct node *part, int level)
{
	struct node *ref = NULL, *at;

	if (reads(f, part, true, 0))
		return true;
	while (level < 4 && (ref = node_next(part, ref))) {
		if (ref->kind != N_REF || !ref->var || !ref->var->is_local)
			continue;
		for (at = NULL; (at = node_next(loop, at)); ) {
			const struct node *value = node_value_of(at, ref->var) ?: set_by_call(at, ref->var);

			if (at->kind == N_BINARY && at->op >= OP_COMPOUND_BITS && at->op <= OP_COMPOUND &&
			    node_strip(at->child)->kind == N_REF && node_strip(at->child)->var == ref->var)
				value = at->child->next;
			if (value && value != part && depends(f, loop, value, level + 1))
				return true;
		}
	}
	return false;
}

bool reach_reads(struct func *f, const struct node *part)
{
	return reads(f, part, false, 0);
}

bool reach_ends(struct func *f, const struct node *loop)
{
	const struct node *body = loop->child;
	struct node *n = NULL;

	if (loop->kind == N_DO && node_is_once(f, loop))
		return false;
	while (body && body->next && loop->kind != N_DO)
		body = body->next;
	for (const struct node *c = loop->child; c; c = c->next)
		if (c != body && depends(f, loop, c, 0))
			return true;
	while (body && (n = node_next(body, n)))
		if (n->child && decides(n) && depends(f, loop, n->child, 0))
			return true;
	return false;
}

const struct node *reach_jumps_to(const struct func *f, const struct node *jump)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n)))
		if (n->kind == N_LABEL && !strcmp(n->text, jump->text) && n->start < jump->start)
			return n;
	return NULL;
}

bool reach_decides(struct func *f, const struct node *jump)
{
	for (const struct node *n = jump->parent; n; n = n->parent)
		if (decides(n) && depends(f, f->body, n->child, 0))
			return true;
	return false;
}

/* Does a jump that such a field decides lead back over @at? */
static bool jumps_over(struct func *f, const struct node *at)
{
	struct node *n = NULL;

	while ((n = node_next(f->body, n))) {
		const struct node *label = n->kind == N_GOTO && n->start > at->start ? reach_jumps_to(f, n) : NULL;

		if (label && label->start <= at->start && reach_decides(f, n))
			return true;
	}
	return false;
}

/* Is there a crossing in @n, whatever its conditions say? */
static bool always_crosses(struct plan *plan, struct func *f, const struct node *n)
{
	if (node_region(f, n))
		return true;
	if (n->kind == N_CALL && plan_down_of(plan, f, n) >= 0 && !policy_find("queued", call_target(n)->name))
		return true;
	for (const struct node *c = n->child; c; c = c->next) {
		if (always_crosses(plan, f, c))
			return true;
		if (n->kind == N_IF || n->kind == N_SWITCH || n->kind == N_CONDITIONAL || (n->kind == N_BINARY && n->op == OP_LOGIC) ||
		    ((n->kind == N_WHILE || n->kind == N_FOR) && c->next))
			return false;	/* the rest need not run */
		for (struct node *k = NULL; (k = node_next(c, k)); )
			if (k->kind == N_CONTINUE || k->kind == N_GOTO)
				return false;
	}
	return false;
}

bool reach_crosses(struct plan *plan, struct func *f, const struct node *loop)
{
	const struct node *body = loop->child;

	while (body && body->next && loop->kind != N_DO)
		body = body->next;
	for (const struct node *c = loop->child; c && loop->kind != N_FOR; c = c->next)
		if (c != body && always_crosses(plan, f, c))
			return true;
	return body && always_crosses(plan, f, body);
}

bool reach_waits(struct plan *plan, struct func *f, const struct node *at)
{
	const struct node *loop = at;

	while (loop && loop->kind != N_FOR && loop->kind != N_WHILE && loop->kind != N_DO)
		loop = loop->parent;
	if (reads(f, loop, false, 0))
		return true;
	return loop ? reach_ends(f, loop) && !reach_crosses(plan, f, loop) : jumps_over(f, at);
}

bool plan_kernel_calls(const struct plan *plan, const char *name)
{
	for (struct func *f = plan->model->func; f; f = f->next) {
		if (!f->is_own || f->dropped)
			continue;
		for (struct edge *e = f->callees; e; e = e->next)
			if (e->call && e->callee && policy_fits(name, e->callee->name) &&
			    (f->side == SIDE_KERNEL || f->duplicated || node_region(f, e->call)))
				return true;
	}
	return false;
}

/* ---- closure over calls ---- */

static void collect(struct plan *plan, struct plan_reach *reach, struct func *f, unsigned char *seen)
{
	if (seen[f->number])
		return;
	seen[f->number] = 1;
	for (struct access *a = f->accesses; a; a = a->next) {
		if (node_region(f, a->node) && f->side == SIDE_USER)
			continue;
		if (a->field)
			reach->field_how[a->field->number] |= a->how;
		else if (a->var && a->var->global >= 0)
			reach->var_how[a->var->global] |= a->how;
	}
	for (struct region *r = f->regions; r && f->side == SIDE_USER; r = r->next)
		if (r->down >= 0)
			reach->down[r->down] = 1;
	for (struct edge *e = user_edge(f, NULL); e; e = user_edge(f, e)) {
		int down;

		if (e->indirect) {
			for (struct func_list *l = call_targets(e); l; l = l->next) {
				if (runs_in_user(l->func))
					collect(plan, reach, l->func, seen);
				else
					for (unsigned int i = 0; i < plan->ndown; i++)
						if (plan->down[i].func == l->func)
							reach->down[i] = 1;
			}
			continue;
		}
		if (!e->call || !e->callee)
			continue;
		if (policy_find("constant", e->callee->name) || plan_is_mutex_call(plan, e->call))
			continue;
		down = plan_down_of(plan, f, e->call);
		for (unsigned int i = 0; policy_find("port", e->callee->name) && i < plan->ndown; i++)
			if (plan->down[i].func == e->callee)
				down = i;
		if (down >= 0)
			reach->down[down] = 1;
		else if (e->callee->has_body && runs_in_user(e->callee))
			collect(plan, reach, e->callee, seen);
	}
}

void reach_of(struct plan *plan, struct func *f, struct plan_reach *reach)
{
	unsigned char *seen = xcalloc(plan->nfunc, 1);

	reach->field_how = xcalloc(plan->nfield, 1);
	reach->var_how = xcalloc(plan->nglobal + 1, 1);
	reach->down = xcalloc(plan->ndown + 1, 1);
	collect(plan, reach, f, seen);
	free(seen);
}

static void close_entries(struct plan *plan)
{
	for (struct func *f = plan->model->func; f; f = f->next)
		f->number = plan->nfunc++;
	for (unsigned int i = 0; i < plan->nentry; i++) {
		struct plan_entry *e = &plan->entry[i];

		reach_of(plan, e->func, &e->reach);
		/* Nothing runs beside the upcall with which a device begins but what that upcall has started. */
		for (unsigned int k = 0; k < plan->nfield && !e->begins; k++)
			plan->field[k]->beside_writes |= !!(e->reach.field_how[k] & ACC_WRITE);
		for (unsigned int k = 0; k < plan->nglobal && !e->begins; k++)
			plan->global[k]->beside_writes |= !!(e->reach.var_how[k] & ACC_WRITE);
	}
}

/* ---- types ---- */

static bool is_opaque(const struct record *r)
{
	return policy_find("opaque", strncmp(r->name, "struct ", 7) ? r->name : r->name + 7) != NULL;
}

static bool in_use(const struct plan *plan, const struct field *f)
{
	for (unsigned int i = 0; i < plan->nentry; i++)
		if (plan->entry[i].reach.field_how[f->number])
			return true;
	return false;
}

int plan_type_of(const struct plan *plan, const struct record *record)
{
	for (unsigned int i = 0; i < plan->ntype; i++)
		if (plan->type[i].record == record && record)
			return i;
	return -1;
}

static int type_named(struct plan *plan, const char *name)
{
	for (unsigned int i = 0; i < plan->ntype; i++)
		if (!strcmp(plan->type[i].name, name))
			return i;
	return -1;
}

static struct plan_type *type_new(struct plan *plan, const char *name, uint32_t size)
{
	struct plan_type *t;

	if ((plan->ntype & 63) == 0)
		plan->type = xrealloc(plan->type, (plan->ntype + 64) * sizeof(*plan->type));
	t = &plan->type[plan->ntype++];
	memset(t, 0, sizeof(*t));
	t->name = text_intern(name);
	t->size = size;
	t->tail = -1;
	return t;
}

static int type_add(struct plan *plan, struct record *r);

/* A pointer to @n bytes: a type of its own, with one leaf. */
static int bytes_type(struct plan *plan, unsigned int n)
{
	char *name = text_format("u8 [%u]", n);
	int i = type_named(plan, name);
	struct plan_leaf leaf = { .name = "bytes", .stride = 1, .count = n, .size = 1, .kind = LEAF_WORD, .type = -1 };

	if (i < 0) {
		leaf_add(type_new(plan, name, n), &leaf);
		i = plan->ntype - 1;
	}
	free(name);
	return i;
}

static int pointee(struct plan *plan, const struct field *f)
{
	struct policy_line *l = policy_find("points", field_name(f));
	struct record *r = f->type->target->record;

	if (l)
		return bytes_type(plan, atoi(l->arg[1]));
	if (!r && f->holds && !f->holds_many)
		r = f->holds->record;
	if (!r && !f->is_stored && !f->read_as_many)
		r = f->read_as;
	if (!r || is_opaque(r) || !r->is_complete)
		return -1;
	return type_add(plan, r);
}

static void flatten(struct plan *plan, int type, struct record *r, uint32_t base, const char *path,
		    unsigned int count, uint32_t stride);

static void embed_new(struct plan_type *t, struct record *r, uint32_t offset, uint32_t stride, unsigned int count)
{
	t->embed = xrealloc(t->embed, (t->nembed + 1) * sizeof(*t->embed));
	t->embed[t->nembed].offset = offset;
	t->embed[t->nembed].stride = stride;
	t->embed[t->nembed].count = count;
	t->embed[t->nembed++].record = r;
}

/* What crosses as a whole has parts that downcalls are given, too: a lock its raw lock. */
static void embed_opaque(struct plan_type *t, struct record *r, uint32_t offset, uint32_t stride, unsigned int count)
{
	embed_new(t, r, offset, stride, count);
	for (unsigned int i = 0; i < r->nfield; i++)
		if (r->field[i].type->kind == TYPE_RECORD)
			embed_opaque(t, r->field[i].type->record, offset + r->field[i].offset_bits / 8, stride, count);
}

/* Bytes of the innermost union around: what an array of open length beside the other members has. */
static uint64_t union_room;

static void flatten_field(struct plan *plan, int type, struct field *f, uint32_t base, const char *path,
			  unsigned int count, uint32_t stride)
{
	struct type *t = f->type, *element = t;
	unsigned int n = 1;
	struct plan_leaf leaf = { .field = f, .type = -1, .is_const = f->is_const };

	while (element->kind == TYPE_ARRAY) {
		n *= element->count;
		element = element->target;
	}
	if (!n && element->kind == TYPE_INT && count == 1)
		n = union_room / element->size;
	if (!n)
		return;
	leaf.name = text_intern(text_format("%s%s%s", path, *path && *f->name ? "." : "", f->name));
	leaf.offset = base + f->offset_bits / 8;
	if (element->kind == TYPE_RECORD) {
		if (is_opaque(element->record)) {
			if (n == 1 || count == 1)
				embed_opaque(&plan->type[type], element->record, leaf.offset,
					     n > 1 ? element->size : stride, n > 1 ? n : count);
			return;
		}
		if (n > 1 && count > 1) {
			for (unsigned int i = 0; i < n && n <= 16; i++)
				flatten(plan, type, element->record, leaf.offset + i * element->size,
					text_format("%s[%u]", leaf.name, i), count, stride);
			return;
		}
		flatten(plan, type, element->record, leaf.offset, leaf.name, n > 1 ? n : count,
			n > 1 ? element->size : stride);
		return;
	}
	if (!in_use(plan, f))
		return;
	leaf.size = element->size;
	if (n > 1 && count > 1) {	/* an array inside an array: one leaf an element of the inner one */
		for (unsigned int i = 0; i < n && n <= 64; i++) {
			struct plan_leaf one = leaf;

			one.offset += i * element->size;
			one.count = count;
			one.stride = stride;
			one.kind = element->kind == TYPE_POINTER ? LEAF_PTR : LEAF_WORD;
			one.name = text_intern(text_format("%s[%u]", leaf.name, i));
			leaf_add(&plan->type[type], &one);
		}
		return;
	}
	leaf.count = n > 1 ? n : count;
	leaf.stride = n > 1 ? element->size : stride;
	if (f->bits) {
		unsigned int unit = element->size * 8;

		leaf.kind = LEAF_BITS;
		leaf.offset = base + f->offset_bits / unit * element->size;
		leaf.mask = ((f->bits == 64 ? 0 : 1ULL << f->bits) - 1) << f->offset_bits % unit;
	} else if (element->kind == TYPE_POINTER) {
		leaf.kind = policy_find("string", field_name(f)) ? LEAF_STR : LEAF_PTR;
		if (leaf.kind == LEAF_PTR && element->target->kind != TYPE_FUNCTION && f->type->kind == TYPE_POINTER) {
			leaf.type = pointee(plan, f);
			leaf.to = element->target->record;
			if (!leaf.to && f->holds && !f->holds_many)
				leaf.to = f->holds->record;
		}
	} else if (element->size == 1 || element->size == 2 || element->size == 4 || element->size == 8) {
		leaf.kind = f->user_merges && f->kernel_writes ? LEAF_BITS : LEAF_WORD;
		if (leaf.kind == LEAF_BITS)
			leaf.mask = element->size == 8 ? ~0ULL : (1ULL << element->size * 8) - 1;
	} else {
		return;
	}
	leaf_add(&plan->type[type], &leaf);
}

static void overlay(struct plan *plan, int type, struct record *r, struct field *f, uint32_t base, const char *path)
{
	for (struct policy_line *l = policy_all(); l; l = l->next) {
		struct record *over;

		if (strcmp(l->word, "overlay") || strcmp(l->arg[1], strncmp(r->name, "struct ", 7) ? r->name : r->name + 7) ||
		    strcmp(l->arg[2], f->name))
			continue;
		over = model_record(plan->model, text_format("struct %s", l->arg[0]));
		if (over && over->is_complete)
			flatten(plan, type, over, base + f->offset_bits / 8, text_format("%s.%s", path, over->name), 1, 0);
	}
}

static void flatten(struct plan *plan, int type, struct record *r, uint32_t base, const char *path,
		    unsigned int count, uint32_t stride)
{
	struct plan_type *t = &plan->type[type];
	uint64_t room = union_room;

	if (r->is_union)
		union_room = r->type->size;
	else if (r->type->size)
		union_room = 0;
	if (base || count > 1 || r != t->record)
		embed_new(t, r, base, stride, count);
	for (unsigned int i = 0; i < r->nfield; i++) {
		overlay(plan, type, r, &r->field[i], base, path);
		flatten_field(plan, type, &r->field[i], base, path, count, stride);
	}
	union_room = room;
}

/* Does any field below the record cross? */
static bool crosses(struct plan *plan, struct record *r, int level)
{
	if (is_opaque(r) || level > 10)
		return false;
	for (unsigned int i = 0; i < r->nfield; i++) {
		const struct type *t = type_element(r->field[i].type);

		if (t->kind == TYPE_RECORD ? crosses(plan, t->record, level + 1) : in_use(plan, &r->field[i]))
			return true;
	}
	return false;
}

static const char *short_name(const struct record *r)
{
	return strncmp(r->name, "struct ", 7) ? r->name : r->name + 7;
}

static int compare_leaf(const void *a, const void *b)
{
	const struct plan_leaf *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->mask < y->mask ? -1 : x->mask > y->mask;
}

/* Does @outer hold @r by value? */
static bool holds(const struct record *outer, const struct record *r, int level)
{
	if (outer == r)
		return true;
	for (unsigned int i = 0; i < outer->nfield && level < 8; i++) {
		const struct type *t = type_element(outer->field[i].type);

		if (t->kind == TYPE_RECORD && holds(t->record, r, level + 1))
			return true;
	}
	return false;
}

static bool is_dma_call(const struct edge *e)
{
	struct policy_line *l = e->call && e->callee ? policy_find("alloc", e->callee->name) : NULL;

	return l && (!strcmp(l->arg[1], "dma") || !strcmp(l->arg[1], "mmio"));
}

/* Does the driver take DMA memory or registers for such a record, or for one with it inside? */
static bool is_in_shared_memory(const struct plan *plan, const struct record *r)
{
	for (const struct record *in = plan->model->record; in; in = in->next)
		for (unsigned int i = 0; i < in->nfield; i++) {
			const struct field *f = &in->field[i];

			if ((f->holds_dma || f->holds_mmio) && f->type->kind == TYPE_POINTER && f->type->target->record &&
			    holds(f->type->target->record, r, 0))
				return true;
		}
	for (const struct func *f = plan->model->func; f; f = f->next)
		for (struct edge *e = f->is_own && f->has_body ? f->callees : NULL; e; e = e->next)
			if (is_dma_call(e) && plan_result(f, e->call) && holds(plan_result(f, e->call), r, 0))
				return true;
	return false;
}

static int type_make(struct plan *plan, struct record *r)
{
	bool known = r->is_complete && r->type && r->type->size;
	struct plan_type *t = type_new(plan, r->name, known ? r->type->size : 1);
	int i = plan->ntype - 1;
	struct policy_line *l;

	t->record = r;
	t->opaque = is_opaque(r) || !known;
	t->anywhere = !t->opaque && ((r->type && type_is_flat(r->type)) || (r->is_own && is_in_shared_memory(plan, r)));
	if (t->opaque)
		return i;
	l = policy_find("life", short_name(r));
	t->device = l && !strcmp(l->arg[1], "device");
	flatten(plan, i, r, 0, "", 1, 0);
	qsort(plan->type[i].leaf, plan->type[i].nleaf, sizeof(struct plan_leaf), compare_leaf);
	l = policy_find("tail", short_name(r));
	if (l) {
		/* the private area's type: what the accessor's result is used as */
		unsigned int align = atoi(l->arg[2]);

		for (struct func *f = plan->model->func; f; f = f->next)
			for (struct edge *e = f->callees; f->is_own && e; e = e->next)
				if (e->call && e->callee && !strcmp(e->callee->name, l->arg[1]) && plan->type[i].tail < 0) {
					struct record *priv = plan_result(f, e->call);

					if (priv) {
						int tail = type_add(plan, priv);

						plan->type[i].tail = tail;
					}
				}
		plan->type[i].tail_offset = (r->type->size + align - 1) / align * align;
	}
	return i;
}

static int type_add(struct plan *plan, struct record *r)
{
	int i = plan_type_of(plan, r);

	if (i >= 0)
		return i;
	if (!r->is_complete || !r->type || (!crosses(plan, r, 0) && !policy_find("tail", short_name(r))))
		return -1;
	return type_make(plan, r);
}

/* A record that downcalls are given: it must be known where one is, though no field of it may cross. */
static void type_asked(struct plan *plan, struct record *r)
{
	if (r && !strchr(r->name, '(') && plan_type_of(plan, r) < 0)
		type_make(plan, r);
}

static void asked_types(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->ndown; i++) {
		struct plan_down *d = &plan->down[i];
		unsigned int n = d->func ? d->func->nparam : d->nparam;

		type_asked(plan, d->gives);
		for (unsigned int j = 0; j < n; j++) {
			type_asked(plan, d->arg[j].record);
			for (unsigned int k = 0; k < d->arg[j].nspot; k++)
				type_asked(plan, d->arg[j].spot[k].in);
		}
	}
	for (unsigned int i = 0; i < plan->ntype; i++)
		for (unsigned int k = 0; k < plan->type[i].nleaf; k++) {
			struct plan_leaf *l = &plan->type[i].leaf[k];

			if (l->kind == LEAF_PTR && l->type < 0)
				l->type = plan_type_of(plan, l->to);
		}
}

static void global_type(struct plan *plan, struct var *v)
{
	struct type *t = v->type, *element = t;
	struct plan_type *p;
	unsigned int n = 1;
	int i;

	while (element->kind == TYPE_ARRAY) {
		n *= element->count;
		element = element->target;
	}
	type_new(plan, text_format("global %s", v->name), t->size ? t->size : 1);
	i = plan->ntype - 1;
	if (element->kind == TYPE_RECORD) {
		if (!is_opaque(element->record))
			flatten(plan, i, element->record, 0, v->name, n, n > 1 ? element->size : 0);
		else
			embed_opaque(&plan->type[i], element->record, 0, n > 1 ? element->size : 0, n);
	} else if (element->kind == TYPE_INT || element->kind == TYPE_BOOL || element->kind == TYPE_POINTER) {
		struct plan_leaf leaf = { .name = v->name, .var = v, .count = n, .stride = n > 1 ? element->size : 0,
					  .size = element->size, .type = -1, .is_const = v->is_const || !v->is_own,
					  .kind = element->kind == TYPE_POINTER ? LEAF_PTR : LEAF_WORD,
					  .to = element->kind == TYPE_POINTER ? element->target->record : NULL };

		p = &plan->type[i];
		leaf_add(p, &leaf);
	}
	v->global_type = i;
}

static void types(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->nentry; i++) {
		struct func *f = plan->entry[i].func;

		for (unsigned int j = 0; j < f->nparam; j++) {
			struct policy_line *l = plan_policy("type", f, -1);
			struct type *t = f->param[j].type;
			struct record *r = t->kind == TYPE_POINTER ? t->target->record : NULL;

			for (; l; l = l->same)
				if ((unsigned int)atoi(l->arg[1]) == j)
					r = model_record(plan->model, text_format("struct %s", l->arg[2]));
			if (r && !is_opaque(r))
				type_add(plan, r);
		}
	}
	for (unsigned int i = 0; i < plan->ndown; i++) {
		struct plan_down *d = &plan->down[i];

		if (d->alloc && d->alloc->narg > 5 && !strcmp(d->alloc->arg[4], "tail")) {
			struct record *r = model_record(plan->model, text_format("struct %s", d->alloc->arg[5]));

			if (r)
				type_add(plan, r);
		} else if (d->result) {
			type_add(plan, d->result);
		}
	}
	for (unsigned int i = 0; i < plan->nglobal; i++)
		global_type(plan, plan->global[i]);
	asked_types(plan);
}

/* ---- views ---- */

static void add_use(struct plan_entry *e, int type, int leaf, unsigned int access)
{
	if ((e->nuse & 255) == 0)
		e->use = xrealloc(e->use, (e->nuse + 256) * sizeof(*e->use));
	e->use[e->nuse++] = (struct plan_use){ type, leaf, access };
}

static void views(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->nentry; i++) {
		struct plan_entry *e = &plan->entry[i];

		for (unsigned int t = 0; t < plan->ntype; t++) {
			struct plan_type *type = &plan->type[t];

			for (unsigned int k = 0; k < type->nleaf; k++) {
				struct plan_leaf *l = &type->leaf[k];
				unsigned int how = ACC_READ, access;

				if (l->field) {
					how = leaf_access(l, e->reach.field_how);
				} else if (!type->record && !strncmp(type->name, "global ", 7)) {
					how = 0;
					for (unsigned int g = 0; g < plan->nglobal; g++)
						if (plan->global[g]->global_type == (int)t)
							how = e->reach.var_how[g];
				}
				if (!how)
					continue;
				access = 1;	/* what may be written is read too: its baseline */
				if (how & ACC_WRITE && !l->is_const && l->kind != LEAF_STR)
					access |= 2;
				if (access & 2 && l->field && leaf_is_read_atomically(l))
					access |= 4;
				add_use(e, t, k, access);
			}
		}
	}
}

void reach(struct plan *plan)
{
	number_fields(plan);
	kernel_side(plan);
	close_entries(plan);
	leaf_share_unions(plan->model);
	types(plan);
	views(plan);
}
