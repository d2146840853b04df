/* SPDX-License-Identifier: MIT */
/*
 * Swap: areas on block devices, their slots, and the swap cache between pages and slots.
 *
 *   pte -> page --add_to_swap--> page in the swap cache (PG_swapcache, private = entry)
 *                                  | try_to_unmap: every pte becomes the entry (+1 use each)
 *                                  | swap_writepage, I/O done, page leaves the cache
 *   pte = entry (type, offset) <---+      slot count: 0x40 | uses  ->  uses
 *     | fault: lookup_swap_cache, else swapin_readahead; page in the cache again
 *   pte -> page; swap_free drops one use; last use gone: try_to_free_swap
 *
 * One byte per slot (swap_map): 0 free, 1..0x3e uses, 0x3f bad, 0x40 the cache holds a page,
 * 0x80 the count goes on in a continuation page, 0xbf a memory file's.
 *
 * Locks: swapon_mutex (areas, priorities), area->lock (its map and cache); the page lock protects
 * PG_swapcache and private. Read next: swap_map.c, swap_cache.c, swap_area.c.
 */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#include "mm/address_space.h"
#include "mm/lru.h"
#include "mm/mm_types.h"
#include "asm/pgtable.h"

struct block_device;
struct reclaim_policy;
struct swap_run;

/* Entry types at the top of the 32 are not areas. */
#define SWP_MIGRATION_NUM 2
#define SWP_HWPOISON_NUM  1
#define MAX_SWAPFILES	  ((1 << MAX_SWAPFILES_SHIFT) - SWP_MIGRATION_NUM - SWP_HWPOISON_NUM)
#define SWP_MIGRATION_READ  (MAX_SWAPFILES + SWP_HWPOISON_NUM)
#define SWP_MIGRATION_WRITE (SWP_MIGRATION_READ + 1)

static inline swp_entry_t swp_entry(unsigned int type, unsigned long offset)
{
	return __swp_entry(type, offset);
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return __swp_type(entry);
}

static inline unsigned long swp_offset(swp_entry_t entry)
{
	return __swp_offset(entry);
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return __pte_to_swp_entry(pte);
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return __swp_entry_to_pte(entry);
}

static inline bool non_swap_entry(swp_entry_t entry)
{
	return swp_type(entry) >= MAX_SWAPFILES;
}

static inline bool is_migration_entry(swp_entry_t entry)
{
	return swp_type(entry) >= SWP_MIGRATION_READ;
}

/* ---- Slots (swap_map.c, swap_slots.c) ---- */

#define SWAP_MAP_COUNT	  0x3f /* bits of the use count */
#define SWAP_MAP_MAX	  0x3e
#define SWAP_MAP_BAD	  0x3f
#define SWAP_HAS_CACHE	  0x40
#define COUNT_CONTINUED	  0x80
#define SWAP_MAP_SHMEM	  0xbf

swp_entry_t get_swap_page(void);	/* a slot with SWAP_HAS_CACHE set; val 0: none free */
int swap_duplicate(swp_entry_t entry);	/* one use more; 0, or -ENOMEM: continuation page needed */
void swap_shmem_alloc(swp_entry_t entry); /* a slot of get_swap_page() is a memory file's: its one use */
int add_swap_count_continuation(swp_entry_t entry, gfp_t gfp); /* may sleep as gfp says; 0 or -ENOMEM */
int swapcache_prepare(swp_entry_t entry); /* 0; -EEXIST: the cache has it; -ENOENT: slot is free */
void swap_free(swp_entry_t entry);	/* one use less */
void swapcache_free(swp_entry_t entry);	/* the cache lets go */
/* One use less and, if only the cache is left, try to free the page too. => pte lock may be held */
int free_swap_and_cache(swp_entry_t entry);
int swp_swapcount(swp_entry_t entry);
bool vm_swap_full(void);		/* more than half of all slots in use */
long get_nr_swap_pages(void);		/* free slots; negative while swapoff drains */
extern unsigned long total_swap_pages;
void si_swapinfo(unsigned long *total, unsigned long *free); /* pages */

/* ---- The swap cache (swap_cache.c). Pages are locked by the caller. ---- */

int add_to_swap(struct page *page);	/* 1: has a slot, is in the cache and dirty; 0: no slot or memory */
void add_to_swap_cache(struct page *page, swp_entry_t entry); /* a slot of get_swap_page() */
void delete_from_swap_cache(struct page *page);	  /* drops the slot's cache mark and a reference */
/*
 * Reclaim: out of the cache if only cache and caller have references. => true: none is left; policy has been told, and
 * its note (policy_shadow(): 31 bits) stays with the slot until its page is back or nobody uses it
 */
