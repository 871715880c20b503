// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "explain.h"
#include "fail.h"
#include "home.h"
#include "partition.h"
#include "place.h"
#include "plan.h"
#include "policy.h"
#include "report.h"
#include "scan.h"
#include "source.h"
#include "split.h"
#include "text.h"
#include "xalloc.h"

/* The module, the files of the split, and what the driver registers as: other than the stock one's. */
static int call_it(struct model *model, struct source *src, const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (!n || name[n] || n > 40)
		return fail(-EINVAL, "--name %s: take a name of at most 40 of a-z 0-9 _", name);
	free(src->module);
	src->module = text_dup(name);
	model->rename = src->module;
	return 0;
}

static int passes(struct model *model, const struct source *src, const struct split_options *o)
{
	struct plan *plan;
	int e;

	e = analyse(model, src);
	if (e)
		return e;
	scan_all(model);
	partition(model);
	plan = plan_make(model);
	place_open(src);
	if (o->explain)
		return explain(plan, o->explain);
	e = emit(plan, o->out);
	if (!e)
		e = report(plan, src->release, o->out);
	if (!e && o->build)
		e = source_build(src, o->out);
	return e;
}

int split_run(const struct split_options *o)
{
	struct model *model;
	const char *home = home_dir();
	struct source src;
	int e;

	if (!home)
		return -2;
	e = policy_load(o->policy ? o->policy : text_format("%s/policy", home));
	if (e)
		return e;
	e = source_open(&src, o->what, o->kernel, o->out);
	if (e)
		return e;
	model = xcalloc(1, sizeof(*model));
	if (o->name)
		e = call_it(model, &src, o->name);
	if (!e)
		e = passes(model, &src, o);
	source_close(&src);
	return e;
}
