// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's printf. On top of C's (no floating point) it knows
 *   %pM %pMF %pMR %pm %pmR      6 bytes of a MAC address
 *   %pI4 %pi4 %pI6 %pi6 %pI6c   IP addresses in network order
 *   %pS %ps %pF %pf %pB         name of a symbol of the plan
 *   %pV                         struct va_format
 *   %pe                         name of an error pointer
 *   %*ph %*phC %*phD %*phN      bytes, at most 64
 *   %*pb %*pbl                  bitmap, as words or as a list
 *   %pad %pap %pa %pNF          64-bit number behind the pointer
 *   %pU %pUb %pUl ...           UUID
 * Any other %p prints a number: user-half addresses tell nobody anything about the kernel.
 * No libc function is used that formats: a signal handler may call this, and a driver's
 * snprintf() is this.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "format.h"
#include "thread.h"

#define ERRORS	4095

struct out {
	char *text;
	size_t bytes;
	size_t length;		/* may be beyond bytes */
};

struct spec {
	bool left, plus, space, alternate, zero;
	bool upper, is_signed;
	int width;		/* -1: none */
	int precision;		/* -1: none */
	unsigned int base;
};

struct va_format {
	const char *fmt;
	va_list *va;
};

static void put(struct out *out, char c)
{
	if (out->length < out->bytes)
		out->text[out->length] = c;
	out->length++;
}

static void pad(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

static void put_text(struct out *out, const char *text, struct spec spec)
{
	int length = 0;

	if (!text)
		text = "(null)";
	else if ((uintptr_t)text < 4096 || (uintptr_t)text >= -(uintptr_t)ERRORS)
		text = "(efault)";
	while ((spec.precision < 0 || length < spec.precision) && text[length])
		length++;
	if (!spec.left)
		pad(out, ' ', spec.width - length);
	for (int i = 0; i < length; i++)
		put(out, text[i]);
	if (spec.left)
		pad(out, ' ', spec.width - length);
}

static const char *sign_of(unsigned long long *x, const struct spec *spec)
{
	if (spec->is_signed && (long long)*x < 0) {
		*x = -*x;
		return "-";
	}
	if (spec->is_signed && (spec->plus || spec->space))
		return spec->plus ? "+" : " ";
	if (spec->alternate && spec->base == 16)
		return spec->upper ? "0X" : "0x";
	return "";
}

static void put_number(struct out *out, unsigned long long x, struct spec spec)
{
	const char *digit = spec.upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *sign = sign_of(&x, &spec);
	int n = 0, zeros, total;
	char text[24];

	while (x || !n) {
		text[n++] = digit[x % spec.base];
		x /= spec.base;
	}
	if (spec.alternate && spec.base == 8 && text[n - 1] != '0')
		text[n++] = '0';
	zeros = spec.precision > n ? spec.precision - n : 0;
	total = strlen(sign) + zeros + n;
	if (spec.zero && !spec.left && spec.precision < 0 && spec.width > total) {
		zeros += spec.width - total;
		total = spec.width;
	}
	if (!spec.left)
		pad(out, ' ', spec.width - total);
	while (*sign)
		put(out, *sign++);
	pad(out, '0', zeros);
	while (n)
		put(out, text[--n]);
	if (spec.left)
		pad(out, ' ', spec.width - total);
}

/* ---- what pointers point at: first into a small text, then padded ---- */

#define PIECE_BYTES	200

static void piece_init(struct out *piece, char *text)
{
	*piece = (struct out){ .text = text, .bytes = PIECE_BYTES - 1 };
}

static void put_piece(struct out *out, struct out *piece, struct spec spec)
{
	piece->text[piece->length < piece->bytes ? piece->length : piece->bytes] = 0;
	spec.precision = -1;
	put_text(out, piece->text, spec);
}

static void hex2(struct out *piece, unsigned char byte, bool upper)
{
	put_number(piece, byte, (struct spec){ .zero = true, .width = 2, .precision = -1,
					       .base = 16, .upper = upper });
}

static void decimal(struct out *piece, unsigned int x, int width)
{
	put_number(piece, x, (struct spec){ .zero = true, .width = width, .precision = -1,
					    .base = 10 });
}

static void mac(struct out *piece, const unsigned char *at, const char *kind)
{
	char separator = kind[0] == 'm' ? 0 : kind[1] == 'F' ? '-' : ':';
	bool reversed = kind[1] == 'R';

	for (int i = 0; i < 6; i++) {
		if (i && separator)
			put(piece, separator);
		hex2(piece, at[reversed ? 5 - i : i], false);
	}
}

static void ip4(struct out *piece, const unsigned char *at, const char *kind)
{
	bool little = kind[2] == 'l' || kind[2] == 'h';

	for (int i = 0; i < 4; i++) {
		if (i)
			put(piece, '.');
		decimal(piece, at[little ? 3 - i : i], kind[0] == 'i' ? 3 : 0);
	}
}

static unsigned int word6(const unsigned char *at, int i)
{
	return at[2 * i] << 8 | at[2 * i + 1];
}

/* The longest run of two or more zero words becomes "::", the first of equals. */
static void ip6_short(struct out *piece, const unsigned char *at)
{
	int best = -1, length = 1;

	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && !word6(at, i + n))
			n++;
		if (n > length) {
			best = i;
			length = n;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			put(piece, ':');
			put(piece, ':');
			i += length - 1;
			continue;
		}
		if (i && i != best + length)
			put(piece, ':');
		else if (i && best < 0)
			put(piece, ':');
		put_number(piece, word6(at, i), (struct spec){ .base = 16, .precision = -1 });
	}
}

