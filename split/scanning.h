/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the scan share: scan.c walks expressions, locks.c statements, node.c asks about nodes. */
#ifndef SPLIT_SCANNING_H
#define SPLIT_SCANNING_H

#include "scan.h"

struct scan {
	struct model *model;
	struct func *f;
	int depth;			/* locks held here */
	struct label *label;
	int break_depth;		/* of the innermost switch or loop, -1: none seen */
	bool holds, releases;		/* returns with a lock, releases one that it did not take */
};

void scan_mark(struct scan *s, struct node *n, const char *construct, const char *reason);
void scan_expr(struct scan *s, struct node *n, unsigned int how);
void scan_init_list(struct scan *s, struct type *type, struct node *list);
/* True if what follows is not reached. */
bool scan_stmt(struct scan *s, struct node *n);
/* A call of @f: what it does to the locks that are held. */
void scan_lock_call(struct scan *s, const struct func *f, struct node *n);

/* The function whose address @n is, or NULL. */
struct func *node_function(struct node *n);
/* May this value of @f, a pointer, be NULL for what the driver's code says of it? Conditions are not looked at. */
bool node_may_be_null(struct model *model, struct func *f, struct node *n, int level);
/* Does @f ask whether its parameter @i is NULL? */
bool node_param_is_tested(const struct func *f, unsigned int i);
bool node_param_may_be_null(struct model *model, struct func *f, const struct var *v, int level);
/* Functions whose address @n may be, in the body of @f: through variables, parameters, tables, results. */
void node_functions(struct model *model, struct func *f, struct node *n, int level, struct func_list **out);

#endif
