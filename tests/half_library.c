// SPDX-License-Identifier: GPL-2.0
/*
 * The rest of what the driver's code calls under kernel names: each function against the plainest way of
 * saying what it is to do, or against values that are known.
 */
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "half_script.h"

#define BITS	150

typedef unsigned long map[3];

unsigned long _find_first_bit(const unsigned long *a, unsigned long bits);
unsigned long _find_first_zero_bit(const unsigned long *a, unsigned long bits);
unsigned long _find_first_and_bit(const unsigned long *a, const unsigned long *b, unsigned long bits);
unsigned long _find_next_and_bit(const unsigned long *a, const unsigned long *b, unsigned long bits,
				 unsigned long start);
unsigned long _find_next_andnot_bit(const unsigned long *a, const unsigned long *b, unsigned long bits,
				    unsigned long start);
bool __bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int bits);
bool __bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned int bits);
bool __bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned int bits);
bool __bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b, unsigned int bits);
bool __bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b, unsigned int bits);
void __bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b, unsigned int bits);
void __bitmap_xor(unsigned long *to, const unsigned long *a, const unsigned long *b, unsigned int bits);
void __bitmap_complement(unsigned long *to, const unsigned long *a, unsigned int bits);
void __bitmap_set(unsigned long *a, unsigned int start, int n);
void __bitmap_clear(unsigned long *a, unsigned int start, int n);
unsigned long bitmap_find_next_zero_area_off(unsigned long *a, unsigned long bits, unsigned long start,
					     unsigned int n, unsigned long mask, unsigned long offset);
unsigned int __sw_hweight8(unsigned int x);
unsigned int __sw_hweight16(unsigned int x);
unsigned int __sw_hweight32(unsigned int x);
unsigned long __sw_hweight64(uint64_t x);
uint32_t __crc32c_le(uint32_t crc, const unsigned char *p, size_t bytes);
uint16_t crc16(uint16_t crc, const unsigned char *p, size_t bytes);
uint16_t crc_ccitt(uint16_t crc, const unsigned char *p, size_t bytes);
unsigned long gcd(unsigned long a, unsigned long b);
unsigned long lcm(unsigned long a, unsigned long b);
void sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *),
	  void (*swap)(void *, void *, int));

/* ---- bits ---- */

static bool bit(const unsigned long *a, unsigned int i)
{
	return a[i / 64] >> i % 64 & 1;
}

/* Sparse, dense or anything. */
static void fill(unsigned long *a)
{
	int kind = random() % 3;

	for (int i = 0; i < 3; i++) {
		unsigned long x = (unsigned long)random() << 42 ^ (unsigned long)random() << 21 ^ random();

		a[i] = kind == 0 ? x : kind == 1 ? 1UL << x % 64 : ~(1UL << x % 64);
	}
}

enum { ANY, AND, ANDNOT, ZERO };

static unsigned long search(const unsigned long *a, const unsigned long *b, unsigned int bits,
			    unsigned int start, int how)
{
	for (unsigned int i = start; i < bits; i++)
		if (how == ANY ? bit(a, i) : how == ZERO ? !bit(a, i) : how == AND ? bit(a, i) && bit(b, i) :
		    bit(a, i) && !bit(b, i))
			return i;
	return bits;
}

static void finds(void **state)
{
	map a, b;

	(void)state;
	srandom(3);
	for (int n = 0; n < 500; n++) {
		unsigned int bits = 1 + random() % BITS, start = random() % bits;

		fill(a);
		fill(b);
		assert_int_equal(_find_first_bit(a, bits), search(a, b, bits, 0, ANY));
		assert_int_equal(_find_first_zero_bit(a, bits), search(a, b, bits, 0, ZERO));
		assert_int_equal(_find_first_and_bit(a, b, bits), search(a, b, bits, 0, AND));
		assert_int_equal(_find_next_and_bit(a, b, bits, start), search(a, b, bits, start, AND));
		assert_int_equal(_find_next_andnot_bit(a, b, bits, start), search(a, b, bits, start, ANDNOT));
	}
}

