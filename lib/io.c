// SPDX-License-Identifier: GPL-2.0
/*
 * ioread*() and iowrite*(): functions of the kernel, here accesses to the mapped window.
 */
#include <stdbool.h>
#include <stdint.h>

#include "half.h"
#include "thread.h"

#define EXPORT		__attribute__((weak))

/* A port's number came as a token: a user half whose driver may have ports asks the kernel half. */
static bool is_port(const volatile void *at)
{
	struct tandem_thread *thread = tandem_thread_self();

	return thread && tandem_name_is_token(&thread->process->names, (const void *)at);
}

#define READER(name, result, type, swap) \
	EXPORT result tandem_port_##name(const volatile void *from); \
	EXPORT result name(const volatile void *from) \
	{ \
		if (is_port(from) && tandem_port_##name) \
			return tandem_port_##name(from); \
		return swap(*(const volatile type *)from); \
	}
#define WRITER(name, type, swap) \
	EXPORT void tandem_port_##name(type value, volatile void *to); \
	EXPORT void name(type value, volatile void *to) \
	{ \
		if (is_port(to) && tandem_port_##name) \
			tandem_port_##name(value, to); \
		else \
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
