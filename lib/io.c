// SPDX-License-Identifier: GPL-2.0
/*
 * ioread*() and iowrite*(): functions of the kernel, here accesses to the mapped window.
 * An I/O port cookie is no address of a window: it came as a token, and touching it says so.
 */
#include <stdint.h>

#include "half.h"

#define EXPORT		__attribute__((weak))

#define READER(name, result, type, swap) \
	EXPORT result name(const volatile void *from) \
	{ \
		return swap(*(const volatile type *)from); \
	}
#define WRITER(name, type, swap) \
	EXPORT void name(type value, volatile void *to) \
	{ \
		*(volatile type *)to = swap(value); \
	}
#define AS_IS(value)	(value)

READER(ioread8, unsigned int, uint8_t, AS_IS)
READER(ioread16, unsigned int, uint16_t, AS_IS)
READER(ioread32, unsigned int, uint32_t, AS_IS)
READER(ioread64, uint64_t, uint64_t, AS_IS)
READER(ioread16be, unsigned int, uint16_t, __builtin_bswap16)
READER(ioread32be, unsigned int, uint32_t, __builtin_bswap32)
WRITER(iowrite8, uint8_t, AS_IS)
WRITER(iowrite16, uint16_t, AS_IS)
WRITER(iowrite32, uint32_t, AS_IS)
WRITER(iowrite64, uint64_t, AS_IS)
WRITER(iowrite16be, uint16_t, __builtin_bswap16)
WRITER(iowrite32be, uint32_t, __builtin_bswap32)

/* The same register, over and over. */
EXPORT void ioread16_rep(const volatile void *from, void *to, unsigned long count)
{
	for (uint16_t *at = to; count--; at++)
		*at = *(const volatile uint16_t *)from;
}

EXPORT void ioread32_rep(const volatile void *from, void *to, unsigned long count)
{
	for (uint32_t *at = to; count--; at++)
		*at = *(const volatile uint32_t *)from;
}

EXPORT void iowrite16_rep(volatile void *to, const void *from, unsigned long count)
{
	for (const uint16_t *at = from; count--; at++)
		*(volatile uint16_t *)to = *at;
}

EXPORT void iowrite32_rep(volatile void *to, const void *from, unsigned long count)
{
	for (const uint32_t *at = from; count--; at++)
		*(volatile uint32_t *)to = *at;
}
