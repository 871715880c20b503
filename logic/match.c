// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "match.h"

void tandem_key_gather(struct tandem_key *key, const struct tandem_plan *plan, __u16 id,
		       const __u64 *arg, const __u64 *out, __u64 result)
{
	const struct tandem_ledger_rule *rule = &plan->down[id].ledger;
	unsigned int i, from;

	key->undo = rule->kind == TANDEM_LEDGER_ACQUIRE || rule->kind == TANDEM_LEDGER_LOCK ?
		    rule->undo : id;
	key->n = rule->nfrom;
	for (i = 0; i < key->n; i++) {
		from = rule->from[i];
		if (from == TANDEM_FROM_RESULT)
			key->arg[i] = result;
		else if (from & TANDEM_FROM_OUT)
			key->arg[i] = out[from & ~TANDEM_FROM_OUT];
		else
			key->arg[i] = arg[from];
	}
}

bool tandem_key_equal(const struct tandem_key *a, const struct tandem_key *b)
{
	unsigned int i;

	if (a->undo != b->undo || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->arg[i] != b->arg[i])
			return false;
	return true;
}

__u32 tandem_key_hash(const struct tandem_key *key)
{
	__u64 hash = key->undo;
	unsigned int i;

	for (i = 0; i < key->n; i++)
		hash = (hash ^ key->arg[i]) * 0x9e3779b97f4a7c15ull;
	return hash >> 32;
}

bool tandem_when_holds(unsigned int when, __u64 result)
{
	switch (when) {
	case TANDEM_WHEN_ZERO:
		return !result;
	case TANDEM_WHEN_NONZERO:
		return result && !tandem_is_error(result);
	}
	return true;
}
