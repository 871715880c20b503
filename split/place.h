/* SPDX-License-Identifier: GPL-2.0 */
/* Places in a driver's source, as reports and --explain show them. */
#ifndef SPLIT_PLACE_H
#define SPLIT_PLACE_H

#include "model.h"

struct source;

/* To be called before the others; @src must live as long as they are used. */
void place_open(const struct source *src);

/* @file without the driver's own folder in front; "" if there is none. */
const char *place_name(const char *file);

/* Lines @first to @last without their common indent, the rest as "..." if there are many; NULL if not there. */
char *place_text(const char *file, uint32_t first, uint32_t last);

/* One line without its indent and the blanks at its end; NULL if not there. */
char *place_line(const char *file, uint32_t line);

#endif
