// SPDX-License-Identifier: GPL-2.0
/* From libclang's cursors to the model. The only file that knows libclang. */
#include <clang-c/Index.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "model.h"
#include "source.h"
#include "policy.h"
#include "text.h"
#include "xalloc.h"

struct var_slot {
	CXCursor cursor;
	struct var *var;
	struct var_slot *next;
};

struct reader {
	struct model *model;
	struct tu *tu;
	const char *own_dir;	/* presumed files below it are the driver's */
	struct func *todo[8192];
	CXCursor todo_cursor[8192];
	unsigned int ntodo;
	struct var_slot *slot[4096];
	struct func *func;	/* being converted */
	CXType last_type;
};

static struct type *type_of(struct reader *r, CXType t);
static struct node *convert(struct reader *r, CXCursor c, struct node *parent);

static char *take(CXString s)
{
	const char *c = clang_getCString(s);
	char *copy = text_dup(c ? c : "");

	clang_disposeString(s);
	return copy;
}

static void extent(CXCursor c, uint32_t *start, uint32_t *end)
{
	CXSourceRange range = clang_getCursorExtent(c);

	clang_getSpellingLocation(clang_getRangeStart(range), NULL, NULL, NULL, start);
	clang_getSpellingLocation(clang_getRangeEnd(range), NULL, NULL, NULL, end);
}

static const char *presumed(struct reader *r, CXCursor c, uint32_t *line)
{
	static const char *last;
	CXString name;
	const char *s;

	(void)r;
	clang_getPresumedLocation(clang_getCursorLocation(c), &name, line, NULL);
	s = clang_getCString(name);
	if (!last || strcmp(last, s))
		last = text_intern(s);
	clang_disposeString(name);
	return last;
}

static bool is_own(struct reader *r, const char *file)
{
	const char *base = strrchr(file, '/');

	/* kbuild names the driver's files by the path they have in the kernel tree */
	if (strstr(file, "/include/") || strstr(file, "include/linux/"))
		return false;
	if (base && !strcmp(base, "/trace.h"))
		return false;
	return strstr(file, r->own_dir) != NULL || !strchr(file, '/');
}

/* ---- records and types ---- */

static enum CXVisitorResult add_field(CXCursor c, CXClientData data)
{
	struct reader *r = ((void **)data)[0];
	struct record *rec = ((void **)data)[1];
	struct field *f;
	CXType t = clang_getCursorType(c);
	long long offset = clang_Cursor_getOffsetOfField(c);

	const char *name = take(clang_getCursorSpelling(c));

	if (strstr(name, "(anonymous") || strstr(name, "(unnamed"))
		name = "";
	if (clang_Cursor_isBitField(c) && !*name)	/* a gap */
		return CXVisit_Continue;
	rec->field = xrealloc(rec->field, (rec->nfield + 1) * sizeof(*rec->field));
	f = &rec->field[rec->nfield++];
	memset(f, 0, sizeof(*f));
	f->name = name;
	f->in = rec;
	f->offset_bits = offset < 0 ? 0 : offset;
	f->bits = clang_Cursor_isBitField(c) ? clang_getFieldDeclBitWidth(c) : 0;
	f->is_const = clang_isConstQualifiedType(t);
	((CXType *)((void **)data)[2])[rec->nfield - 1] = t;
	(void)r;
	return CXVisit_Continue;
}

static struct record *record_of(struct reader *r, CXType t, const char *name)
{
	struct record *rec = model_record(r->model, name);
	CXCursor decl = clang_getTypeDeclaration(t), def = clang_getCursorDefinition(decl);

	if (!rec) {
		rec = xcalloc(1, sizeof(*rec));
		rec->name = text_intern(name);
		rec->plan = -1;
		rec->next = r->model->record;
		r->model->record = rec;
		text_map_put(MAP_RECORD, rec->name, rec);
	}
	if (!rec->is_complete && !clang_Cursor_isNull(def) && clang_Type_getSizeOf(t) >= 0) {
		CXType *field_type = xcalloc(4096, sizeof(*field_type));
		void *data[] = { r, rec, field_type };
		uint32_t line;

		rec->is_complete = true;
		rec->is_union = clang_getCursorKind(def) == CXCursor_UnionDecl;
		rec->is_own = is_own(r, presumed(r, def, &line));
		rec->is_local = clang_getCursorKind(clang_getCursorSemanticParent(def)) == CXCursor_FunctionDecl;
		clang_Type_visitFields(clang_getCanonicalType(t), add_field, data);
		/* types of fields after all fields: the array must not move under a pointer */
		for (unsigned int i = 0; i < rec->nfield; i++)
			rec->field[i].type = type_of(r, field_type[i]);
		free(field_type);
	}
	return rec;
}

