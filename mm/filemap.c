/* SPDX-License-Identifier: MIT */
/*
 * The page cache: the tree of a mapping's pages, and its doors.
 *
 *   add: reference + 1, mapping and index set, in the tree, NR_FILE_PAGES + 1; then onto the LRU. If a shadow entry
 *        stood there, the page has been evicted not long ago (workingset.c): onto the active list perhaps
 *   look up: under tree_lock, so a page found is in the cache and its reference count is not zero
 *   delete: page locked, unmapped; out of the tree, mapping = NULL, NR_FILE_PAGES - 1. Reclaim leaves a shadow
 *
 * A page found without its lock may leave the mapping at any time: who needs it to stay locks it and
 * looks at page->mapping again (find_lock_page). Locks: tree_lock with interrupts off.
 *
 * Linux looks up without a lock (RCU). Read next: filemap_rw.c, filemap_fault.c, truncate.c.
 */
#include "mm/filemap.h"

#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/backing_dev.h"
#include "mm/lru.h"
#include "mm/policy.h"
#include "mm/vmstat.h"
#include "mm/workingset.h"
#include "mm/zone.h"

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *ops, gfp_t gfp)
{
	mapping->host = host;
	INIT_RADIX_TREE(&mapping->page_tree, GFP_ATOMIC | __GFP_NOWARN);
	spin_lock_init(&mapping->tree_lock, LOCK_RANK_TREE);
	spin_lock_init(&mapping->i_mmap_lock, LOCK_RANK_I_MMAP);
	INIT_LIST_HEAD(&mapping->i_mmap);
	mapping->i_mmap_writable = 0;
	mapping->nrpages = 0;
	mapping->nrshadows = 0;
	mapping->writeback_index = 0;
	mapping->a_ops = ops;
	mapping->flags = 0;
	mapping->wb_listed = false;
	mapping->gfp_mask = gfp;
	mapping->bdev = NULL;
	mapping->bdi = NULL;
	mapping->private_data = NULL;
}

/* => tree_lock held. 0 with the shadow that stood there or NULL, -EEXIST, -ENOMEM */
static int tree_insert(struct address_space *mapping, unsigned long index, struct page *page, void **shadow)
{
	struct radix_tree_node *node;
	bool lone;
	void *old;
	int err = 0;

	*shadow = NULL;
	if (likely(!mapping->nrshadows))
		return radix_tree_insert(&mapping->page_tree, index, page);
	old = radix_tree_lookup(&mapping->page_tree, index);
	lone = !old && !radix_tree_leaf(&mapping->page_tree, 0);
	if (!old) {
		err = radix_tree_insert(&mapping->page_tree, index, page);
	} else if (radix_tree_exceptional_entry(old)) {
		*shadow = radix_tree_replace(&mapping->page_tree, index, page);
		mapping->nrshadows--;
	} else {
		err = -EEXIST;
	}
	if (err)
		return err;
	/* Whatever stood in the page's place: its node may have held nothing but shadows, and does no longer. */
	node = radix_tree_leaf(&mapping->page_tree, index);
	if (node)
		workingset_update_node(mapping, node);
	/* A lone item at 0 had no node until now; perhaps it is a shadow. */
	if (unlikely(lone) && (node = radix_tree_leaf(&mapping->page_tree, 0)) != NULL)
		workingset_update_node(mapping, node);
	return 0;
}

static int add_to_tree(struct page *page, struct address_space *mapping, unsigned long index, gfp_t gfp,
		       void **shadow)
{
	int err;

	VM_BUG_ON_PAGE(!PageLocked(page) || page->mapping, page);
	if ((mapping->flags >> AS_SHMEM & 1) && !PageSwapBacked(page))
		SetPageSwapBacked(page);
	err = radix_tree_preload(gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE));
	if (err)
		return err;
	get_page(page);
	page->mapping = mapping;
	page->index = index;
	spin_lock_irq(&mapping->tree_lock);
	err = tree_insert(mapping, index, page, shadow);
	if (likely(!err)) {
		mapping->nrpages++;
		__inc_zone_page_state(page, NR_FILE_PAGES);
		if (PageSwapBacked(page))
			__inc_zone_page_state(page, NR_SHMEM);
	}
	spin_unlock_irq(&mapping->tree_lock);
	radix_tree_preload_end();
	if (err) {
		page->mapping = NULL;
		put_page(page);
	}
	return err;
}

