// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "twin.h"

#define SLOTS_PER_CHUNK	(TANDEM_CHUNK_BYTES / TANDEM_SLOT_BYTES)
#define CHUNKS		(TANDEM_ARENA_BYTES / TANDEM_CHUNK_BYTES)
#define OWNER_BYTES	(TANDEM_ARENA_BYTES / TANDEM_SLOT_BYTES * sizeof(__u32))
#define FREED		0x6b	/* what the bytes of a dead twin become */

_Static_assert(SLOTS_PER_CHUNK * sizeof(__u32) == 4096, "owners of a chunk are one page");

static void *reserve(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int compare_address(const void *a, const void *b)
{
	const struct tandem_twin *const *one = a, *const *two = b;

	return (*one)->at < (*two)->at ? -1 : (*one)->at > (*two)->at;
}

/* A global is a twin of one segment whose memory is the program's own. */
static int init_global(struct tandem_twins *twins, const struct tandem_uhalf *half, __u32 id)
{
	const struct tandem_global *global = &half->plan->global[id];
	struct tandem_twin *twin = &twins->global[id];
	struct tandem_segment seg = { .type = global->type, .count = 1 };

	twin->index = id;
	twin->kind = TANDEM_OBJECT_GLOBAL;
	twin->size = global->size;
	twin->at = half->global[id]();
	twins->by_address[id] = twin;
	return global->type == TANDEM_NONE ? 0 : tandem_twin_type(twins, twin, &seg, 1);
}

static int init_globals(struct tandem_twins *twins, const struct tandem_uhalf *half)
{
	__u32 n = half->plan->nglobal;
	int ret;

	if (!n)
		return 0;
	twins->global = calloc(n, sizeof(*twins->global));
	twins->by_address = calloc(n, sizeof(*twins->by_address));
	if (!twins->global || !twins->by_address)
		return -ENOMEM;
	for (__u32 i = 0; i < n; i++) {
		ret = init_global(twins, half, i);
		if (ret)
			return ret;
	}
	qsort(twins->by_address, n, sizeof(*twins->by_address), compare_address);
	return 0;
}

int tandem_twins_init(struct tandem_twins *twins, const struct tandem_uhalf *half)
{
	int ret;

	memset(twins, 0, sizeof(*twins));
	twins->plan = half->plan;
	twins->arena = reserve(TANDEM_ARENA_BYTES);
	twins->owner = reserve(OWNER_BYTES);
	twins->live = calloc(CHUNKS, sizeof(*twins->live));
	ret = -ENOMEM;
	if (twins->arena && twins->owner && twins->live)
		ret = init_globals(twins, half);
	if (ret)
		tandem_twins_exit(twins);
	return ret;
}

static void free_twin(struct tandem_twin *twin)
{
	free(twin->seg);
	free(twin->agreed);
	free(twin);
}

void tandem_twins_exit(struct tandem_twins *twins)
{
	for (size_t i = 0; i < TANDEM_OBJECTS_MAX >> 10; i++) {
		for (size_t j = 0; twins->table[i] && j < 1024; j++)
			if (twins->table[i][j])
				free_twin(twins->table[i][j]);
		free(twins->table[i]);
	}
	for (__u32 i = 0; twins->global && i < twins->plan->nglobal; i++) {
		free(twins->global[i].seg);
		free(twins->global[i].agreed);
	}
	free(twins->global);
	free(twins->by_address);
	if (twins->arena)
		munmap(twins->arena, TANDEM_ARENA_BYTES);
	if (twins->owner)
		munmap(twins->owner, OWNER_BYTES);
	free(twins->live);
	memset(twins, 0, sizeof(*twins));
}

static int open_chunks(struct tandem_twins *twins, size_t first, size_t n)
{
	if (mprotect(twins->arena + first * TANDEM_CHUNK_BYTES, n * TANDEM_CHUNK_BYTES,
		     PROT_READ | PROT_WRITE))
		return -errno;
	if (mprotect(twins->owner + first * SLOTS_PER_CHUNK, n * 4096, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

/* New pages over the old ones: zero when opened again, inaccessible until then. */
static void close_chunk(struct tandem_twins *twins, size_t chunk)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	mmap(twins->arena + chunk * TANDEM_CHUNK_BYTES, TANDEM_CHUNK_BYTES, PROT_NONE, flags, -1, 0);
	mmap(twins->owner + chunk * SLOTS_PER_CHUNK, 4096, PROT_NONE, flags, -1, 0);
}

static void put_chunk(struct tandem_twins *twins, size_t chunk)
{
	if (!--twins->live[chunk])
		close_chunk(twins, chunk);
}

/* First of @n free chunks in a row, seen from where the last search ended. */
static long find_chunks(struct tandem_twins *twins, size_t n)
{
	size_t at = twins->chunk, run = 0;

	for (size_t seen = 0; seen < CHUNKS + n; seen++) {
		if (at == CHUNKS)
			at = run = 0;
		run = twins->live[at++] ? 0 : run + 1;
		if (run == n) {
			twins->chunk = at;
			return at - n;
		}
	}
	return -ENOMEM;
}

/* Makes the next chunks current: big twins get their own, small ones share one. */
static int next_chunks(struct tandem_twins *twins, size_t bytes)
{
	size_t n = (bytes + TANDEM_CHUNK_BYTES - 1) / TANDEM_CHUNK_BYTES;
	long first = find_chunks(twins, n);
	int ret;

	if (first < 0)
		return first;
	ret = open_chunks(twins, first, n);
	if (ret)
		return ret;
	if (twins->limit)
		put_chunk(twins, twins->limit / TANDEM_CHUNK_BYTES - 1);
	twins->next = first * TANDEM_CHUNK_BYTES;
	twins->limit = twins->next + n * TANDEM_CHUNK_BYTES;
	twins->live[first + n - 1]++;
	return 0;
}

static void each_chunk(struct tandem_twins *twins, const struct tandem_twin *twin,
		       void (*act)(struct tandem_twins *twins, size_t chunk))
{
	size_t from = (twin->at - twins->arena) / TANDEM_CHUNK_BYTES;
	size_t to = (twin->at - twins->arena + (twin->size ? twin->size - 1 : 0)) / TANDEM_CHUNK_BYTES;

	for (size_t i = from; i <= to; i++)
		act(twins, i);
}

static void get_chunk(struct tandem_twins *twins, size_t chunk)
{
	twins->live[chunk]++;
}

static size_t slots(size_t size)
{
	return size ? (size + TANDEM_SLOT_BYTES - 1) / TANDEM_SLOT_BYTES : 1;
}

static int place(struct tandem_twins *twins, struct tandem_twin *twin)
{
	size_t n = slots(twin->size), first;
	int ret;

	if (twins->next + (n + 1) * TANDEM_SLOT_BYTES > twins->limit) {
		ret = next_chunks(twins, (n + 1) * TANDEM_SLOT_BYTES);
		if (ret)
			return ret;
	}
	twin->at = twins->arena + twins->next;
	first = twins->next / TANDEM_SLOT_BYTES;
	twins->next += (n + 1) * TANDEM_SLOT_BYTES;
	each_chunk(twins, twin, get_chunk);
	for (size_t i = 0; i < n; i++)
		twins->owner[first + i] = twin->index + 1;
	return 0;
}

static struct tandem_twin **table_slot(struct tandem_twins *twins, __u32 index, bool make)
{
	struct tandem_twin ***page;

	if (index >= TANDEM_OBJECTS_MAX)
		return NULL;
	page = &twins->table[index >> 10];
	if (!*page && make)
		*page = calloc(1024, sizeof(**page));
	return *page ? &(*page)[index & 1023] : NULL;
}

int tandem_twin_add(struct tandem_twins *twins, __u32 index, __u32 gen, size_t size,
		    struct tandem_twin **out)
{
	struct tandem_twin **slot, *twin;
	int ret;

	if (index >= TANDEM_OBJECTS_MAX || !gen || size > TANDEM_ARENA_BYTES / 4)
		return -EPROTO;
	slot = table_slot(twins, index, true);
	if (!slot)
		return -ENOMEM;
	if (*slot)
		return -EEXIST;
	twin = calloc(1, sizeof(*twin));
	if (!twin)
		return -ENOMEM;
	twin->index = index;
	twin->gen = gen;
	twin->kind = TANDEM_OBJECT_DATA;
	twin->size = size;
	ret = place(twins, twin);
	if (ret) {
		free(twin);
		return ret;
	}
	*slot = *out = twin;
	return 0;
}

void tandem_twin_drop(struct tandem_twins *twins, struct tandem_twin *twin)
{
	size_t first = (twin->at - twins->arena) / TANDEM_SLOT_BYTES;

	*table_slot(twins, twin->index, false) = NULL;
	memset(twins->owner + first, 0, slots(twin->size) * sizeof(*twins->owner));
	memset(twin->at, FREED, twin->size);
	each_chunk(twins, twin, put_chunk);
	free_twin(twin);
}

int tandem_twin_type(struct tandem_twins *twins, struct tandem_twin *twin,
		     const struct tandem_segment *seg, __u32 nseg)
{
	struct tandem_segment *copy = NULL;

	for (__u32 i = 0; i < nseg; i++) {
		__u64 bytes;

		if (seg[i].type >= twins->plan->ntype)
			return -EPROTO;
		bytes = (__u64)twins->plan->type[seg[i].type].size * seg[i].count;
		if (seg[i].offset > twin->size || bytes > twin->size - seg[i].offset)
			return -EPROTO;
	}
	if (nseg) {
		copy = malloc(nseg * sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		memcpy(copy, seg, nseg * sizeof(*copy));
	}
	if (nseg && !twin->agreed) {
		twin->agreed = calloc(1, twin->size ? twin->size : 1);
		if (!twin->agreed) {
			free(copy);
			return -ENOMEM;
		}
	}
	free(twin->seg);
	twin->seg = copy;
	twin->nseg = nseg;
	return 0;
}

struct tandem_twin *tandem_twin_slot(struct tandem_twins *twins, __u32 index)
{
	struct tandem_twin **slot = table_slot(twins, index, false);

	return slot ? *slot : NULL;
}

struct tandem_twin *tandem_twin_find(struct tandem_twins *twins, __u32 index, __u32 gen)
{
	struct tandem_twin *twin;

	if (!gen)
		return index < twins->plan->nglobal ? &twins->global[index] : NULL;
	twin = tandem_twin_slot(twins, index);
	return twin && twin->gen == gen ? twin : NULL;
}

static struct tandem_twin *global_at(struct tandem_twins *twins, const unsigned char *at)
{
	size_t low = 0, high = twins->plan->nglobal;
	struct tandem_twin *twin;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (twins->by_address[mid]->at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	twin = twins->by_address[low - 1];
	return (size_t)(at - twin->at) < twin->size ? twin : NULL;
}

struct tandem_twin *tandem_twin_at(struct tandem_twins *twins, const void *address)
{
	const unsigned char *at = address;
	struct tandem_twin *twin;
	size_t offset;
	__u32 owner;

	if (at < twins->arena || at >= twins->arena + TANDEM_ARENA_BYTES)
		return global_at(twins, at);
	offset = at - twins->arena;
	if (!twins->live[offset / TANDEM_CHUNK_BYTES])
		return NULL;
	owner = twins->owner[offset / TANDEM_SLOT_BYTES];
	if (!owner)
		return NULL;
	twin = tandem_twin_slot(twins, owner - 1);
	/* An empty twin has an address of its own; else its last slot may be longer than it. */
	return !twin->size || (size_t)(at - twin->at) < twin->size ? twin : NULL;
}
