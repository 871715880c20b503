// SPDX-License-Identifier: GPL-2.0
/* Numbers in text, as the kernel reads and writes them, under its names. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define EXPORT	__attribute__((weak))

static int value_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* 0 becomes the base that the prefix says. */
static const char *skip_prefix(const char *text, unsigned int *base)
{
	bool prefix = text[0] == '0' && (text[1] | 0x20) == 'x';

	if (!*base)
		*base = prefix && value_of(text[2]) < 16 ? 16 : text[0] == '0' ? 8 : 10;
	return prefix && *base == 16 ? text + 2 : text;
}

/* As far as there are digits. -ERANGE: more than 64 bits, of which the lowest come out. */
static int digits(const char **text, unsigned int base, unsigned long long *out)
{
	int ret = 0;

	for (*out = 0; value_of(**text) < (int)base; (*text)++) {
		bool over = __builtin_mul_overflow(*out, base, out);

		if (__builtin_add_overflow(*out, value_of(**text), out) || over)
			ret = -ERANGE;
	}
	return ret;
}

EXPORT unsigned long long simple_strtoull(const char *text, char **end, unsigned int base)
{
	unsigned long long x;

	text = skip_prefix(text, &base);
	digits(&text, base, &x);
	if (end)
		*end = (char *)text;
	return x;
}

EXPORT unsigned long simple_strtoul(const char *text, char **end, unsigned int base)
{
	return simple_strtoull(text, end, base);
}

EXPORT long long simple_strtoll(const char *text, char **end, unsigned int base)
{
	if (*text == '-')
		return -simple_strtoull(text + 1, end, base);
	return simple_strtoull(text, end, base);
}

EXPORT long simple_strtol(const char *text, char **end, unsigned int base)
{
	return simple_strtoll(text, end, base);
}

/* The whole text must be a number; a newline may follow. */
static int whole(const char *text, unsigned int base, unsigned long long *out)
{
	const char *begin;
	int ret;

	begin = text = skip_prefix(text, &base);
	ret = digits(&text, base, out);
	if (ret)
		return ret;
	if (text == begin)
		return -EINVAL;
	if (*text == '\n')
		text++;
	return *text ? -EINVAL : 0;
}

EXPORT int kstrtoull(const char *text, unsigned int base, unsigned long long *out)
{
	unsigned long long x;
	int ret = whole(text + (*text == '+'), base, &x);

	if (!ret)
		*out = x;
	return ret;
}

EXPORT int kstrtoll(const char *text, unsigned int base, long long *out)
{
	bool negative = *text == '-';
	unsigned long long x;
	int ret = whole(text + (negative || *text == '+'), base, &x);

	if (ret)
		return ret;
	if (x > (unsigned long long)LLONG_MAX + negative)
		return -ERANGE;
	*out = negative ? -x : x;
	return 0;
}

#define UNSIGNED(name, type) \
EXPORT int name(const char *text, unsigned int base, type *out) \
{ \
	unsigned long long x; \
	int ret = kstrtoull(text, base, &x); \
 \
	if (ret) \
		return ret; \
	if (x != (type)x) \
		return -ERANGE; \
	*out = x; \
	return 0; \
}

#define SIGNED(name, type) \
EXPORT int name(const char *text, unsigned int base, type *out) \
{ \
	long long x; \
	int ret = kstrtoll(text, base, &x); \
 \
	if (ret) \
		return ret; \
	if (x != (type)x) \
		return -ERANGE; \
	*out = x; \
	return 0; \
}

UNSIGNED(_kstrtoul, unsigned long)
UNSIGNED(kstrtouint, unsigned int)
UNSIGNED(kstrtou16, unsigned short)
UNSIGNED(kstrtou8, unsigned char)
SIGNED(_kstrtol, long)
SIGNED(kstrtoint, int)
SIGNED(kstrtos16, short)
SIGNED(kstrtos8, signed char)

EXPORT int kstrtobool(const char *text, bool *out)
{
	if (!text)
		return -EINVAL;
	switch (text[0] | 0x20) {
	case 'y':
	case 't':
		*out = true;
		return 0;
	case 'n':
	case 'f':
		*out = false;
		return 0;
	case 'o':
		if ((text[1] | 0x20) != 'n' && (text[1] | 0x20) != 'f')
			return -EINVAL;
		*out = (text[1] | 0x20) == 'n';
		return 0;
	}
	if (text[0] != '0' && text[0] != '1')
		return -EINVAL;
	*out = text[0] == '1';
	return 0;
}

EXPORT const char hex_asc[] = "0123456789abcdef";
EXPORT const char hex_asc_upper[] = "0123456789ABCDEF";

EXPORT int hex_to_bin(unsigned char c)
{
	int x = value_of(c);

	return x < 16 ? x : -1;
}

EXPORT int hex2bin(unsigned char *to, const char *from, size_t bytes)
{
	for (; bytes--; from += 2) {
		int high = hex_to_bin(from[0]), low = high < 0 ? -1 : hex_to_bin(from[1]);

		if (low < 0)
			return -EINVAL;
		*to++ = high << 4 | low;
	}
	return 0;
}

EXPORT char *bin2hex(char *to, const void *from, size_t bytes)
{
	const unsigned char *byte = from;

	for (; bytes--; byte++) {
		*to++ = hex_asc[*byte >> 4];
		*to++ = hex_asc[*byte & 15];
	}
	return to;
}

EXPORT bool mac_pton(const char *text, unsigned char *mac)
{
	if (strnlen(text, 17) < 17)
		return false;
	for (int i = 0; i < 6; i++)
		if (value_of(text[3 * i]) > 15 || value_of(text[3 * i + 1]) > 15 ||
		    (i < 5 && text[3 * i + 2] != ':'))
			return false;
	for (int i = 0; i < 6; i++)
		mac[i] = value_of(text[3 * i]) << 4 | value_of(text[3 * i + 1]);
	return true;
}
