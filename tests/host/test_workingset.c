/* SPDX-License-Identifier: MIT */
/* Shadow entries: what is remembered of an evicted file page, how long, and what it is good for. */
#include "tests/host/machine_fixture.h"
#include "tests/host/file_fixture.h"

#include "mm/policy.h"
#include "mm/vmscan.h"
#include "mm/workingset.h"

#define SMALL .ram_mib = 16, .dma_mib = 4

static struct page *page_of(struct disk_file *f, unsigned long index)
{
	struct page *page = find_get_page(&f->inode.i_data, index);

	assert_non_null(page);
	put_page(page);
	lru_add_drain();
	return page;
}

/* Pages without readahead around them. */
static void read_alone(struct disk_file *f, unsigned long index)
{
	struct page *page = read_mapping_page(&f->inode.i_data, index, &f->file);

	assert_false(IS_ERR(page));
	put_page(page);
}

static void leave_shadow(struct disk_file *f, unsigned long index)
{
	read_alone(f, index);
	assert_true(file_evict(f, index));
}

static void distance_of_the_book(void)
{
	struct disk_file *f = disk_file_create("d", 16);
	struct zone *zone;
	void *shadow;

	read_alone(f, 3);
	zone = page_zone(page_of(f, 3));
	atomic_long_set(&zone->inactive_age, 999);
	shadow = workingset_eviction(page_of(f, 3), 0); /* number 1000 */
	assert_true(radix_tree_exceptional_entry(shadow));
	assert_int_equal(workingset_distance(shadow, 1000), 0);
	assert_int_equal(workingset_distance(shadow, 1256), 256);
	atomic_long_set(&zone->inactive_age, -1);
	shadow = workingset_eviction(page_of(f, 3), 0); /* the counter has gone round */
	assert_int_equal(workingset_distance(shadow, 7), 7);
	atomic_long_set(&zone->inactive_age, -4);
	shadow = workingset_eviction(page_of(f, 3), 0);
	assert_int_equal(workingset_distance(shadow, 7), 10);
}
MACHINE_TEST(distance_of_the_book, SMALL)

static void a_refault_within_the_active_list(void)
{
	struct disk_file *f = disk_file_create("d", 64);

	for (unsigned long i = 0; i < 16; i++)
		read_alone(f, i);
	for (unsigned long i = 8; i < 11; i++) { /* three active pages */
		mark_page_accessed(page_of(f, i));
		mark_page_accessed(page_of(f, i));
		lru_add_drain();
		assert_true(PageActive(page_of(f, i)));
	}
	assert_int_equal(state_of(NR_ACTIVE_FILE), 3);
	assert_true(file_evict(f, 0));
	assert_int_equal(f->inode.i_data.nrshadows, 1);
	assert_int_equal(f->inode.i_data.nrpages, 15);
	assert_false(file_cached(f, 0));
	for (unsigned long i = 1; i < 4; i++)
		assert_true(file_evict(f, i));
	assert_int_equal(state_of(WORKINGSET_REFAULT), 0);
	read_alone(f, 0); /* three have gone since: as many as are active */
	assert_true(PageActive(page_of(f, 0)));
	assert_int_equal(state_of(WORKINGSET_REFAULT), 1);
	assert_int_equal(state_of(WORKINGSET_ACTIVATE), 1);
	assert_int_equal(f->inode.i_data.nrshadows, 3);
	/* 0 became active: that is a step too. 1 was evicted as second: 2, 3, and 0 and four more make 7 > 4 active. */
	for (unsigned long i = 4; i < 8; i++)
		assert_true(file_evict(f, i));
	read_alone(f, 1);
	assert_false(PageActive(page_of(f, 1)));
	assert_int_equal(state_of(WORKINGSET_REFAULT), 2);
	assert_int_equal(state_of(WORKINGSET_ACTIVATE), 1);
	read_alone(f, 40); /* never seen: no refault */
	assert_int_equal(state_of(WORKINGSET_REFAULT), 2);
	assert_int_equal(f->inode.i_data.nrshadows, 6);
}
MACHINE_TEST(a_refault_within_the_active_list, SMALL)

