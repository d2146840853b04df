/* SPDX-License-Identifier: MIT */
/*
 * The swap cache: pages that have a slot, found by it.
 *
 * It is what makes swapping safe while several page tables share a page: the first one to fault
 * reads the page and enters it here, the others find it; and while a page is on its way out, a
 * fault takes it back from here without any I/O.
 *
 *   anonymous page --add_to_swap--> in the cache, dirty --write--> clean --reclaim--> gone
 *        ^                            |  fault: lookup_swap_cache
 *        +--- last user writes: reuse_swap_page, try_to_free_swap: slot given back, page dirty
 *
 * Invariants: PG_swapcache <=> in the tree of its area at swp_offset(private), one reference for
 * that, SWAP_HAS_CACHE in the slot's byte. mapping and index remain those of the anonymous page.
 *
 * Locks: the page lock for PG_swapcache and private; tree_lock for the tree.
 * Linux does beyond it: batches, shadow entries, huge pages. Read next: swap_io.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/pagemap.h"
#include "mm/swap_internal.h"

struct swap_cache_info swap_cache_info;	/* statistics, racy */

/* Radix nodes for the swap cache: half of the min watermark may be used, the reserves not. */
#define SWAP_RADIX_GFP (__GFP_HIGH | __GFP_NOMEMALLOC | __GFP_NOWARN)

static const struct address_space_operations swap_aops = {
	.writepage = swap_writepage,
	.set_page_dirty = swap_set_page_dirty,
};

void swap_space_init(struct swap_area *area)
{
	address_space_init(&area->space, NULL, &swap_aops, SWAP_RADIX_GFP);
	INIT_RADIX_TREE(&area->space.page_tree, SWAP_RADIX_GFP);
	area->space.bdev = area->bdev;
}

struct address_space *swap_address_space(swp_entry_t entry)
{
	return &swap_area_of(entry)->space;
}

unsigned long total_swapcache_pages(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < MAX_SWAPFILES; i++)
		if (swap_areas[i])
			sum += READ_ONCE(swap_areas[i]->space.nrpages);
	return sum;
}

int swap_set_page_dirty(struct page *page)
{
	return !TestSetPageDirty(page);
}

/* The slot has SWAP_HAS_CACHE for us already. */
int add_to_swap_cache(struct page *page, swp_entry_t entry, gfp_t gfp)
{
	struct address_space *space = swap_address_space(entry);
	int err;

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	VM_BUG_ON_PAGE(PageSwapCache(page), page);
	VM_BUG_ON_PAGE(!PageSwapBacked(page), page);
	(void)gfp;
	get_page(page);
	spin_lock_irq(&space->tree_lock);
	err = radix_tree_insert(&space->page_tree, swp_offset(entry), page);
	if (likely(!err)) {
		set_page_private(page, entry.val);
		SetPageSwapCache(page);
		space->nrpages++;
		__inc_zone_page_state(page, NR_FILE_PAGES);
		swap_cache_info.add_total++;
	}
	spin_unlock_irq(&space->tree_lock);
	if (unlikely(err))
		put_page(page);
	return err;
}

void __delete_from_swap_cache(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct address_space *space = swap_address_space(entry);
	void *was;

	VM_BUG_ON_PAGE(!PageSwapCache(page), page);
	VM_BUG_ON_PAGE(PageWriteback(page), page);
	assert_spin_locked(&space->tree_lock);
	was = radix_tree_delete(&space->page_tree, swp_offset(entry));
	VM_BUG_ON_PAGE(was != page, page);
	(void)was;
	set_page_private(page, 0);
	ClearPageSwapCache(page);
	space->nrpages--;
	__dec_zone_page_state(page, NR_FILE_PAGES);
	swap_cache_info.del_total++;
}

void delete_from_swap_cache(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct address_space *space = swap_address_space(entry);

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	spin_lock_irq(&space->tree_lock);
	__delete_from_swap_cache(page);
	spin_unlock_irq(&space->tree_lock);
	swapcache_free(entry);
	put_page(page);
}

int add_to_swap(struct page *page)
{
	swp_entry_t entry;

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	VM_BUG_ON_PAGE(!PageUptodate(page), page);
	entry = get_swap_page();
	if (!entry.val)
		return 0;
	if (add_to_swap_cache(page, entry, SWAP_RADIX_GFP)) {
		swapcache_free(entry);
		return 0;
	}
	SetPageDirty(page); /* the slot has never been written */
	return 1;
}

struct page *swap_cache_find(swp_entry_t entry)
{
	struct address_space *space = swap_address_space(entry);
	struct page *page;

	spin_lock_irq(&space->tree_lock);
	page = radix_tree_lookup(&space->page_tree, swp_offset(entry));
	if (page)
		get_page(page);
	spin_unlock_irq(&space->tree_lock);
	return page;
}

struct page *lookup_swap_cache(swp_entry_t entry)
{
	struct page *page = swap_cache_find(entry);

	swap_cache_info.find_total++;
	if (page) {
		swap_cache_info.find_success++;
		if (PageReadahead(page) && TestClearPageReadahead(page))
			atomic_inc(&swapin_readahead_hits);
	}
	return page;
}

int try_to_free_swap(struct page *page)
{
	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (!PageSwapCache(page) || PageWriteback(page) || page_swapcount(page))
		return 0;
	delete_from_swap_cache(page);
	SetPageDirty(page); /* nothing on disk stands for it any more */
	return 1;
}

bool reuse_swap_page(struct page *page)
{
	int users = page_mapcount(page);

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (users > 1)
		return false;
	if (!PageSwapCache(page))
		return true;
	users += page_swapcount(page);
	if (users != 1)
		return users < 1;
	/* A page that is being written keeps its slot: the write must not hit somebody else's data. */
	if (!PageWriteback(page)) {
		delete_from_swap_cache(page);
		SetPageDirty(page);
	}
	return true;
}