static void bitmaps(void **state)
{
	map a, b, and, andnot, or, xor, not;

	(void)state;
	for (int n = 0; n < 500; n++) {
		unsigned int bits = 1 + random() % BITS;
		bool equal = true, subset = true, meet = false, differ = false;

		fill(a);
		fill(b);
		if (n % 4 == 0)
			memcpy(b, a, sizeof(b));
		for (unsigned int i = 0; i < bits; i++) {
			equal &= bit(a, i) == bit(b, i);
			subset &= !bit(a, i) || bit(b, i);
			meet |= bit(a, i) && bit(b, i);
			differ |= bit(a, i) && !bit(b, i);
		}
		assert_int_equal(__bitmap_equal(a, b, bits), equal);
		assert_int_equal(__bitmap_subset(a, b, bits), subset);
		assert_int_equal(__bitmap_intersects(a, b, bits), meet);
		assert_int_equal(__bitmap_and(and, a, b, bits), meet);
		assert_int_equal(__bitmap_andnot(andnot, a, b, bits), differ);
		__bitmap_or(or, a, b, bits);
		__bitmap_xor(xor, a, b, bits);
		__bitmap_complement(not, a, bits);
		for (unsigned int i = 0; i < bits; i++) {
			assert_int_equal(bit(and, i), bit(a, i) && bit(b, i));
			assert_int_equal(bit(andnot, i), bit(a, i) && !bit(b, i));
			assert_int_equal(bit(or, i), bit(a, i) || bit(b, i));
			assert_int_equal(bit(xor, i), bit(a, i) != bit(b, i));
			assert_int_equal(bit(not, i), !bit(a, i));
		}
	}
}

static void ranges(void **state)
{
	map a = { 0 }, before;

	(void)state;
	for (int n = 0; n < 300; n++) {
		unsigned int start = random() % BITS, many = random() % (BITS - start + 1);
		bool set = n % 2;

		memcpy(before, a, sizeof(a));
		(set ? __bitmap_set : __bitmap_clear)(a, start, many);
		for (unsigned int i = 0; i < BITS; i++)
			assert_int_equal(bit(a, i), i >= start && i < start + many ? set : bit(before, i));
	}
}

static bool is_free(const unsigned long *a, unsigned long at, unsigned int n)
{
	for (unsigned long i = at; i < at + n; i++)
		if (bit(a, i))
			return false;
	return true;
}

static void zero_areas(void **state)
{
	map a;

	(void)state;
	for (int n = 0; n < 500; n++) {
		unsigned int many = 1 + random() % 20, start = random() % BITS, mask = (1 << random() % 4) - 1;
		unsigned long at, wanted;

		fill(a);
		if (random() % 2)
			__bitmap_clear(a, random() % 100, 40);
		for (wanted = (start + mask) & ~mask; wanted + many <= BITS; wanted += mask + 1)
			if (is_free(a, wanted, many))
				break;
		at = bitmap_find_next_zero_area_off(a, BITS, start, many, mask, 0);
		if (wanted + many <= BITS)
			assert_int_equal(at, wanted);
		else
			assert_true(at > BITS);
	}
}

static void weights(void **state)
{
	(void)state;
	assert_int_equal(__sw_hweight8(0x1ff), 8);
	assert_int_equal(__sw_hweight16(0x10f0f), 8);
	assert_int_equal(__sw_hweight32(0xffffffff), 32);
	assert_int_equal(__sw_hweight64(0xf00000000000000f), 8);
}

/* ---- checksums and arithmetic: values of the published checks ---- */

static void checksums(void **state)
{
	const unsigned char *text = (const void *)"123456789";

	(void)state;
	assert_int_equal(__crc32c_le(~0u, text, 9) ^ ~0u, 0xe3069283);
	assert_int_equal(crc16(0, text, 9), 0xbb3d);		/* CRC-16/ARC */
	assert_int_equal(crc_ccitt(0, text, 9), 0x2189);	/* CRC-16/KERMIT */
}

