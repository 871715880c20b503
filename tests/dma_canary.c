// SPDX-License-Identifier: GPL-2.0
/*
 * A page of a process that has nothing to do with any device: prints its physical address, waits for a
 * line, and says whether the page is "same" or "overwritten".
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096
#define FILLER	0xa5

int main(void)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;
	char line[16];

	if (page == MAP_FAILED || map < 0)
		return 1;
	memset(page, FILLER, PAGE);
	if (pread(map, &entry, 8, (uintptr_t)page / PAGE * 8) != 8 || !(entry & ((1ull << 55) - 1)))
		return 1;
	printf("%llu\n", (unsigned long long)(entry & ((1ull << 55) - 1)) * PAGE);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	for (int i = 0; i < PAGE; i++)
		if (page[i] != FILLER) {
			puts("overwritten");
			return 0;
		}
	puts("same");
	return 0;
}