static struct type *type_of(struct reader *r, CXType any)
{
	static struct type other = { .name = "?", .kind = TYPE_OTHER };
	CXType t = clang_getCanonicalType(any);
	struct type *type;
	long long size;
	char *name;

	if (t.kind == CXType_Invalid || t.kind == CXType_Unexposed)	/* builtin functions */
		return &other;
	t = clang_getUnqualifiedType(t);
	name = take(clang_getTypeSpelling(t));
	type = text_map_get(MAP_TYPE, name);
	if (type && !(type->kind == TYPE_RECORD && type->record && !type->record->is_complete))
		return type;
	if (!type) {
		type = xcalloc(1, sizeof(*type));
		type->name = text_intern(name);
		type->next = r->model->type;
		r->model->type = type;
		text_map_put(MAP_TYPE, type->name, type);
	}
	size = clang_Type_getSizeOf(t);
	type->size = size < 0 ? 0 : size;
	switch (t.kind) {
	case CXType_Void:
		type->kind = TYPE_VOID;
		type->size = 0;
		break;
	case CXType_Bool:
		type->kind = TYPE_BOOL;
		break;
	case CXType_Char_S: case CXType_SChar: case CXType_Short: case CXType_Int:
	case CXType_Long: case CXType_LongLong: case CXType_Int128:
		type->is_signed = true;
		type->kind = TYPE_INT;
		break;
	case CXType_Enum:
		type->is_signed = clang_getEnumDeclIntegerType(clang_getTypeDeclaration(t)).kind == CXType_Int;
		type->kind = TYPE_INT;
		break;
	case CXType_Char_U: case CXType_UChar: case CXType_UShort: case CXType_UInt: case CXType_WChar:
	case CXType_ULong: case CXType_ULongLong: case CXType_UInt128:
		type->kind = TYPE_INT;
		break;
	case CXType_Pointer: {
		CXType to = clang_getPointeeType(t);

		type->kind = TYPE_POINTER;
		type->target_const = clang_isConstQualifiedType(to);
		type->target = type_of(r, to);
		break;
	}
	case CXType_ConstantArray: case CXType_IncompleteArray: case CXType_VariableArray:
		type->kind = TYPE_ARRAY;
		type->target = type_of(r, clang_getArrayElementType(t));
		type->count = t.kind == CXType_ConstantArray ? clang_getArraySize(t) : 0;
		break;
	case CXType_Record:
		type->kind = TYPE_RECORD;
		type->record = record_of(r, t, type->name);
		type->record->type = type;
		break;
	case CXType_FunctionProto: case CXType_FunctionNoProto:
		type->kind = TYPE_FUNCTION;
		break;
	default:
		type->kind = TYPE_OTHER;
	}
	free(name);
	return type;
}

/* ---- entities ---- */

static struct func *func_of(struct reader *r, CXCursor c)
{
	CXCursor def = clang_getCursorDefinition(c), at = clang_Cursor_isNull(def) ? clang_getCanonicalCursor(c) : def;
	bool internal = clang_getCursorLinkage(c) == CXLinkage_Internal;
	char *name = take(clang_getCursorSpelling(c));
	uint32_t line;
	const char *file = presumed(r, at, &line), *key;
	struct func *f;
	int n;

