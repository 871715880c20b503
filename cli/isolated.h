/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CLI_ISOLATED_H
#define CLI_ISOLATED_H

/*
 * "yes": each device that a driver of the module has can reach its own memory only, and raise its own
 * interrupts only. "no": not known to be so. "-": it has no device.
 */
const char *isolated(const char *module);

#endif
