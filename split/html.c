// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "html.h"
#include "text.h"

#define MARK "@REPORT@"

/* split/report.html.in, as meson makes a string of it. */
static const char page[] =
#include "report.html.inc"
;

int html_write(const json_t *report, const char *path)
{
	char *json = json_dumps(report, JSON_COMPACT | JSON_ENSURE_ASCII);
	const char *mark = strstr(page, MARK);
	struct text t = { 0 };
	int e;

	text_add_bytes(&t, page, mark - page);
	/* no text of a driver may end the script element or open a comment in it */
	for (const char *c = json; *c; c++) {
		if (*c == '<')
			text_add_bytes(&t, "\\u003c", 6);
		else
			text_add_bytes(&t, c, 1);
	}
	text_add_bytes(&t, mark + strlen(MARK), strlen(mark) - strlen(MARK));
	e = text_write(&t, path);
	free(json);
	free(t.at);
	return e ? fail(e, "cannot write %s: %s", path, strerror(-e)) : 0;
}
