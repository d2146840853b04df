/* SPDX-License-Identifier: MIT */
/*
 * What becomes of one batch of isolated pages, the policy's victims (spec 6.4).
 *
 *   1 judge   each page: lock, busy? in use? -> keep, activate or cull;
 *             give it a swap slot, take it out of all page tables       (no TLB flush yet)
 *   2 flush   all TLBs that may know one of the pages, once
 *   3 finish  dirty: start writing; clean: out of its cache, free
 *   4 collect what has been written already (a RAM disk is that fast)
 *
 * Pages stay locked from 1 to 3: nobody else may write or reuse them while a stale TLB entry could
 * still change them. Only trylocks are used, so holding 32 of them cannot deadlock; but to write a page of a file one
 * may have to wait for its disk, and that disk, a loop device, for one of the other pages: these are written last, when
 * no other page is locked. (Swap's disk waits for no page of a batch: loop devices over memory are refused.)
 *
 * The table of spec 6.4 is judge_*() and finish_*() in its own order; its line numbers stand at the
 * tests. Locks: the page lock of each page; tree_lock to take it out of its cache.
 * Linux does beyond it: huge pages, memory cgroups, buffers. Read next: shrink_zone.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/workingset.h"

enum verdict {
	V_KEEP,		/* lock not got: just keep it */
	V_KEEP_LOCKED,
	V_ACTIVATE,
	V_CULL,		/* to the unevictable list */
	V_FINISH,	/* out of all page tables: phase 3 */
	V_LATER,	/* a file's page to be written: when the others are unlocked */
	V_WRITING,	/* unlocked, I/O started */
	V_FREE,		/* ours alone */
};

struct candidate {
	struct page *page;
	bool clean_only;	/* the reference check said RECLAIM_CLEAN */
};

struct shrink_job {
	struct zone *zone;
	struct scan_control *sc;
	struct shrink_stat *stat;
	bool ignore_references;
	struct page_list *keep;
	struct page_list free;
	struct candidate candidates[SWAP_CLUSTER_MAX];
	struct page *writing[SWAP_CLUSTER_MAX];
	struct swap_run *swap_plug; /* pages for neighbouring slots, not yet submitted */
	bool alone;		    /* only one page is locked */
	unsigned int nr_candidates, nr_later, nr_writing, nr_freed, nr_activated, nr_written;
};

static struct block_device *page_bdev(const struct page *page)
{
	struct address_space *mapping;

	if (PageSwapCache(page))
		return swap_page_bdev(page);
	mapping = page_mapping(page);
	return mapping ? mapping->bdev : NULL;
}

/* Reclaim may start I/O for the page: file systems need FS, the swap device only IO. */
static bool may_enter_fs(const struct page *page, const struct scan_control *sc)
{
	return (sc->gfp_mask & __GFP_FS) || (PageSwapCache(page) && (sc->gfp_mask & __GFP_IO));
}

static void count_dirty(struct shrink_job *job, struct page *page)
{
	bool dirty, writeback;

	if (!page_is_file_cache(page)) /* anonymous pages are not the flusher's business */
		return;
	dirty = PageDirty(page);
	writeback = PageWriteback(page);
	if (!dirty && !writeback)
		return;
	job->stat->nr_dirty++;
	if (!writeback)
		job->stat->nr_unqueued_dirty++;
	if ((page_bdev(page) && bdev_congested(page_bdev(page), true)) || (writeback && PageReclaim(page)))
		job->stat->nr_congested++;
}

/* Lines 4, 5: it is being written; come back when that has ended. */
static enum verdict judge_writeback(struct shrink_job *job, struct page *page)
{
	if (current_is_kswapd() && PageReclaim(page) &&
	    test_bit(ZONE_WRITEBACK, &job->zone->flags)) {
		job->stat->nr_immediate++;
	} else {
		SetPageReclaim(page);
		job->stat->nr_writeback++;
	}
	return V_KEEP_LOCKED;
}

/* Lines 8, 9: a place to go to, and out of the page tables. */
static enum verdict judge_unmap(struct shrink_job *job, struct page *page)
{
	if (PageAnon(page) && !PageSwapCache(page)) {
		if (!(job->sc->gfp_mask & __GFP_IO))
			return V_KEEP_LOCKED;				/* 8 */
		if (!add_to_swap(page))
			return V_ACTIVATE;
	}
	if (!page_mapped(page))
		return V_FINISH;
	switch (try_to_unmap(page, TTU_UNMAP | TTU_BATCH_FLUSH | job->sc->policy->unmap_flags)) { /* 9 */
	case SWAP_SUCCESS:
		return V_FINISH;
	case SWAP_FAIL:
		return V_ACTIVATE;
	case SWAP_MLOCK:
		return V_CULL;
	default:
		return V_KEEP_LOCKED;
	}
}

/* Phase 1. => the page is locked unless V_KEEP */
static enum verdict judge(struct shrink_job *job, struct page *page, bool *clean_only)
{
	struct scan_control *sc = job->sc;

