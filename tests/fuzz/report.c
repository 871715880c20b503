// SPDX-License-Identifier: GPL-2.0
/* report.json, as tandem list and tandem run read it. */
#include "fuzz.h"
#include <jansson.h>

#define json_load_file(path, flags, error) json_loadb((const char *)fuzz_input, fuzz_bytes, flags, error)
#include "cli/result.c"

static const char *named;

bool run_is_file(const char *path)
{
	check(!named || !strncmp(path, named, strlen(named)));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct result r;

	fuzz_begin(data, bytes);
	named = "/d/";
	if (result_read(&r, "/d")) {
		check(r.module && *r.module && !strchr(r.module, '/') && r.dir);
		check(r.user >= 0 && r.user <= r.total && r.user_lines >= 0 && r.user_lines <= r.lines);
		check(r.refused >= 0 && r.annotations >= 0);
		result_free(&r);
	}
	fuzz_end();
	return 0;
}
