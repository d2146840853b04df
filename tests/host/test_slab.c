/* SPDX-License-Identifier: MIT */
/* Caches and kmalloc: random use against a model, constructors, pages given back, misuse noticed. */
#include "tests/host/machine_fixture.h"

#include "mm/slab.h"

#define MACHINE	   .ram_mib = 32, .lowmem_mib = 24
#define NR_OBJECTS 600

static struct {
	u8 *p, fill;
	size_t size;
} held[NR_OBJECTS];

static void take(unsigned long i)
{
	held[i].size = 1 + random_below(1UL << (3 + random_below(11)));
	held[i].fill = (u8)random_u64();
	held[i].p = random_below(2) ? kmalloc(held[i].size, GFP_KERNEL) :
				      kzalloc(held[i].size, GFP_ATOMIC);
	assert_non_null(held[i].p);
	assert_int_equal((unsigned long)held[i].p % ARCH_KMALLOC_MINALIGN, 0);
	assert_true(ksize(held[i].p) >= held[i].size);
	memset(held[i].p, held[i].fill, held[i].size);
}

static void give_back(unsigned long i)
{
	for (size_t j = 0; j < held[i].size; j++)
		assert_int_equal(held[i].p[j], held[i].fill);
	kfree(held[i].p);
	held[i].p = NULL;
}

static void random_kmalloc(void)
{
	unsigned long slabs = 0;

	seed_random("test_slab: random_kmalloc");
	for (int round = 0; round < 4; round++) {
		for (int step = 0; step < 5000; step++) {
			unsigned long i = random_below(NR_OBJECTS);

			if (held[i].p)
				give_back(i);
			else
				take(i);
		}
		for (unsigned long i = 0; i < NR_OBJECTS; i++)
			if (held[i].p)
				give_back(i);
		if (round == 1) /* empty slabs that caches keep are there now */
			slabs = global_page_state(NR_SLAB_UNRECLAIMABLE);
	}
	assert_true(global_page_state(NR_SLAB_UNRECLAIMABLE) < slabs + 64);
}
MACHINE_TEST(random_kmalloc, MACHINE)

static void zeroed_and_grown(void)
{
	u8 *p = kzalloc(100, GFP_KERNEL);
	char *s = kstrdup("tide", GFP_KERNEL);

	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 3, 100);
	p = krealloc(p, 5000, GFP_KERNEL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 3);
	kfree(p);
	assert_string_equal(s, "tide");
	kfree(s);
	kfree(NULL);
	assert_null(kcalloc(1UL << 40, 1UL << 40, GFP_KERNEL));
	assert_ptr_equal(kmalloc(0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(ZERO_SIZE_PTR);
}
MACHINE_TEST(zeroed_and_grown, MACHINE)

static int constructed;

static void construct(void *object)
{
	constructed++;
	*(u64 *)object = 0x1234;
}

/* An object comes as its constructor, or its last user, left it; an empty cache gives everything back. */
static void constructors_and_the_end(void)
{
	struct kmem_cache *cache = kmem_cache_create("things", 72, 64, 0, construct);
	static u64 *objects[400];
	unsigned long free;

	drain_all_pages();
	free = global_page_state(NR_FREE_PAGES);
	for (int i = 0; i < 400; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		assert_non_null(objects[i]);
		assert_int_equal((unsigned long)objects[i] % 64, 0);
		assert_int_equal(*objects[i], 0x1234);
		for (int j = 0; j < i; j += 37)
			assert_true(labs((long)objects[i] - (long)objects[j]) >= 72);
	}
	assert_true(constructed >= 400);
	for (int i = 0; i < 400; i++)
		kmem_cache_free(cache, objects[i]);
	kmem_cache_destroy(cache);
	drain_all_pages();
	assert_true(global_page_state(NR_FREE_PAGES) >= free);
}
MACHINE_TEST(constructors_and_the_end, MACHINE)

static int find_things(const struct slabinfo *info, void *used)
{
	if (strcmp(info->name, "things") == 0)
		*(unsigned long *)used = info->active_objs;
	return 0;
}

static unsigned long things_used(void)
{
	unsigned long used = ~0UL;

	assert_int_equal(slab_for_each_cache(find_things, &used), 0);
	return used;
}

/* /proc/slabinfo: what lies on a CPU's stack is free. */
static void what_is_out_is_counted(void)
{
	struct kmem_cache *cache = kmem_cache_create("things", 64, 0, 0, NULL);
	void *things[100];

	for (unsigned long i = 0; i < 100; i++) {
		assert_int_equal(things_used(), i);
		things[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	}
	for (unsigned long i = 100; i-- > 0;) {
		kmem_cache_free(cache, things[i]);
		assert_int_equal(things_used(), i);
	}
	kmem_cache_destroy(cache);
}
MACHINE_TEST(what_is_out_is_counted, MACHINE)

static void freed_twice(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	about_to_die();
	kfree(p);
}
MACHINE_DEATH_TEST(freed_twice, MACHINE)

static void written_after_free(void)
{
	struct kmem_cache *cache = kmem_cache_create("things", 64, 0, 0, NULL);
	u64 *p = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, p);
	about_to_die();
	p[1] = 5;
	for (int i = 0; i < 1000; i++)
		if (!kmem_cache_alloc(cache, GFP_KERNEL))
			return;
}
MACHINE_DEATH_TEST(written_after_free, MACHINE)

static void written_past_the_end(void)
{
	u8 *p = kmalloc(64, GFP_KERNEL);

	about_to_die();
	p[64] = 1;
	kfree(p);
}
MACHINE_DEATH_TEST(written_past_the_end, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(random_kmalloc),
		machine_unit_test(zeroed_and_grown),
		machine_unit_test(constructors_and_the_end),
		machine_unit_test(what_is_out_is_counted),
		machine_unit_test(freed_twice),
		machine_unit_test(written_after_free),
		machine_unit_test(written_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
