// SPDX-License-Identifier: GPL-2.0
/* The inventory of what was installed: refused, or all of it understood. */
#include "fuzz.h"
#include "cli/inventory.c"

int complain(const char *format, ...)
{
	(void)format;
	return 1;
}

/* The words of all lines, which are one blank apart. */
static void check_words(struct inventory *inv)
{
	for (unsigned int i = 0; i < inv->count; i++) {
		struct entry *e = &inv->entry[i];

		check(*e->owner && *e->kind && *e->what);
		check(!strpbrk(e->owner, " \n") && !strpbrk(e->kind, " \n") && !strpbrk(e->what, " \n"));
		check(!e->note || (*e->note && !strpbrk(e->note, " \n")));
		check(e->gone || inventory_find(inv, e->owner, e->kind, e->what) == e);
	}
}

/* No line that was taken has words that nobody looked at. */
static void check_lines(const uint8_t *data, size_t bytes)
{
	unsigned int words = 0;
	bool in = false;

	for (size_t i = 0; i < bytes; i++) {
		if (data[i] == '\n') {
			check(words <= 5);
			words = 0;
			in = false;
		} else if (data[i] == ' ') {
			in = false;
		} else if (!in) {
			in = true;
			words++;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct inventory inv;

	fuzz_begin(data, bytes);
	if (!inventory_open(&inv, "/nowhere")) {
		check_words(&inv);
		if (inv.count && !memchr(data, 0, bytes))
			check_lines(data, bytes);
	}
	inventory_close(&inv);
	fuzz_end();
	return 0;
}