	key = internal ? text_intern(text_format("%s:%s", name, file)) : text_intern(name);
	f = text_map_get(MAP_FUNC, key);
	if (!f) {
		f = xcalloc(1, sizeof(*f));
		f->name = text_intern(name);
		f->key = key;
		f->is_static = internal;
		f->is_inline = clang_Cursor_isFunctionInlined(at);
		f->file = file;
		f->line = line;
		f->is_own = is_own(r, file);
		f->is_variadic = clang_Cursor_isVariadic(c);
		f->result = type_of(r, clang_getResultType(clang_getCursorType(c)));
		f->result_text = take(clang_getTypeSpelling(clang_getResultType(clang_getCursorType(c))));
		n = clang_Cursor_getNumArguments(at);
		f->nparam = n < 0 ? 0 : n;
		f->param = xcalloc(f->nparam + 1, sizeof(*f->param));
		for (unsigned int i = 0; i < f->nparam; i++) {
			CXCursor p = clang_Cursor_getArgument(at, i);

			f->param[i].name = take(clang_getCursorSpelling(p));
			f->param[i].type = type_of(r, clang_getCursorType(p));
			f->param[i].type_text = take(clang_getTypeSpelling(clang_getCursorType(p)));
		}
		f->entry = f->down = f->symbol = -1;
		f->next = r->model->func;
		r->model->func = f;
		text_map_put(MAP_FUNC, f->key, f);
	}
	if (!clang_Cursor_isNull(def) && (!f->defs || f->defs->tu != r->tu)) {
		struct tu_list *d = xcalloc(1, sizeof(*d));

		d->tu = r->tu;
		extent(def, &d->start, &d->end);
		d->body_end = d->end;
		d->next = f->defs;
		f->defs = d;
		if (!f->converted && r->ntodo < 8192) {
			f->converted = true;
			f->has_body = true;
			f->is_own = is_own(r, presumed(r, def, &f->line));
			f->file = presumed(r, def, &f->line);
			f->tu = r->tu;
			r->todo_cursor[r->ntodo] = def;
			r->todo[r->ntodo++] = f;
		}
	}
	if (clang_Cursor_isNull(def) && (!f->decls || f->decls->tu != r->tu)) {
		struct tu_list *d = xcalloc(1, sizeof(*d));

		d->tu = r->tu;
		d->next = f->decls;
		f->decls = d;
	}
	free(name);
	return f;
}

static bool is_const(CXType t)
{
	CXType element = clang_getArrayElementType(t);

	if (clang_isConstQualifiedType(t))
		return true;
	if (element.kind != CXType_Invalid)
		return is_const(element);
	t = clang_getCanonicalType(t);
	element = clang_getArrayElementType(t);
	return element.kind != CXType_Invalid && is_const(element);
}

static struct var *var_of(struct reader *r, CXCursor c)
{
	unsigned int h;
	struct var_slot *s;
	struct var *v = NULL;
	CXType t = clang_getCursorType(c);
	char *name;
	uint32_t line;
	const char *file;
	bool global, statik;

	c = clang_getCanonicalCursor(c);
	h = clang_hashCursor(c) % 4096;
	for (s = r->slot[h]; s; s = s->next)
		if (clang_equalCursors(s->cursor, c))
			return s->var;
	name = take(clang_getCursorSpelling(c));
	global = clang_getCursorKind(c) == CXCursor_VarDecl && clang_Cursor_hasVarDeclGlobalStorage(c) == 1;
	statik = clang_Cursor_getStorageClass(c) == CX_SC_Static;
	file = presumed(r, c, &line);
	if (global && !statik)
		v = text_map_get(MAP_VAR, name);
	if (!v) {
		CXCursor parent = clang_getCursorSemanticParent(c), def = clang_getCursorDefinition(c);

		v = xcalloc(1, sizeof(*v));
		if (!clang_Cursor_isNull(def))	/* it may know an array's length */
			t = clang_getCursorType(def);
		v->name = text_intern(name);
		v->tu = r->tu;
		v->type = type_of(r, t);
		v->type_text = take(clang_getTypeSpelling(t));
		v->is_const = is_const(t);
		v->is_param = clang_getCursorKind(c) == CXCursor_ParmDecl;
		v->is_static_local = global && clang_getCursorKind(parent) == CXCursor_FunctionDecl;
		v->is_local = !global;
		v->is_extern = global && clang_Cursor_isNull(def) ;
		v->is_own = is_own(r, file);
		v->global = v->symbol = -1;
		if (v->is_local || v->is_static_local)
			v->in = r->func;
		extent(clang_Cursor_isNull(def) ? c : def, &v->start, &v->end);
		if (global) {
			v->next = r->model->var;
			r->model->var = v;
			if (!statik)
				text_map_put(MAP_VAR, v->name, v);
		}
	} else if (v->is_extern && !clang_Cursor_isNull(clang_getCursorDefinition(c))) {
		v->is_extern = false;
		v->is_own = is_own(r, file);
		v->tu = r->tu;
		extent(clang_getCursorDefinition(c), &v->start, &v->end);
		if (v->type->kind == TYPE_ARRAY && !v->type->count)
			v->type = type_of(r, clang_getCursorType(clang_getCursorDefinition(c)));
	}
	s = xcalloc(1, sizeof(*s));
	s->cursor = c;
	s->var = v;
	s->next = r->slot[h];
	r->slot[h] = s;
	free(name);
	return v;
}

