/* SPDX-License-Identifier: GPL-2.0 */
/* The report as a page that needs nothing but itself. */
#ifndef SPLIT_HTML_H
#define SPLIT_HTML_H

#include <jansson.h>

/* @report is what report.json holds. 0 or -errno with fail_text(). */
int html_write(const json_t *report, const char *path);

#endif
