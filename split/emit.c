// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "emit.h"
#include "fail.h"

/* Both halves must come from one run over one source with one policy: FNV over all that was read. */
static void build_id(const struct plan *plan, char id[41])
{
	uint64_t h[2] = { 0xcbf29ce484222325ULL, 0x84222325cbf29ce4ULL };
	struct text t = { 0 };

	plan_write(plan, "", &t);
	for (size_t i = 0; i < t.length; i++)
		for (int k = 0; k < 2; k++)
			h[k] = (h[k] ^ (unsigned char)t.at[i]) * (0x100000001b3ULL + 2 * k);
	for (struct tu *tu = plan->model->tu; tu; tu = tu->next)
		for (uint32_t i = 0; i < tu->length; i++)
			h[1] = (h[1] ^ (unsigned char)tu->text[i]) * 0x100000001b3ULL;
	snprintf(id, 41, "%016llx%016llx%08x", (unsigned long long)h[0], (unsigned long long)h[1], (unsigned int)t.length);
}

void emit_initialiser(const struct var *v, const char *(*moved)(const struct var *), struct text *out)
{
	struct edits e = { 0 };
	struct node *n = NULL;

	while ((n = node_next(v->init, n)))
		if (n->kind == N_REF && n->var && moved(n->var))
			edit_add(&e, n->start, n->end, moved(n->var));
	text_add(out, " = ");
	edit_apply(&e, v->tu->text, v->init->start, v->init->end, out);
}

static int write_to(const struct text *t, const char *path)
{
	int e = text_write(t, path);

	return e ? fail(e, "cannot write %s: %s", path, strerror(-e)) : 0;
}

static void kbuild(const struct plan *plan, struct text *out)
{
	text_add(out, "# Generated.\nobj-m := %s.o\n%s-y :=", plan->model->module, plan->model->module);
	for (struct tu *tu = plan->model->tu; tu; tu = tu->next)
		text_add(out, " tu-%s.o", tu->name);
	text_add(out, " %s-half.o\nccflags-y := -I$(TANDEM_DIR)/kernel -I$(TANDEM_DIR)/logic -I$(TANDEM_DIR)/include/uapi\n",
		 plan->model->module);
	for (struct tu *tu = plan->model->tu; tu; tu = tu->next)
		text_add(out, "CFLAGS_tu-%s.o := -fpreprocessed -w\n", tu->name);
}

int emit(struct plan *plan, const char *out)
{
	const char *module = plan->model->module;
	struct text t[4] = { 0 };
	char id[41];
	int e;

	mkdir(text_format("%s/kernel", out), 0777);
	mkdir(text_format("%s/user", out), 0777);
	build_id(plan, id);
	plan_write(plan, id, &t[0]);
	emit_kernel_half(plan, &t[1]);
	emit_user_half(plan, &t[2]);
	kbuild(plan, &t[3]);
	e = write_to(&t[0], text_format("%s/plan.c", out));
	e = e ? e : write_to(&t[1], text_format("%s/kernel/%s-half.c", out, module));
	e = e ? e : write_to(&t[2], text_format("%s/user/%s-half.c", out, module));
	e = e ? e : write_to(&t[3], text_format("%s/kernel/Kbuild", out));
	for (struct tu *tu = plan->model->tu; tu && !e; tu = tu->next) {
		struct text k = { 0 }, u = { 0 };

		emit_kernel_unit(plan, tu, &k);
		e = write_to(&k, text_format("%s/kernel/tu-%s.c", out, tu->name));
		emit_user_unit(plan, tu, &u);
		e = e ? e : write_to(&u, text_format("%s/user/tu-%s.c", out, tu->name));
	}
	return e;
}
