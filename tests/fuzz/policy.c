// SPDX-License-Identifier: GPL-2.0
/* A policy file: it is refused with a reason, or all that it says is found again. */
#include "fuzz.h"
#include "split/policy.c"

static void forget(void)
{
	lines = patterns = NULL;
	tail = &lines;
}

/* What was read, as the text of a policy file. */
static void print(struct text *t, const struct policy_line *from)
{
	for (const struct policy_line *l = from; l; l = l->next) {
		/* lines that say nothing count too */
		text_add(t, "%s", l->word);
		for (unsigned int i = 0; i < l->narg; i++)
			text_add(t, " %s", l->arg[i]);
		if (l->code)
			text_add(t, " {%s}", l->code);
		text_add(t, "\n");
	}
}

static void check_found(const struct policy_line *l)
{
	const struct policy_line *found = policy_find(l->word, l->arg[0]);

	/* A key is cut off at 512 bytes. */
	if (strlen(l->word) + strlen(l->arg[0]) + 2 > 512)
		return;
	check(found && !strcmp(found->word, l->word) && policy_fits(found->arg[0], l->arg[0]));
	check(l->narg >= 1 && l->narg <= POLICY_ARGS);
	/* What others give to atoi(). */
	if (!strcmp(l->word, "null") || !strcmp(l->word, "keeps") || !strcmp(l->word, "print"))
		check(l->arg[1][strspn(l->arg[1], "0123456789")] == 0);
	for (; found && found != l; found = found->same)
		;
	check(found || policy_fits(policy_find(l->word, l->arg[0])->arg[0], l->arg[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct text first = { 0 }, again = { 0 };
	int e;

	fuzz_begin(data, bytes);
	e = load_file("x.policy", "x.policy");
	if (e) {
		check(e < 0 && !strncmp(fail_text(), "x.policy:", 9) && !strchr(fail_text(), '\n'));
	} else {
		check(!memchr(data, 0, bytes));
		for (struct policy_line *l = lines; l; l = l->next)
			check_found(l);
		print(&first, lines);
		forget();
		memset(table, 0, sizeof(table));
		fuzz_begin((const uint8_t *)(first.at ? first.at : ""), first.length);
		check(!load_file("x.policy", "x.policy"));
		print(&again, lines);
		check(first.length == again.length && (!first.length || !memcmp(first.at, again.at, first.length)));
	}
	forget();
	fuzz_end();
	return 0;
}