static struct field *field_of(struct reader *r, CXCursor c)
{
	CXType parent = clang_getCursorType(clang_getCursorSemanticParent(c));
	struct type *t = type_of(r, parent);
	long long offset = clang_Cursor_getOffsetOfField(c);
	char *name = take(clang_getCursorSpelling(c));
	struct field *found = NULL;

	if (strstr(name, "(anonymous") || strstr(name, "(unnamed"))
		name[0] = 0;
	for (unsigned int i = 0; t->record && i < t->record->nfield; i++) {
		struct field *f = &t->record->field[i];

		if (!strcmp(f->name, name) && (name[0] || (long long)f->offset_bits == offset)) {
			found = f;
			break;
		}
	}
	free(name);
	return found;
}

/* ---- syntax ---- */

static enum node_op binary_op(enum CXBinaryOperatorKind k)
{
	switch (k) {
	case CXBinaryOperator_Assign: return OP_ASSIGN;
	case CXBinaryOperator_AndAssign: case CXBinaryOperator_XorAssign: case CXBinaryOperator_OrAssign:
		return OP_COMPOUND_BITS;
	case CXBinaryOperator_MulAssign: case CXBinaryOperator_DivAssign: case CXBinaryOperator_RemAssign:
	case CXBinaryOperator_AddAssign: case CXBinaryOperator_SubAssign: case CXBinaryOperator_ShlAssign:
	case CXBinaryOperator_ShrAssign:
		return OP_COMPOUND;
	case CXBinaryOperator_Comma: return OP_COMMA;
	case CXBinaryOperator_LT: case CXBinaryOperator_GT: case CXBinaryOperator_LE:
	case CXBinaryOperator_GE: case CXBinaryOperator_EQ: case CXBinaryOperator_NE:
		return OP_COMPARE;
	case CXBinaryOperator_LAnd: case CXBinaryOperator_LOr: return OP_LOGIC;
	default: return OP_ARITH;
	}
}

static enum node_op unary_op(enum CXUnaryOperatorKind k)
{
	switch (k) {
	case CXUnaryOperator_PostInc: case CXUnaryOperator_PostDec:
	case CXUnaryOperator_PreInc: case CXUnaryOperator_PreDec:
		return OP_INCDEC;
	case CXUnaryOperator_AddrOf: return OP_ADDRESS;
	case CXUnaryOperator_Deref: return OP_DEREF;
	default: return OP_PLAIN;
	}
}

static enum node_kind kind_of(enum CXCursorKind k)
{
	switch (k) {
	case CXCursor_CompoundStmt: return N_COMPOUND;
	case CXCursor_IfStmt: return N_IF;
	case CXCursor_ForStmt: return N_FOR;
	case CXCursor_WhileStmt: return N_WHILE;
	case CXCursor_DoStmt: return N_DO;
	case CXCursor_SwitchStmt: return N_SWITCH;
	case CXCursor_CaseStmt: return N_CASE;
	case CXCursor_DefaultStmt: return N_DEFAULT;
	case CXCursor_LabelStmt: return N_LABEL;
	case CXCursor_GotoStmt: return N_GOTO;
	case CXCursor_IndirectGotoStmt: return N_INDIRECT_GOTO;
	case CXCursor_ReturnStmt: return N_RETURN;
	case CXCursor_BreakStmt: return N_BREAK;
	case CXCursor_ContinueStmt: return N_CONTINUE;
	case CXCursor_DeclStmt: return N_DECL;
	case CXCursor_VarDecl: return N_VAR;
	case CXCursor_NullStmt: return N_NULL;
	case CXCursor_GCCAsmStmt: return N_ASM;
	case CXCursor_BinaryOperator: case CXCursor_CompoundAssignOperator: return N_BINARY;
	case CXCursor_UnaryOperator: return N_UNARY;
	case CXCursor_ConditionalOperator: return N_CONDITIONAL;
	case CXCursor_CallExpr: return N_CALL;
	case CXCursor_MemberRefExpr: return N_MEMBER;
	case CXCursor_DeclRefExpr: return N_REF;
	case CXCursor_ArraySubscriptExpr: return N_INDEX;
	case CXCursor_CStyleCastExpr: return N_CAST;
	case CXCursor_InitListExpr: case CXCursor_CompoundLiteralExpr: return N_INIT;
	case CXCursor_StmtExpr: return N_STMTEXPR;
	case CXCursor_IntegerLiteral: case CXCursor_CharacterLiteral: return N_LITERAL;
	case CXCursor_StringLiteral: return N_STRING;
	case CXCursor_UnaryExpr: return N_SIZEOF;
	default: return N_OTHER;
	}
}

