/* SPDX-License-Identifier: MIT */
/*
 * The LRU lists: which pages were used last, per zone.
 *
 *   inactive, active (anon, file)   the five of mm/zone.h: what the counters and /proc are about
 *   unevictable                     mlocked pages: no policy sees them
 *   generation 1..7 (anon, file)    more lists for a policy that wants them (mm/policy.h)
 *
 * A page is put on its list through a per-CPU vector of 14 pages, so that the zone's lru_lock is
 * taken once for 14 pages. While it waits there the vector holds a reference and PG_lru is clear.
 * Which list a page is on follows from its flags alone, PG_unevictable, the generation, PG_active and
 * PG_swapbacked, so that it can be freed without asking the policy that put it there.
 *
 * Locks: zone->lru_lock (interrupts off: the end of an I/O rotates pages) for lists and PG_lru;
 * the vectors belong to their CPU with interrupts off.
 */
#ifndef MM_LRU_H
#define MM_LRU_H

#include "mm/page_list.h"
#include "mm/zone.h"

struct vm_area_struct;

#define PAGEVEC_SIZE 14

/* A file page belongs to the file lists; what has swap behind it to the anon lists. */
static inline int page_is_file_cache(const struct page *page)
{
	return !PageSwapBacked(page);
}

static inline bool is_file_lru(enum lru_list lru)
{
	return lru == LRU_INACTIVE_FILE || lru == LRU_ACTIVE_FILE;
}

static inline bool is_active_lru(enum lru_list lru)
{
	return lru == LRU_ACTIVE_ANON || lru == LRU_ACTIVE_FILE;
}

/* The one of the five lists that the page's flags name. => its generation is 0 */
static inline enum lru_list page_lru(const struct page *page)
{
	if (PageUnevictable(page))
		return LRU_UNEVICTABLE;
	return (enum lru_list)((page_is_file_cache(page) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON) +
			       (PageActive(page) ? LRU_ACTIVE : 0));
}

static inline unsigned int gen_list(unsigned int gen, int file)
{
	return NR_LRU_LISTS + 2 * (gen - 1) + (unsigned int)file;
}

static inline bool lru_list_is_file(unsigned int list)
{
	return list < NR_LRU_LISTS ? is_file_lru((enum lru_list)list) : (list - NR_LRU_LISTS) % 2;
}

/* The list that the page's flags name, as an index of lruvec.lists. */
static inline unsigned int lru_list_of(const struct page *page)
{
	unsigned int gen = page_lru_gen(page);

	return unlikely(gen) ? gen_list(gen, page_is_file_cache(page)) : page_lru(page);
}

/*
 * Put a page that is on no list onto the one its flags name, at the next drain.
 * => any context; takes a reference until then; the caller keeps its own
 */
void lru_cache_add(struct page *page);
void lru_cache_add_anon(struct page *page);	/* inactive anon: swap-in, tmpfs */
void lru_cache_add_file(struct page *page);	/* inactive file */
/* New anonymous page of vma: sets PG_active, or PG_mlocked and the unevictable list for VM_LOCKED. */
void lru_cache_add_active_or_unevictable(struct page *page, struct vm_area_struct *vma);
void add_page_to_unevictable_list(struct page *page);

/* inactive unreferenced -> referenced; inactive referenced -> active; active -> referenced */
void mark_page_accessed(struct page *page);
void activate_page(struct page *page);		/* inactive -> active */
void rotate_reclaimable_page(struct page *page); /* end of I/O: to the inactive tail; any context */

void lru_add_drain(void);	/* this CPU's vectors to the lists */
void lru_add_drain_all(void);	/* every CPU's; may sleep */

/*
 * Take a page off its list for the caller's own use (migration, mlock).
 * => 0 with one reference more, or -EBUSY; the caller holds a reference already
 */
int isolate_lru_page(struct page *page);
void putback_lru_page(struct page *page); /* back to the right list; drops isolate's reference */

/* Drop one reference of each; pages that reach 0 leave their LRU list and are freed together. => pages[] is used up */
void release_pages(struct page **pages, int nr);
/* The same after freeing swap slots that only the cache still uses: for unmapped user pages. */
void free_pages_and_swap_cache(struct page **pages, int nr);
void free_page_and_swap_cache(struct page *page);

/*
 * Freeing takes the last two references (cache and isolator) in one step, so that nobody can find
 * the page meanwhile. => true: the count was exactly count and is 0 now
 */
static inline bool page_freeze_refs(struct page *page, int count)
{
	return atomic_cmpxchg(&page->_refcount, count, 0) == count;
}

static inline void page_unfreeze_refs(struct page *page, int count)
{
	atomic_set(&page->_refcount, count);
}

/* => false: mlocked or of a mapping that must stay in memory */
bool page_evictable(const struct page *page);

/*
 * On and off the list that its flags name, with the counters. => lru_lock held, interrupts off; PG_lru and
 * references are the caller's
 */
void lru_list_add(struct page *page, struct zone *zone, bool head);
void lru_list_del(struct page *page, struct zone *zone);

/* => lru_lock held; the counters of nr pages more on a list */
void lru_count_gen(struct zone *zone, unsigned int list, long nr);
static inline void lru_count(struct zone *zone, unsigned int list, long nr)
{
	if (likely(list < NR_LRU_LISTS))
		__mod_zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + list), nr);
	else
		lru_count_gen(zone, list, nr);
}
/* => lru_lock held; from now on generation gen counts as active or inactive, the pages on its lists too */
void lru_gen_set_active(struct zone *zone, unsigned int gen, bool active);
/* => lru_lock held; pages of one kind on the lists of a generation */
static inline unsigned long lru_gen_size(const struct zone *zone, unsigned int gen, int file)
{
	return zone->lruvec.gen_pages[gen_list(gen, file) - NR_LRU_LISTS];
}

#endif