static void activations_count_as_time(void)
{
	struct disk_file *f = disk_file_create("d", 64);
	struct zone *zone;
	long age;

	read_alone(f, 1);
	zone = page_zone(page_of(f, 1));
	age = atomic_long_read(&zone->inactive_age);
	mark_page_accessed(page_of(f, 1));
	assert_int_equal(atomic_long_read(&zone->inactive_age), age);
	mark_page_accessed(page_of(f, 1));
	assert_int_equal(atomic_long_read(&zone->inactive_age), age + 1);
	lru_add_drain();
	mark_page_accessed(page_of(f, 1)); /* active already */
	assert_int_equal(atomic_long_read(&zone->inactive_age), age + 1);
}
MACHINE_TEST(activations_count_as_time, SMALL)

/* A policy that keeps notes gets them back with the page, and decides alone; counters are the same for all. */
static u32 told;

static u32 note_index(struct zone *zone, struct page *page)
{
	(void)zone;
	return page->index == 2 ? 0 : 100 + (u32)page->index;
}

static void get_note(struct zone *zone, struct page *page, u32 note)
{
	assert_ptr_equal(zone, page_zone(page));
	told = note;
	SetPageReferenced(page);
}

static void a_policy_with_a_memory(void)
{
	struct disk_file *f = disk_file_create("d", 64);
	struct reclaim_policy *policy;

	for (unsigned long i = 0; i < 4; i++)
		read_alone(f, i);
	policy = page_zone(page_of(f, 1))->lruvec.policy;
	policy->evicted = note_index;
	policy->refault = get_note;
	assert_true(file_evict(f, 1) && file_evict(f, 2) && file_evict(f, 3));
	read_alone(f, 3);
	assert_int_equal(told, 103);
	assert_true(PageReferenced(page_of(f, 3)) && !PageActive(page_of(f, 3)));
	assert_int_equal(state_of(WORKINGSET_REFAULT), 1);
	assert_int_equal(state_of(WORKINGSET_ACTIVATE), 0);
	told = 0;
	policy->id++; /* another policy's note */
	read_alone(f, 1);
	assert_int_equal(told, 0);
	assert_false(PageReferenced(page_of(f, 1)));
	policy->id--;
	read_alone(f, 2); /* it had nothing to say: the age counts, and one has gone since */
	assert_int_equal(told, 0);
	assert_int_equal(state_of(WORKINGSET_REFAULT), 3);
	assert_int_equal(f->inode.i_data.nrshadows, 0);
}
MACHINE_TEST(a_policy_with_a_memory, SMALL)

/* Whoever walks a file's pages does not meet its shadows, and does not stop at them. */
static void shadows_are_no_pages(void)
{
	struct disk_file *f = disk_file_create("d", 256);
	struct address_space *mapping = &f->inode.i_data;
	struct page *pages[64];
	unsigned long index = 0;
	u8 byte;
	unsigned int n;

	for (unsigned long i = 0; i < 200; i++)
		read_alone(f, i);
	for (unsigned long i = 10; i < 190; i++)
		assert_true(file_evict(f, i));
	n = find_get_pages(mapping, 0, ~0UL, 64, pages);
	assert_int_equal(n, 20);
	assert_int_equal(pages[9]->index, 9);
	assert_int_equal(pages[10]->index, 190);
	release_pages(pages, (int)n);
	assert_int_equal(find_get_pages(mapping, 10, 189, 64, pages), 0);
	n = find_get_pages(mapping, 5, 12, 64, pages);
	assert_int_equal(n, 5);
	release_pages(pages, (int)n);
	n = find_get_pages(mapping, 0, ~0UL, 3, pages);
	assert_int_equal(n, 3);
	release_pages(pages, (int)n);
	put_pages(f, 195, 1, 0xaa);
	n = find_get_pages_tag(mapping, &index, PAGECACHE_TAG_DIRTY, 64, pages);
	assert_int_equal(n, 1);
	assert_int_equal(index, 196);
	release_pages(pages, (int)n);
	assert_int_equal(filemap_write_and_wait(mapping), 0);
	assert_int_equal(f->disk->bytes[195 * PAGE_SIZE + 5], 0xaa);
	byte = file_get(f, 100);
	assert_int_equal(byte, first_byte(100, 0));
}
MACHINE_TEST(shadows_are_no_pages, SMALL)

