/* SPDX-License-Identifier: MIT */
/*
 * Dirty and write-back states of page cache pages.
 *
 *   PG_dirty says the page, the tree's DIRTY tag says the mapping has something to write; the tag may lag behind
 *   (it goes when write-back starts), never run ahead of a dirty page.
 *
 *   set_page_dirty -----> PG_dirty, DIRTY tag, NR_FILE_DIRTY
 *   clear_page_dirty_for_io -> entries write-protected and clean, PG_dirty off, NR_FILE_DIRTY - 1
 *   set_page_writeback -> PG_writeback, WRITEBACK tag, DIRTY tag off unless dirty again, NR_WRITEBACK
 *   end_page_writeback -> both off, waiters woken
 *
 * Anonymous pages (swap cache) and memory file systems have the flags without tags or dirty counts: nothing
 * periodic writes them. Locks: tree_lock with interrupts off; the page lock for clear and writeback.
 */
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vmstat.h"
#include "mm/writeback.h"
#include "mm/zone.h"

/* Pages of this mapping are written back some day. */
static bool accounts_dirty(const struct address_space *mapping)
{
	return !(READ_ONCE(mapping->flags) >> AS_SHMEM & 1);
}

int set_page_dirty_no_writeback(struct page *page)
{
	return PageDirty(page) ? 0 : !TestSetPageDirty(page);
}

int set_page_dirty_tagged(struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	unsigned long flags;
	bool first = false;

	if (PageDirty(page) || TestSetPageDirty(page))
		return 0;
	if (!mapping)
		return 1;
	spin_lock_irqsave(&mapping->tree_lock, flags);
	if (page_mapping(page) == mapping) {
		__inc_zone_page_state(page, NR_FILE_DIRTY);
		__inc_zone_page_state(page, NR_DIRTIED);
		bdi_account_dirty(mapping, 1);
		first = !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY);
		radix_tree_tag_set(&mapping->page_tree, page->index, PAGECACHE_TAG_DIRTY);
	}
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	if (first)
		writeback_mapping_dirty(mapping);
	return 1;
}

bool set_page_dirty(struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	if (!mapping || !accounts_dirty(mapping))
		return set_page_dirty_no_writeback(page);
	if (mapping->a_ops->set_page_dirty)
		return mapping->a_ops->set_page_dirty(page);
	return set_page_dirty_tagged(page);
}

bool set_page_dirty_lock(struct page *page)
{
	bool was_clean;

	lock_page(page);
	was_clean = set_page_dirty(page);
	unlock_page(page);
	return was_clean;
}

bool clear_page_dirty_for_io(struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (!mapping || !accounts_dirty(mapping))
		return TestClearPageDirty(page);
	/* Writers through page tables made it dirty without telling: now they must fault again. */
	if (page_mkclean(page))
		set_page_dirty(page);
	if (!TestClearPageDirty(page))
		return false;
	dec_zone_page_state(page, NR_FILE_DIRTY);
	bdi_account_dirty(mapping, -1);
	return true;
}

void cancel_dirty_page(struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	if (TestClearPageDirty(page) && mapping && accounts_dirty(mapping)) {
		dec_zone_page_state(page, NR_FILE_DIRTY);
		bdi_account_dirty(mapping, -1);
	}
}

void set_page_writeback(struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	unsigned long flags;

	if (TestSetPageWriteback(page))
		return;
	inc_zone_page_state(page, NR_WRITEBACK);
	bdi_start_write(mapping);
	if (!mapping)
		return;
	spin_lock_irqsave(&mapping->tree_lock, flags);
	radix_tree_tag_set(&mapping->page_tree, page->index, PAGECACHE_TAG_WRITEBACK);
	if (!PageDirty(page))
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_DIRTY);
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
}

void end_page_writeback(struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	unsigned long flags;

	VM_BUG_ON_PAGE(!PageWriteback(page), page);
	if (TestClearPageReclaim(page))
		rotate_reclaimable_page(page);
	dec_zone_page_state(page, NR_WRITEBACK);
	if (likely(!PageError(page))) /* a page that did not arrive is not written */
		inc_zone_page_state(page, NR_WRITTEN);
	bdi_end_write(mapping);
	if (mapping) {
		spin_lock_irqsave(&mapping->tree_lock, flags);
		radix_tree_tag_clear(&mapping->page_tree, page->index, PAGECACHE_TAG_WRITEBACK);
		spin_unlock_irqrestore(&mapping->tree_lock, flags);
	}
	clear_and_wake_up_bit(PG_writeback, &page->flags);
}
