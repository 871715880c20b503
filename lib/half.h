/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a generated user half uses of its runtime. A user half is one program:
 * the driver's moved functions, the plan, and this library.
 *
 * Per worker there is a view: copies of the objects. A downcall flushes what changed in
 * it and refreshes it; no ordering between workers is promised but what the driver's own
 * locks give.
 */
#ifndef TANDEM_UHALF_H
#define TANDEM_UHALF_H

#include "plan.h"

typedef unsigned long long tandem_u64;

/* Calls a moved function with arguments as 64-bit values; returns its result. */
typedef tandem_u64 (*tandem_thunk)(const tandem_u64 *arg);

struct tandem_uhalf {
	const struct tandem_plan *plan;
	const tandem_thunk *entry;		/* by entry id */
	const void *const *symbol;		/* by symbol id: the user half's stand-in address, or NULL */
	void *(*const *global)(void);		/* by global id: address of this thread's copy */
};

/* The program's main(): attaches, serves, returns the exit status. */
int tandem_half_main(int argc, char **argv, const struct tandem_uhalf *half);

/*
 * Runs downcall @id. @arg: one 64-bit value per argument as C passed it (pointers are
 * user-half addresses); @bytes: lengths of BUFFER arguments, or NULL. Returns the result
 * (a pointer: as user-half address). Does not return if the channel is dead: the process
 * ends. A pointer that cannot be translated ends the process and names function and argument.
 */
tandem_u64 tandem_down(unsigned int id, const tandem_u64 *arg, const tandem_u64 *bytes);

/*
 * Flushes and refreshes without a call. The splitter puts it behind delays and into
 * waiting loops of functions that read fields which other contexts write.
 */
void tandem_sync(void);

/*
 * Release point in front of a register write: flushes fields that an interrupt handler
 * may read (uses marked TANDEM_RELEASE), if any changed. Costs no crossing otherwise.
 */
void tandem_release(void);

/*
 * What was just stored at @at is to reach the kernel even if it is what was there before:
 * the bits of @mask, in a field of @bytes. The splitter puts it behind stores to fields
 * that interrupts write too. Nothing happens if @at is in no twin.
 */
void tandem_stored(const volatile void *at, unsigned int bytes, tandem_u64 mask);

/* Formats as printk does (%pM, %pI4, %pf ... see lib/format.c); the text is valid until the thread's fourth next call. */
const char *tandem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a function that has its arguments as a list, which is not consumed. */
const char *tandem_vformat(const char *format, __builtin_va_list *args);

/* jiffies as the kernel would read it now; u64. */
tandem_u64 tandem_jiffies(void);

/* Delays that need no crossing. */
void tandem_udelay(unsigned long us);
void tandem_ndelay(unsigned long ns);
void tandem_msleep(unsigned int ms);

/* A mutex that only user-half code takes; @mutex is in a twin, or is a global. */
void tandem_mutex_lock(void *mutex);
void tandem_mutex_unlock(void *mutex);

/* WARN: one line on stderr and in the kernel log, and on it goes. */
void tandem_warn(const char *file, unsigned int line);

/* BUG, panic, untranslatable things: says why on stderr and in the kernel log, ends the process. */
void tandem_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