	*clean_only = false;
	if (!trylock_page(page))
		return V_KEEP;						/* 1 */
	VM_BUG_ON_PAGE(PageActive(page), page);
	sc->nr_scanned++;
	if (unlikely(!page_evictable(page)))
		return V_CULL;						/* 2 */
	if (!sc->may_unmap && page_mapped(page))
		return V_KEEP_LOCKED;					/* 3 */
	if (page_mapped(page) || PageSwapCache(page))
		sc->nr_scanned++;
	count_dirty(job, page);
	if (PageWriteback(page))
		return judge_writeback(job, page);			/* 4, 5 */
	if (!job->ignore_references) {
		switch (sc->policy->judge(page)) {
		case REF_ACTIVATE:
			return V_ACTIVATE;				/* 6 */
		case REF_KEEP:
			return V_KEEP_LOCKED;				/* 7 */
		case REF_RECLAIM_CLEAN:
			*clean_only = true;
			break;
		case REF_RECLAIM:
			break;
		}
	}
	return judge_unmap(job, page);
}

/* ---- Phase 3 ------------------------------------------------------------------------------------ */

static bool may_write_to_queue(struct shrink_job *job, const struct page *page)
{
	struct block_device *bdev = page_bdev(page);

	if (current->flags & PF_SWAPWRITE)
		return true;
	/* Many pages may go in few requests: then it is the pool that is empty and not the queue that is full. */
	if (PageSwapBacked(page) && !swap_may_write(&job->swap_plug))
		return false;
	return !bdev || !bdev_congested(bdev, true);
}

static bool clear_dirty(struct page *page)
{
	return PageSwapCache(page) ? TestClearPageDirty(page) : clear_page_dirty_for_io(page);
}

/* Line 13. => V_FINISH: it turned out clean */
static enum verdict pageout(struct shrink_job *job, struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	struct writeback_control wbc = {
		.nr_to_write = SWAP_CLUSTER_MAX, .for_reclaim = true, .swap_plug = &job->swap_plug,
	};
	int (*writepage)(struct page *page, struct writeback_control *wbc) = NULL;

	if (PageSwapCache(page))
		writepage = swap_writepage;
	else if (mapping)
		writepage = mapping->a_ops->writepage;
	/* Two references: the cache's and ours. Anybody else may be writing into it. */
	if (page_count(page) - PagePrivate(page) != 2)
		return V_KEEP_LOCKED;
	if (!writepage)
		return V_ACTIVATE;
	if (!may_write_to_queue(job, page))
		return V_KEEP_LOCKED;
	if (!clear_dirty(page))
		return V_FINISH;
	SetPageReclaim(page);
	job->nr_written++;
	if (!PageSwapBacked(page)) /* it may sleep */
		swap_unplug(&job->swap_plug);
	if (writepage(page, &wbc)) {
		ClearPageReclaim(page); /* the error is the mapping's; the page is unlocked */
		return V_KEEP;
	}
	if (!PageWriteback(page))
		ClearPageReclaim(page);
	return V_WRITING;
}

/* Lines 10 to 13. */
static enum verdict finish_dirty(struct shrink_job *job, struct page *page, bool clean_only)
{
	if (page_is_file_cache(page) &&
	    !(current_is_kswapd() && test_bit(ZONE_TAIL_LRU_DIRTY, &job->zone->flags))) {
		inc_zone_page_state(page, NR_VMSCAN_IMMEDIATE);
		SetPageReclaim(page);
		return V_KEEP_LOCKED;					/* 10 */
	}
	if (clean_only)
		return V_KEEP_LOCKED;					/* 11 */
	if (!may_enter_fs(page, job->sc) || !job->sc->may_writepage)
		return V_KEEP_LOCKED;					/* 12 */
	if (page_is_file_cache(page) && !job->alone)
		return V_LATER;
	return pageout(job, page);					/* 13 */
}

/*
 * Line 15: out of its cache, if nobody but the cache and we know it. The policy is told when that is certain, while
 * the cache is still locked: its note takes the page's place. => true: it has no references and is in no cache; still
 * locked
 */
static bool remove_mapping(struct page *page, struct reclaim_policy *policy)
{
	struct address_space *mapping = page_mapping(page);
	u32 note;
	void (*freepage)(struct page *page);

	if (PageSwapCache(page))
		return swap_cache_remove_mapping(page, policy);
	if (!mapping)
		return false;
	spin_lock_irq(&mapping->tree_lock);
	if (!page_freeze_refs(page, 2))
		goto keep;
	/* Looked at after the count: whoever dirtied it had a reference. */
	if (unlikely(PageDirty(page))) {
		page_unfreeze_refs(page, 2);
		goto keep;
	}
	freepage = mapping->a_ops->freepage; /* the file may end as soon as the lock is free: its last page is gone */
	note = policy_shadow(policy, page_zone(page), page);
	__delete_from_page_cache(page, page_is_file_cache(page) ? workingset_eviction(page, note) : NULL);
	spin_unlock_irq(&mapping->tree_lock);
	if (freepage)
		freepage(page);
	return true;
keep:
	spin_unlock_irq(&mapping->tree_lock);
	return false;
}

