/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutexes that only user-half code takes. They lie in twins, of which each worker has its
 * own copy, so they are known by handle. Between two workers they order more than their
 * code: what one changed before it unlocked, the other has read anew after it locked.
 */
#ifndef TANDEM_LIB_MUTEX_H
#define TANDEM_LIB_MUTEX_H

#include <pthread.h>

#define TANDEM_MUTEX_BUCKETS	64

struct tandem_mutex;

/* One per process. */
struct tandem_mutexes {
	pthread_mutex_t lock;		/* all below, and all of each mutex */
	pthread_cond_t changed;		/* one was unlocked */
	struct tandem_mutex *bucket[TANDEM_MUTEX_BUCKETS];
};

void tandem_mutexes_init(struct tandem_mutexes *mutexes);

#endif