static void ip6(struct out *piece, const unsigned char *at, const char *kind)
{
	if (kind[0] == 'I' && kind[2] == 'c') {
		ip6_short(piece, at);
		return;
	}
	for (int i = 0; i < 8; i++) {
		if (i && kind[0] == 'I')
			put(piece, ':');
		hex2(piece, at[2 * i], false);
		hex2(piece, at[2 * i + 1], false);
	}
}

static void bytes(struct out *out, const unsigned char *at, const char *kind, int n)
{
	char separator = kind[1] == 'C' ? ':' : kind[1] == 'D' ? '-' : kind[1] == 'N' ? 0 : ' ';

	if (n <= 0)
		n = 1;
	for (int i = 0; i < n && i < 64; i++) {
		if (i && separator)
			put(out, separator);
		hex2(out, at[i], false);
	}
}

static void uuid(struct out *piece, const unsigned char *at, const char *kind)
{
	static const unsigned char little[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	bool swap = kind[1] == 'l' || kind[1] == 'L', upper = kind[1] == 'B' || kind[1] == 'L';

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			put(piece, '-');
		hex2(piece, at[swap ? little[i] : i], upper);
	}
}

static bool bit(const unsigned long *map, int i)
{
	return map[i / 64] >> i % 64 & 1;
}

static void bit_list(struct out *out, const unsigned long *map, int nbits)
{
	bool first = true;

	for (int i = 0; i < nbits; i++) {
		int last = i;

		if (!bit(map, i))
			continue;
		while (last + 1 < nbits && bit(map, last + 1))
			last++;
		if (!first)
			put(out, ',');
		first = false;
		decimal(out, i, 0);
		if (last > i) {
			put(out, '-');
			decimal(out, last, 0);
		}
		i = last;
	}
}

static void bit_words(struct out *out, const unsigned long *map, int nbits)
{
	int words = (nbits + 31) / 32;

	for (int i = words - 1; i >= 0; i--) {
		int here = i == words - 1 && nbits % 32 ? nbits % 32 : 32;
		unsigned int word = map[i / 2] >> i % 2 * 32 & (~0u >> (32 - here));

		put_number(out, word, (struct spec){ .zero = true, .width = (here + 3) / 4,
						     .precision = -1, .base = 16 });
		if (i)
			put(out, ',');
	}
}