struct visit {
	struct reader *r;
	struct node *parent;
	struct node **tail;
	CXCursor done;		/* is there already */
};

static enum CXChildVisitResult add_child(CXCursor c, CXCursor parent, CXClientData data)
{
	struct visit *v = data;
	struct node *n;

	(void)parent;
	n = clang_equalCursors(c, v->done) ? NULL : convert(v->r, c, v->parent);
	if (n) {
		*v->tail = n;
		while (n->next)
			n = n->next;
		v->tail = &n->next;
	}
	return CXChildVisit_Continue;
}

static void convert_children(struct reader *r, CXCursor c, struct node *n)
{
	struct visit v = { r, n, &n->child, clang_getNullCursor() };

	clang_visitChildren(c, add_child, &v);
}

/* What it starts with comes first, before what its type names. */
static void convert_variable(struct reader *r, CXCursor c, struct node *n)
{
	CXCursor init = clang_Cursor_getVarDeclInitializer(c);
	struct visit v = { r, n, &n->child, clang_getNullCursor() };

	n->var = var_of(r, c);
	n->type = n->var->type;
	if (!clang_Cursor_isNull(init)) {
		add_child(init, c, &v);
		n->op = OP_ASSIGN;
		if (n->var->is_static_local)
			n->var->init = n->child;
	}
	v.done = init;
	clang_visitChildren(c, add_child, &v);
}

static void convert_ref(struct reader *r, CXCursor c, struct node *n)
{
	CXCursor to = clang_getCursorReferenced(c);

	switch (clang_getCursorKind(to)) {
	case CXCursor_FunctionDecl:
		n->func = func_of(r, to);
		break;
	case CXCursor_VarDecl:
	case CXCursor_ParmDecl:
		n->var = var_of(r, to);
		break;
	default:
		n->kind = N_LITERAL;	/* enumerator */
	}
}

static struct node *convert(struct reader *r, CXCursor c, struct node *parent)
{
	enum CXCursorKind k = clang_getCursorKind(c);
	struct node *n;

	if (k == CXCursor_TypeRef || clang_isAttribute(k) || k == CXCursor_StructDecl || k == CXCursor_UnionDecl ||
	    k == CXCursor_EnumDecl || k == CXCursor_TypedefDecl || k == CXCursor_LabelRef || k == CXCursor_StaticAssert ||
	    k == CXCursor_ParmDecl)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->kind = kind_of(k);
	n->parent = parent;
	extent(c, &n->start, &n->end);
	n->file = presumed(r, c, &n->line);
	if (k == CXCursor_MemberRef) {	/* a designator */
		n->kind = N_MEMBER;
		n->field = field_of(r, clang_getCursorReferenced(c));
		return n;
	}
	if (clang_isExpression(k))
		n->type = type_of(r, clang_getCursorType(c));
	switch (n->kind) {
	case N_BINARY:
		n->op = binary_op(clang_getCursorBinaryOperatorKind(c));
		break;
	case N_UNARY:
		n->op = unary_op(clang_getCursorUnaryOperatorKind(c));
		break;
	case N_REF:
		convert_ref(r, c, n);
		break;
	case N_MEMBER:
		n->field = field_of(r, clang_getCursorReferenced(c));
		break;
	case N_LABEL:
		n->text = take(clang_getCursorSpelling(c));
		break;
	case N_VAR:
		convert_variable(r, c, n);
		return n;
	case N_SIZEOF:	/* operands are not evaluated, but must be declared */
		convert_children(r, c, n);
		for (struct node *at = n; at; at = node_next(n, at))
			if (at->kind == N_REF && at->var)
				n->sized = at->var;
		n->child = NULL;
		return n;
	case N_OTHER:
		if (!strncmp(r->tu->text + n->start, "__builtin_types_compatible_p", 28))
			return n;
		break;
	default:
		break;
	}
	convert_children(r, c, n);
	if (n->kind == N_GOTO) {
		uint32_t at = n->start + 4;
		char *t = r->tu->text;

		while (t[at] == ' ' || t[at] == '\t' || t[at] == '\n')
			at++;
		n->text = text_intern(text_format("%.*s", (int)strcspn(t + at, " ;\t\n"), t + at));
	} else if (n->kind == N_ASM) {
		n->text = text_intern(text_format("%.*s", (int)(n->end - n->start), r->tu->text + n->start));
	} else if (n->kind == N_MEMBER && n->child) {
		n->arrow = n->child->type && n->child->type->kind == TYPE_POINTER;
	}
	/* an implicit conversion or a parenthesis with one child says nothing of its own */
	if (k == CXCursor_UnexposedExpr && n->child && !n->child->next) {
		n->child->parent = parent;
		return n->child;
	}
	return n;
}

