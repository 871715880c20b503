// SPDX-License-Identifier: GPL-2.0
/*
 * A driver's probe fills structs that nobody else has seen yet. That ends with the first call
 * that may run other code of the driver, or that puts their address where such code finds it.
 * Functions of the kernel are known by policy; those of the driver, its regions and inlines
 * are read: they are quiet if all they call is, and if they store no pointer to data.
 */
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "quiet.h"
#include "scan.h"

static const char *const quiet_words[] = {
	"quiet", "constant", "alloc", "frees", "print", "delay", "register", "lock", "unlock",
};

static bool function_is_quiet(struct func *f);

static bool holds_pointer(const struct type *t)
{
	switch (t->kind) {
	case TYPE_INT: case TYPE_BOOL:
		return false;
	case TYPE_POINTER:
		return t->target->kind != TYPE_FUNCTION;
	case TYPE_ARRAY:
		return holds_pointer(t->target);
	case TYPE_RECORD:
		for (unsigned int i = 0; i < t->record->nfield; i++)
			if (holds_pointer(t->record->field[i].type))
				return true;
		return !t->record->is_complete;
	default:
		return true;
	}
}

/* A store that others may see: of a pointer, or to a variable of the driver. */
static bool shows(const struct node *store)
{
	const struct node *to = node_strip(store->child), *root = to;

	while (root && ((root->kind == N_MEMBER && !root->arrow) ||
			(root->kind == N_INDEX && root->child->type && root->child->type->kind == TYPE_ARRAY)))
		root = node_strip(root->child);
	if (root && root->kind == N_REF && root->var)
		return !root->var->is_local || root->var->is_static_local;
	return !to || !to->type || holds_pointer(to->type);
}

static bool statements_are_quiet(const struct node *top)
{
	struct node *n = NULL;

	while ((n = node_next(top, n))) {
		switch (n->kind) {
		case N_CALL:
			if (!call_target(n) || !function_is_quiet(call_target(n)))
				return false;
			break;
		case N_BINARY:
			if (n->op >= OP_ASSIGN && n->op <= OP_COMPOUND && shows(n))
				return false;
			break;
		case N_UNARY:
			if (n->op == OP_INCDEC && shows(n))
				return false;
			break;
		case N_ASM:
			return false;
		default:
			break;
		}
	}
	return true;
}

/* memcpy() and the like might store a pointer. */
static bool copies(const struct func *f)
{
	for (unsigned int i = 0; i < f->nparam; i++) {
		const struct type *t = f->param[i].type;

		if (t->kind == TYPE_POINTER && t->target->kind == TYPE_VOID && !t->target_const)
			return true;
	}
	return false;
}

static bool function_is_quiet(struct func *f)
{
	bool is_quiet;

	for (unsigned int i = 0; i < sizeof(quiet_words) / sizeof(*quiet_words); i++)
		if (policy_find(quiet_words[i], f->name))
			return true;
	if (policy_find("local", f->name) || !strncmp(f->name, "__builtin_", 10))
		return !copies(f);
	if (f->visiting)
		return true;
	if (!f->has_body || !f->body)
		return false;
	f->visiting = true;
	is_quiet = statements_are_quiet(f->body);
	f->visiting = false;
	return is_quiet;
}

bool quiet(const struct plan_down *down)
{
	if (!down->region)
		return down->func && function_is_quiet(down->func);
	for (const struct node *n = down->region->first; n; n = n->next) {
		if (!statements_are_quiet(n))
			return false;
		if (n == down->region->last)
			break;
	}
	return true;
}
