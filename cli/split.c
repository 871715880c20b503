// SPDX-License-Identifier: GPL-2.0
/* tandem-split, which tandem split runs: options, and an output folder that changes only when all went well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/home.h"
#include "../split/out.h"
#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "options.h"
#include "worker.h"

/* The reason; paths into the stage, which is gone by now, are shown where it was kept, or cut. */
static int report(const char *text, const char *stage, const char *keep)
{
	char *log = text_format("%s/build.log", keep);
	const char *rest = text, *at;

	if (!run_is_file(log))
		keep = "";
	free(log);

	fputs("tandem: ", stderr);
	while ((at = strstr(rest, stage))) {
		fprintf(stderr, "%.*s%s", (int)(at - rest), rest, keep);
		rest = at + strlen(stage);
		if (!*keep && !strncmp(rest, "/" OUT_WORK "/", strlen(OUT_WORK) + 2))
			rest += strlen(OUT_WORK) + 2;
	}
	fprintf(stderr, "%s\n", rest);
	return EXIT_FAILURE;
}

/* --explain: nothing is written, also with -o. */
static int explain(struct split_options *o)
{
	char *dir = run_cache("explain.XXXXXX"), *base = run_cache(""), *reason;
	int e;

	worker_hold();
	if (run_make_dirs(base) || !mkdtemp(dir)) {
		e = complain("cannot write to %s: set XDG_CACHE_HOME to a folder of yours", base);
	} else {
		o->out = dir;
		o->build = false;
		e = worker_run(o, &reason) ? complain("%s", reason) : EXIT_SUCCESS;
		free(reason);
		run_remove(dir);
	}
	free(base);
	free(dir);
	return e;
}

/* Where a split that does not compile is kept for a look at it. */
static char *keep_dir(const char *what)
{
	const char *slash = strrchr(what, '/');
	char *below = text_format("failed/%s", !slash ? what : slash[1] ? slash + 1 : "driver");
	char *dir = run_cache(below);

	free(below);
	return dir;
}

static int split_into(struct split_options *o)
{
	char *keep, *stage, *reason;
	struct out out;
	int e;

	worker_hold();
	if (out_begin(&out, o->out))
		return complain("%s", fail_text());
	keep = keep_dir(o->what);
	stage = text_dup(out.stage);
	o->out = stage;
	e = worker_run(o, &reason);
	if (!e && (e = out_commit(&out))) {
		free(reason);
		reason = text_dup(fail_text());
	}
	if (e && out.dir)
		out_abort(&out, keep);
	if (e)
		e = report(reason, stage, keep);
	free(reason);
	free(stage);
	free(keep);
	return e;
}

int main(int argc, char **argv)
{
	struct split_options o = { .kernel = "6.1", .build = true };
	char *policy = NULL;
	const char *home;
	int e = options_parse(argc, argv, &o);

	if (e)
		return e - 1;
	if (!o.policy) {
		home = home_dir();
		if (!home)
			return complain("%s", fail_text());
		o.policy = policy = text_format("%s/policy", home);
	}
	e = o.explain ? explain(&o) : split_into(&o);
	free(policy);
	return e;
}
