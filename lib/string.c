// SPDX-License-Identifier: GPL-2.0
/*
 * String functions of the kernel that libc has not, under the kernel's names: the
 * driver's code calls them. Weak, so that a driver may have its own.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "half.h"

#define E2BIG	7
#define EINVAL	22

#define EXPORT	__attribute__((weak))

EXPORT ssize_t strscpy(char *to, const char *from, size_t bytes)
{
	size_t n;

	if (!bytes)
		return -E2BIG;
	n = strnlen(from, bytes);
	if (n < bytes) {
		memcpy(to, from, n + 1);
		return n;
	}
	memcpy(to, from, bytes - 1);
	to[bytes - 1] = 0;
	return -E2BIG;
}

EXPORT ssize_t sized_strscpy(char *to, const char *from, size_t bytes)
{
	return strscpy(to, from, bytes);
}

EXPORT ssize_t strscpy_pad(char *to, const char *from, size_t bytes)
{
	ssize_t n = strscpy(to, from, bytes);

	if (n >= 0)
		memset(to + n, 0, bytes - n);
	return n;
}

EXPORT size_t strlcpy(char *to, const char *from, size_t bytes)
{
	strscpy(to, from, bytes);
	return strlen(from);
}

EXPORT size_t strlcat(char *to, const char *from, size_t bytes)
{
	size_t n = strnlen(to, bytes);

	return n + strlcpy(to + n, from, bytes - n);
}

EXPORT char *strnchr(const char *text, size_t bytes, int c)
{
	for (; bytes--; text++) {
		if (*text == (char)c)
			return (char *)text;
		if (!*text)
			break;
	}
	return NULL;
}

EXPORT char *strnstr(const char *text, const char *what, size_t bytes)
{
	size_t n = strlen(what);

	for (; bytes >= n; bytes--, text++) {
		if (!memcmp(text, what, n))
			return (char *)text;
		if (!*text)
			break;
	}
	return NULL;
}

EXPORT char *skip_spaces(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return (char *)text;
}

EXPORT char *strim(char *text)
{
	size_t n = strlen(text);

	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = 0;
	return skip_spaces(text);
}

EXPORT char *strreplace(char *text, char old, char new)
{
	for (; *text; text++)
		if (*text == old)
			*text = new;
	return text;
}

EXPORT bool sysfs_streq(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return true;
	return (!*a && *b == '\n' && !b[1]) || (*a == '\n' && !a[1] && !*b);
}

EXPORT int match_string(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n && list[i]; i++)
		if (!strcmp(list[i], text))
			return i;
	return -EINVAL;
}

EXPORT void *memchr_inv(const void *at, int c, size_t bytes)
{
	const unsigned char *byte = at;

	for (; bytes--; byte++)
		if (*byte != (unsigned char)c)
			return (void *)byte;
	return NULL;
}

EXPORT void *memscan(void *at, int c, size_t bytes)
{
	void *found = memchr(at, c, bytes);

	return found ? found : (char *)at + bytes;
}

/* Register windows are memory here. */
EXPORT void memcpy_fromio(void *to, const volatile void *from, size_t bytes)
{
	memcpy(to, (const void *)from, bytes);
}

EXPORT void memcpy_toio(volatile void *to, const void *from, size_t bytes)
{
	tandem_release();
	memcpy((void *)to, from, bytes);
}

EXPORT void memset_io(volatile void *to, int c, size_t bytes)
{
	tandem_release();
	memset((void *)to, c, bytes);
}

/* What the compiler's checks of lengths call when one fails. */
EXPORT void fortify_panic(const char *name)
{
	tandem_die("buffer overflow in %s", name);
}

/* The same since 6.9. */
EXPORT void __fortify_panic(const __u8 reason, const size_t room, const size_t size)
{
	tandem_die("buffer overflow in a %s of %zu bytes, %zu of them there", reason & 1 ? "write" : "read", size, room);
}

/* The kernel's <ctype.h> is this table. */
#define U 1
#define L 2
#define D 4
#define C 8
#define P 16
#define S 32
#define X 64
#define SP 128
#define TIMES4(a) a, a, a, a
#define TIMES16(a) TIMES4(a), TIMES4(a), TIMES4(a), TIMES4(a)

EXPORT const unsigned char _ctype[256] = {
	TIMES4(C), TIMES4(C), C, C | S, C | S, C | S, C | S, C | S, C, C,
	TIMES16(C),
	S | SP, P, P, P, TIMES4(P), TIMES4(P), TIMES4(P),
	TIMES4(D), TIMES4(D), D, D, P, P, TIMES4(P),
	P, U | X, U | X, U | X, U | X, U | X, U | X, U, TIMES4(U), TIMES4(U),
	TIMES4(U), TIMES4(U), U, U, U, P, TIMES4(P),
	P, L | X, L | X, L | X, L | X, L | X, L | X, L, TIMES4(L), TIMES4(L),
	TIMES4(L), TIMES4(L), L, L, L, P, P, P, P, C,
	TIMES16(0), TIMES16(0),
	S | SP, P, P, P, TIMES4(P), TIMES4(P), TIMES4(P),
	TIMES16(P),
	TIMES16(U), TIMES4(U), U, U, U, P, TIMES4(U), U, U, U, L,
	TIMES16(L), TIMES4(L), L, L, L, P, TIMES4(L), L, L, L, L,
};
