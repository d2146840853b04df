/* SPDX-License-Identifier: MIT */
/*
 * LRU lists: how pages come onto them, move between them, and leave when freed.
 *
 *   lru_cache_add --> [per-CPU vector of 14] --full--> zone->lruvec.lists[page_lru(page)]
 *   activate_page, rotate, deactivate: vectors of their own, the same way
 *   put_page / release_pages: last reference -> off the list -> per-CPU free list
 *
 * Invariants: PG_lru set <=> the page is on the list page_lru() names, and the zone's counter
 * NR_LRU_BASE + lru counts it. A page in a vector has one reference for that and, if new, no PG_lru.
 *
 * Locks: lru_lock with interrupts off. Vectors: the CPU's own, interrupts off, because the end of
 * a write (softirq) rotates pages.
 *
 * Linux does beyond it: per-memcg lists, huge pages, workingset detection.
 * Read next: vmscan.h. Test: tests/host lru cases. Try: `cat /proc/zoneinfo` while a program grows.
 */
#include "mm/lru.h"
#include "arch/cpu.h"
#include "asm/barrier.h"
#include "kernel/base/kernel.h"
#include "mm/address_space.h"
#include "mm/buddy.h"
#include "mm/gfp.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "mm/workingset.h"

struct pagevec {
	unsigned int nr;
	struct page *pages[PAGEVEC_SIZE];
};

enum lru_vector { VEC_ADD, VEC_ACTIVATE, VEC_DEACTIVATE, VEC_ROTATE, NR_VECTORS };

static DEFINE_PER_CPU(struct pagevec, lru_pagevecs[NR_VECTORS]); /* [c] interrupts off */

/* Counters of one (zone, list) at a time: runs of equal pages cost one update. */
struct lru_tally {
	struct zone *zone;
	enum lru_list lru;
	long delta;
};

static void tally_flush(struct lru_tally *t)
{
	if (t->delta)
		__mod_zone_page_state(t->zone, (enum zone_stat_item)(NR_LRU_BASE + t->lru), t->delta);
	t->delta = 0;
}

static inline void tally(struct lru_tally *t, struct zone *zone, enum lru_list lru, long delta)
{
	if (t->zone != zone || t->lru != lru) {
		tally_flush(t);
		t->zone = zone;
		t->lru = lru;
	}
	t->delta += delta;
}

void add_page_to_lru_list(struct page *page, struct zone *zone, enum lru_list lru)
{
	assert_spin_locked(&zone->lru_lock);
	page_list_add(page, &zone->lruvec.lists[lru]);
	__mod_zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + lru), 1);
}

void del_page_from_lru_list(struct page *page, struct zone *zone, enum lru_list lru)
{
	assert_spin_locked(&zone->lru_lock);
	page_list_del(page, &zone->lruvec.lists[lru]);
	__mod_zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + lru), -1);
}

static inline void update_reclaim_stat(struct zone *zone, int file, bool rotated)
{
	zone->lruvec.reclaim_stat.recent_scanned[file]++;
	if (rotated)
		zone->lruvec.reclaim_stat.recent_rotated[file]++;
}

/* ---- What a full vector does with each of its pages (lru_lock held) ---------------------------- */

static void add_one(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page);

	VM_BUG_ON_PAGE(PageLRU(page), page);
	SetPageLRU(page);
	page_list_add(page, &zone->lruvec.lists[lru]);
	tally(t, zone, lru, 1);
	if (lru != LRU_UNEVICTABLE)
		update_reclaim_stat(zone, is_file_lru(lru), is_active_lru(lru));
}

static void activate_one(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page);

	if (!PageLRU(page) || PageActive(page) || PageUnevictable(page))
		return;
	page_list_del(page, &zone->lruvec.lists[lru]);
	tally(t, zone, lru, -1);
	SetPageActive(page);
	page_list_add(page, &zone->lruvec.lists[lru + LRU_ACTIVE]);
	tally(t, zone, (enum lru_list)(lru + LRU_ACTIVE), 1);
	count_vm_event(PGACTIVATE);
	update_reclaim_stat(zone, page_is_file_cache(page), true);
}

