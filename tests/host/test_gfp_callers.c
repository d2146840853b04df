/* SPDX-License-Identifier: MIT */
/*
 * Flags in life: which requests the page cache makes with __GFP_COLD (pages that a disk fills) and __GFP_WRITE (pages
 * about to be dirty), seen where fault injection looks; and what comes of __GFP_HIGHMEM where an address is wanted.
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "mm/internal.h"
#include "mm/slab.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define SIZE	(64 * (loff_t)PAGE_SIZE)

static unsigned int asked, cold, to_write; /* of the page cache: movable */

static bool watch(gfp_t gfp, unsigned int order)
{
	if (!(gfp & __GFP_MOVABLE))
		return false;
	assert_int_equal(order, 0);
	asked++;
	cold += !!(gfp & __GFP_COLD);
	to_write += !!(gfp & __GFP_WRITE);
	return false;
}

static void begin(void)
{
	asked = cold = to_write = 0;
	set_fail_page_alloc(watch);
}

/* What a read and the readahead behind it fetch is cold. */
static void reads_are_cold(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	begin();
	assert_int_equal(file_word(f, 0), 0);
	assert_true(asked > 1);
	assert_int_equal(cold, asked);
	assert_int_equal(to_write, 0);
}
MACHINE_TEST(reads_are_cold, MACHINE)

/* A fault reads around itself; told that access is random, it fetches its own page alone. The disk fills both. */
static void faults_are_cold(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_file(f, 64, PROT_READ, MAP_SHARED);

	begin();
	assert_int_equal(get(va), 0);
	assert_true(asked > 1);
	assert_int_equal(cold, asked);
	assert_int_equal(do_madvise(va, SIZE, MADV_RANDOM), 0);
	begin();
	assert_int_equal(get(va + 50 * PAGE_SIZE), 50ULL << 32);
	assert_int_equal(asked, 1);
	assert_int_equal(cold, 1);
}
MACHINE_TEST(faults_are_cold, MACHINE)

/* Whoever writes whole pages has them in its cache; memory without a disk is cleared by the CPU. */
static void writes_are_hot(void)
{
	struct test_file *f = disk_file("vda", SIZE), *m = memory_file(SIZE);
	static u64 words[4 * WORDS];

	begin();
	assert_int_equal(file_put(f, words, sizeof(words), 0), sizeof(words));
	assert_int_equal(asked, 4);
	assert_int_equal(to_write, 4);
	assert_int_equal(cold, 0);
	begin();
	assert_int_equal(get(map_file(m, 64, PROT_READ, MAP_SHARED)), 0);
	assert_int_equal(asked, 1);
	assert_int_equal(cold, 0);
}
MACHINE_TEST(writes_are_hot, MACHINE)

/* ---- Spec 1.4: HIGHMEM in a call that returns an address is a bug -------------------------------------- */

static void small_object(void)
{
	about_to_die();
	(void)!kmalloc(100, GFP_KERNEL | __GFP_HIGHMEM);
}
MACHINE_DEATH_TEST(small_object, MACHINE)

static void large_object(void)
{
	about_to_die();
	(void)!kmalloc(5 * PAGE_SIZE, GFP_KERNEL | __GFP_HIGHMEM);
}
MACHINE_DEATH_TEST(large_object, MACHINE)

static void zeroed_object(void)
{
	about_to_die();
	(void)!kzalloc(2000, GFP_HIGHUSER);
}
MACHINE_DEATH_TEST(zeroed_object, MACHINE)

static void object_of_a_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("test", 40, 0, 0, NULL);

	about_to_die();
	(void)!kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_HIGHMEM);
}
MACHINE_DEATH_TEST(object_of_a_cache, MACHINE)

static void zeroed_page(void)
{
	about_to_die();
	(void)!get_zeroed_page(GFP_HIGHUSER);
}
MACHINE_DEATH_TEST(zeroed_page, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(reads_are_cold),    machine_unit_test(faults_are_cold),
		machine_unit_test(writes_are_hot),    machine_unit_test(small_object),
		machine_unit_test(large_object),      machine_unit_test(zeroed_object),
		machine_unit_test(object_of_a_cache), machine_unit_test(zeroed_page),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
