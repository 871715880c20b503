# SPDX-License-Identifier: GPL-2.0
# The plan of kernel/litmus.c, as both halves need it.
/^#define LEAF/,/^static void litmus_fn/ {
	/^static void litmus_fn/!p
}
/^static const struct tandem_leaf global_leaf/,/^};/p
/^static const char \*const symbol_name/p
/^static const struct tandem_global global\[\]/p
/^static struct tandem_type all_types/p
/^static struct tandem_plan plan/,/^};/p
