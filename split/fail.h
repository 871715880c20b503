/* SPDX-License-Identifier: GPL-2.0 */
/* The one-line reason of a failure, kept for whoever reports it. */
#ifndef SPLIT_FAIL_H
#define SPLIT_FAIL_H

/* Records the reason (replacing an earlier one) and returns @error, a negative errno. */
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
#ifdef __clang_analyzer__	/* cannot see into fail.c */
#define fail(error, ...) ({ int fail_e = fail(error, __VA_ARGS__); \
	if (fail_e >= 0) __builtin_unreachable(); fail_e; })
#endif
const char *fail_text(void);

#endif