bool swap_cache_remove_mapping(struct page *page, struct reclaim_policy *policy);
u32 swap_shadow(swp_entry_t entry);	/* => what was left there; 0: nothing, or the page is in memory */
struct page *swap_cache_find(swp_entry_t entry);  /* referenced, or NULL; no statistics */
struct page *lookup_swap_cache(swp_entry_t entry); /* referenced, or NULL; counts hit and readahead */
/* => true: the locked anonymous page has no other user; a slot of its own has been dropped */
bool reuse_swap_page(struct page *page);
int try_to_free_swap(struct page *page); /* 1: it was in the cache alone, slot and mark are gone now */
unsigned long total_swapcache_pages(void);
struct swap_cache_info {
	unsigned long add_total, del_total, find_success, find_total;
};
extern struct swap_cache_info swap_cache_info;

/* ---- I/O (swap_io.c, swap_readahead.c) ---- */

/* The page of entry, referenced, perhaps still being read (locked); NULL: no memory or entry gone. May sleep */
struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp);
struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp); /* the same, with neighbours */
void swapin_ahead(swp_entry_t first, unsigned int nr, gfp_t gfp); /* starts reading nr slots, as memory allows */
/*
 * Pages of neighbouring slots gather in *plug (NULL at first) until swap_unplug(), or until one comes that does
 * not continue them. => plug NULL: the page goes alone. Nobody sleeps for anything but swap's own runs before
 * swap_unplug()
 */
void swap_readpage(struct page *page, struct swap_run **plug); /* unlocks when done */
void swap_unplug(struct swap_run **plug);
/* => waits, killably, for writes under way (*plug is submitted first); false: killed, or the disk does not answer */
bool swap_may_write(struct swap_run **plug);
int swap_writepage(struct page *page, struct writeback_control *wbc); /* unlocks; 0; see wbc->swap_plug */
struct block_device *swap_page_bdev(const struct page *page); /* where its slot is */
extern atomic_long_t swap_writeback_pages; /* being written right now, part of NR_WRITEBACK */
extern int page_cluster;		/* sysctl: log2 of the largest readahead window */

/* ---- Areas (swap_area.c, swapoff.c) ---- */

#define SWAP_FLAG_PREFER    0x8000
#define SWAP_FLAG_PRIO_MASK 0x7fff
#define SWAP_FLAG_DISCARD   0x10000 /* both of the following, unless one of them is given too */
#define SWAP_FLAG_DISCARD_ONCE	0x20000 /* the area at swapon */
#define SWAP_FLAG_DISCARD_PAGES 0x40000 /* clusters as they become free */
#define SWAP_FLAGS_VALID                                                                      \
	(SWAP_FLAG_PRIO_MASK | SWAP_FLAG_PREFER | SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE | \
	 SWAP_FLAG_DISCARD_PAGES)

/*
 * => path: for messages and /proc/swaps; permission is checked by the caller's side of the syscall too
 * => 0, -EPERM, -EBUSY, -EINVAL, -EACCES (read-only), -ENOMEM, -EIO; may sleep. All but the first three
 *    are explained in the log
 */
int do_swapon(struct block_device *bdev, const char *path, int flags);
int do_swapoff(struct block_device *bdev); /* 0, -EINVAL (not swapped on), -ENOMEM, -EINTR; may sleep */

struct swap_row {
	char path[64];
	bool is_file;
	unsigned long size_kb, used_kb;
	int prio;
};
bool swap_get_row(unsigned int type, struct swap_row *row); /* type 0..MAX_SWAPFILES-1; false: unused */

/*
 * For swapoff: brings back every page of the area that is not an address space's (tmpfs).
 * => 0, -ENOMEM, -EINTR, -EIO; called with nothing but the swapon mutex held, may sleep
 */
void swap_set_shmem_unuse(int (*unuse)(unsigned int type));

/*
 * Address spaces that may hold swap entries, for swapoff.
 * => add: before the first entry is put into mm (rmap, fork). del: in mmput. mm->mmlist starts as an
 *    empty list. Both take mmlist_lock.
 */
void swap_mm_add(struct mm_struct *mm);
void swap_mm_del(struct mm_struct *mm);

/* ---- What the task that reclaims carries along ---- */

struct reclaim_state {
	unsigned long reclaimed_slab;	/* pages; slab adds to it when current->reclaim_state is set */
	cpumask_t flush_cpus;		/* whose TLBs may still hold entries that reclaim took away */
	unsigned int nr_deferred;	/* such entries since the last flush */
};

/*
 * Deferred TLB flush of reclaim (unmap_flush.c): try_to_unmap with TTU_BATCH_FLUSH clears the entry
 * and calls unmap_flush_defer(mm) instead of flushing; reclaim calls try_to_unmap_flush() once per
 * batch before any of the pages is written, unlocked or freed.
 * => unmap_flush_defer: false when this task has no batch open: flush yourself
 */
bool unmap_flush_defer(struct mm_struct *mm);
void try_to_unmap_flush(void);

void swap_init(void);

#endif