static enum CXChildVisitResult find_body(CXCursor c, CXCursor parent, CXClientData data)
{
	(void)parent;
	if (clang_getCursorKind(c) != CXCursor_CompoundStmt)
		return CXChildVisit_Continue;
	*(CXCursor *)data = c;
	return CXChildVisit_Break;
}

static void convert_body(struct reader *r, struct func *f, CXCursor def)
{
	CXCursor body = clang_getNullCursor();
	uint32_t end_line;

	clang_visitChildren(def, find_body, &body);
	if (clang_Cursor_isNull(body))
		return;
	r->func = f;
	extent(def, &f->start, &f->end);
	extent(body, &f->body_start, &f->body_end);
	clang_getPresumedLocation(clang_getRangeEnd(clang_getCursorExtent(body)), NULL, &end_line, NULL);
	f->end_line = end_line;
	f->lines = end_line >= f->line ? end_line - f->line + 1 : 1;
	for (unsigned int i = 0; i < f->nparam; i++) {
		CXCursor p = clang_Cursor_getArgument(def, i);

		f->param[i].name = take(clang_getCursorSpelling(p));
		f->param[i].var = var_of(r, p);
	}
	f->body = convert(r, body, NULL);
	r->func = NULL;
}

static void add_top(struct reader *r, CXCursor c, struct var *v, bool own)
{
	struct tu *tu = r->tu;
	struct top *t;

	if (tu->ntop % 256 == 0)
		tu->top = xrealloc(tu->top, (tu->ntop + 256) * sizeof(*tu->top));
	t = &tu->top[tu->ntop++];
	memset(t, 0, sizeof(*t));
	extent(c, &t->start, &t->end);
	t->var = v;
	t->own = own;
	t->name = take(clang_getCursorSpelling(c));
}

/* What undoes an acquisition, called by the driver or not. */
static bool is_undo(CXCursor c)
{
	const char *name = text_intern(take(clang_getCursorSpelling(c)));
	bool found = false;

	for (struct policy_line *l = policy_all(); l && !found; l = l->next)
		found = !strcmp(l->word, "acquire") && l->narg > 2 && !strcmp(l->arg[2], name);
	return found;
}

static enum CXChildVisitResult visit_top(CXCursor c, CXCursor parent, CXClientData data)
{
	struct reader *r = data;
	uint32_t line;
	const char *file;
	bool own;