static void divisors(void **state)
{
	(void)state;
	assert_int_equal(gcd(48, 36), 12);
	assert_int_equal(gcd(0, 5), 5);
	assert_int_equal(gcd(7, 0), 7);
	assert_int_equal(lcm(4, 6), 12);
	assert_int_equal(lcm(0, 6), 0);
}

static int swaps;

static void swap_ints(void *a, void *b, int size)
{
	int held = *(int *)a;

	assert_int_equal(size, sizeof(int));
	*(int *)a = *(int *)b;
	*(int *)b = held;
	swaps++;
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void sorts_by_its_swap(void **state)
{
	int list[] = { 3, 2, 1 };

	(void)state;
	swaps = 0;
	sort(list, 3, sizeof(*list), ascending, swap_ints);
	assert_memory_equal(list, ((int[]){ 1, 2, 3 }), sizeof(list));
	assert_int_equal(swaps, 3);
}

/* ---- text ---- */

ssize_t sized_strscpy(char *to, const char *from, size_t bytes);
ssize_t strscpy_pad(char *to, const char *from, size_t bytes);
char *strnchr(const char *text, size_t bytes, int c);
char *strnstr(const char *text, const char *what, size_t bytes);
char *strreplace(char *text, char old, char new);
int match_string(const char *const *list, size_t n, const char *text);
void *memscan(void *at, int c, size_t bytes);
void fortify_panic(const char *name);
void __fortify_panic(const __u8 reason, const size_t room, const size_t size);

static void texts(void **state)
{
	const char *const list[] = { "one", "two", NULL, "three" };
	char text[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(strscpy_pad(text, "ab", 8), 2);
	assert_memory_equal(text, "ab\0\0\0\0\0\0", 8);
	assert_int_equal(strscpy_pad(text, "abcdefghi", 8), -E2BIG);
	assert_int_equal(sized_strscpy(text, "abc", 8), 3);
	assert_ptr_equal(strnchr(text, 8, 'c'), text + 2);
	assert_null(strnchr(text, 2, 'c'));
	assert_null(strnchr(text, 8, 'x'));
	assert_null(strnstr("ab\0cd", "cd", 5));
	assert_ptr_equal(strreplace(text, 'b', 'x'), text + 3);
	assert_string_equal(text, "axc");
	assert_int_equal(match_string(list, 4, "two"), 1);
	assert_int_equal(match_string(list, 4, "three"), -EINVAL);
	assert_ptr_equal(memscan(text, 'c', 4), text + 2);
	assert_ptr_equal(memscan(text, 'q', 4), text + 4);
}

static void overflow(void)
{
	fortify_panic("strcpy");
}

static void overflow_of_bytes(void)
{
	__fortify_panic(1, 4, 5);
}

static void overflows_end_the_process(void **state)
{
	(void)state;
	assert_non_null(strstr(last_words(overflow, SIGABRT), "buffer overflow in strcpy"));
	assert_non_null(strstr(last_words(overflow_of_bytes, SIGABRT), "a write of 5 bytes, 4 of them there"));
}

/* The kernel's printf under its names: hidden in each program, so asked for by a wrapper here. */
int scnprintf(char *text, size_t bytes, const char *format, ...);
int vscnprintf(char *text, size_t bytes, const char *format, va_list args);

static int listed(int (*print)(char *, size_t, const char *, va_list), char *text, size_t bytes,
		  const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = print(text, bytes, format, args);
	va_end(args);
	return n;
}

/* %pM is the kernel's: libc has no part in it. */
static void prints_as_the_kernel(void **state)
{
	const unsigned char mac[] = { 2, 0, 0, 0, 0, 1 };
	int (*volatile sprintf_)(char *, const char *, ...) = sprintf;
	int (*volatile snprintf_)(char *, size_t, const char *, ...) = snprintf;
	char text[32];

	(void)state;
	assert_int_equal(sprintf_(text, "%pM", mac), 17);
	assert_string_equal(text, "02:00:00:00:00:01");
	assert_int_equal(snprintf_(text, 4, "%pM", mac), 17);
	assert_string_equal(text, "02:");
	assert_int_equal(listed(vscnprintf, text, 4, "%pM", mac), 3);
	assert_int_equal(listed(vscnprintf, text, 32, "%pM", mac), 17);
	assert_int_equal(listed(vsnprintf, text, 4, "%pM", mac), 17);
	assert_int_equal(scnprintf(text, 32, "%pM", mac), 17);
}

/* ---- numbers ---- */

long simple_strtol(const char *text, char **end, unsigned int base);
long long simple_strtoll(const char *text, char **end, unsigned int base);
int _kstrtoul(const char *text, unsigned int base, unsigned long *out);
int _kstrtol(const char *text, unsigned int base, long *out);
int kstrtouint(const char *text, unsigned int base, unsigned int *out);
int kstrtou16(const char *text, unsigned int base, unsigned short *out);
int kstrtos16(const char *text, unsigned int base, short *out);
int kstrtos8(const char *text, unsigned int base, signed char *out);
int kstrtobool(const char *text, bool *out);
int hex_to_bin(unsigned char c);
int hex2bin(unsigned char *to, const char *from, size_t bytes);
char *bin2hex(char *to, const void *from, size_t bytes);

static void numbers(void **state)
{
	unsigned long ul;
	unsigned int u;
	unsigned short u16;
	signed char s8;
	short s16;
	long l;
	char *end;

	(void)state;
	assert_int_equal(simple_strtol("-0x10z", &end, 0), -16);
	assert_string_equal(end, "z");
	assert_int_equal(simple_strtoll("12", NULL, 10), 12);
	assert_int_equal(_kstrtoul("18446744073709551615", 0, &ul), 0);
	assert_true(ul == ULONG_MAX);
	assert_int_equal(_kstrtol("-9223372036854775808\n", 0, &l), 0);
	assert_true(l == LONG_MIN);
	assert_int_equal(kstrtouint("4294967296", 0, &u), -ERANGE);
	assert_int_equal(kstrtouint("+4294967295", 0, &u), 0);
	assert_true(u == UINT_MAX);
	assert_int_equal(kstrtou16("65536", 0, &u16), -ERANGE);
	assert_int_equal(kstrtou16("65535", 0, &u16), 0);
	assert_int_equal(kstrtos16("-32769", 0, &s16), -ERANGE);
	assert_int_equal(kstrtos16("-32768", 0, &s16), 0);
	assert_int_equal(s16, -32768);
	assert_int_equal(kstrtos8("128", 0, &s8), -ERANGE);
	assert_int_equal(kstrtos8("- 1", 0, &s8), -EINVAL);
	assert_int_equal(kstrtos8("-1\n\n", 0, &s8), -EINVAL);
}

static void yes_and_no(void **state)
{
	static const struct {
		const char *text;
		int value;
	} known[] = {
		{ "y", 1 }, { "Yes", 1 }, { "1", 1 }, { "t", 1 }, { "on", 1 }, { "ON", 1 }, { "n", 0 }, { "No", 0 },
		{ "0", 0 }, { "False", 0 }, { "off", 0 }, { "oF", 0 }, { "", -1 }, { "2", -1 }, { "o", -1 }, { "ok", -1 },
	};
	bool x;

	(void)state;
	assert_int_equal(kstrtobool(NULL, &x), -EINVAL);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_int_equal(kstrtobool(known[i].text, &x), known[i].value < 0 ? -EINVAL : 0);
		if (known[i].value >= 0)
			assert_int_equal(x, known[i].value);
	}
}

static void hex(void **state)
{
	unsigned char byte[3];
	char text[7] = "";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c < 'A' || c > 'F' ? c : c | 0x20) : NULL;

		assert_int_equal(hex_to_bin(c), at ? at - digits : -1);
	}
	assert_int_equal(hex2bin(byte, "00fFa5", 3), 0);
	assert_memory_equal(byte, "\0\xff\xa5", 3);
	assert_int_equal(hex2bin(byte, "00fg", 2), -EINVAL);
	assert_int_equal(hex2bin(byte, "g0", 1), -EINVAL);
	assert_ptr_equal(bin2hex(text, "\x01\xab\xff", 3), text + 6);
	assert_string_equal(text, "01abff");
}