static void truncation_forgets(void)
{
	struct disk_file *f = disk_file_create("d", 1024);
	struct address_space *mapping = &f->inode.i_data;

	for (unsigned long i = 0; i < 300; i++) {
		read_alone(f, i);
		if (i % 3)
			assert_true(file_evict(f, i));
	}
	assert_int_equal(mapping->nrshadows, 200);
	assert_int_equal(workingset_shadow_nodes(), 0); /* each node has pages too */
	truncate_inode_pages_range(mapping, 30 * PAGE_SIZE, 60 * PAGE_SIZE - 1);
	assert_int_equal(mapping->nrshadows, 180);
	assert_int_equal(mapping->nrpages, 90);
	assert_int_equal(invalidate_mapping_pages(mapping, 0, 29), 10);
	assert_int_equal(mapping->nrshadows, 160);
	for (unsigned long i = 66; i < 128; i += 3) /* of nodes 1 and 2 the shadows alone are left, and of 0 a page */
		assert_true(file_evict(f, i));
	assert_int_equal(workingset_shadow_nodes(), 1);
	truncate_inode_pages(mapping, 0);
	assert_int_equal(mapping->nrshadows, 0);
	assert_int_equal(mapping->nrpages, 0);
	assert_int_equal(workingset_shadow_nodes(), 0);
	assert_true(radix_tree_empty(&mapping->page_tree));
}
MACHINE_TEST(truncation_forgets, SMALL)

/* A lone page at 0 has no tree node; its shadow gets one when the file grows. */
static void lone_shadow_at_zero(void)
{
	struct disk_file *f = disk_file_create("d", 1024);
	struct address_space *mapping = &f->inode.i_data;

	leave_shadow(f, 0);
	assert_int_equal(mapping->nrshadows, 1);
	assert_int_equal(workingset_shadow_nodes(), 0);
	read_alone(f, 700);
	assert_int_equal(workingset_shadow_nodes(), 1);
	read_alone(f, 0);
	assert_int_equal(state_of(WORKINGSET_REFAULT), 1);
	assert_int_equal(workingset_shadow_nodes(), 0);
	assert_true(file_evict(f, 0));
	assert_int_equal(workingset_shadow_nodes(), 1);
	truncate_inode_pages_range(mapping, 700 * PAGE_SIZE, 701 * PAGE_SIZE - 1); /* its node goes, not 0's shadow */
	assert_int_equal(workingset_shadow_nodes(), 0);
	assert_int_equal(mapping->nrshadows, 1);
	truncate_inode_pages(mapping, 0);
	assert_true(radix_tree_empty(&mapping->page_tree));
}
MACHINE_TEST(lone_shadow_at_zero, SMALL)

#define SPARSE 64 /* a page per node */

