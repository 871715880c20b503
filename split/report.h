/* SPDX-License-Identifier: GPL-2.0 */
/* What a split did: report.txt for people, report.json for scripts, report.html to look at. */
#ifndef SPLIT_REPORT_H
#define SPLIT_REPORT_H

#include "plan.h"

/* 0 or -errno with fail_text(). After place_open(). */
int report(struct plan *plan, const char *release, const char *out);

/* Policy lines that name a symbol of the driver. */
unsigned int report_annotations(const struct model *model);

#endif
