// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "model.h"
#include "text.h"

struct func *model_func(struct model *model, const char *name)
{
	for (struct func *f = model->func; f; f = f->next)
		if (f->is_own && f->has_body && !strcmp(f->name, name))
			return f;
	return NULL;
}

struct record *model_record(struct model *model, const char *name)
{
	(void)model;
	return text_map_get(MAP_RECORD, name);
}

struct field *record_field(struct record *record, const char *name)
{
	for (unsigned int i = 0; i < record->nfield; i++)
		if (!strcmp(record->field[i].name, name))
			return &record->field[i];
	return NULL;
}

struct node *node_next(const struct node *top, struct node *at)
{
	if (!at)
		return (struct node *)top;
	if (at->child)
		return at->child;
	while (at && at != top) {
		if (at->next)
			return at->next;
		at = at->parent;
	}
	return NULL;
}

struct type *type_element(struct type *t)
{
	while (t && t->kind == TYPE_ARRAY)
		t = t->target;
	return t;
}

bool type_is_flat(const struct type *t)
{
	switch (t->kind) {
	case TYPE_INT: case TYPE_BOOL:
		return true;
	case TYPE_ARRAY:
		return t->count && type_is_flat(t->target);
	case TYPE_RECORD:
		if (!t->record->is_complete)
			return false;
		for (unsigned int i = 0; i < t->record->nfield; i++)
			if (!type_is_flat(t->record->field[i].type))
				return false;
		return true;
	default:
		return false;
	}
}

const struct tu_list *tu_place(const struct func *f, const struct tu *tu)
{
	const struct tu_list *d = f->defs;

	while (d && d->tu != tu)
		d = d->next;
	return d;
}
