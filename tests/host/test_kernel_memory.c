/* SPDX-License-Identifier: MIT */
/* What kernel code takes: vmalloc areas, mappings of devices, stacks of tasks, and what shrinkers give back. */
#include "tests/host/machine_fixture.h"

#include "arch/mmu.h"
#include "mm/internal.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmscan.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

/* ---- vmalloc ---- */

static unsigned long used_bytes(void)
{
	unsigned long used, largest;

	vmalloc_info(&used, &largest);
	return used;
}

static void areas(void)
{
	unsigned long before = used_bytes();
	u64 *a = vmalloc(5 * PAGE_SIZE), *b = vzalloc(PAGE_SIZE + 1);

	assert_true(a && b);
	assert_in_range((unsigned long)a, VMALLOC_START, VMALLOC_END - 1);
	assert_int_equal(used_bytes(), before + 7 * PAGE_SIZE);
	for (unsigned long i = 0; i < 5 * PAGE_SIZE / 8; i++)
		a[i] = i;
	assert_int_equal(b[0] + b[PAGE_SIZE / 8], 0);
	assert_int_equal(a[5 * PAGE_SIZE / 8 - 1], 5 * PAGE_SIZE / 8 - 1);
	for (unsigned long i = 0; i < 5; i++)
		assert_false(PageHighMem(vmalloc_to_page((char *)a + i * PAGE_SIZE)));
	assert_null(vmalloc_to_page((char *)a + 5 * PAGE_SIZE)); /* the guard */
	vfree(a);
	assert_int_equal(kernel_va_to_pfn((unsigned long)a), ~0UL);
	vfree(NULL);
	assert_true(vfree_try(b));
	assert_int_equal(used_bytes(), before);
	assert_null(vmalloc(0));
	assert_null(vmalloc(1UL << 40));
}
MACHINE_TEST(areas, MACHINE)

/* Holes are used again: the address space does not run out though it was handed out many times over. */
static void holes_are_found_again(void)
{
	unsigned long bytes = 64 * PAGE_SIZE, rounds = (VMALLOC_END - VMALLOC_START) / bytes + 100, used, largest;
	void *keep[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(keep); i++)
		assert_non_null(keep[i] = vmalloc(PAGE_SIZE));
	for (unsigned long i = 0; i < rounds; i++) {
		void *area = ioremap(0x1000, bytes);

		assert_non_null(area);
		iounmap(area);
		vfree(keep[i % ARRAY_SIZE(keep)]);
		assert_non_null(keep[i % ARRAY_SIZE(keep)] = vmalloc((1 + i % 3) * PAGE_SIZE));
	}
	vmalloc_info(&used, &largest);
	assert_true(largest > (VMALLOC_END - VMALLOC_START) / 16);
}
MACHINE_TEST(holes_are_found_again, MACHINE)

static void no_room(void)
{
	unsigned long used, largest, before;
	void *all;

	vmalloc_info(&before, &largest);
	assert_null(ioremap(0, largest)); /* no room for the guard */
	all = ioremap(0, largest - PAGE_SIZE);
	assert_non_null(all);
	while (ioremap(0, PAGE_SIZE))
		;
	assert_null(vmalloc(PAGE_SIZE));
	iounmap(all);
	all = vmalloc(PAGE_SIZE);
	assert_non_null(all);
	vfree(all);
	vmalloc_info(&used, &largest);
	assert_true(largest > 0);
}
MACHINE_TEST(no_room, MACHINE)

static void devices(void)
{
	u8 *frame = ioremap(20 * 0x1000 + 100, 50), *over = ioremap(30 * 0x1000 - 8, 16);

	assert_int_equal((unsigned long)frame & ~PAGE_MASK, 100);
	assert_int_equal(kernel_va_to_pfn((unsigned long)frame), 20);
	assert_int_equal(kernel_va_to_pfn((unsigned long)over), 29);
	assert_int_equal(kernel_va_to_pfn((unsigned long)over + 15), 30);
	iounmap(frame);
	iounmap(over);
	iounmap(NULL);
	assert_int_equal(kernel_va_to_pfn((unsigned long)over), ~0UL);
}
MACHINE_TEST(devices, MACHINE)

static void freed_in_the_middle(void)
{
	char *area = vmalloc(3 * PAGE_SIZE);

	about_to_die();
	vfree(area + PAGE_SIZE);
}
MACHINE_DEATH_TEST(freed_in_the_middle, MACHINE)

/* Each request of vmalloc fails in turn; nothing stays behind. */
static int pages_left;

static bool fail_after(gfp_t gfp, unsigned int order)
{
	(void)gfp;
	(void)order;
	return pages_left-- <= 0;
}

static void out_of_pages(void)
{
	unsigned long before = used_bytes();

	for (int n = 0; n < 4; n++) {
		long free;

		drain_all_pages();
		free = exact_state(NR_FREE_PAGES);
		pages_left = n;
		set_fail_page_alloc(fail_after);
		assert_null(vmalloc(5 * PAGE_SIZE));
		set_fail_page_alloc(NULL);
		drain_all_pages();
		assert_in_range(exact_state(NR_FREE_PAGES), free - 2, free); /* a slab page may stay */
		assert_int_equal(used_bytes(), before);
	}
}
MACHINE_TEST(out_of_pages, MACHINE)

