// SPDX-License-Identifier: GPL-2.0
/* Tables of the kernel's types: the user half has their address, and the kernel half what they hold. */
#include "include/linux/fake.h"

struct dev { struct file_operations ops; const struct file_operations *at; int n; } dev;

#define REST kernel_event("more", 0); kernel_event("more", 1); kernel_event("more", 2)

static int other_open(struct file *file) { (void)file; return 0; }
static const struct file_operations other = { .open = other_open };
static const struct file_operations both[] = { { .open = other_open }, { 0 } };
static const struct file_operations none;

static int hands_on(void) { REST; dev.at = &other; return 0; }
static int hands_one_on(void) { REST; dev.at = &both[1]; return 0; }
static int hands_all_on(void) { REST; dev.at = both; return sizeof(both); }
static int copies(void) { REST; dev.ops = other; return 0; }
static int asks(void) { REST; if (other.open) dev.n++; return 0; }
static int asks_one(int i) { REST; if (both[i].open) dev.n++; return 0; }
static int empty(void) { REST; dev.ops = none; return 0; }

static int open(struct file *file)
{
	(void)file;
	return hands_on() + hands_one_on() + hands_all_on() + copies() + asks() + asks_one(1) + empty();
}

static const struct file_operations ops = { .open = open };

int start(int n)
{
	return register_file(&ops) + n;
}
