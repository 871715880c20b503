/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan while it is being made: entries, downcalls, symbols, globals, types and views.
 * logic/plan.h says what each means at run time.
 */
#ifndef SPLIT_PLAN_H
#define SPLIT_PLAN_H

#include "model.h"
#include "policy.h"
#include "text.h"

/*
 * Ids of the symbols (functions, and tables of them) that user-half code may put somewhere. @only:
 * nothing else is there besides NULL. @code: the place is for functions.
 */
struct plan_symbols {
	unsigned int *id;
	unsigned int n;
	bool only, code;
};

struct plan_leaf {
	const char *name;
	struct field *field;
	struct var *var;	/* or the global that it is */
	struct field **also;	/* of a union: in the same bytes */
	unsigned int nalso;
	uint32_t offset, stride;
	unsigned int count, size;
	uint64_t mask;
	enum { LEAF_WORD = 1, LEAF_BITS, LEAF_PTR, LEAF_STR } kind;
	int type;
	struct plan_symbols symbols;	/* PTR */
	struct record *to;	/* PTR: what it points to, if nothing else is known to */
	bool is_const;
};

struct plan_type {
	struct record *record;	/* NULL: bytes, or a global's value */
	const char *name;
	uint32_t size;
	struct plan_leaf *leaf;
	unsigned int nleaf;
	struct { uint32_t offset, stride; unsigned int count; struct record *record; } *embed;
	unsigned int nembed;
	int tail;
	uint32_t tail_offset;
	bool device, opaque, anywhere;
};

struct plan_use {
	int type, leaf;
	unsigned int access;
};

/* What a set of functions may do: closed over calls. */
struct plan_reach {
	unsigned char *field_how;	/* by field number */
	unsigned char *var_how;		/* by global */
	unsigned char *down;		/* by downcall */
};

struct plan_entry {
	struct func *func;
	struct plan_reach reach;
	bool reads, begins, ends;
	int closes;
	struct policy_line *fail;
	struct plan_use *use;
	unsigned int nuse;
	struct plan_symbols symbols;	/* of the result */
};

/* What a pointer argument of a downcall may be. */
struct plan_arg {
	struct record *record;	/* this record, or NULL */
	bool local;		/* a local variable of the user half */
	struct { struct record *in; uint64_t offset, bytes; } *spot;	/* or one of these fields */
	unsigned int nspot;
	struct plan_symbols symbols;
};

struct plan_down {
	const char *name;
	struct func *func;	/* or */
	struct region *region;
	struct tu *tu;		/* where its thunk is */
	struct policy_line *alloc;
	struct record *result;	/* ALLOC_DATA: element, or NULL */
	int print;		/* place of the format, or -1 */
	const char *variant;	/* name of the user half's stub */
	unsigned int nparam;	/* of a region's function */
	struct { const char *name; struct type *type; struct var *var; bool null, address; } *param;
	struct plan_arg *arg;
	struct record *gives;	/* what its result is used as, or NULL */
	struct type *region_result;
};

struct plan {
	struct model *model;
	struct plan_entry *entry;
	unsigned int nentry;
	struct plan_down *down;
	unsigned int ndown;
	struct plan_type *type;
	unsigned int ntype;
	struct var **global;
	unsigned int nglobal;
	struct plan_symbol { const char *name; struct func *func; struct var *var; struct tu *tu; } *symbol;
	unsigned int nsymbol;
	struct field **field;	/* every field that has a number */
	unsigned int nfield;
	unsigned int nfunc;	/* of the model, numbered */
};

struct plan *plan_make(struct model *model);

/* The downcall that a call in user-half code becomes, or -1: it stays a call. */
int plan_down_of(struct plan *plan, const struct func *in, const struct node *call);
/* The record that an allocation's result is used as, or NULL. */
struct record *plan_result(const struct func *in, const struct node *call);
bool plan_is_local(struct func *f);
/* A lock or unlock of a mutex that only user-half code takes. */
bool plan_is_mutex_call(struct plan *plan, const struct node *call);
int plan_type_of(const struct plan *plan, const struct record *record);
/* Does the driver's kernel half, its outlined regions too, call a function of this name, which may end with `*`? */
bool plan_kernel_calls(const struct plan *plan, const char *name);
/* Policy line @word for one of the roles of @f or its name, with suffix "/arg" if arg >= 0. */
struct policy_line *plan_policy(const char *word, const struct func *f, int arg);

/* The `buffer` or `room` line for argument @i of @f, or NULL. */
struct policy_line *plan_length(const struct func *f, unsigned int i);
bool plan_is_string(const struct type *t);

/* The C text of the plan; @build_id has 40 digits. */
void plan_write(const struct plan *plan, const char *build_id, struct text *out);

#endif