/* ---- Stacks ---- */

static int may_end;

static void live_shortly(void *unused)
{
	(void)unused;
	while (!may_end)
		host_sleep(1);
}

/* The stacks of many that die at once are kept for the next, or given back when memory is short. */
static void stacks_of_the_dead(void)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = 1000 };
	long before, alive, dead;

	host_sleep(1);
	before = exact_state(NR_KERNEL_STACK);
	for (int i = 0; i < 30; i++)
		assert_non_null(host_spawn("short", NULL, live_shortly, NULL));
	host_sleep(2);
	alive = exact_state(NR_KERNEL_STACK);
	assert_in_range(alive, before + 25, before + 30);
	may_end = 1;
	host_sleep(5);
	dead = exact_state(NR_KERNEL_STACK);
	assert_true(dead > before);
	for (int i = 0; i < 5; i++) /* the next tasks take what is there */
		assert_non_null(host_spawn("next", NULL, live_shortly, NULL));
	host_sleep(5);
	assert_true(exact_state(NR_KERNEL_STACK) <= dead);
	shrink_slab(&sc, 1000000, 1);
	drop_slab();
	assert_true(exact_state(NR_KERNEL_STACK) <= before + 8);
}
MACHINE_TEST(stacks_of_the_dead, MACHINE)

/* ---- Shrinkers ---- */

static unsigned long objects, asked;
static bool refuse;

static unsigned long count_cache(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return objects;
}

static unsigned long scan_cache(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long n = min(sc->nr_to_scan, objects);

	(void)s;
	if (refuse)
		return SHRINK_STOP;
	asked += sc->nr_to_scan;
	objects -= n;
	return n;
}

static struct shrinker cache = { .count_objects = count_cache, .scan_objects = scan_cache, .seeks = DEFAULT_SEEKS };

static void shrunk_in_proportion(void)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	unsigned long scanned = event(SLABS_SCANNED);

	register_shrinker(&cache);
	objects = 10000;
	/* 4/2 * 1000 of 10000 pages scanned: a fifth of the objects, in whole batches of 128 */
	assert_int_equal(shrink_slab(&sc, 1000, 9999), 15 * 128);
	assert_int_equal(objects, 10000 - 15 * 128);
	assert_int_equal(atomic_long_read(&cache.nr_deferred), 2000 - 15 * 128);
	assert_int_equal(event(SLABS_SCANNED) - scanned, 15 * 128);
	/* a cache that must not be entered now owes what it was asked for */
	refuse = true;
	assert_int_equal(shrink_slab(&sc, 1000, 8079), 0);
	assert_int_equal(atomic_long_read(&cache.nr_deferred), 80 + 2000);
	refuse = false;
	assert_true(drop_slab() >= objects);
	assert_true(objects < 100);
	unregister_shrinker(&cache);
	objects = 5000;
	asked = 0;
	drop_slab();
	assert_int_equal(asked, 0);
}
MACHINE_TEST(shrunk_in_proportion, MACHINE)

/* ---- Objects ---- */

static void cache_is_destroyed_in_use(void)
{
	struct kmem_cache *c = kmem_cache_create("busy", 100, 0, 0, NULL);

	assert_non_null(kmem_cache_alloc(c, GFP_KERNEL));
	about_to_die();
	kmem_cache_destroy(c);
}
MACHINE_DEATH_TEST(cache_is_destroyed_in_use, MACHINE)

static void freed_to_another_cache(void)
{
	struct kmem_cache *a = kmem_cache_create("a", 100, 0, 0, NULL), *b = kmem_cache_create("b", 100, 0, 0, NULL);
	void *object = kmem_cache_alloc(a, GFP_KERNEL);

	about_to_die();
	kmem_cache_free(b, object);
}
MACHINE_DEATH_TEST(freed_to_another_cache, MACHINE)

static void freed_but_never_allocated(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	void *memory = lowmem_page_address(page);

	__free_pages(page, 0);
	about_to_die();
	kfree(memory);
}
MACHINE_DEATH_TEST(freed_but_never_allocated, MACHINE)

static void large_objects(void)
{
	void *object = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);

	assert_non_null(object);
	assert_int_equal(ksize(object), 4 * PAGE_SIZE);
	kfree(object);
	assert_null(kmalloc(64UL << 20, GFP_KERNEL | __GFP_NOWARN));
	object = kmalloc(PAGE_SIZE + 1, GFP_KERNEL | __GFP_ZERO);
	assert_int_equal(ksize(object), 2 * PAGE_SIZE);
	for (unsigned int i = 0; i < 2 * PAGE_SIZE; i++)
		assert_int_equal(((u8 *)object)[i], 0);
	kfree(object);
}
MACHINE_TEST(large_objects, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(areas),
		machine_unit_test(holes_are_found_again),
		machine_unit_test(no_room),
		machine_unit_test(devices),
		machine_unit_test(freed_in_the_middle),
		machine_unit_test(out_of_pages),
		machine_unit_test(stacks_of_the_dead),
		machine_unit_test(shrunk_in_proportion),
		machine_unit_test(cache_is_destroyed_in_use),
		machine_unit_test(freed_to_another_cache),
		machine_unit_test(freed_but_never_allocated),
		machine_unit_test(large_objects),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
