/* SPDX-License-Identifier: GPL-2.0 */
/* The one-line reason of a failure, kept for whoever reports it. */
#ifndef SPLIT_FAIL_H
#define SPLIT_FAIL_H

/* Records the reason (replacing an earlier one) and returns @error, a negative errno. */
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *fail_text(void);

#endif
