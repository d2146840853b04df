/* SPDX-License-Identifier: MIT */
/*
 * One page in a condition that a test makes goes through shrink_page_list (spec 6.4). Include machine_fixture.h first.
 */
#ifndef TESTS_HOST_SHRINK_FIXTURE_H
#define TESTS_HOST_SHRINK_FIXTURE_H

#include "tests/host/file_fixture.h"

#include "arch/mmu.h"
#include "mm/policy.h"

#define SMALL .ram_mib = 24, .dma_mib = 1

static struct scan_control sc;
static struct shrink_stat stat;
static unsigned long freed;

static inline void start(void)
{
	sc = (struct scan_control){ .gfp_mask = GFP_KERNEL, .may_writepage = true, .may_unmap = true, .may_swap = true,
				    .policy = &policy_lru2 };
	stat = (struct shrink_stat){ 0 };
	swap_on("swap0", 256);
}

/* => true: the page was kept (or activated: PG_active); false: freed or culled. It is off the lists before */
static inline bool shrink(struct page *page)
{
	struct reclaim_state state = { 0 };
	bool kept;
	PAGE_LIST(pages);

	ClearPageActive(page);
	page_list_add(page, &pages);
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC;
	freed = shrink_page_list(&pages, page_zone(page), &sc, &stat, false);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->reclaim_state = NULL;
	kept = !page_list_empty(&pages);
	if (kept)
		assert_ptr_equal(page_list_first(&pages), page);
	return kept;
}

static inline struct page *isolated(struct page *page)
{
	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	return page;
}

static struct page *victim;
static unsigned long at;

/* An anonymous page, written once; young or not. */
static inline void anon_victim(bool young)
{
	start();
	at = map_anon(PAGE_SIZE);
	put(at, 42);
	victim = isolated(page_at(at));
	if (!young) {
		unsigned long vm_flags;

		page_referenced(victim, false, &vm_flags);
	}
}

/* A clean file page that no table maps. */
static struct disk_file *file;

static inline void file_victim(void)
{
	start();
	file = disk_file_create("f", 64);
	get_pages(file, 0, 1);
	victim = find_get_page(&file->inode.i_data, 0);
	assert_non_null(victim);
	isolated(victim);
	ClearPageReferenced(victim);
	put_page(victim); /* find_get_page's: the cache's and the isolator's are left */
	assert_int_equal(page_count(victim), 2);
}

#endif
