/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the passes know of a driver: plain data, filled by analyse.c and read by the
 * rest. Nothing here depends on libclang. Everything lives as long as the program.
 */
#ifndef SPLIT_MODEL_H
#define SPLIT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct func;
struct record;
struct tu;
struct var;

/* ---- types, canonical and interned: equal types have equal addresses ---- */

enum type_kind { TYPE_VOID, TYPE_INT, TYPE_BOOL, TYPE_POINTER, TYPE_ARRAY, TYPE_RECORD, TYPE_FUNCTION, TYPE_OTHER };

struct type {
	const char *name;	/* C spelling, canonical, unqualified at the top */
	enum type_kind kind;
	bool is_signed;
	bool target_const;	/* POINTER: pointee is const */
	uint64_t size;		/* bytes */
	uint64_t count;		/* ARRAY */
	struct type *target;	/* POINTER, ARRAY: element */
	struct record *record;	/* RECORD */
	struct type *next;
};

struct field {
	const char *name;	/* "" for an anonymous member */
	struct record *in;
	struct type *type;
	uint64_t offset_bits;
	unsigned int bits;	/* bitfield width, or 0 */
	bool is_const;
	/* found by the passes */
	struct func_list *stored;	/* functions ever stored here */
	struct type *holds;	/* void pointer: the record type ever stored here, if one */
	bool holds_many;
	bool is_stored;		/* void pointer: the driver or an inline that it uses stores here */
	struct record *read_as;	/* void pointer: what the driver takes it for, if one */
	bool read_as_many;
	bool used;		/* the driver's own code names it */
	bool holds_null;	/* the driver stores NULL here */
	bool holds_memory;	/* from an allocation: the length is known */
	bool holds_dma, holds_mmio, holds_string, holds_other;
	bool kernel_reads, kernel_writes, atomic_reads, atomic_writes, user_merges;
	bool beside_writes;	/* by code that may run beside an upcall */
	struct store *stores;	/* pointer: see symbols.c */
	bool is_copied;		/* user-half code writes it as part of its record */
	unsigned int number;
};

struct record {
	const char *name;	/* "struct net_device", "union (unnamed at ...)" */
	struct type *type;
	bool is_union, is_complete, is_own;
	bool is_local;		/* declared inside a function */
	const char *opaque;	/* policy line that says so, or NULL */
	unsigned int nfield;
	struct field *field;
	struct record *next;
	int plan;		/* index in the plan, or -1 */
};

/* ---- syntax of a function body ---- */

enum node_kind {
	N_OTHER, N_COMPOUND, N_IF, N_FOR, N_WHILE, N_DO, N_SWITCH, N_CASE, N_DEFAULT, N_LABEL,
	N_GOTO, N_RETURN, N_BREAK, N_CONTINUE, N_DECL, N_VAR, N_NULL, N_ASM,
	N_BINARY, N_UNARY, N_CONDITIONAL, N_CALL, N_MEMBER, N_REF, N_INDEX, N_CAST, N_INIT,
	N_STMTEXPR, N_LITERAL, N_STRING, N_SIZEOF, N_INDIRECT_GOTO,
};

enum node_op {
	OP_NONE, OP_ASSIGN, OP_COMPOUND_BITS /* |= &= ^= */, OP_COMPOUND /* += ... */,
	OP_COMMA, OP_ARITH, OP_COMPARE, OP_LOGIC,
	OP_INCDEC, OP_ADDRESS, OP_DEREF, OP_PLAIN,
};

struct node {
	enum node_kind kind;
	enum node_op op;	/* VAR: ASSIGN: the first child is what it starts with */
	uint32_t start, end;	/* bytes in the unit's text */
	uint32_t line;		/* in file */
	const char *file;
	struct type *type;
	struct node *parent, *child, *next;
	struct func *func;	/* REF to a function */
	struct var *var;	/* REF, VAR */
	struct var *sized;	/* SIZEOF: the variable in the operand, or NULL */
	struct field *field;	/* MEMBER */
	const char *text;	/* LABEL, GOTO: name; ASM: template; STRING */
	bool arrow;		/* MEMBER: p->f */
};

struct var {
	const char *name;
	struct tu *tu;		/* where it is defined or first seen */
	struct func *in;	/* local of */
	struct type *type;
	const char *type_text;	/* as spelled, with qualifiers */
	uint32_t start, end;	/* declarator's declaration */
	bool is_param, is_local, is_static_local, is_const, is_extern, is_own, is_thread;
	struct node *init;
	struct tu **in_tus;	/* unused for locals */
	struct var *next;
	/* passes */
	bool user, kernel;
	bool atomic_writes, beside_writes;	/* as of a field */
	int global;		/* id in the plan, or -1 */
	int global_type;
	int symbol;
	const char *public_name; /* name of the kernel half's variable, if hoisted */
};