static void error_name(struct out *piece, const void *pointer)
{
	long error = -(long)pointer;
	const char *name = error > 0 && error <= ERRORS ? strerrorname_np(error) : NULL;

	if (!name) {
		put_number(piece, error > 0 && error <= ERRORS ? -error : (long)pointer,
			   (struct spec){ .is_signed = error > 0 && error <= ERRORS, .precision = -1,
					  .base = error > 0 && error <= ERRORS ? 10 : 16 });
		return;
	}
	put(piece, '-');
	while (*name)
		put(piece, *name++);
}

static bool symbol(struct out *piece, const void *pointer)
{
	struct tandem_thread *thread = tandem_thread_self();
	const char *name = thread ? tandem_name_symbol(&thread->process->names, pointer) : NULL;

	while (name && *name)
		put(piece, *name++);
	return name;
}

static void raw(struct out *out, const void *pointer, struct spec spec)
{
	spec.base = 16;
	if (spec.width < 0) {
		spec.width = 16;
		spec.zero = true;
	}
	spec.alternate = spec.is_signed = false;
	put_number(out, (uintptr_t)pointer, spec);
}

static void number_at(struct out *piece, const void *at)
{
	unsigned long long x;

	memcpy(&x, at, sizeof(x));
	put_number(piece, x, (struct spec){ .base = 16, .alternate = true, .zero = true,
					    .width = 18, .precision = -1 });
}

static void format(struct out *out, const char *format, va_list *args);

static void put_pointer(struct out *out, const char *kind, void *pointer, struct spec spec)
{
	struct out piece;
	char text[PIECE_BYTES];

	piece_init(&piece, text);
	if (strchr("MmIiUhbVaN", kind[0]) && kind[0] &&
	    ((uintptr_t)pointer < 4096 || (uintptr_t)pointer >= -(uintptr_t)ERRORS)) {
		put_text(out, pointer, spec);
		return;
	}
	switch (kind[0]) {
	case 'M':
	case 'm':
		mac(&piece, pointer, kind);
		break;
	case 'I':
	case 'i':
		if (kind[1] == '4')
			ip4(&piece, pointer, kind);
		else if (kind[1] == '6')
			ip6(&piece, pointer, kind);
		else
			raw(&piece, pointer, spec);
		break;
	case 'U':
		uuid(&piece, pointer, kind);
		break;
	case 'h':
		bytes(out, pointer, kind, spec.width);
		return;
	case 'b':
		if (kind[1] == 'l')
			bit_list(out, pointer, spec.width);
		else
			bit_words(out, pointer, spec.width);
		return;
	case 'V': {
		struct va_format *inner = pointer;
		va_list copy;

		va_copy(copy, *inner->va);
		format(out, inner->fmt, &copy);
		va_end(copy);
		return;
	}
	case 'a':
	case 'N':
		number_at(&piece, pointer);
		break;
	case 'e':
		error_name(&piece, pointer);
		break;
	case 'S':
	case 's':
	case 'F':
	case 'f':
	case 'B':
		if (symbol(&piece, pointer))
			break;
		/* fall through */
	default:
		raw(out, pointer, spec);
		return;
	}
	put_piece(out, &piece, spec);
}

/* ---- conversions ---- */

static int digits(const char **at)
{
	int n = 0;

	while (isdigit((unsigned char)**at))
		n = n * 10 + *(*at)++ - '0';
	return n;
}

static struct spec parse_spec(const char **at, va_list *args)
{
	struct spec spec = { .width = -1, .precision = -1, .base = 10 };

