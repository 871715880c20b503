// SPDX-License-Identifier: GPL-2.0
/* The user half that is measured, as a splitter would write it. */
#include "half.h"
#include "bench/upbench_plan.h"

static const unsigned int place[UPBENCH_FIELDS] = UPBENCH_PLACES;

static tandem_u64 serve(const tandem_u64 *arg, unsigned int changed)
{
	struct upbench_dev *dev = (void *)arg[0];
	tandem_u64 sum = 0;

	for (unsigned int i = 0; i < UPBENCH_FIELDS; i++) {
		sum += dev->word[place[i]];
		if (i < changed)
			dev->word[place[i]] = upbench_next(dev->word[place[i]]);
	}
	return sum;
}

static tandem_u64 ten(const tandem_u64 *arg)
{
	return serve(arg, UPBENCH_FIELDS);
}

static tandem_u64 two(const tandem_u64 *arg)
{
	return serve(arg, 2);
}

static tandem_u64 none(const tandem_u64 *arg)
{
	(void)arg;
	return 0;
}

static const tandem_thunk thunk[UPBENCH_ENTRIES] = {
	[UPBENCH_PROBE] = none, [UPBENCH_REMOVE] = none,
	[UPBENCH_TEN] = ten, [UPBENCH_TWO] = two, [UPBENCH_NONE] = none,
};

static const struct tandem_uhalf half = { .plan = &plan, .entry = thunk };

int main(int argc, char **argv)
{
	return tandem_half_main(argc, argv, &half);
}
