// SPDX-License-Identifier: GPL-2.0
/*
 * Is what a device's registers reach its driver's own? A user half has its device write where it
 * likes: only an IOMMU that translates bounds that, one that the device shares with no other, and
 * whose unmapping is not put off; and only interrupt remapping keeps its writes from being
 * interrupts of others.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../split/text.h"
#include "isolated.h"
#include "load.h"

/* A file's text begins so. */
static bool begins(const char *path, const char *with)
{
	char *text = text_file(path, NULL);
	bool yes = text && !strncmp(text, with, strlen(with));

	free(text);
	return yes;
}

/* x86 names the chips behind its remapping so; elsewhere it is not known. */
static bool interrupts_remapped(void)
{
	glob_t chips;
	bool yes = false;

	if (glob("/sys/kernel/irq/*/chip_name", 0, NULL, &chips))
		return false;
	for (size_t i = 0; i < chips.gl_pathc && !yes; i++)
		yes = begins(chips.gl_pathv[i], "IR-");
	globfree(&chips);
	return yes;
}

static bool is_alone(const char *group)
{
	char *pattern = text_format("%s/devices/*", group);
	glob_t devices;
	bool yes = !glob(pattern, 0, NULL, &devices) && devices.gl_pathc == 1;

	globfree(&devices);
	free(pattern);
	return yes;
}

/* "DMA-FQ" would let the device reach memory for a while that is somebody else's by then. */
static bool device_isolated(const char *subsystem)
{
	int folder = strrchr(subsystem, '/') - subsystem;
	char *group = text_format("%.*s/iommu_group", folder, subsystem);
	char *type = text_format("%s/type", group);
	bool yes = begins(type, "DMA\n") && is_alone(group);

	free(type);
	free(group);
	return yes;
}

const char *isolated(const char *module)
{
	char *drivers = load_drivers(module), *pattern = text_format("%s/*/*/subsystem", drivers);
	const char *answer = "-";
	glob_t devices;

	if (!glob(pattern, 0, NULL, &devices))
		answer = interrupts_remapped() ? "yes" : "no";
	for (size_t i = 0; i < devices.gl_pathc; i++)
		if (!device_isolated(devices.gl_pathv[i]))
			answer = "no";
	globfree(&devices);
	free(pattern);
	free(drivers);
	return answer;
}