/* A clean page goes to the tail, to be freed next; one that must be written first gets PG_reclaim. */
static void deactivate_one(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page), inactive;

	if (!PageLRU(page) || PageUnevictable(page) || page_mapped(page))
		return;
	inactive = page_is_file_cache(page) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	page_list_del(page, &zone->lruvec.lists[lru]);
	tally(t, zone, lru, -1);
	if (PageActive(page))
		count_vm_event(PGDEACTIVATE);
	ClearPageActive(page);
	ClearPageReferenced(page);
	if (PageWriteback(page) || PageDirty(page)) {
		page_list_add(page, &zone->lruvec.lists[inactive]);
		SetPageReclaim(page);
	} else {
		page_list_add_tail(page, &zone->lruvec.lists[inactive]);
		count_vm_event(PGROTATED);
	}
	tally(t, zone, inactive, 1);
	update_reclaim_stat(zone, page_is_file_cache(page), false);
}

static void rotate_one(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page);

	(void)t;
	if (!PageLRU(page) || PageActive(page) || PageUnevictable(page))
		return;
	page_list_del(page, &zone->lruvec.lists[lru]);
	page_list_add_tail(page, &zone->lruvec.lists[lru]);
	count_vm_event(PGROTATED);
}

static void (*const vector_fn[NR_VECTORS])(struct page *, struct zone *, struct lru_tally *) = {
	[VEC_ADD] = add_one,
	[VEC_ACTIVATE] = activate_one,
	[VEC_DEACTIVATE] = deactivate_one,
	[VEC_ROTATE] = rotate_one,
};

/* Empty one vector of this CPU. => interrupts off */
static void drain_vector(enum lru_vector which)
{
	struct pagevec *vec = this_cpu_ptr(&lru_pagevecs[which]);
	unsigned int nr = vec->nr;
	struct page *pages[PAGEVEC_SIZE];
	struct lru_tally t = { .delta = 0 };
	struct zone *locked = NULL;

	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = pages[i] = vec->pages[i];
		struct zone *zone = page_zone(page);

		if (zone != locked) {
			if (locked) {
				tally_flush(&t);
				spin_unlock(&locked->lru_lock);
			}
			spin_lock(&zone->lru_lock);
			locked = zone;
		}
		vector_fn[which](page, zone, &t);
	}
	if (locked) {
		tally_flush(&t);
		spin_unlock(&locked->lru_lock);
	}
	vec->nr = 0;
	release_pages(pages, (int)nr);
}

/* The page joins this CPU's vector with a reference of its own. */
static inline void vector_add(enum lru_vector which, struct page *page)
{
	struct pagevec *vec;
	unsigned long flags;

	get_page(page);
	local_irq_save(flags);
	vec = this_cpu_ptr(&lru_pagevecs[which]);
	vec->pages[vec->nr++] = page;
	if (vec->nr == PAGEVEC_SIZE)
		drain_vector(which);
	local_irq_restore(flags);
}

/* ---- Coming in ---------------------------------------------------------------------------------- */

void lru_cache_add(struct page *page)
{
	VM_BUG_ON_PAGE(PageLRU(page), page);
	VM_BUG_ON_PAGE(PageActive(page) && PageUnevictable(page), page);
	vector_add(VEC_ADD, page);
}

void lru_cache_add_anon(struct page *page)
{
	if (PageActive(page))
		ClearPageActive(page);
	lru_cache_add(page);
}

void lru_cache_add_file(struct page *page)
{
	lru_cache_add_anon(page);
}

bool page_evictable(const struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	return !PageMlocked(page) && !(mapping && test_bit(AS_UNEVICTABLE, &mapping->flags));
}

