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
 * Each area has an array beside its map, 4 bytes a slot: the page's frame number, or, with the top bit, 31 bits that
 * reclaim's policy keeps about a page that has left memory (its shadow), or 0. So nothing is allocated on the
 * way out, not even when there is nothing left to allocate (Linux keeps a radix tree, whose nodes can run out), and
 * slot and cache change under one lock.
 *
 * Invariants: PG_swapcache <=> area->cache[swp_offset(private)] is the page, one reference for
 * that, SWAP_HAS_CACHE in the slot's byte (which may be set a little before and after). mapping and
 * index remain those of the anonymous page. A free slot has no shadow.
 *
 * Locks: the page lock for PG_swapcache and private; area->lock for array and bytes, except that who has taken a
 * slot that no page table knows yet enters its page without. NR_FILE_PAGES is never counted in interrupts, so with
 * preemption off, under the lock or without, the short form of the counters does.
 * Linux does beyond it: huge pages. Read next: swap_io.c.
 */
#include "asm/barrier.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
#include "mm/swap_internal.h"

struct swap_cache_info swap_cache_info;	/* statistics, racy */

unsigned long total_swapcache_pages(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < MAX_SWAPFILES; i++)
		if (swap_areas[i])
			sum += (unsigned long)atomic_long_read(&swap_areas[i]->nr_cached);
	return sum;
}

#define SHADOW_MARK 0x80000000U

/* ---- Changes --------------------------------------------------------------------------------------- */

/* The slot has SWAP_HAS_CACHE for the page already; from the last store on others may find it. */
u32 swap_cache_insert(struct swap_area *area, unsigned long offset, struct page *page)
{
	u32 before = area->cache[offset];

	VM_BUG_ON_PAGE(!PageLocked(page) || PageSwapCache(page) || !PageSwapBacked(page), page);
	VM_BUG_ON_PAGE(before && !(before & SHADOW_MARK), page);
	VM_BUG_ON(!preempt_count());
	get_page(page);
	set_page_private(page, swp_entry(area->type, offset).val);
	SetPageSwapCache(page);
	smp_store_release(&area->cache[offset], (u32)page_to_pfn(page));
	atomic_long_inc(&area->nr_cached);
	__inc_zone_page_state(page, NR_FILE_PAGES);
	swap_cache_info.add_total++;
	return before & ~SHADOW_MARK;
}

/* The page leaves and the slot loses its mark; the cache's reference is the caller's now. => area->lock held */
static void cache_remove(struct swap_area *area, unsigned long offset, struct page *page, u32 shadow)
{
	assert_spin_locked(&area->lock);
	VM_BUG_ON_PAGE(!PageSwapCache(page) || PageWriteback(page), page);
	VM_BUG_ON_PAGE(area->cache[offset] != (u32)page_to_pfn(page), page);
	area->cache[offset] = shadow ? shadow | SHADOW_MARK : 0;
	atomic_long_dec(&area->nr_cached);
	__dec_zone_page_state(page, NR_FILE_PAGES);
	set_page_private(page, 0);
	ClearPageSwapCache(page);
	swap_cache_info.del_total++;
	if (!swap_byte_put(&area->map[offset], NULL, SWAP_HAS_CACHE))
		swap_slot_release(area, (unsigned int)offset);
}

struct page *swap_cache_peek(struct swap_area *area, unsigned long offset)
{
	u32 pfn = READ_ONCE(area->cache[offset]);

	assert_spin_locked(&area->lock);
	return pfn && !(pfn & SHADOW_MARK) ? pfn_to_page(pfn) : NULL;
}

u32 swap_shadow(swp_entry_t entry)
{
	struct swap_area *area = swap_area_lock(entry);
	u32 word;

	if (!area)
		return 0;
	word = area->cache[swp_offset(entry)];
	spin_unlock(&area->lock);
	return word & SHADOW_MARK ? word & ~SHADOW_MARK : 0;
}

/* ---- In --------------------------------------------------------------------------------------------- */

void add_to_swap_cache(struct page *page, swp_entry_t entry)
{
	preempt_disable();
	swap_cache_insert(swap_area_of(entry), swp_offset(entry), page);
	preempt_enable();
}

int add_to_swap(struct page *page)
{
	swp_entry_t entry;

	VM_BUG_ON_PAGE(!PageLocked(page) || !PageUptodate(page), page);
	entry = get_swap_page();
	if (!entry.val)
		return 0;
	add_to_swap_cache(page, entry);
	SetPageDirty(page); /* the slot has never been written */
	return 1;
}

/* ---- Out: the page is locked, so it stays what it is until area->lock is ours ---------------------- */

void delete_from_swap_cache(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_area *area = swap_area_of(entry);

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	spin_lock(&area->lock);
	cache_remove(area, swp_offset(entry), page, 0);
	spin_unlock(&area->lock);
	put_page(page);
}

bool swap_cache_remove_mapping(struct page *page, struct reclaim_policy *policy)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_area *area = swap_area_of(entry);

	spin_lock(&area->lock);
	if (!page_freeze_refs(page, 2))
		goto keep;
	/* Looked at after the count: whoever dirtied it had a reference. */
	if (unlikely(PageDirty(page))) {
		page_unfreeze_refs(page, 2);
		goto keep;
	}
	cache_remove(area, swp_offset(entry), page, policy_shadow(policy, page_zone(page), page));
	spin_unlock(&area->lock);
	return true;
keep:
	spin_unlock(&area->lock);
	return false;
}

/* Uses of the slot besides the cache's. The common case needs no lock: the page keeps the slot. */
static int slot_uses(const struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	unsigned char byte = READ_ONCE(swap_area_of(entry)->map[swp_offset(entry)]);

	return likely(byte < COUNT_CONTINUED) ? byte & SWAP_MAP_COUNT : swp_swapcount(entry);
}

int try_to_free_swap(struct page *page)
{
	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (!PageSwapCache(page) || PageWriteback(page) || slot_uses(page))
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
	users += slot_uses(page);
	if (users != 1)
		return users < 1;
	/* A page that is being written keeps its slot: the write must not hit somebody else's data. */
	if (!PageWriteback(page)) {
		delete_from_swap_cache(page);
		SetPageDirty(page);
	}
	return true;
}

/* ---- Looking ---------------------------------------------------------------------------------------- */

struct page *swap_cache_find(swp_entry_t entry)
{
	struct swap_area *area = swap_area_lock(entry);
	struct page *page;

	if (!area)
		return NULL;
	page = swap_cache_peek(area, swp_offset(entry));
	if (page)
		get_page(page);
	spin_unlock(&area->lock);
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
