// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "internal.h"

static int __init tandem_init(void)
{
	int err;

	err = freed_init();
	if (err)
		return err;
	err = watchdog_init();
	if (err)
		goto freed;
	debug_init();
	err = channel_init();
	if (err)
		goto debug;
	return 0;
debug:
	debug_exit();
	watchdog_exit();
freed:
	freed_exit();
	return err;
}

static void __exit tandem_exit(void)
{
	channel_exit();
	debug_exit();
	watchdog_exit();
	strings_exit();
	freed_exit();
}

module_init(tandem_init);
module_exit(tandem_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kernel runtime of split drivers");