	(void)parent;
	switch (clang_getCursorKind(c)) {
	case CXCursor_FunctionDecl:
		file = presumed(r, c, &line);
		own = is_own(r, file);
		if (own || clang_isCursorDefinition(c)) {
			struct func *f;

			if (own) {
				f = func_of(r, c);
				if (!clang_isCursorDefinition(c)) {
					add_top(r, c, NULL, own);
					r->tu->top[r->tu->ntop - 1].name = f->name;
				}
			}
		}
		if (!own && is_undo(c))
			func_of(r, c);
		break;
	case CXCursor_VarDecl:
		file = presumed(r, c, &line);
		own = is_own(r, file);
		if (own || clang_isCursorDefinition(c)) {
			struct var *v = var_of(r, c);

			if (own && !v->init && clang_isCursorDefinition(c)) {
				CXCursor init = clang_Cursor_getVarDeclInitializer(c);

				if (!clang_Cursor_isNull(init))
					v->init = convert(r, init, NULL);
			}
			/* without a value, too, it is defined here unless it says extern */
			if (own && v->is_extern && clang_Cursor_getStorageClass(c) != CX_SC_Extern) {
				v->is_extern = false;
				v->tu = r->tu;
			}
			add_top(r, c, v, own);
		}
		break;
	case CXCursor_UnexposedDecl:	/* file-scope asm, static assertions */
		file = presumed(r, c, &line);
		add_top(r, c, NULL, is_own(r, file));
		break;
	default:
		break;
	}
	return CXChildVisit_Continue;
}

/* Named by the driver's file and line, which is where its author can mend it. */
static int first_error(CXTranslationUnit unit)
{
	for (unsigned int i = 0; i < clang_getNumDiagnostics(unit); i++) {
		CXDiagnostic d = clang_getDiagnostic(unit, i);
		CXString file;
		unsigned int line;

		if (clang_getDiagnosticSeverity(d) >= CXDiagnostic_Error) {
			clang_getPresumedLocation(clang_getDiagnosticLocation(d), &file, &line, NULL);
			return fail(-EINVAL, "%s:%u: error: %s", take(file), line, take(clang_getDiagnosticSpelling(d)));
		}
		clang_disposeDiagnostic(d);
	}
	return 0;
}

static int read_unit(struct reader *r, const struct source_tu *from, CXIndex index)
{
	const char *args[] = { "-x", "cpp-output", "-std=gnu11", "-fshort-wchar", "-w",
			       "-target", "x86_64-linux-gnu", "-ferror-limit=3" };
	CXTranslationUnit unit;
	int e;

	r->tu->text = text_file(from->i, &r->tu->length);
	if (!r->tu->text)
		return fail(-errno, "cannot read %s", from->i);
	memset(r->slot, 0, sizeof(r->slot));
	r->ntodo = 0;
	e = clang_parseTranslationUnit2(index, from->i, args, sizeof(args) / sizeof(*args), NULL, 0,
					CXTranslationUnit_None, &unit);
	if (e != CXError_Success)
		return fail(-EINVAL, "libclang cannot parse %s", from->i);
	e = first_error(unit);
	if (e)
		return e;
	clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_top, r);
	for (unsigned int done = 0; done < r->ntodo; done++)
		convert_body(r, r->todo[done], r->todo_cursor[done]);
	/* places of inline bodies, also of those that an earlier unit has converted */
	for (struct func *f = r->model->func; f; f = f->next)
		if (f->defs && f->defs->tu == r->tu && !f->defs->body_start) {
			struct tu_list *d = f->defs;
			uint32_t at = d->start;

			/* nothing in front of a body has braces */
			if (f->tu == r->tu) {
				d->body_start = f->body_start;
				d->body_end = f->body_end;
				continue;
			}
			while (at < d->end && r->tu->text[at] != '{')
				at++;
			d->body_start = at;
			d->body_end = d->end;
		}
	clang_disposeTranslationUnit(unit);
	return 0;
}

int analyse(struct model *model, const struct source *src)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	CXIndex index = clang_createIndex(0, 0);
	struct tu **tail = &model->tu;
	int e = 0;

	r->model = model;
	model->module = src->module;
	for (unsigned int i = 0; i < src->ntu && !e; i++) {
		struct tu *tu = xcalloc(1, sizeof(*tu));
		char *slash;

		tu->name = src->tu[i].name;
		tu->path = src->tu[i].i;
		tu->c = src->tu[i].c;
		r->own_dir = text_dup(src->tu[i].c);
		slash = strrchr(r->own_dir, '/');
		if (slash)
			*slash = 0;
		*tail = tu;
		tail = &tu->next;
		r->tu = tu;
		e = read_unit(r, &src->tu[i], index);
	}
	for (struct var *v = model->var; v; v = v->next)	/* a header of the driver's may declare another module's */
		v->is_own &= !v->is_extern;
	clang_disposeIndex(index);
	free(r);
	return e;
}
