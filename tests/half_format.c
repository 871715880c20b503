// SPDX-License-Identifier: GPL-2.0
/* The kernel's printf: what the kernel's own lib/test_printf checks, and errors of C's part. */
#include "half_fixture.h"
#include "format.h"

#define is(expected, ...) do { \
	char text_[256]; \
	int n_ = tandem_snprintf(text_, sizeof(text_), __VA_ARGS__); \
	assert_string_equal(text_, expected); \
	assert_int_equal(n_, strlen(expected)); \
} while (0)

/* These formats are not C's. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

static void numbers(void **state)
{
	(void)state;
	is("", "%s", "");
	is("0x1234abcd  ", "%#-12x", 0x1234abcd);
	is("  0x1234abcd", "%#12x", 0x1234abcd);
	is("0|001| 12|+123| 1234|-123|-1234", "%d|%03d|%3d|%+d|% d|%+d|% d", 0, 1, 12, 123, 1234, -123,
	   -1234);
	is("0|1|1|128|255", "%hhu|%hhu|%hhu|%hhu|%hhu", 0, 1, 257, 128, -1);
	is("0|1|1|-128|-1", "%hhd|%hhd|%hhd|%hhd|%hhd", 0, 1, 257, 128, -1);
	is("2015122420151225", "%ho%ho%#ho", 1037, 5282, -11627);
	is("18446744073709551615", "%llu", ~0ULL);
	is("-9223372036854775808", "%lld", (long long)(1ULL << 63));
	is("ffffffffffffffff", "%lx", ~0UL);
	is("DEAD", "%X", 0xdead);
	is("0x0", "%#x", 0);
	is("00042", "%.5d", 42);
	is("   -1", "%5d", -1);
	is("-1   |", "%-5d|", -1);
	is("%", "%%");
	is("a", "%c", 'a');
	is("  a", "%3c", 'a');
	is("12 12", "%zu %zd", (size_t)12, (ssize_t)12);
}

static void strings(void **state)
{
	(void)state;
	is("abc", "%.3s", "abcdef");
	is("  abc", "%5.3s", "abcdef");
	is("abc  |", "%-5s|", "abc");
	is("abc", "%.*s", 3, "abcdef");
	is("(null)", "%s", (char *)NULL);
	is("(efault)", "%s", (char *)-22L);
}

static void cut_off(void **state)
{
	char text[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(tandem_snprintf(text, 4, "%s", "abcdef"), 6);
	assert_string_equal(text, "abc");
	assert_int_equal(text[4], 'x');
	assert_int_equal(tandem_snprintf(text, 0, "%d", 1234), 4);
	assert_int_equal(tandem_snprintf(NULL, 0, "%d", 1234), 4);
}

static void addresses(void **state)
{
	static const uint8_t mac[] = { 0x2d, 0x48, 0xd6, 0xfc, 0x7a, 0x05 };
	static const uint8_t ip[] = { 127, 0, 0, 1 };
	static const uint8_t one[16] = { [15] = 1 };
	static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
	static const uint8_t full[16] = { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 };

	(void)state;
	is("2d:48:d6:fc:7a:05", "%pM", mac);
	is("05:7a:fc:d6:48:2d", "%pMR", mac);
	is("2d-48-d6-fc-7a-05", "%pMF", mac);
	is("2d48d6fc7a05", "%pm", mac);
	is("  2d48d6fc7a05", "%14pm", mac);
	is("(null)", "%pM", (void *)NULL);
	is("127.000.000.001|127.0.0.1", "%pi4|%pI4", ip, ip);
	is("::1", "%pI6c", one);
	is("2001:db8::1:0:0:1", "%pI6c", six);
	is("1:2:3:4:5:6:7:8", "%pI6c", full);
	is("::", "%pI6c", (uint8_t[16]){ 0 });
	is("2001:0db8:0000:0000:0001:0000:0000:0001", "%pI6", six);
	is("20010db8000000000001000000000001", "%pi6", six);
}

static void bytes(void **state)
{
	static const uint8_t data[] = { 0xc0, 0xff, 0xee };

	(void)state;
	is("c0 ff ee", "%*ph", 3, data);
	is("c0:ff:ee", "%*phC", 3, data);
	is("c0-ff-ee", "%3phD", data);
	is("c0ffee", "%3phN", data);
}

static void bitmaps(void **state)
{
	unsigned long bits[2] = { 0x80000000000001c5, 0x3 };

	(void)state;
	is("0,2,6-8,63-65", "%*pbl", 66, bits);
	is("3,80000000,000001c5", "%*pb", 66, bits);
	is("", "%*pbl", 10, (unsigned long[]){ 0 });
}

static void others(void **state)
{
	static const uint8_t id[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint64_t address = 0x12345678;
	void *beta;
	struct tandem_wire symbol = { .tag = TANDEM_WIRE_SYMBOL, .index = S_BETA };

	(void)state;
	is("00010203-0405-0607-0809-0a0b0c0d0e0f", "%pU", id);
	is("03020100-0504-0706-0809-0A0B0C0D0E0F", "%pUL", id);
	is("0x0000000012345678", "%pad", &address);
	is("-EIO", "%pe", (void *)-5L);
	is("alpha", "%ps", (void *)alpha);
	tandem_wire_get(&process.names, &worker->seat.twins, &symbol, &beta);
	is("beta!", "%pS!", beta);
	is("0000000000001000", "%p", (void *)0x1000);
	is("00000000deadbeef", "%px", (void *)0xdeadbeef);
}

struct va_format {
	const char *fmt;
	va_list *va;
};

static const char *inner(const char *format, ...)
{
	struct va_format vaf = { .fmt = format };
	va_list args;
	const char *text;

	va_start(args, format);
	vaf.va = &args;
	text = tandem_format("eth0: %pV (%d)", &vaf, 5);
	va_end(args);
	return text;
}

static void nested(void **state)
{
	const char *a = inner("%s %d", "link", 3), *b = inner("b"), *c = inner("c"), *d = inner("d");

	(void)state;
	assert_string_equal(a, "eth0: link 3 (5)");
	assert_string_equal(b, "eth0: b (5)");
	assert_string_equal(c, "eth0: c (5)");
	assert_string_equal(d, "eth0: d (5)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_worker, stop_worker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers), TEST(strings), TEST(cut_off), TEST(addresses), TEST(bytes),
		TEST(bitmaps), TEST(others), TEST(nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
