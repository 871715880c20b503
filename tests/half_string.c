// SPDX-License-Identifier: GPL-2.0
/* What the driver's code calls under kernel names and the runtime serves. */
#include <ctype.h>

#include "half_fixture.h"

ssize_t strscpy(char *to, const char *from, size_t bytes);
size_t strlcpy(char *to, const char *from, size_t bytes);
size_t strlcat(char *to, const char *from, size_t bytes);
char *strim(char *text);
char *strnstr(const char *text, const char *what, size_t bytes);
bool sysfs_streq(const char *a, const char *b);
void *memchr_inv(const void *at, int c, size_t bytes);
int kstrtoint(const char *text, unsigned int base, int *out);
int kstrtou8(const char *text, unsigned int base, unsigned char *out);
int kstrtoull(const char *text, unsigned int base, unsigned long long *out);
int kstrtoll(const char *text, unsigned int base, long long *out);
unsigned long simple_strtoul(const char *text, char **end, unsigned int base);
bool mac_pton(const char *text, unsigned char *mac);
uint32_t crc32_le(uint32_t crc, const unsigned char *p, size_t bytes);
uint32_t crc32_be(uint32_t crc, const unsigned char *p, size_t bytes);
unsigned long _find_next_bit(const unsigned long *a, unsigned long bits, unsigned long start);
unsigned long _find_next_zero_bit(const unsigned long *a, unsigned long bits, unsigned long start);
unsigned long _find_last_bit(const unsigned long *a, unsigned long bits);
unsigned int __bitmap_weight(const unsigned long *a, unsigned int bits);
unsigned long int_sqrt(unsigned long x);
int scnprintf(char *text, size_t bytes, const char *format, ...);
void sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *),
	  void (*swap)(void *, void *, int));
extern const unsigned char _ctype[256], byte_rev_table[256];

