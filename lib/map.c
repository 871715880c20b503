// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tandem/channel.h>

#include "map.h"

#define PAGE 4096UL

int tandem_maps_init(struct tandem_maps *maps, int fd)
{
	memset(maps, 0, sizeof(*maps));
	maps->fd = fd;
	pthread_mutex_init(&maps->lock, NULL);
	maps->region = mmap(NULL, TANDEM_MAPS_BYTES, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return maps->region == MAP_FAILED ? -errno : 0;
}

void tandem_maps_exit(struct tandem_maps *maps)
{
	munmap(maps->region, TANDEM_MAPS_BYTES);
	free(maps->map);
	pthread_mutex_destroy(&maps->lock);
}

static struct tandem_map *find(struct tandem_maps *maps, __u32 index)
{
	for (size_t i = 0; i < maps->nmap; i++)
		if (maps->map[i].index == index)
			return &maps->map[i];
	return NULL;
}

/* Gives the pages back but keeps the addresses reserved. */
static void drop(struct tandem_maps *maps, struct tandem_map *map)
{
	mmap(map->base, map->bytes, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	maps->nmap--;
	memmove(map, map + 1, (maps->map + maps->nmap - map) * sizeof(*map));
}

/* Where the first mapping stands whose address is not below @at. */
static size_t place(const struct tandem_maps *maps, const unsigned char *at)
{
	size_t low = 0, high = maps->nmap;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (maps->map[mid].base < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Addresses for @bytes behind the youngest mapping, with an unmapped page after each. */
static unsigned char *reserve(struct tandem_maps *maps, size_t bytes)
{
	for (int turn = 0; turn < 2; turn++) {
		while (maps->next + bytes + PAGE <= TANDEM_MAPS_BYTES) {
			unsigned char *at = maps->region + maps->next;
			size_t i = place(maps, at);

			if (i == maps->nmap || maps->map[i].base >= at + bytes + PAGE) {
				maps->next += bytes + PAGE;
				return at;
			}
			maps->next = maps->map[i].base + maps->map[i].bytes + PAGE - maps->region;
		}
		maps->next = 0;
	}
	return NULL;
}

static int add(struct tandem_maps *maps, const struct tandem_map *map)
{
	size_t i;

	if (maps->nmap == maps->room) {
		size_t room = maps->room ? 2 * maps->room : 16;
		struct tandem_map *more = realloc(maps->map, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		maps->map = more;
		maps->room = room;
	}
	i = place(maps, map->base);
	memmove(maps->map + i + 1, maps->map + i, (maps->nmap - i) * sizeof(*map));
	maps->map[i] = *map;
	maps->nmap++;
	return 0;
}

static int map_object(struct tandem_maps *maps, __u32 index, __u32 gen, size_t size,
		      size_t page_offset)
{
	struct tandem_map map = { .index = index, .gen = gen, .size = size };
	void *at;
	int ret;

	map.bytes = (page_offset + size + PAGE - 1) & ~(PAGE - 1);
	map.base = reserve(maps, map.bytes);
	if (!map.base)
		return -ENOMEM;
	map.at = map.base + page_offset;
	at = mmap(map.base, map.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, maps->fd,
		  TANDEM_MAP_OBJECT + ((__u64)index << TANDEM_MAP_SHIFT));
	if (at == MAP_FAILED)
		return -errno;
	ret = add(maps, &map);
	if (ret)
		mmap(map.base, map.bytes, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	return ret;
}

int tandem_map_add(struct tandem_maps *maps, __u32 index, __u32 gen, size_t size, size_t page_offset)
{
	struct tandem_map *old;
	int ret = 0;

	if (!size || page_offset >= PAGE || size > TANDEM_MAPS_BYTES / 2)
		return -EINVAL;
	pthread_mutex_lock(&maps->lock);
	old = find(maps, index);
	if (!old || old->gen != gen) {
		if (old)
			drop(maps, old);
		ret = map_object(maps, index, gen, size, page_offset);
	}
	pthread_mutex_unlock(&maps->lock);
	return ret;
}

void tandem_map_gone(struct tandem_maps *maps, __u32 index, __u32 gen)
{
	struct tandem_map *map;

	pthread_mutex_lock(&maps->lock);
	map = find(maps, index);
	if (map && map->gen == gen)
		drop(maps, map);
	pthread_mutex_unlock(&maps->lock);
}

int tandem_map_find(struct tandem_maps *maps, __u32 index, __u32 gen, struct tandem_map *out)
{
	struct tandem_map *map;
	int ret = -ENOENT;

	pthread_mutex_lock(&maps->lock);
	map = find(maps, index);
	if (map && map->gen == gen) {
		*out = *map;
		ret = 0;
	}
	pthread_mutex_unlock(&maps->lock);
	return ret;
}

int tandem_map_at(struct tandem_maps *maps, const void *address, struct tandem_map *out)
{
	const unsigned char *at = address;
	int ret = -ENOENT;
	size_t i;

	if (at < maps->region || at >= maps->region + TANDEM_MAPS_BYTES)
		return -ENOENT;
	pthread_mutex_lock(&maps->lock);
	i = place(maps, at + 1);
	if (i && at >= maps->map[i - 1].at && at < maps->map[i - 1].at + maps->map[i - 1].size) {
		*out = maps->map[i - 1];
		ret = 0;
	}
	pthread_mutex_unlock(&maps->lock);
	return ret;
}