void add_page_to_unevictable_list(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	VM_BUG_ON_PAGE(PageLRU(page), page);
	spin_lock_irqsave(&zone->lru_lock, flags);
	ClearPageActive(page);
	SetPageUnevictable(page);
	SetPageLRU(page);
	add_page_to_lru_list(page, zone, LRU_UNEVICTABLE);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void lru_cache_add_active_or_unevictable(struct page *page, struct vm_area_struct *vma)
{
	if (likely(!(vma->vm_flags & VM_LOCKED))) {
		SetPageActive(page);
		lru_cache_add(page);
		return;
	}
	if (!TestSetPageMlocked(page)) {
		inc_zone_page_state(page, NR_MLOCK);
		count_vm_event(UNEVICTABLE_PGMLOCKED);
	}
	add_page_to_unevictable_list(page);
}

/* ---- Moving ------------------------------------------------------------------------------------- */

void activate_page(struct page *page)
{
	if (PageLRU(page) && !PageActive(page) && !PageUnevictable(page))
		vector_add(VEC_ACTIVATE, page);
}

/* The page still waits in this CPU's add vector: let it be added as active. */
static void activate_in_vector(struct page *page)
{
	unsigned long flags;
	struct pagevec *vec;

	local_irq_save(flags);
	vec = this_cpu_ptr(&lru_pagevecs[VEC_ADD]);
	for (unsigned int i = vec->nr; i-- > 0;) {
		if (vec->pages[i] == page) {
			SetPageActive(page);
			break;
		}
	}
	local_irq_restore(flags);
}

void mark_page_accessed(struct page *page)
{
	if (!PageReferenced(page)) {
		SetPageReferenced(page);
		return;
	}
	if (PageActive(page) || PageUnevictable(page))
		return;
	if (PageLRU(page))
		activate_page(page);
	else
		activate_in_vector(page);
	ClearPageReferenced(page);
	if (page_is_file_cache(page))
		workingset_activation(page);
}

void deactivate_page(struct page *page)
{
	if (!PageUnevictable(page))
		vector_add(VEC_DEACTIVATE, page);
}

void rotate_reclaimable_page(struct page *page)
{
	if (!PageLocked(page) && !PageDirty(page) && !PageActive(page) && !PageUnevictable(page) &&
	    PageLRU(page))
		vector_add(VEC_ROTATE, page);
}

void lru_add_drain(void)
{
	unsigned long flags;

	local_irq_save(flags);
	for (int which = 0; which < NR_VECTORS; which++)
		if (this_cpu_ptr(&lru_pagevecs[which])->nr)
			drain_vector((enum lru_vector)which);
	local_irq_restore(flags);
}

static void drain_here(void *unused)
{
	(void)unused;
	lru_add_drain();
}

void lru_add_drain_all(void)
{
	on_each_cpu(drain_here, NULL, true);
}

/* ---- Out for somebody's own use, and back ----------------------------------------------------- */

int isolate_lru_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;
	int ret = -EBUSY;

	VM_BUG_ON_PAGE(!page_count(page), page);
	if (!PageLRU(page))
		return ret;
	spin_lock_irqsave(&zone->lru_lock, flags);
	if (PageLRU(page)) {
		get_page(page);
		ClearPageLRU(page);
		del_page_from_lru_list(page, zone, page_lru(page));
		ret = 0;
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	return ret;
}

void putback_lru_page(struct page *page)
{
	bool was_unevictable = PageUnevictable(page);

	VM_BUG_ON_PAGE(PageLRU(page), page);
	ClearPageUnevictable(page);
	if (page_evictable(page)) {
		lru_cache_add(page);
		if (was_unevictable)
			count_vm_event(UNEVICTABLE_PGRESCUED);
	} else {
		add_page_to_unevictable_list(page);
		if (!was_unevictable)
			count_vm_event(UNEVICTABLE_PGCULLED);
		/*
		 * munlock may have come between the test and the list; it would not see a page off
		 * the lists, so look again.
		 */
		smp_mb();
		if (page_evictable(page) && isolate_lru_page(page) == 0) {
			put_page(page); /* isolate's; ours is still there */
			ClearPageUnevictable(page);
			lru_cache_add(page);
		}
	}
	put_page(page);
}

/* ---- Going out ---------------------------------------------------------------------------------- */

/* The last reference is gone; the page is ours alone but may be on an LRU list. => lru_lock held */
static void leave_lru(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page);

	VM_BUG_ON_PAGE(!PageLRU(page), page);
	__ClearPageLRU(page);
	page_list_del(page, &zone->lruvec.lists[lru]);
	tally(t, zone, lru, -1);
	__ClearPageActive(page);
	__ClearPageUnevictable(page);
}

static void free_compound_page(struct page *head)
{
	unsigned int order = compound_order(head);

	set_page_count(head, 1);
	__free_pages(head, order);
}

