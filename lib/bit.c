// SPDX-License-Identifier: GPL-2.0
/* Bits, bitmaps, checksums and small arithmetic of the kernel's library, under its names. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT	__attribute__((weak))
#define BITS	64

static unsigned long up_to(unsigned int bits)
{
	return bits % BITS ? ~0UL >> (BITS - bits % BITS) : ~0UL;
}

static unsigned int words(unsigned int bits)
{
	return (bits + BITS - 1) / BITS;
}

/* ---- searching; @bits when there is none ---- */

static unsigned long find(const unsigned long *a, const unsigned long *b, unsigned long invert_a,
			  unsigned long invert_b, unsigned long bits, unsigned long start)
{
	for (unsigned long i = start / BITS; start < bits && i < words(bits); i++) {
		unsigned long word = (a[i] ^ invert_a) & (b ? b[i] ^ invert_b : ~0UL);

		if (i == start / BITS)
			word &= ~0UL << start % BITS;
		if (word) {
			unsigned long at = i * BITS + __builtin_ctzl(word);

			return at < bits ? at : bits;
		}
	}
	return bits;
}

EXPORT unsigned long _find_first_bit(const unsigned long *a, unsigned long bits)
{
	return find(a, NULL, 0, 0, bits, 0);
}

EXPORT unsigned long _find_first_zero_bit(const unsigned long *a, unsigned long bits)
{
	return find(a, NULL, ~0UL, 0, bits, 0);
}

EXPORT unsigned long _find_first_and_bit(const unsigned long *a, const unsigned long *b,
					 unsigned long bits)
{
	return find(a, b, 0, 0, bits, 0);
}

EXPORT unsigned long _find_next_bit(const unsigned long *a, unsigned long bits, unsigned long start)
{
	return find(a, NULL, 0, 0, bits, start);
}

EXPORT unsigned long _find_next_zero_bit(const unsigned long *a, unsigned long bits,
					 unsigned long start)
{
	return find(a, NULL, ~0UL, 0, bits, start);
}

EXPORT unsigned long _find_next_and_bit(const unsigned long *a, const unsigned long *b,
					unsigned long bits, unsigned long start)
{
	return find(a, b, 0, 0, bits, start);
}

EXPORT unsigned long _find_next_andnot_bit(const unsigned long *a, const unsigned long *b,
					   unsigned long bits, unsigned long start)
{
	return find(a, b, 0, ~0UL, bits, start);
}

EXPORT unsigned long _find_last_bit(const unsigned long *a, unsigned long bits)
{
	for (unsigned long i = words(bits); i--; ) {
		unsigned long word = a[i] & (i == words(bits) - 1 ? up_to(bits) : ~0UL);

		if (word)
			return i * BITS + BITS - 1 - __builtin_clzl(word);
	}
	return bits;
}

/* ---- bitmaps ---- */

EXPORT unsigned int __bitmap_weight(const unsigned long *a, unsigned int bits)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < words(bits); i++)
		n += __builtin_popcountl(a[i] & (i == words(bits) - 1 ? up_to(bits) : ~0UL));
	return n;
}

static unsigned long last_word(unsigned int i, unsigned int bits)
{
	return i == words(bits) - 1 ? up_to(bits) : ~0UL;
}

EXPORT bool __bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		if ((a[i] ^ b[i]) & last_word(i, bits))
			return false;
	return true;
}

EXPORT bool __bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		if (a[i] & ~b[i] & last_word(i, bits))
			return false;
	return true;
}

EXPORT bool __bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		if (a[i] & b[i] & last_word(i, bits))
			return true;
	return false;
}

EXPORT bool __bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b,
			 unsigned int bits)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < words(bits); i++)
		any |= to[i] = a[i] & b[i] & last_word(i, bits);
	return any;
}

EXPORT bool __bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
			    unsigned int bits)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < words(bits); i++)
		any |= to[i] = a[i] & ~b[i] & last_word(i, bits);
	return any;
}

EXPORT void __bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
			unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		to[i] = a[i] | b[i];
}

