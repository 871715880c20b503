// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "options.h"

static void help(void)
{
	puts("usage: tandem split MODULE|FOLDER -o DIR [options]\n"
	     "\n"
	     "MODULE is a driver of the kernel, as modinfo names it. FOLDER holds a driver and its\n"
	     "kbuild Makefile; FOLDER/MODULE picks one of several.\n"
	     "\n"
	     "  -o DIR               the halves and the reports (new, empty, or from an earlier split)\n"
	     "  --kernel VERSION     for this kernel (default 6.1)\n"
	     "  --name NAME          the split driver's own name, so that it can run beside the stock one\n"
	     "  --policy DIR         folder of policy files (default: tandem's own)\n"
	     "  --explain FUNCTION   say why FUNCTION is on its side, write nothing\n"
	     "  --no-build           write the sources of the halves, do not compile them");
}

int options_parse(int argc, char **argv, struct split_options *o)
{
	static const struct option known[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "name", required_argument, NULL, 'N' },
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
		case 'N':
			o->name = optarg;
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
