/* SPDX-License-Identifier: GPL-2.0 */
/* A filter of system calls, run as the kernel would. */
#ifndef HALF_FILTER_H
#define HALF_FILTER_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct sock_filter filter[4096];
static unsigned int nfilter;

static inline uint32_t judge(const struct seccomp_data *data)
{
	uint32_t a = 0, k;
	bool taken;

	for (unsigned int at = 0; at < nfilter; at++) {
		const struct sock_filter *f = &filter[at];

		k = f->k;
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= k;
			continue;
		case BPF_JMP | BPF_JA:
			at += k;
			continue;
		case BPF_RET | BPF_K:
			return k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= k;
			break;
		default:
			if (f->code != (BPF_JMP | BPF_JSET | BPF_K))
				return ~0u;
			taken = a & k;
		}
		at += taken ? f->jt : f->jf;
	}
	return ~0u;
}

static inline bool may(long call, uint64_t a0, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct seccomp_data data = { .nr = call, .arch = AUDIT_ARCH_X86_64, .args = { a0, 0, a2, a3, a4 } };
	uint32_t verdict = judge(&data);

	if (verdict != SECCOMP_RET_ALLOW && (verdict & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRAP &&
	    verdict != (SECCOMP_RET_ERRNO | ENOSYS))
		abort();
	return verdict == SECCOMP_RET_ALLOW;
}

#endif
