// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers in text, as a driver in the user half reads them: what comes out is what the kernel's documentation says
 * of kstrtoull() and its like, worked out in wider numbers.
 */
#include "fuzz.h"
#include "lib/number.c"

struct reading {
	const char *digits, *end;
	unsigned long long wrapped;	/* as far as there are digits */
	bool over, any;
};

static unsigned int digit_of(char c)
{
	const char *all = "0123456789abcdef", *at = c ? strchr(all, tolower((unsigned char)c)) : NULL;

	return at ? (unsigned int)(at - all) : 99;
}

static struct reading read_digits(const char *s, unsigned int base)
{
	bool x = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	struct reading r = { 0 };
	unsigned __int128 sum = 0;

	if (!base)
		base = x && digit_of(s[2]) < 16 ? 16 : s[0] == '0' ? 8 : 10;
	/* A prefix is taken for one wherever 16 is the base, even if nothing follows it. */
	r.digits = r.end = base == 16 && x ? s + 2 : s;
	for (; digit_of(*r.end) < base; r.end++) {
		sum = sum * base + digit_of(*r.end);
		r.over |= sum >> 64 != 0;
		sum = (unsigned long long)sum;
		r.any = true;
	}
	r.wrapped = sum;
	return r;
}

/* As kstrtoull(), without a sign. */
static int whole_number(const char *s, unsigned int base, unsigned long long *value)
{
	struct reading r = read_digits(s, base);

	if (r.over)
		return -ERANGE;
	if (!r.any || (strcmp(r.end, "") && strcmp(r.end, "\n")))
		return -EINVAL;
	*value = r.wrapped;
	return 0;
}

static void check_signed(const char *s, unsigned int base)
{
	int want, small, got;
	unsigned long long u = 0;
	__int128 x = 0;
	long long all;

	want = whole_number(s + (*s == '-' || *s == '+'), base, &u);
	if (!want) {
		x = *s == '-' ? -(__int128)u : u;
		if (x < LLONG_MIN || x > LLONG_MAX)
			want = -ERANGE;
	}
	check(kstrtoll(s, base, &all) == want && (want || all == x));
	got = kstrtoint(s, base, &small);
	check(got == (want ? want : x < INT_MIN || x > INT_MAX ? -ERANGE : 0) && (got || small == x));
}

static void check_unsigned(const char *s, unsigned int base)
{
	unsigned long long u = 0, all;
	int want = whole_number(s + (*s == '+'), base, &u), got;
	unsigned char byte;

	check(kstrtoull(s, base, &all) == want && (want || all == u));
	got = kstrtou8(s, base, &byte);
	check(got == (want ? want : u > 255 ? -ERANGE : 0) && (got || byte == u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const unsigned int bases[] = { 0, 2, 8, 10, 16 };
	char *s, *end;

	fuzz_begin(data, bytes);
	s = fuzz_file("text", NULL);
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
		struct reading r = read_digits(s, bases[i]);

		check(simple_strtoull(s, &end, bases[i]) == r.wrapped && end == r.end);
		check_unsigned(s, bases[i]);
		check_signed(s, bases[i]);
	}
	fuzz_end();
	return 0;
}