EXPORT void __bitmap_xor(unsigned long *to, const unsigned long *a, const unsigned long *b,
			 unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		to[i] = a[i] ^ b[i];
}

EXPORT void __bitmap_complement(unsigned long *to, const unsigned long *a, unsigned int bits)
{
	for (unsigned int i = 0; i < words(bits); i++)
		to[i] = ~a[i];
}

EXPORT void __bitmap_set(unsigned long *a, unsigned int start, int n)
{
	for (; n-- > 0; start++)
		a[start / BITS] |= 1UL << start % BITS;
}

EXPORT void __bitmap_clear(unsigned long *a, unsigned int start, int n)
{
	for (; n-- > 0; start++)
		a[start / BITS] &= ~(1UL << start % BITS);
}

EXPORT unsigned long bitmap_find_next_zero_area_off(unsigned long *a, unsigned long bits,
						    unsigned long start, unsigned int n,
						    unsigned long mask, unsigned long offset)
{
	for (;;) {
		unsigned long at = _find_next_zero_bit(a, bits, start), end;

		at = ((at + offset + mask) & ~mask) - offset;
		end = at + n;
		if (end > bits)
			return end;
		start = _find_next_bit(a, end, at);
		if (start >= end)
			return at;
		start++;
	}
}

EXPORT unsigned int __sw_hweight8(unsigned int x)
{
	return __builtin_popcount(x & 0xff);
}

EXPORT unsigned int __sw_hweight16(unsigned int x)
{
	return __builtin_popcount(x & 0xffff);
}

EXPORT unsigned int __sw_hweight32(unsigned int x)
{
	return __builtin_popcount(x);
}

EXPORT unsigned long __sw_hweight64(uint64_t x)
{
	return __builtin_popcountl(x);
}

/* ---- reversal and checksums ---- */

#define R2(n) n, (n) + 2 * 64, (n) + 1 * 64, (n) + 3 * 64
#define R4(n) R2(n), R2((n) + 2 * 16), R2((n) + 1 * 16), R2((n) + 3 * 16)
#define R6(n) R4(n), R4((n) + 2 * 4), R4((n) + 1 * 4), R4((n) + 3 * 4)

EXPORT const unsigned char byte_rev_table[256] = { R6(0), R6(2), R6(1), R6(3) };

EXPORT uint32_t crc32_le(uint32_t crc, const unsigned char *p, size_t bytes)
{
	while (bytes--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

EXPORT uint32_t crc32_be(uint32_t crc, const unsigned char *p, size_t bytes)
{
	while (bytes--) {
		crc ^= (uint32_t)*p++ << 24;
		for (int i = 0; i < 8; i++)
			crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
	}
	return crc;
}

EXPORT uint32_t __crc32c_le(uint32_t crc, const unsigned char *p, size_t bytes)
{
	while (bytes--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

EXPORT uint16_t crc16(uint16_t crc, const unsigned char *p, size_t bytes)
{
	while (bytes--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xa001 : 0);
	}
	return crc;
}

EXPORT uint16_t crc_ccitt(uint16_t crc, const unsigned char *p, size_t bytes)
{
	while (bytes--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x8408 : 0);
	}
	return crc;
}

/* ---- arithmetic ---- */

EXPORT unsigned long gcd(unsigned long a, unsigned long b)
{
	while (b) {
		unsigned long rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

EXPORT unsigned long lcm(unsigned long a, unsigned long b)
{
	return a && b ? a / gcd(a, b) * b : 0;
}

EXPORT unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	for (unsigned long bit = 1UL << 62; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/* ---- sorting: drivers sort tens of things ---- */

EXPORT void sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *),
		 void (*swap)(void *, void *, int))
{
	char *at = base, held[size];

	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && compare(at + (j - 1) * size, at + j * size) > 0; j--) {
			if (swap) {
				swap(at + (j - 1) * size, at + j * size, size);
				continue;
			}
			memcpy(held, at + j * size, size);
			memcpy(at + j * size, at + (j - 1) * size, size);
			memcpy(at + (j - 1) * size, held, size);
		}
}
