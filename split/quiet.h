/* SPDX-License-Identifier: GPL-2.0 */
/* Downcalls after which nobody sees more of what a driver has made than before. */
#ifndef SPLIT_QUIET_H
#define SPLIT_QUIET_H

#include "plan.h"

/* True if it starts nothing that runs the driver's code, and stores no pointer where others look. */
bool quiet(const struct plan_down *down);

#endif
