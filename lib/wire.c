// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "format.h"
#include "wire.h"

#define TOKEN_BYTES	((__u64)TANDEM_TOKENS << TANDEM_TOKEN_SHIFT)
#define SYMBOL_SHIFT	12
#define STRINGS		1024
#define ERRORS		4095

struct tandem_text {
	struct tandem_text *next;
	size_t bytes;
	char text[];
};

static void *reserve(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static __u64 symbol_bytes(const struct tandem_names *names)
{
	return (__u64)(names->half->plan->nsymbol + 1) << SYMBOL_SHIFT;
}

static __u32 hash_address(const void *address)
{
	return ((uintptr_t)address * 0x9e3779b97f4a7c15ULL) >> 32;
}

static __u32 hash_text(const char *text, size_t bytes)
{
	__u32 hash = 2166136261u;

	while (bytes--)
		hash = (hash ^ (unsigned char)*text++) * 16777619u;
	return hash;
}

/* Two names may have one stand-in: the first is its id. */
static int init_symbols(struct tandem_names *names)
{
	const struct tandem_uhalf *half = names->half;
	__u32 size = 16;

	while (size < 2 * half->plan->nsymbol)
		size *= 2;
	names->hash_mask = size - 1;
	names->symbol_hash = calloc(size, sizeof(*names->symbol_hash));
	if (!names->symbol_hash)
		return -ENOMEM;
	for (__u32 id = half->plan->nsymbol; id--; ) {
		const void *address = half->symbol ? half->symbol[id] : NULL;
		__u32 i;

		if (!address)
			continue;
		i = hash_address(address) & names->hash_mask;
		while (names->symbol_hash[i] &&
		       half->symbol[names->symbol_hash[i] - 1] != address)
			i = (i + 1) & names->hash_mask;
		names->symbol_hash[i] = id + 1;
	}
	return 0;
}

int tandem_names_init(struct tandem_names *names, const struct tandem_uhalf *half, int fd)
{
	int ret;

	memset(names, 0, sizeof(*names));
	names->half = half;
	pthread_mutex_init(&names->lock, NULL);
	ret = tandem_maps_init(&names->maps, fd);
	if (ret)
		return ret;
	names->token = reserve(TOKEN_BYTES);
	names->symbol = reserve(symbol_bytes(names));
	names->string = calloc(STRINGS, sizeof(*names->string));
	if (!names->token || !names->symbol || !names->string)
		return -ENOMEM;
	return init_symbols(names);
}

void tandem_names_exit(struct tandem_names *names)
{
	for (size_t i = 0; i < STRINGS; i++)
		while (names->string[i]) {
			struct tandem_text *text = names->string[i];

			names->string[i] = text->next;
			free(text);
		}
	free(names->string);
	free(names->symbol_hash);
	munmap(names->token, TOKEN_BYTES);
	munmap(names->symbol, symbol_bytes(names));
	tandem_maps_exit(&names->maps);
	pthread_mutex_destroy(&names->lock);
}

/*
 * Strings are never freed: the driver may keep what a field pointed at, and there are
 * only as many as there are names of devices.
 */
const char *tandem_name_keep(struct tandem_names *names, const char *text, size_t bytes)
{
	struct tandem_text **head = &names->string[hash_text(text, bytes) % STRINGS], *one;

	pthread_mutex_lock(&names->lock);
	for (one = *head; one; one = one->next)
		if (one->bytes == bytes && !memcmp(one->text, text, bytes))
			break;
	if (!one) {
		one = malloc(sizeof(*one) + bytes + 1);
		if (one) {
			one->bytes = bytes;
			memcpy(one->text, text, bytes);
			one->text[bytes] = 0;
			one->next = *head;
			*head = one;
		}
	}
	pthread_mutex_unlock(&names->lock);
	return one ? one->text : NULL;
}

static long find_symbol(const struct tandem_names *names, const void *address)
{
	const struct tandem_uhalf *half = names->half;
	size_t offset = (const unsigned char *)address - names->symbol;

	if (offset < symbol_bytes(names)) {
		if (offset & ((1 << SYMBOL_SHIFT) - 1))
			return -ENOENT;
		return offset >> SYMBOL_SHIFT;
	}
	for (__u32 i = hash_address(address) & names->hash_mask; names->symbol_hash[i];
	     i = (i + 1) & names->hash_mask)
		if (half->symbol[names->symbol_hash[i] - 1] == address)
			return names->symbol_hash[i] - 1;
	return -ENOENT;
}

static bool in_tokens(const struct tandem_names *names, const void *address)
{
	return (size_t)((const unsigned char *)address - names->token) < TOKEN_BYTES;
}

/*
 * A token's number is one of 2^32, its address one of 2^24. Tokens live as long as the
 * outermost upcall at most, so the one meant is that nearest to the last that came.
 */
static __u32 token_number(const struct tandem_names *names, const struct tandem_twins *twins,
			  const void *pointer)
{
	__u32 low = ((const unsigned char *)pointer - names->token) >> TANDEM_TOKEN_SHIFT;
	__u32 shift = 32 - __builtin_ctz(TANDEM_TOKENS);

	return twins->token + ((__s32)((low - twins->token) << shift) >> shift);
}

static void put_token(const struct tandem_names *names, const struct tandem_twins *twins,
		      const void *pointer, struct tandem_wire *wire)
{
	wire->tag = TANDEM_WIRE_TOKEN;
	wire->index = token_number(names, twins, pointer);
	wire->offset = (uintptr_t)pointer & ((1 << TANDEM_TOKEN_SHIFT) - 1);
}

static void put_object(struct tandem_wire *wire, __u32 index, __u32 gen, size_t offset)
{
	wire->tag = TANDEM_WIRE_OBJECT;
	wire->index = index;
	wire->gen = gen;
	wire->offset = offset;
}

int tandem_wire_put(struct tandem_names *names, struct tandem_twins *twins, const void *pointer,
		    struct tandem_wire *wire)
{
	const unsigned char *at = pointer;
	struct tandem_twin *twin;
	struct tandem_map map;
	long id;

	memset(wire, 0, sizeof(*wire));
	if (!pointer) {
		wire->tag = TANDEM_WIRE_NULL;
		return 0;
	}
	if ((uintptr_t)pointer >= -(uintptr_t)ERRORS) {
		wire->tag = TANDEM_WIRE_ERROR;
		wire->value = (uintptr_t)pointer;
		return 0;
	}
	twin = tandem_twin_at(twins, pointer);
	if (twin) {
		if (twin->dying)
			return -EFAULT;
		put_object(wire, twin->index, twin->gen, at - twin->at);
		return 0;
	}
	if (in_tokens(names, pointer)) {
		put_token(names, twins, pointer, wire);
		return 0;
	}
	if (!tandem_map_at(&names->maps, pointer, &map)) {
		put_object(wire, map.index, map.gen, at - map.at);
		return 0;
	}
	id = find_symbol(names, pointer);
	if (id < 0)
		return -EFAULT;
	wire->tag = TANDEM_WIRE_SYMBOL;
	wire->index = id;
	return 0;
}

static int get_object(struct tandem_names *names, struct tandem_twins *twins,
		      const struct tandem_wire *wire, void **pointer)
{
	struct tandem_twin *twin = tandem_twin_find(twins, wire->index, wire->gen);
	struct tandem_map map;

	if (twin) {
		*pointer = twin->at + wire->offset;
		return wire->offset <= twin->size ? 0 : -EPROTO;
	}
	if (tandem_map_find(&names->maps, wire->index, wire->gen, &map))
		return -EPROTO;
	*pointer = map.at + wire->offset;
	return wire->offset <= map.size ? 0 : -EPROTO;
}

static int get_token(const struct tandem_names *names, struct tandem_twins *twins,
		     const struct tandem_wire *wire, void **pointer)
{
	size_t low = wire->index % TANDEM_TOKENS;

	if (wire->offset >= 1 << TANDEM_TOKEN_SHIFT)
		return -EPROTO;
	twins->token = wire->index;
	*pointer = names->token + (low << TANDEM_TOKEN_SHIFT) + wire->offset;
	return 0;
}

static int get_symbol(const struct tandem_names *names, __u32 id, void **pointer)
{
	if (id >= names->half->plan->nsymbol)
		return -EPROTO;
	*pointer = names->half->symbol ? (void *)names->half->symbol[id] : NULL;
	if (!*pointer)
		*pointer = names->symbol + ((size_t)id << SYMBOL_SHIFT);
	return 0;
}

int tandem_wire_get(struct tandem_names *names, struct tandem_twins *twins,
		    const struct tandem_wire *wire, void **pointer)
{
	switch (wire->tag) {
	case TANDEM_WIRE_NULL:
		*pointer = NULL;
		return 0;
	case TANDEM_WIRE_ERROR:
		*pointer = (void *)(uintptr_t)wire->value;
		return wire->value >= -(__u64)ERRORS ? 0 : -EPROTO;
	case TANDEM_WIRE_OBJECT:
		return get_object(names, twins, wire, pointer);
	case TANDEM_WIRE_SYMBOL:
		return get_symbol(names, wire->index, pointer);
	case TANDEM_WIRE_TOKEN:
		return get_token(names, twins, wire, pointer);
	}
	return -EPROTO;
}

const char *tandem_name_symbol(const struct tandem_names *names, const void *pointer)
{
	long id = find_symbol(names, pointer);

	return id < 0 ? NULL : names->half->plan->symbol[id];
}

bool tandem_name_is_token(const struct tandem_names *names, const void *address)
{
	return in_tokens(names, address);
}

bool tandem_name_ours(const struct tandem_names *names, const struct tandem_twins *twins,
		      const void *address)
{
	const unsigned char *at = address;

	return in_tokens(names, address) ||
	       (size_t)(at - names->symbol) < symbol_bytes(names) ||
	       (size_t)(at - names->maps.region) < TANDEM_MAPS_BYTES ||
	       (size_t)(at - twins->arena) < TANDEM_ARENA_BYTES;
}

void tandem_name_explain(const struct tandem_names *names, struct tandem_twins *twins,
			 const void *address, char *text, size_t bytes)
{
	size_t offset = (const unsigned char *)address - names->token;
	const unsigned char *at = address;
	struct tandem_twin *twin;

	if ((uintptr_t)address < 4096) {
		tandem_snprintf(text, bytes, "a null pointer (address %#lx)", (unsigned long)address);
		return;
	}
	if (in_tokens(names, address)) {
		tandem_snprintf(text, bytes, "a kernel pointer that may only be handed back "
				"(token %zu, offset %zu)",
				offset >> TANDEM_TOKEN_SHIFT,
				offset & ((1 << TANDEM_TOKEN_SHIFT) - 1));
		return;
	}
	offset = at - names->symbol;
	if (offset < symbol_bytes(names)) {
		tandem_snprintf(text, bytes, "%s, which is in the kernel half only",
				names->half->plan->symbol[offset >> SYMBOL_SHIFT]);
		return;
	}
	if ((size_t)(at - names->maps.region) < TANDEM_MAPS_BYTES) {
		tandem_snprintf(text, bytes, "a register window or DMA memory that is gone");
		return;
	}
	twin = twins ? tandem_twin_at(twins, address) : NULL;
	if (twin) {
		tandem_snprintf(text, bytes, "object %u generation %u, offset %zu of %zu%s",
				twin->index, twin->gen, (size_t)(at - twin->at), twin->size,
				twin->dying ? ", freed" : "");
		return;
	}
	if (twins && (size_t)(at - twins->arena) < TANDEM_ARENA_BYTES) {
		tandem_snprintf(text, bytes, "an object that is dead, or beyond an object's end");
		return;
	}
	tandem_snprintf(text, bytes, "no memory that both halves know (a local variable, "
			"another worker's copy, or nothing)");
}