/* Lines 14 to 16; the page is clean, locked, not mapped. */
static enum verdict finish_clean(struct shrink_job *job, struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	if (unlikely(PagePrivate(page)) &&
	    !(mapping && mapping->a_ops->releasepage &&
	      mapping->a_ops->releasepage(page, job->sc->gfp_mask)))
		return V_ACTIVATE;					/* 14 */
	if (!remove_mapping(page, job->sc->policy))
		return V_KEEP_LOCKED;					/* 15 */
	if (PageAnon(page))
		page->mapping = NULL;
	page->flags &= ~PAGE_POLICY_BITS;
	__ClearPageLocked(page); /* nobody waits: waiters have references */
	return V_FREE;							/* 16 */
}

/* ---- All phases ----------------------------------------------------------------------------------- */

static void settle(struct shrink_job *job, struct page *page, enum verdict v, bool clean_only)
{
	switch (v) {
	case V_FINISH:
		job->candidates[job->nr_candidates++] = (struct candidate){ page, clean_only };
		return;
	case V_LATER:
		job->candidates[job->nr_later++] = (struct candidate){ page, clean_only }; /* gone through so far */
		unlock_page(page);
		return;
	case V_WRITING:
		job->writing[job->nr_writing++] = page;
		return;
	case V_FREE:
		job->nr_freed++;
		page_list_add(page, &job->free);
		return;
	case V_CULL: /* mlock found it busy; who unlocks the area waits for the page lock */
		mlock_vma_page(page);
		try_to_free_swap(page);
		unlock_page(page);
		putback_lru_page(page);
		return;
	case V_ACTIVATE:
		if (PageSwapCache(page) && vm_swap_full())
			try_to_free_swap(page);
		SetPageActive(page);
		job->nr_activated++;
		unlock_page(page);
		break;
	case V_KEEP_LOCKED:
		unlock_page(page);
		break;
	case V_KEEP:
		break;
	}
	page_list_add_tail(page, job->keep);
}

static void judge_all(struct shrink_job *job, struct page_list *pages)
{
	struct reclaim_state *reclaim = current->reclaim_state;
	struct page *page;

	while ((page = page_list_pop(pages))) {
		unsigned int deferred = reclaim->nr_deferred;
		bool clean_only;
		enum verdict v = judge(job, page, &clean_only);

		/* Unmapped from some tables only, and soon unlocked: its stale entries must go first. */
		if (unlikely(v != V_FINISH && reclaim->nr_deferred != deferred))
			try_to_unmap_flush();
		settle(job, page, v, clean_only);
	}
}

static enum verdict finish(struct shrink_job *job, struct candidate c)
{
	enum verdict v = V_FINISH;

	if (PageDirty(c.page))
		v = finish_dirty(job, c.page, c.clean_only);
	return v == V_FINISH ? finish_clean(job, c.page) : v;
}

static void finish_all(struct shrink_job *job)
{
	for (unsigned int i = 0; i < job->nr_candidates; i++) {
		struct candidate c = job->candidates[i];

		settle(job, c.page, finish(job, c), c.clean_only);
	}
	job->alone = true;
	for (unsigned int i = 0; i < job->nr_later; i++) {
		struct candidate c = job->candidates[i];
		enum verdict v = V_KEEP;

		if (trylock_page(c.page))
			v = page_mapped(c.page) || PageWriteback(c.page) ? V_KEEP_LOCKED : finish(job, c);
		settle(job, c.page, v, c.clean_only);
	}
}

/* Phase 4: the page may be clean by now. */
static enum verdict collect(struct shrink_job *job, struct page *page)
{
	if (PageWriteback(page) || PageDirty(page) || !trylock_page(page))
		return V_KEEP;
	if (PageWriteback(page) || PageDirty(page))
		return V_KEEP_LOCKED;
	return finish_clean(job, page);
}

unsigned long shrink_page_list(struct page_list *pages, struct zone *zone, struct scan_control *sc,
			       struct shrink_stat *stat, bool ignore_references)
{
	PAGE_LIST(keep);
	struct shrink_job job = {
		.zone = zone, .sc = sc, .stat = stat, .ignore_references = ignore_references,
		.keep = &keep, .free = PAGE_LIST_INIT,
	};

	judge_all(&job, pages);
	try_to_unmap_flush();
	blk_start_plug();
	finish_all(&job);
	swap_unplug(&job.swap_plug);
	blk_finish_plug();
	for (unsigned int i = 0; i < job.nr_writing; i++)
		settle(&job, job.writing[i], collect(&job, job.writing[i]), false);

	if (!page_list_empty(&job.free))
		free_hot_cold_page_list(&job.free, true);
	if (job.nr_written)
		mod_zone_page_state(zone, NR_VMSCAN_WRITE, job.nr_written);
	if (job.nr_activated)
		count_vm_events(PGACTIVATE, job.nr_activated);
	*pages = keep;
	return job.nr_freed;
}