	for (;; (*at)++) {
		if (**at == '-')
			spec.left = true;
		else if (**at == '+')
			spec.plus = true;
		else if (**at == ' ')
			spec.space = true;
		else if (**at == '#')
			spec.alternate = true;
		else if (**at == '0')
			spec.zero = true;
		else
			break;
	}
	if (isdigit((unsigned char)**at)) {
		spec.width = digits(at);
	} else if (**at == '*') {
		(*at)++;
		spec.width = va_arg(*args, int);
		if (spec.width < 0) {
			spec.left = true;
			spec.width = -spec.width;
		}
	}
	if (**at != '.')
		return spec;
	(*at)++;
	spec.precision = 0;
	if (isdigit((unsigned char)**at)) {
		spec.precision = digits(at);
	} else if (**at == '*') {
		(*at)++;
		spec.precision = va_arg(*args, int);
		if (spec.precision < 0)
			spec.precision = 0;
	}
	return spec;
}

/* Size of the integer: bytes, as the letters before the conversion say. */
static int parse_size(const char **at)
{
	int size = sizeof(int);

	for (;; (*at)++) {
		if (**at == 'h')
			size /= 2;
		else if (strchr("lLqztj", **at) && **at)
			size = sizeof(long long);
		else
			return size;
	}
}

static unsigned long long integer(va_list *args, int size, bool is_signed)
{
	int x;

	if (size == sizeof(long long))
		return va_arg(*args, unsigned long long);
	x = va_arg(*args, int);
	switch (size) {
	case 1:
		return is_signed ? (unsigned long long)(signed char)x : (unsigned char)x;
	case 2:
		return is_signed ? (unsigned long long)(short)x : (unsigned short)x;
	}
	return is_signed ? (unsigned long long)x : (unsigned int)x;
}

static void convert(struct out *out, const char **at, va_list *args)
{
	struct spec spec = parse_spec(at, args);
	int size = parse_size(at);
	char c = *(*at)++;

	switch (c) {
	case 'c':
		spec.precision = -1;
		if (!spec.left)
			pad(out, ' ', spec.width - 1);
		put(out, va_arg(*args, int));
		if (spec.left)
			pad(out, ' ', spec.width - 1);
		return;
	case 's':
		put_text(out, va_arg(*args, const char *), spec);
		return;
	case 'p':
		put_pointer(out, *at, va_arg(*args, void *), spec);
		while (isalnum((unsigned char)**at))
			(*at)++;
		return;
	case 'd':
	case 'i':
	case 'u':
		spec.is_signed = c != 'u';
		break;
	case 'X':
		spec.upper = true;
		/* fall through */
	case 'x':
		spec.base = 16;
		break;
	case 'o':
		spec.base = 8;
		break;
	case '%':
		put(out, '%');
		return;
	default:
		put(out, '%');
		if (!c)
			(*at)--;
		else
			put(out, c);
		return;
	}
	put_number(out, integer(args, size, spec.is_signed), spec);
}

static void format(struct out *out, const char *format, va_list *args)
{
	while (*format) {
		if (*format != '%') {
			put(out, *format++);
			continue;
		}
		format++;
		convert(out, &format, args);
	}
}

int tandem_vsnprintf(char *text, size_t bytes, const char *fmt, va_list args)
{
	struct out out = { .text = text, .bytes = bytes };
	va_list copy;

	va_copy(copy, args);
	format(&out, fmt, &copy);
	va_end(copy);
	if (bytes)
		text[out.length < bytes ? out.length : bytes - 1] = 0;
	return out.length;
}

int tandem_snprintf(char *text, size_t bytes, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = tandem_vsnprintf(text, bytes, fmt, args);
	va_end(args);
	return n;
}

const char *tandem_vformat(const char *fmt, va_list *args)
{
	struct tandem_thread *thread = tandem_thread_self();
	static __thread char alone[512];	/* a thread that is no worker */
	char *text = thread ? thread->text[thread->text_next++ % 4] : alone;

	tandem_vsnprintf(text, sizeof(alone), fmt, *args);
	return text;
}

const char *tandem_format(const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = tandem_vformat(fmt, &args);
	va_end(args);
	return text;
}