/* What only the page's user knew goes; a page freed while locked in memory (mlock) is uncounted. */
static inline void clean_at_free(struct page *page)
{
	if (PageAnon(page))
		page->mapping = NULL; /* else the allocator takes a closer look at it */
	if (unlikely(PageMlocked(page))) {
		__ClearPageMlocked(page);
		dec_zone_page_state(page, NR_MLOCK);
		count_vm_event(UNEVICTABLE_PGCLEARED);
	}
}

void put_page(struct page *page)
{
	struct zone *zone;
	struct lru_tally t = { .delta = 0 };
	unsigned long flags;

	page = compound_head(page);
	if (!put_page_testzero(page))
		return;
	if (unlikely(PageCompound(page))) {
		free_compound_page(page);
		return;
	}
	if (PageLRU(page)) {
		zone = page_zone(page);
		spin_lock_irqsave(&zone->lru_lock, flags);
		leave_lru(page, zone, &t);
		tally_flush(&t);
		spin_unlock_irqrestore(&zone->lru_lock, flags);
	}
	clean_at_free(page);
	free_hot_cold_page(page, false);
}

/* State of one release_pages: the zone whose lru_lock is held (for MMU_GATHER_PAGES at most), what to count. */
struct release_batch {
	struct zone *locked;
	unsigned long irqflags;
	struct lru_tally tally;
};

static void release_unlock(struct release_batch *b)
{
	if (!b->locked)
		return;
	tally_flush(&b->tally);
	spin_unlock_irqrestore(&b->locked->lru_lock, b->irqflags);
	b->locked = NULL;
}

static noinline void release_lock(struct release_batch *b, struct zone *zone)
{
	release_unlock(b);
	spin_lock_irqsave(&zone->lru_lock, b->irqflags);
	b->locked = zone;
}

/* => false: a compound page, freed as a whole by now */
static noinline bool release_special(struct release_batch *b, struct page *page)
{
	if (PageCompound(page)) {
		release_unlock(b);
		free_compound_page(page);
		return false;
	}
	if (PageLRU(page)) {
		release_lock(b, page_zone(page));
		leave_lru(page, b->locked, &b->tally);
	}
	clean_at_free(page);
	return true;
}

#define RELEASE_SPECIAL (1UL << PG_head | 1UL << PG_tail | 1UL << PG_unevictable | 1UL << PG_mlocked)

/* The page's last reference is gone, so nobody else changes its flags: they are read and written once. */
static __always_inline bool release_one(struct release_batch *b, struct page *page)
{
	unsigned long flags = page->flags;

	if (unlikely(flags & RELEASE_SPECIAL))
		return release_special(b, page);
	if (flags & 1UL << PG_lru) {
		struct zone *zone = page_zone(page);
		enum lru_list kind = flags >> PG_swapbacked & 1 ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
		enum lru_list lru = (enum lru_list)(kind + (flags >> PG_active & 1));

		if (unlikely(zone != b->locked))
			release_lock(b, zone);
		page_list_del(page, &zone->lruvec.lists[lru]);
		tally(&b->tally, zone, lru, -1);
		page->flags = flags & ~(1UL << PG_lru | 1UL << PG_active);
	}
	if (PageAnon(page))
		page->mapping = NULL; /* else the allocator takes a closer look at it */
	return true;
}

/* A page nobody maps any more and only the swap cache keeps: its slot can go now. */
static inline void free_swap_cache(struct page *page)
{
	if (PageSwapCache(page) && !page_mapped(page) && trylock_page(page)) {
		try_to_free_swap(page);
		unlock_page(page);
	}
}

void free_page_and_swap_cache(struct page *page)
{
	free_swap_cache(page);
	put_page(page);
}

static __always_inline void __release_pages(struct page **pages, int nr, bool unmapped)
{
	struct release_batch b = { .locked = NULL };
	int nr_free = 0;

	for (int i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (unlikely(page->flags & (1UL << PG_tail | (unmapped ? 1UL << PG_swapcache : 0)))) {
			page = compound_head(page);
			if (unmapped) {
				release_unlock(&b);
				free_swap_cache(page);
			}
		}
		if (put_page_testzero(page) && release_one(&b, page))
			pages[nr_free++] = page;
	}
	release_unlock(&b);
	free_hot_pages(pages, nr_free);
}

void release_pages(struct page **pages, int nr)
{
	__release_pages(pages, nr, false);
}

void free_pages_and_swap_cache(struct page **pages, int nr)
{
	__release_pages(pages, nr, true);
}
