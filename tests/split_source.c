// SPDX-License-Identifier: GPL-2.0
/* source_open() on drivers of each shape: their files as kbuild lists them, markers, flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail	/* cmocka's; ours has arguments */

#include "../split/fail.h"
#include "../split/run.h"
#include "../split/source.h"
#include "../split/text.h"

static const struct shape {
	const char *ask, *module, *dir;
	const char *units;	/* names, each followed by a blank */
} shapes[] = {
	/* several files; the module's name is none of theirs */
	{ "e1000", "e1000", "drivers/net/ethernet/intel/e1000",
	  "e1000_main e1000_hw e1000_ethtool e1000_param " },
	/* names that begin with digits; a trace header that names itself from include/trace */
	{ "e1000e", "e1000e", "drivers/net/ethernet/intel/e1000e",
	  "82571 ich8lan 80003es2lan mac manage nvm phy param ethtool netdev ptp " },
	{ "tulip", "tulip", "drivers/net/ethernet/dec/tulip",
	  "eeprom interrupt media timer tulip_core 21142 pnic pnic2 " },
	/* one file of the module's own name, in a folder of many modules */
	{ "e100", "e100", "drivers/net/ethernet/intel", "e100_main " },
	{ "8139cp", "8139cp", "drivers/net/ethernet/realtek", "8139cp_main " },
	{ "8139too.ko", "8139too", "drivers/net/ethernet/realtek", "8139too_main " },
	{ "pcnet32", "pcnet32", "drivers/net/ethernet/amd", "pcnet32_main " },
	/* "-" and "_" are the same to who asks */
	{ "snd_ens1370", "snd-ens1370", "sound/pci", "ens1370 ak4531_codec " },
	/* includes other .c files */
	{ "uhci-hcd", "uhci-hcd", "drivers/usb/host", "uhci-hcd_main " },
};

static void check(const struct shape *s, const struct source *src)
{
	struct text units = { 0 };
	size_t n = strlen(src->dir) - strlen(s->dir);

	assert_string_equal(src->module, s->module);
	assert_string_equal(src->dir + n, s->dir);
	for (unsigned int i = 0; i < src->ntu; i++) {
		struct source_tu *tu = &src->tu[i];
		char *text = text_file(tu->i, NULL);
		char *marker = text_format("# 0 \"%s\"\n", tu->c);

		text_add(&units, "%s ", tu->name);
		assert_non_null(text);
		assert_memory_equal(tu->c, s->dir, strlen(s->dir));
		/* the first marker names the driver's file, and none our wrapper or the cache */
		assert_memory_equal(text, marker, strlen(marker));
		assert_null(strstr(text, src->work));
		assert_null(strstr(text, "/linux-source-"));
		assert_non_null(strstr(tu->flags, "-DMODULE"));
		assert_non_null(strstr(tu->flags, "-std=gnu11"));
		assert_null(strstr(tu->flags, " -o "));
		assert_memory_equal(tu->flags, "-nostdinc", 9);
		free(marker);
		free(text);
	}
	assert_string_equal(units.at, s->units);
	free(units.at);
}

static void test_shape(void **state)
{
	const struct shape *s = *state;
	char dir[] = "/tmp/split_source.XXXXXX";
	struct source src;

	assert_non_null(mkdtemp(dir));
	if (source_open(&src, s->ask, "6.1", dir))
		print_error("%s\n", fail_text());
	assert_int_equal(src.ntu > 0, true);
	check(s, &src);
	source_close(&src);
	assert_int_equal(run_remove(dir), 0);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(shapes) / sizeof(*shapes)];

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		tests[i] = (struct CMUnitTest){ .name = shapes[i].ask, .test_func = test_shape,
						.initial_state = (void *)&shapes[i] };
	return cmocka_run_group_tests_name("source_open", tests, NULL, NULL);
}