static void shadow_nodes_are_shrunk(void)
{
	unsigned long max = totalram_pages >> 4, nodes = max + 200;
	struct disk_file *f = disk_file_create("d", nodes * SPARSE);
	struct address_space *mapping = &f->inode.i_data;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	for (unsigned long i = 0; i < nodes; i++) {
		leave_shadow(f, i * SPARSE + 5);
		if (i == max - 1) {
			assert_int_equal(workingset_shadow_nodes(), max);
			while (shrink_slab(&sc, 1000, 100) > 10)
				;
			assert_int_equal(workingset_shadow_nodes(), max); /* so many may be */
		}
	}
	while (workingset_shadow_nodes() > max + 50)
		assert_true(shrink_slab(&sc, 1000, 1000) > 0);
	assert_int_equal(state_of(WORKINGSET_NODERECLAIM), nodes - workingset_shadow_nodes());
	assert_int_equal(mapping->nrshadows, workingset_shadow_nodes());
	/* The oldest went. */
	read_alone(f, 5);
	assert_int_equal(state_of(WORKINGSET_REFAULT), 0);
	read_alone(f, (nodes - 1) * SPARSE + 5);
	assert_int_equal(state_of(WORKINGSET_REFAULT), 1);
	truncate_inode_pages(mapping, 0);
	assert_int_equal(workingset_shadow_nodes(), 0);
}
MACHINE_TEST(shadow_nodes_are_shrunk, SMALL)

/* A page comes into a node of nothing but shadows, in a place of its own: the shrinker is not to take it along. */
static void a_page_among_shadows(void)
{
	unsigned long max = totalram_pages >> 4, nodes = max + 200;
	struct disk_file *f = disk_file_create("d", nodes * SPARSE);
	struct address_space *mapping = &f->inode.i_data;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	for (unsigned long i = 0; i < nodes; i++)
		leave_shadow(f, i * SPARSE + 5);
	assert_int_equal(workingset_shadow_nodes(), nodes);
	read_alone(f, 7); /* the oldest node; and 0 to 4, 6, 8 were never read */
	assert_int_equal(workingset_shadow_nodes(), nodes - 1);
	while (workingset_shadow_nodes() > max + 50)
		assert_true(shrink_slab(&sc, 1000, 1000) > 0);
	assert_true(file_cached(f, 7));
	assert_int_equal(mapping->nrpages, 1);
	assert_int_equal(mapping->nrshadows, workingset_shadow_nodes() + 1);
	truncate_inode_pages(mapping, 0);
	assert_int_equal(workingset_shadow_nodes(), 0);
	assert_true(radix_tree_empty(&mapping->page_tree));
}
MACHINE_TEST(a_page_among_shadows, SMALL)

/* A set larger than the inactive list alone but not than memory ends up active; the scan beside it does not. */
static void a_working_set_is_found(void)
{
	struct disk_file *hot = disk_file_create("hot", 1200), *cold = disk_file_create("cold", 8192);
	unsigned long reads;

	for (int round = 0; round < 6; round++) {
		for (unsigned long i = 0; i < 1200; i++)
			assert_int_equal(file_get(hot, i), first_byte(i, 0));
		for (unsigned long i = 0; i < 2000; i++)
			file_get(cold, (unsigned long)round * 1000 + i);
	}
	reads = hot->reads;
	for (unsigned long i = 0; i < 1200; i++)
		file_get(hot, i);
	print_message("hot pages read again: %lu of 1200; refaults %lu, activated %lu\n", hot->reads - reads,
		      state_of(WORKINGSET_REFAULT), state_of(WORKINGSET_ACTIVATE));
	assert_true(state_of(WORKINGSET_ACTIVATE) > 0);
	assert_true(hot->reads - reads < 1200 / 2); /* all of them, were refaults not noticed */
}
MACHINE_TEST(a_working_set_is_found, .ram_mib = 16, .dma_mib = 4)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(distance_of_the_book), machine_unit_test(a_refault_within_the_active_list),
		machine_unit_test(activations_count_as_time), machine_unit_test(a_policy_with_a_memory),
		machine_unit_test(shadows_are_no_pages),
		machine_unit_test(truncation_forgets), machine_unit_test(lone_shadow_at_zero),
		machine_unit_test(a_page_among_shadows),
		machine_unit_test(shadow_nodes_are_shrunk), machine_unit_test(a_working_set_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
