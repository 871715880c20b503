// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

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
	struct model *model = calloc(1, sizeof(*model));
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
	e = passes(model, &src, o);
	source_close(&src);
	return e;
}
