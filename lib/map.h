/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared mappings: register windows and DMA memory. Unlike twins they are one for the
 * whole process, at one address for all workers, and no address is used twice before
 * 64 GiB have been handed out: a stale pointer faults instead of meeting another object.
 */
#ifndef TANDEM_LIB_MAP_H
#define TANDEM_LIB_MAP_H

#include <pthread.h>
#include <stddef.h>
#include <linux/types.h>

#define TANDEM_MAPS_BYTES	(1ULL << 36)

struct tandem_map {
	__u32 index;
	__u32 gen;
	unsigned char *at;	/* first byte of the object */
	size_t size;
	unsigned char *base;	/* the mapping, whole pages */
	size_t bytes;
};

struct tandem_maps {
	int fd;				/* the channel; const after init */
	unsigned char *region;		/* reserved addresses; const after init */
	pthread_mutex_t lock;		/* all below */
	size_t next;			/* where the next mapping goes in the region */
	struct tandem_map *map;		/* ascending by address */
	size_t nmap;
	size_t room;
};

int tandem_maps_init(struct tandem_maps *maps, int fd);
void tandem_maps_exit(struct tandem_maps *maps);

/* Maps the object unless another worker has; an older generation of the index is unmapped. */
int tandem_map_add(struct tandem_maps *maps, __u32 index, __u32 gen, size_t size, size_t page_offset);
/* The object died. Nothing happens if another worker was told first. */
void tandem_map_gone(struct tandem_maps *maps, __u32 index, __u32 gen);

/* Copies of the entry: another worker may drop it meanwhile. -ENOENT. */
int tandem_map_find(struct tandem_maps *maps, __u32 index, __u32 gen, struct tandem_map *out);
int tandem_map_at(struct tandem_maps *maps, const void *address, struct tandem_map *out);

#endif