struct param {
	const char *name;	/* may be "" */
	struct type *type;
	const char *type_text;
	struct var *var;
};

struct func_list {
	struct func *func;
	struct func_list *next;
};

enum side { SIDE_UNKNOWN, SIDE_KERNEL, SIDE_USER };

/* Where a function's address goes: record.field, or callee's argument. */
struct role {
	struct field *field;	/* or NULL */
	struct func *callee;	/* and argument */
	unsigned int arg;
	const char *file;
	uint32_t line;
	struct role *next;
};

struct func {
	const char *name;
	const char *key;	/* name, or name:file if static */
	bool is_static, is_inline, is_own, is_variadic, is_noreturn, has_body, converted;
	struct tu *tu;		/* of the body that was read */
	const char *file;	/* presumed */
	uint32_t line, end_line;
	uint32_t start, end;		/* whole definition in tu */
	uint32_t body_start, body_end;	/* braces included */
	struct type *result;
	const char *result_text;
	unsigned int nparam;
	struct param *param;
	struct node *body;
	struct func_list *seen_in_own;	/* not used */
	struct tu_list { struct tu *tu; uint32_t start, end, body_start, body_end; struct tu_list *next; } *defs;
	struct tu_list *decls;
	struct role *role;
	struct func *next, *hash_next;

	/* passes */
	enum side side;
	bool atomic;		/* may run in atomic context */
	bool duplicated;	/* user-half copy of a kernel function */
	bool dropped;		/* used by nobody */
	bool address_taken;
	const char *reason;	/* why it is where it is */
	const char *reason_file;
	uint32_t reason_line;
	struct func *because;	/* next function towards the root */
	struct mark *mark;	/* construct that was not understood */
	struct edge *callees;
	struct access *accesses;
	struct region *regions;
	int lock_effect;	/* 1: returns with a lock held, -1: releases its caller's */
	int inline_class;	/* header inlines: 0 not known, 1 local, 2 downcall */
	bool visiting;
	bool taken;		/* address stored where nothing is known of its use */
	bool user_needs;	/* referenced by user-half code */
	int entry, down, symbol;
	unsigned int lines, number;
};

struct edge {
	struct func *callee;
	struct node *call;	/* NULL: address only */
	bool locked;		/* called with a lock held, in this function */
	bool indirect;
	struct edge *next;
};

#define ACC_READ	1
#define ACC_WRITE	2
#define ACC_MERGE	4	/* |= and the like */

struct access {
	struct field *field;
	struct var *var;	/* driver variable instead of a field */
	unsigned int how;
	struct node *node;
	struct access *next;
};

struct mark {
	const char *construct, *reason, *file;
	uint32_t line;
	struct node *node;	/* or NULL: the whole function */
	struct mark *next;
};

/* Statements that become a function of the kernel half. */
struct region {
	struct func *in;
	struct node *first, *last;	/* siblings */
	const char *why;
	unsigned int id;
	int down;
	struct region *next;
	struct region_var {
		struct var *var;
		bool read, written, address;
		struct region_var *next;
	} *vars;
	unsigned int nexit;
	struct { struct node *node; int code; } exit[32];
};

struct tu {
	const char *name, *path, *c;
	char *text;
	uint32_t length;
	struct top { uint32_t start, end; struct var *var; const char *name; bool own; bool is_drop; } *top;
	unsigned int ntop;
	void *clang;
	struct tu *next;
};

struct model {
	struct tu *tu;
	struct func *func;	/* every function seen */
	struct record *record;
	struct type *type;
	struct var *var;	/* file-scope and static local */
	const char *module;
	const char *rename;	/* what the driver registers as, or NULL: its own name */
	struct func *hash[4096];
};

/* Parses the units of @src. 0 or -errno with fail_text(). */
struct source;
int analyse(struct model *model, const struct source *src);

struct func *model_func(struct model *model, const char *name);
struct record *model_record(struct model *model, const char *name);
struct field *record_field(struct record *record, const char *name);

/* Of an array, however many dimensions it has; any other type, or NULL, as it is. */
struct type *type_element(struct type *t);
/* Does a value of this type hold numbers only, in as many bytes as it says? */
bool type_is_flat(const struct type *t);

/* Where @tu defines the function, or NULL: an inline may be defined in many. */
const struct tu_list *tu_place(const struct func *f, const struct tu *tu);

/* Iterates a subtree, parents first. Start with NULL; ends with NULL. */
struct node *node_next(const struct node *top, struct node *at);

#endif
