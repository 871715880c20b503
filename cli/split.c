// SPDX-License-Identifier: GPL-2.0
/* tandem split: options, and an output folder that changes only when all went well. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/home.h"
#include "../split/out.h"
#include "../split/run.h"
#include "../split/split.h"
#include "../split/text.h"
#include "command.h"
#include "result.h"

static void help(void)
{
	puts("usage: tandem split MODULE|FOLDER -o DIR [options]\n"
	     "\n"
	     "MODULE is a driver of the kernel, as modinfo names it. FOLDER holds a driver and its\n"
	     "kbuild Makefile; FOLDER/MODULE picks one of several.\n"
	     "\n"
	     "  -o DIR               the halves and the reports (new, empty, or from an earlier split)\n"
	     "  --kernel VERSION     for this kernel (default 6.1)\n"
	     "  --policy DIR         folder of policy files (default: tandem's own)\n"
	     "  --explain FUNCTION   say why FUNCTION is on its side; needs no -o, builds nothing\n"
	     "  --no-build           write the sources of the halves, do not compile them");
}

/* 0: go on; else the exit status + 1. */
static int parse(int argc, char **argv, struct split_options *o)
{
	static const struct option known[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "policy", required_argument, NULL, 'p' },
		{ "explain", required_argument, NULL, 'e' },
		{ "no-build", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:h", known, NULL)) >= 0) {
		switch (c) {
		case 'o':
			o->out = optarg;
			break;
		case 'k':
			o->kernel = optarg;
			break;
		case 'p':
			o->policy = optarg;
			break;
		case 'e':
			o->explain = optarg;
			break;
		case 'n':
			o->build = false;
			break;
		case 'h':
			help();
			return EXIT_SUCCESS + 1;
		case ':':
			return complain_usage("split: %s needs a value", argv[optind - 1]) + 1;
		default:
			return complain_usage("split: unknown option %s", argv[optind - 1]) + 1;
		}
	}
	if (optind == argc)
		return complain_usage("split: name a module or a driver's folder") + 1;
	if (optind + 1 < argc)
		return complain_usage("split: one module at a time, not also %s", argv[optind + 1]) + 1;
	o->what = argv[optind];
	if (!o->out && !o->explain)
		return complain_usage("split: say where to put the result with -o DIR") + 1;
	return 0;
}

/* The reason; paths into the stage, which is gone by now, are shown where it was kept. */
static int report(const char *text, const char *stage, const char *keep)
{
	const char *rest = text, *at;

	fputs("tandem: ", stderr);
	while ((at = strstr(rest, stage))) {
		fprintf(stderr, "%.*s%s", (int)(at - rest), rest, keep);
		rest = at + strlen(stage);
	}
	fprintf(stderr, "%s\n", rest);
	return EXIT_FAILURE;
}

/* --explain without -o: nothing is kept. */
static int explain(struct split_options *o)
{
	char *dir = run_cache("explain.XXXXXX"), *base = run_cache("");
	int e;

	if (run_make_dirs(base) || !mkdtemp(dir)) {
		e = complain("cannot write to %s: set XDG_CACHE_HOME to a folder of yours", base);
	} else {
		o->out = dir;
		o->build = false;
		e = split_run(o) ? complain("%s", fail_text()) : EXIT_SUCCESS;
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

	if (out_begin(&out, o->out))
		return complain("%s", fail_text());
	keep = keep_dir(o->what);
	stage = text_dup(out.stage);
	o->out = stage;
	e = split_run(o);
	if (!e)
		e = out_commit(&out);
	reason = text_dup(fail_text());
	if (e && out.dir)
		out_abort(&out, keep);
	if (e)
		e = report(reason, stage, keep);
	free(reason);
	free(stage);
	free(keep);
	return e;
}

int command_split(int argc, char **argv)
{
	struct split_options o = { .kernel = "6.1", .build = true };
	char *policy = NULL;
	const char *home;
	int e = parse(argc, argv, &o);

	if (e)
		return e - 1;
	if (!o.policy) {
		home = home_dir();
		if (!home)
			return complain("%s", fail_text());
		o.policy = policy = text_format("%s/policy", home);
	}
	e = o.out ? split_into(&o) : explain(&o);
	free(policy);
	return e;
}
