// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "thread.h"

#define SLICE_MS	250	/* a worker that waits longer without crossing would look dead */
#define SLICES		40	/* after these the kernel's deadline decides */

struct tandem_mutex {
	struct tandem_mutex *next;
	struct tandem_wire key;
	struct tandem_thread *owner;
	struct tandem_thread *last;	/* who held it last: its view needs no refreshing */
};

void tandem_mutexes_init(struct tandem_mutexes *mutexes)
{
	memset(mutexes, 0, sizeof(*mutexes));
	pthread_mutex_init(&mutexes->lock, NULL);
	pthread_cond_init(&mutexes->changed, NULL);
}

static struct tandem_thread *self(void)
{
	struct tandem_thread *thread = tandem_thread_self();

	if (!thread)
		tandem_die("mutex outside a worker");
	return thread;
}

/* Mutexes are few and as old as their devices: they stay, so that @last is known. */
static struct tandem_mutex *find(struct tandem_thread *thread, const void *at)
{
	struct tandem_wire key;
	struct tandem_mutex **head, *mutex;

	if (tandem_wire_put(&thread->process->names, &thread->seat.twins, at, &key) ||
	    key.tag != TANDEM_WIRE_OBJECT)	/* a variable of the process, the same for all workers */
		key = (struct tandem_wire){ .value = (unsigned long)at };
	head = &thread->process->mutexes.bucket[(key.index * 31 + key.offset / 8) %
						TANDEM_MUTEX_BUCKETS];
	for (mutex = *head; mutex; mutex = mutex->next)
		if (!memcmp(&mutex->key, &key, sizeof(key)))
			return mutex;
	mutex = calloc(1, sizeof(*mutex));
	if (!mutex)
		tandem_die("no memory for a mutex");
	mutex->key = key;
	mutex->last = thread;
	mutex->next = *head;
	*head = mutex;
	return mutex;
}

/* 0: it may be ours now; ETIMEDOUT: a slice is over. The lock is held. */
static int wait_slice(struct tandem_mutexes *all)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += SLICE_MS * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	return pthread_cond_timedwait(&all->changed, &all->lock, &end);
}

void tandem_mutex_lock(void *at)
{
	struct tandem_thread *thread = self();
	struct tandem_mutexes *all = &thread->process->mutexes;
	unsigned int slices = 0;
	struct tandem_mutex *mutex;
	int is_foreign;

	pthread_mutex_lock(&all->lock);
	mutex = find(thread, at);
	if (mutex->owner == thread)
		tandem_die("mutex locked twice by one call");
	if (mutex->owner) {
		/* Its owner may wait for what is queued here. */
		pthread_mutex_unlock(&all->lock);
		tandem_unqueue();
		pthread_mutex_lock(&all->lock);
	}
	while (mutex->owner) {
		if (wait_slice(all) != ETIMEDOUT || slices++ >= SLICES)
			continue;
		pthread_mutex_unlock(&all->lock);
		tandem_sync();
		pthread_mutex_lock(&all->lock);
	}
	mutex->owner = thread;
	is_foreign = mutex->last != thread;
	mutex->last = thread;
	pthread_mutex_unlock(&all->lock);
	if (is_foreign)
		tandem_sync();
}

void tandem_mutex_unlock(void *at)
{
	struct tandem_thread *thread = self();
	struct tandem_mutexes *all = &thread->process->mutexes;
	struct tandem_mutex *mutex;

	tandem_publish();
	pthread_mutex_lock(&all->lock);
	mutex = find(thread, at);
	if (!mutex->owner)
		tandem_die("mutex unlocked that nobody holds");
	mutex->owner = NULL;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
}