int add_to_page_cache_locked(struct page *page, struct address_space *mapping, unsigned long index,
			     gfp_t gfp)
{
	void *shadow;

	return add_to_tree(page, mapping, index, gfp, &shadow);
}

int add_to_page_cache_lru(struct page *page, struct address_space *mapping, unsigned long index,
			  gfp_t gfp)
{
	void *shadow;
	int err;

	__SetPageLocked(page);
	err = add_to_tree(page, mapping, index, gfp, &shadow);
	if (err) {
		__ClearPageLocked(page);
		__ClearPageSwapBacked(page);
		return err;
	}
	if (shadow && workingset_refault(shadow)) {
		SetPageActive(page);
		workingset_activation(page);
		lru_cache_add(page);
	} else if (shadow && workingset_note(shadow)) {
		lru_refault(page, workingset_note(shadow));
		lru_cache_add(page);
	} else if (PageSwapBacked(page)) {
		lru_cache_add_anon(page);
	} else {
		lru_cache_add_file(page);
	}
	return 0;
}

static void tree_delete(struct address_space *mapping, unsigned long index, void *shadow)
{
	struct radix_tree_node *node;

	if (shadow) {
		radix_tree_replace(&mapping->page_tree, index, shadow);
		mapping->nrshadows++;
	} else {
		radix_tree_delete(&mapping->page_tree, index);
	}
	node = mapping->nrshadows ? radix_tree_leaf(&mapping->page_tree, index) : NULL;
	if (node)
		workingset_update_node(mapping, node);
}

void __delete_from_page_cache(struct page *page, void *shadow)
{
	struct address_space *mapping = page->mapping;

	assert_spin_locked(&mapping->tree_lock);
	VM_BUG_ON_PAGE(!PageLocked(page) || page_mapped(page) || PageAnon(page), page);
	tree_delete(mapping, page->index, shadow);
	page->mapping = NULL;
	mapping->nrpages--;
	__dec_zone_page_state(page, NR_FILE_PAGES);
	if (PageSwapBacked(page)) {
		__dec_zone_page_state(page, NR_SHMEM);
	} else if (PageDirty(page)) {
		__dec_zone_page_state(page, NR_FILE_DIRTY);
		bdi_account_dirty(mapping, -1);
	}
}

void delete_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;
	/* Looked up now: when reclaim takes its last page (shmem_writepage) the file may end once the lock is free. */
	void (*freepage)(struct page *page) = mapping->a_ops->freepage;
	unsigned long flags;

	spin_lock_irqsave(&mapping->tree_lock, flags);
	__delete_from_page_cache(page, NULL);
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	if (freepage)
		freepage(page);
	put_page(page);
}

void forget_shadows(struct address_space *mapping, unsigned long first, unsigned long last)
{
	void *items[PAGEVEC_SIZE];
	unsigned long at[PAGEVEC_SIZE], flags;
	unsigned int n = 1;

	while (READ_ONCE(mapping->nrshadows) && n && first <= last) {
		spin_lock_irqsave(&mapping->tree_lock, flags);
		n = radix_tree_gang_lookup(&mapping->page_tree, items, at, first, PAGEVEC_SIZE);
		for (unsigned int i = 0; i < n && at[i] <= last; i++) {
			if (!radix_tree_exceptional_entry(items[i]))
				continue;
			mapping->nrshadows--;
			tree_delete(mapping, at[i], NULL);
		}
		spin_unlock_irqrestore(&mapping->tree_lock, flags);
		if (n && !(first = at[n - 1] + 1))
			return;
		cond_resched();
	}
}

/* ---- Looking up --------------------------------------------------------------------------------- */

struct page *find_get_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&mapping->tree_lock, flags);
	page = radix_tree_lookup(&mapping->page_tree, index);
	if (page) {
		if (radix_tree_exceptional_entry(page))
			page = NULL;
		else
			get_page(page);
	}
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	return page;
}

struct page *find_lock_page(struct address_space *mapping, unsigned long index)
{
	for (;;) {
		struct page *page = find_get_page(mapping, index);

		if (!page)
			return NULL;
		lock_page(page);
		if (likely(page_mapping(page) == mapping))
			return page;
		unlock_page(page); /* truncated while we waited */
		put_page(page);
	}
}