/* ---- registers ---- */

unsigned int ioread8(const volatile void *from);
unsigned int ioread16(const volatile void *from);
unsigned int ioread32(const volatile void *from);
uint64_t ioread64(const volatile void *from);
unsigned int ioread16be(const volatile void *from);
unsigned int ioread32be(const volatile void *from);
void iowrite8(uint8_t value, volatile void *to);
void iowrite16(uint16_t value, volatile void *to);
void iowrite32(uint32_t value, volatile void *to);
void iowrite64(uint64_t value, volatile void *to);
void iowrite16be(uint16_t value, volatile void *to);
void iowrite32be(uint32_t value, volatile void *to);
void ioread16_rep(const volatile void *from, void *to, unsigned long count);
void ioread32_rep(const volatile void *from, void *to, unsigned long count);
void iowrite16_rep(volatile void *to, const void *from, unsigned long count);
void iowrite32_rep(volatile void *to, const void *from, unsigned long count);
void memcpy_fromio(void *to, const volatile void *from, size_t bytes);
void memcpy_toio(volatile void *to, const void *from, size_t bytes);
void memset_io(volatile void *to, int c, size_t bytes);

/* Each with its own width, and no byte beside it. */
static void registers(void **state)
{
	unsigned char window[16];

	(void)state;
	memset(window, 0xee, sizeof(window));
	iowrite8(0x11, window);
	iowrite16(0x3322, window + 2);
	iowrite32(0x77665544, window + 4);
	iowrite64(0x0102030405060708, window + 8);
	assert_memory_equal(window, "\x11\xee\x22\x33\x44\x55\x66\x77\x08\x07\x06\x05\x04\x03\x02\x01", 16);
	assert_int_equal(ioread8(window), 0x11);
	assert_int_equal(ioread16(window + 2), 0x3322);
	assert_int_equal(ioread32(window + 4), 0x77665544);
	assert_true(ioread64(window + 8) == 0x0102030405060708);
	assert_int_equal(ioread16be(window + 2), 0x2233);
	assert_int_equal(ioread32be(window + 4), 0x44556677);
	iowrite16be(0x1122, window);
	iowrite32be(0x33445566, window + 4);
	assert_memory_equal(window, "\x11\x22\x22\x33\x33\x44\x55\x66", 8);
}

