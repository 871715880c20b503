// SPDX-License-Identifier: GPL-2.0
/* Objects that are mapped, not copied: where they stand, and which of them an address is in. */
#include <sys/mman.h>

#include "half_fixture.h"

#define FAKE_BYTES	(TANDEM_MAP_OBJECT + (1ULL << 32))

static void maps(void **state)
{
	struct tandem_maps maps;
	struct tandem_map map;
	unsigned char *at;
	int fd = memfd_create("objects", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, FAKE_BYTES), 0);
	assert_int_equal(tandem_maps_init(&maps, fd), 0);
	assert_int_equal(tandem_map_add(&maps, 3, 1, 0, 0), -EINVAL);
	assert_int_equal(tandem_map_add(&maps, 3, 1, 100, 4096), -EINVAL);
	assert_int_equal(tandem_map_add(&maps, 3, 1, TANDEM_MAPS_BYTES, 0), -EINVAL);
	assert_int_equal(tandem_map_find(&maps, 3, 1, &map), -ENOENT);
	/* What is stored there is stored in the object, behind its offset in the page. */
	assert_int_equal(tandem_map_add(&maps, 3, 1, 5000, 16), 0);
	assert_int_equal(tandem_map_find(&maps, 3, 1, &map), 0);
	memcpy(map.at, "here", 4);
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, TANDEM_MAP_OBJECT + (3ULL << TANDEM_MAP_SHIFT));
	assert_memory_equal(at + 16, "here", 4);
	munmap(at, 4096);
	/* By address: the object's bytes only. */
	at = map.at;
	assert_int_equal(tandem_map_at(&maps, at, &map), 0);
	assert_int_equal(map.index, 3);
	assert_int_equal(tandem_map_at(&maps, at + 4999, &map), 0);
	assert_int_equal(tandem_map_at(&maps, at + 5000, &map), -ENOENT);
	assert_int_equal(tandem_map_at(&maps, at - 1, &map), -ENOENT);
	assert_int_equal(tandem_map_at(&maps, &maps, &map), -ENOENT);
	/* The same again changes nothing; another generation replaces it; a gone one is gone. */
	assert_int_equal(tandem_map_add(&maps, 3, 1, 5000, 16), 0);
	assert_int_equal(maps.nmap, 1);
	assert_int_equal(tandem_map_add(&maps, 3, 2, 100, 0), 0);
	assert_int_equal(maps.nmap, 1);
	assert_int_equal(tandem_map_find(&maps, 3, 1, &map), -ENOENT);
	tandem_map_gone(&maps, 3, 1);
	assert_int_equal(tandem_map_find(&maps, 3, 2, &map), 0);
	tandem_map_gone(&maps, 3, 2);
	assert_int_equal(maps.nmap, 0);
	tandem_maps_exit(&maps);
	close(fd);
}

/* Addresses come round: what is mapped still is left alone, and no two meet. */
static void maps_never_meet(void **state)
{
	struct tandem_maps maps;
	struct tandem_map a, b;
	int fd = memfd_create("objects", MFD_CLOEXEC);
	size_t third = TANDEM_MAPS_BYTES / 3;

	(void)state;
	assert_int_equal(ftruncate(fd, TANDEM_MAP_OBJECT + 2 * TANDEM_MAPS_BYTES), 0);
	assert_int_equal(tandem_maps_init(&maps, fd), 0);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(tandem_map_add(&maps, i, 1, 4096, 0), 0);
	assert_int_equal(tandem_map_add(&maps, 100, 1, third, 0), 0);
	assert_int_equal(tandem_map_add(&maps, 101, 1, third, 0), 0);
	assert_int_equal(tandem_map_add(&maps, 102, 1, third, 0), -ENOMEM);
	tandem_map_gone(&maps, 100, 1);
	assert_int_equal(tandem_map_add(&maps, 102, 1, third, 0), 0);
	for (size_t i = 0; i + 1 < maps.nmap; i++) {
		a = maps.map[i];
		b = maps.map[i + 1];
		assert_true(a.base + a.bytes < b.base);
	}
	tandem_maps_exit(&maps);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps), cmocka_unit_test(maps_never_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