static void copies(void **state)
{
	char text[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(strscpy(text, "abc", 8), 3);
	assert_int_equal(strscpy(text, "abcdefghij", 8), -E2BIG);
	assert_string_equal(text, "abcdefg");
	assert_int_equal(strscpy(text, "a", 0), -E2BIG);
	assert_int_equal(strlcpy(text, "abcdefghij", 4), 10);
	assert_string_equal(text, "abc");
	assert_int_equal(strlcat(text, "defghij", 8), 10);
	assert_string_equal(text, "abcdefg");
}

static void searches(void **state)
{
	char text[] = "  a b \n";
	unsigned char zeros[10] = { 0 };

	(void)state;
	assert_string_equal(strim(text), "a b");
	assert_string_equal(strnstr("one two", "two", 7), "two");
	assert_null(strnstr("one two", "two", 6));
	assert_true(sysfs_streq("on\n", "on"));
	assert_true(sysfs_streq("on", "on\n"));
	assert_false(sysfs_streq("on", "one"));
	assert_null(memchr_inv(zeros, 0, 10));
	zeros[7] = 1;
	assert_ptr_equal(memchr_inv(zeros, 0, 10), zeros + 7);
}

static void numbers_in_text(void **state)
{
	unsigned long long u;
	unsigned char byte;
	long long s;
	char *end;
	int x;

	(void)state;
	assert_int_equal(kstrtoint("-12\n", 10, &x), 0);
	assert_int_equal(x, -12);
	assert_int_equal(kstrtoint("0x1f", 0, &x), 0);
	assert_int_equal(x, 31);
	assert_int_equal(kstrtoint("010", 0, &x), 0);
	assert_int_equal(x, 8);
	assert_int_equal(kstrtoint("", 0, &x), -EINVAL);
	assert_int_equal(kstrtoint("12a", 10, &x), -EINVAL);
	assert_int_equal(kstrtoull("99999999999999999999a", 10, &u), -ERANGE);
	assert_true(simple_strtoul("0xg", &end, 16) == 0 && *end == 'g');
	assert_int_equal(kstrtoint("2147483648", 10, &x), -ERANGE);
	assert_int_equal(kstrtou8("256", 10, &byte), -ERANGE);
	assert_int_equal(kstrtou8("-1", 10, &byte), -EINVAL);
	assert_int_equal(kstrtoull("18446744073709551615", 10, &u), 0);
	assert_int_equal(kstrtoull("18446744073709551616", 10, &u), -ERANGE);
	assert_int_equal(kstrtoll("-9223372036854775808", 10, &s), 0);
	assert_int_equal(kstrtoll("9223372036854775808", 10, &s), -ERANGE);
	assert_int_equal(simple_strtoul("0x20 rest", &end, 0), 32);
	assert_string_equal(end, " rest");
}

static void addresses(void **state)
{
	unsigned char mac[6];

	(void)state;
	assert_true(mac_pton("52:54:00:12:34:5f", mac));
	assert_memory_equal(mac, "\x52\x54\x00\x12\x34\x5f", 6);
	assert_false(mac_pton("52:54:00:12:34", mac));
	assert_false(mac_pton("52:54:00:12:34:5g", mac));
}

static void checksums(void **state)
{
	const unsigned char *text = (const void *)"123456789";

	(void)state;
	assert_int_equal(crc32_le(~0u, text, 9) ^ ~0u, 0xcbf43926);
	assert_int_equal(crc32_be(~0u, text, 9) ^ ~0u, 0xfc891918);
}

static void bits(void **state)
{
	unsigned long map[3] = { 0, 0, 0 };
	unsigned int seen;

	(void)state;
	srandom(2);
	for (int n = 0; n < 200; n++) {
		unsigned long at = 0;

		map[random() % 3] ^= 1UL << random() % 64;
		seen = 0;
		for (unsigned int i = 0; i < 150; i++) {
			bool set = map[i / 64] >> i % 64 & 1;

			seen += set;
			if (set)
				assert_int_equal(_find_next_bit(map, 150, at), i);
			if (set)
				at = i + 1;
		}
		assert_int_equal(_find_next_bit(map, 150, at), 150);
		assert_int_equal(_find_last_bit(map, 150), at ? at - 1 : 150);
		assert_int_equal(__bitmap_weight(map, 150), seen);
	}
	map[0] = ~0UL;
	map[1] = 1;
	assert_int_equal(_find_next_zero_bit(map, 150, 3), 65);
}

static void tables(void **state)
{
	(void)state;
	for (int c = 0; c < 128; c++) {
		assert_int_equal(!!(_ctype[c] & 4), !!isdigit(c));
		assert_int_equal(!!(_ctype[c] & 1), !!isupper(c));
		assert_int_equal(!!(_ctype[c] & 2), !!islower(c));
		assert_int_equal(!!(_ctype[c] & 32), !!isspace(c));
		assert_int_equal(!!(_ctype[c] & 68), !!isxdigit(c));
		assert_int_equal(!!(_ctype[c] & 8), !!iscntrl(c));
		assert_int_equal(!!(_ctype[c] & 16), !!ispunct(c));
	}
	for (int c = 0; c < 256; c++)
		for (int i = 0; i < 8; i++)
			assert_int_equal(byte_rev_table[c] >> i & 1, c >> (7 - i) & 1);
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void arithmetic(void **state)
{
	int list[] = { 5, 3, 9, 3, -1 };
	char text[4];

	(void)state;
	for (unsigned long x = 0; x < 2000; x++)
		assert_true(int_sqrt(x) * int_sqrt(x) <= x && (int_sqrt(x) + 1) * (int_sqrt(x) + 1) > x);
	sort(list, 5, sizeof(*list), ascending, NULL);
	assert_memory_equal(list, ((int[]){ -1, 3, 3, 5, 9 }), sizeof(list));
	assert_int_equal(scnprintf(text, 4, "%d", 123456), 3);
	assert_string_equal(text, "123");
	assert_int_equal(scnprintf(text, 0, "%d", 123456), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),
		cmocka_unit_test(searches),
		cmocka_unit_test(numbers_in_text),
		cmocka_unit_test(addresses),
		cmocka_unit_test(checksums),
		cmocka_unit_test(bits),
		cmocka_unit_test(tables),
		cmocka_unit_test(arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