static void registers_again_and_again(void **state)
{
	uint16_t small[3] = { 1, 2, 3 };
	uint32_t large[3] = { 1, 2, 3 }, window[2] = { 0, 0xeeeeeeee };

	(void)state;
	iowrite16_rep(window, small, 3);
	assert_int_equal(window[0], 3);
	ioread16_rep(window, small, 2);
	assert_memory_equal(small, ((uint16_t[]){ 3, 3, 3 }), 6);
	iowrite32_rep(window, large, 3);
	assert_int_equal(window[0], 3);
	window[0] = 9;
	ioread32_rep(window, large, 2);
	assert_memory_equal(large, ((uint32_t[]){ 9, 9, 3 }), 12);
	assert_int_equal(window[1], 0xeeeeeeee);
}

/* What an interrupt may read is released before a register is written. */
static uint32_t window[4];

static tandem_u64 write_registers(struct node *node, int n)
{
	uint32_t out[4];

	(void)n;
	node->array[0] = 5;
	memcpy_toio(window, "0123", 4);
	node->array[1] = 6;
	memset_io(window + 1, 0x22, 4);
	memcpy_fromio(out, window, 8);
	assert_memory_equal(out, "0123\x22\x22\x22\x22", 8);
	return 0;
}

static void first_released(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_int_equal(change(down_record(0), 0)->now, 5);
	assert_int_equal(window[0], 0);
	send(TANDEM_OP_RETURN, 0);
}

static void second_released(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	assert_int_equal(change(down_record(0), 0)->now, 6);
	assert_int_equal(window[1], 0);
	send(TANDEM_OP_RETURN, 0);
}