/* => a new page of index, locked; ERR_PTR(-EEXIST, -ENOMEM) */
static struct page *create_page(struct address_space *mapping, unsigned long index, gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	int err;

	if (!page)
		return ERR_PTR(-ENOMEM);
	err = add_to_page_cache_lru(page, mapping, index, gfp & GFP_RECLAIM_MASK);
	if (!err)
		return page;
	put_page(page);
	return ERR_PTR(err);
}

struct page *find_or_create_page(struct address_space *mapping, unsigned long index, gfp_t gfp)
{
	struct page *page;

	do {
		page = find_lock_page(mapping, index);
		if (!page)
			page = create_page(mapping, index, gfp);
	} while (IS_ERR(page) && PTR_ERR(page) == -EEXIST);
	return IS_ERR(page) ? NULL : page;
}

struct page *find_or_create_page_killable(struct address_space *mapping, unsigned long index, gfp_t gfp)
{
	struct page *page;
	int err;

	do {
		page = find_get_page(mapping, index);
		if (page) {
			err = lock_page_of(mapping, page);
			if (err)
				put_page(page);
		} else {
			page = create_page(mapping, index, gfp);
			err = PTR_ERR_OR_ZERO(page);
		}
	} while (err == -EAGAIN || err == -EEXIST);
	return err ? ERR_PTR(err) : page;
}

struct page *grab_cache_page_write_begin(struct address_space *mapping, unsigned long index)
{
	return find_or_create_page(mapping, index, mapping->gfp_mask | __GFP_WRITE);
}

#define GANG 16U /* items looked at under one hold of the lock */

unsigned find_get_pages(struct address_space *mapping, unsigned long start, unsigned long end, unsigned nr,
			struct page **pages)
{
	void *items[GANG];
	unsigned long at[GANG], flags;
	unsigned int found, kept = 0;

	do {
		unsigned int want = min(nr - kept, GANG);

		spin_lock_irqsave(&mapping->tree_lock, flags);
		found = radix_tree_gang_lookup(&mapping->page_tree, items, at, start, want);
		for (unsigned int i = 0; i < found && at[i] <= end; i++) {
			if (radix_tree_exceptional_entry(items[i]))
				continue;
			get_page(items[i]);
			pages[kept++] = items[i];
		}
		spin_unlock_irqrestore(&mapping->tree_lock, flags);
		if (found < want || at[found - 1] >= end)
			break;
		start = at[found - 1] + 1;
	} while (kept < nr); /* shadows took the place of some: look further */
	return kept;
}

unsigned find_get_pages_tag(struct address_space *mapping, unsigned long *index, int tag, unsigned nr,
			    struct page **pages)
{
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&mapping->tree_lock, flags);
	n = radix_tree_gang_lookup_tag(&mapping->page_tree, (void **)pages, NULL, *index, nr,
				       (unsigned int)tag);
	for (unsigned int i = 0; i < n; i++)
		get_page(pages[i]); /* shadows have no tags */
	if (n)
		*index = pages[n - 1]->index + 1;
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	return n;
}

/* ---- Reading one page in ------------------------------------------------------------------------- */

/* => locked page not uptodate: read it and wait; 0, -EIO or what readpage said. Unlocked on return. */
int filemap_fill_page(struct file *file, struct address_space *mapping, struct page *page)
{
	int err;

	ClearPageError(page);
	err = mapping->a_ops->readpage(file, page);
	if (err)
		return err;
	if (!PageUptodate(page))
		err = wait_on_page_locked_killable(page);
	if (err)
		return err;
	return PageUptodate(page) ? 0 : -EIO;
}

struct page *read_mapping_page(struct address_space *mapping, unsigned long index, struct file *file)
{
	struct page *page = find_get_page(mapping, index);
	int err;

	if (page && PageUptodate(page))
		return page;
	if (page)
		put_page(page);
	page = find_or_create_page_killable(mapping, index, mapping->gfp_mask | __GFP_COLD);
	if (IS_ERR(page) || PageUptodate(page)) {
		if (!IS_ERR(page))
			unlock_page(page);
		return page;
	}
	err = filemap_fill_page(file, mapping, page);
	if (err) {
		put_page(page);
		return ERR_PTR(err);
	}
	return page;
}