static void windows_release_first(void **state)
{
	(void)state;
	memset(window, 0, sizeof(window));
	do_touch = write_registers;
	call_touch(7, 1, 1);
	RUN(first_released, second_released, plain_reply);
}

/* ---- time ---- */

void __udelay(unsigned long us);
void __ndelay(unsigned long ns);
void __const_udelay(unsigned long loops);
void msleep(unsigned int ms);
unsigned long msleep_interruptible(unsigned int ms);
void usleep_range(unsigned long min, unsigned long max);
unsigned int jiffies_to_msecs(unsigned long j);
unsigned int jiffies_to_usecs(unsigned long j);
unsigned long __msecs_to_jiffies(unsigned int ms);
unsigned long __usecs_to_jiffies(unsigned int us);
unsigned long nsecs_to_jiffies(tandem_u64 ns);
long long ktime_get(void);

static void jiffies(void **state)
{
	(void)state;
	process.attach.hz = 100;
	process.attach.jiffies = 5000;
	process.attach.jiffies_ns = ktime_get() - 2500000000LL;
	assert_in_range(tandem_jiffies(), 5250, 5350);
	assert_int_equal(jiffies_to_msecs(3), 30);
	assert_int_equal(jiffies_to_usecs(3), 30000);
	assert_int_equal(__msecs_to_jiffies(21), 3);
	assert_int_equal(__msecs_to_jiffies(20), 2);
	assert_true(__msecs_to_jiffies(-1) == LONG_MAX / 2 - 1);
	assert_int_equal(__usecs_to_jiffies(20001), 3);
	assert_int_equal(nsecs_to_jiffies(29999999), 2);
	tandem_thread_set_self(NULL);
	assert_int_equal(jiffies_to_msecs(1), 4);	/* HZ of most kernels */
	tandem_thread_set_self(worker);
}

static void ask_jiffies(void)
{
	tandem_thread_set_self(NULL);
	tandem_jiffies();
}

static void no_jiffies_outside(void **state)
{
	(void)state;
	assert_non_null(strstr(last_words(ask_jiffies, SIGABRT), "jiffies outside a worker"));
}

/* Never shorter than asked; how much longer is the machine's load. */
#define LASTS(ns, call) do { \
	long long begin_ = ktime_get(); \
	call; \
	assert_true(ktime_get() - begin_ >= (ns)); \
} while (0)

static void delays(void **state)
{
	(void)state;
	LASTS(20000, __udelay(20));
	LASTS(20000, __ndelay(20000));
	LASTS(2000000, __const_udelay(2000 * 4295UL));	/* udelay(2000) of a constant */
	LASTS(2000000, msleep(2));
	LASTS(2000000, assert_int_equal(msleep_interruptible(2), 0));
	LASTS(1500000, usleep_range(1500, 1600));
	LASTS(5000, tandem_ndelay(5000));
}

static tandem_u64 sleep_long(struct node *node, int n)
{
	(void)node;
	LASTS(n * 1000000LL, tandem_msleep(n));
	return 0;
}

static void looked_alive(void)
{
	assert_said(TANDEM_SAY_SYNC, 7);
	send(TANDEM_OP_RETURN, 0);
}

/* One who sleeps for long crosses now and then, or would look dead. */
static void long_sleeps_cross(void **state)
{
	(void)state;
	do_touch = sleep_long;
	call_touch(7, 1, 600);
	RUN(looked_alive, looked_alive, plain_reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds), TEST(bitmaps), TEST(ranges), TEST(zero_areas), TEST(weights), TEST(checksums),
		TEST(divisors), TEST(sorts_by_its_swap), TEST(texts), TEST(overflows_end_the_process),
		TEST(prints_as_the_kernel), TEST(numbers), TEST(yes_and_no), TEST(hex), TEST(registers),
		TEST(registers_again_and_again), TEST(windows_release_first), TEST(jiffies), TEST(no_jiffies_outside),
		TEST(delays), TEST(long_sleeps_cross),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
