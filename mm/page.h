/* SPDX-License-Identifier: MIT */
/*
 * struct page: one descriptor of 48 bytes for every page frame that exists.
 *
 *   pfn 0      1      2      3                       page_to_pfn(p) = p - vmemmap
 *   +------+------+------+------+---   vmemmap, an array in virtual memory of its own;
 *   | page | page | page | page |      only parts with RAM behind them are mapped, always in
 *   +------+------+------+------+---   whole blocks of MAX_ORDER_NR_PAGES
 *
 * What a page is at a time decides what its fields mean:
 *
 *   state          mapping          index            private          _mapcount    _refcount
 *   free (buddy)   -                migratetype      order            -128         0
 *   per-CPU list   -                migratetype      -                -1           0
 *   slab           kmem_cache       freelist         object count     -1           1
 *   compound tail  -                order (1st tail) pfn of the head  -1           0
 *   anonymous      anon_vma | 1     vm page offset   swap entry *)    mappers - 1  users
 *   file cache     address_space    page offset      file system's    mappers - 1  users
 *   page table     -                -                -                -1           1
 *
 *   *) with PG_swapcache: mapping and index stay those of the anonymous page meanwhile, which
 *      is why the list links are two 32-bit frame numbers instead of pointers (48 bytes, not 56).
 *
 * Locks by letter: [z] zone->lock while free, [l] zone->lru_lock, [p] page lock (PG_locked),
 * [a] atomic, [o] the page's owner alone.
 *
 * Read next: page_list.h, zone.h, gfp.h.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/atomic.h"
#include "kernel/base/bitops.h"
#include "kernel/base/bug.h"
#include "asm/page.h"

struct address_space;

struct page {
	unsigned long flags;		/* [a] PG_* below; zone, node, LRU generation on top */
	struct address_space *mapping;	/* [p] or anon_vma with PAGE_MAPPING_ANON set */
	unsigned long index;		/* [p] offset in the mapping, in pages; see the table */
	unsigned long private;		/* [z][p] see the table */
	u32 next;			/* [z][l] frame numbers of the neighbours on a page_list, */
	u32 prev;			/*        PAGE_LIST_END at its ends */
	atomic_t _mapcount;		/* [a] page-table entries that map it, minus one */
	atomic_t _refcount;		/* [a] */
};

static_assert(sizeof(struct page) == 48, "struct page is 48 bytes");

enum pageflags {
	PG_locked,	/* page lock: owner may change mapping, start I/O */
	PG_error,	/* the last I/O on it failed */
	PG_referenced,	/* used since the LRU looked last */
	PG_uptodate,	/* contents are valid */
	PG_dirty,	/* contents are newer than the backing store */
	PG_lru,		/* is on an LRU list */
	PG_active,	/* ... on (or meant for) an active one */
	PG_slab,
	PG_reserved,	/* never given to the buddy: firmware, image, holes in the memmap */
	PG_private,	/* private belongs to the file system */
	PG_writeback,	/* is being written */
	PG_head,	/* first page of a compound page */
	PG_tail,	/* another page of one */
	PG_swapcache,	/* in the swap cache, private is its swap entry */
	PG_mappedtodisk,
	PG_reclaim,	/* free it as soon as its I/O has ended */
	PG_swapbacked,	/* anonymous or tmpfs: goes to swap */
	PG_unevictable,
	PG_mlocked,
	PG_readahead,	/* a read of it starts the next readahead */
	PG_pfmemalloc,	/* came from the reserves (ALLOC_NO_WATERMARKS) */
	PG_poisoned,	/* debug: free and filled with the poison pattern */
	NR_PAGEFLAGS,
};

/* The upper bits of page->flags: | zone 2 | node 6 | LRU generation 3 | tier 2 | ... flags */
#define ZONES_WIDTH	2
#define NODES_WIDTH	6
#define LRU_GEN_WIDTH	3
#define LRU_TIER_WIDTH	2
#define ZONES_SHIFT	(64 - ZONES_WIDTH)
#define NODES_SHIFT	(ZONES_SHIFT - NODES_WIDTH)
#define LRU_GEN_SHIFT	(NODES_SHIFT - LRU_GEN_WIDTH)
#define LRU_TIER_SHIFT	(LRU_GEN_SHIFT - LRU_TIER_WIDTH)
#define ZONES_MASK	((1UL << ZONES_WIDTH) - 1)
#define NODES_MASK	((1UL << NODES_WIDTH) - 1)

#define LRU_GEN_MAX	((1 << LRU_GEN_WIDTH) - 1)
#define LRU_GEN_MASK	((unsigned long)LRU_GEN_MAX << LRU_GEN_SHIFT)
#define LRU_TIER_MASK	(((1UL << LRU_TIER_WIDTH) - 1) << LRU_TIER_SHIFT)
/* The reclaim policy's own bits (mm/policy.h); no page keeps them when it is freed. */
#define PAGE_POLICY_BITS (LRU_GEN_MASK | LRU_TIER_MASK)

static_assert((int)NR_PAGEFLAGS <= (int)LRU_TIER_SHIFT, "page flags collide with zone and node");

#define PAGEFLAG(Name, bit)                                                                        \
	static inline bool Page##Name(const struct page *page)                                     \
	{                                                                                          \
		return READ_ONCE(page->flags) >> (bit) & 1;                                        \
	}                                                                                          \
	static inline void SetPage##Name(struct page *page)                                        \
	{                                                                                          \
		set_bit(bit, &page->flags);                                                        \
	}                                                                                          \
	static inline void ClearPage##Name(struct page *page)                                      \
	{                                                                                          \
		clear_bit(bit, &page->flags);                                                      \
	}                                                                                          \
	static inline void __SetPage##Name(struct page *page) /* page is ours alone */             \
	{                                                                                          \
		page->flags |= 1UL << (bit);                                                       \
	}                                                                                          \
	static inline void __ClearPage##Name(struct page *page)                                    \
	{                                                                                          \
		page->flags &= ~(1UL << (bit));                                                    \
	}                                                                                          \
	static inline bool TestSetPage##Name(struct page *page)                                    \
	{                                                                                          \
		return test_and_set_bit(bit, &page->flags);                                        \
	}                                                                                          \
	static inline bool TestClearPage##Name(struct page *page)                                  \
	{                                                                                          \
		return test_and_clear_bit(bit, &page->flags);                                      \
	}

PAGEFLAG(Locked, PG_locked)
PAGEFLAG(Error, PG_error)
PAGEFLAG(Referenced, PG_referenced)
PAGEFLAG(Uptodate, PG_uptodate)
PAGEFLAG(Dirty, PG_dirty)
PAGEFLAG(LRU, PG_lru)
PAGEFLAG(Active, PG_active)
PAGEFLAG(Slab, PG_slab)
PAGEFLAG(Reserved, PG_reserved)
PAGEFLAG(Private, PG_private)
PAGEFLAG(Writeback, PG_writeback)
PAGEFLAG(Head, PG_head)
PAGEFLAG(Tail, PG_tail)
PAGEFLAG(SwapCache, PG_swapcache)
PAGEFLAG(MappedToDisk, PG_mappedtodisk)
PAGEFLAG(Reclaim, PG_reclaim)
PAGEFLAG(SwapBacked, PG_swapbacked)
PAGEFLAG(Unevictable, PG_unevictable)
PAGEFLAG(Mlocked, PG_mlocked)
PAGEFLAG(Readahead, PG_readahead)
PAGEFLAG(PfMemalloc, PG_pfmemalloc)
PAGEFLAG(Poisoned, PG_poisoned)

/* A page must carry none of these when it enters or leaves the allocator (spec 3.6). */
#define PAGE_FLAGS_CHECK_AT_FREE                                                                   \
	(1UL << PG_locked | 1UL << PG_lru | 1UL << PG_active | 1UL << PG_slab | 1UL << PG_reserved | \
	 1UL << PG_private | 1UL << PG_writeback | 1UL << PG_swapcache | 1UL << PG_unevictable |     \
	 1UL << PG_mlocked | (IS_ENABLED(CONFIG_DEBUG) ? PAGE_POLICY_BITS : 0))
#define PAGE_FLAGS_CHECK_AT_PREP (((1UL << NR_PAGEFLAGS) - 1) & ~(1UL << PG_poisoned))

/* Frame number <-> descriptor <-> physical address. vmemmap is VMEMMAP_START (asm/page.h). */
#define vmemmap ((struct page *)VMEMMAP_START)

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return vmemmap + pfn;
}

/*
 * The distance from vmemmap is 3 * 16 * pfn, and frame numbers have 32 bits: so the array's start, a multiple of
 * 16 << 32, is cut off with the upper bits, and dividing by 3 is a multiplication by its inverse modulo 1 << 32.
 */
static inline unsigned long page_to_pfn(const struct page *page)
{
	return (u32)((unsigned long)page >> 4) * 0xaaaaaaabU;
}
static_assert(VMEMMAP_START % (16UL << 32) == 0 && 3 * 0xaaaaaaabU == 1, "page_to_pfn()");

static inline phys_addr_t page_to_phys(const struct page *page)
{
	return (phys_addr_t)page_to_pfn(page) << PAGE_SHIFT;
}

/* Generation 0: the page is on (or goes to) one of the five lists that other flags name. */
static inline unsigned int page_lru_gen(const struct page *page)
{
	return READ_ONCE(page->flags) >> LRU_GEN_SHIFT & LRU_GEN_MAX;
}

static inline unsigned int page_lru_tier(const struct page *page)
{
	return (unsigned int)((READ_ONCE(page->flags) & LRU_TIER_MASK) >> LRU_TIER_SHIFT);
}

/* => bits of mask become those of value; the page's other flags may change meanwhile */
static inline void page_change_bits(struct page *page, unsigned long mask, unsigned long value)
{
	unsigned long old = READ_ONCE(page->flags);

	while (((old ^ value) & mask) &&
	       !__atomic_compare_exchange_n(&page->flags, &old, (old & ~mask) | value, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

static inline void set_page_lru_gen(struct page *page, unsigned int gen)
{
	page_change_bits(page, LRU_GEN_MASK, (unsigned long)gen << LRU_GEN_SHIFT);
}

static inline void set_page_lru_tier(struct page *page, unsigned int tier)
{
	page_change_bits(page, LRU_TIER_MASK, (unsigned long)tier << LRU_TIER_SHIFT);
}

static inline int page_zonenum(const struct page *page)
{
	return page->flags >> ZONES_SHIFT & ZONES_MASK;
}

static inline int page_to_nid(const struct page *page)
{
	return IS_ENABLED(CONFIG_NUMA) ? (int)(page->flags >> NODES_SHIFT & NODES_MASK) : 0;
}

/* Frames of the direct map only (lowmem): the kernel address, no kmap needed. */
static inline void *lowmem_page_address(const struct page *page)
{
	return __va(page_to_phys(page));
}

static inline struct page *virt_to_page(const void *lowmem_address)
{
	return pfn_to_page(__pa(lowmem_address) >> PAGE_SHIFT);
}

/* Compound pages: order > 0 with __GFP_COMP. Tails know their head by frame number. */
static inline bool PageCompound(const struct page *page)
{
	return page->flags & (1UL << PG_head | 1UL << PG_tail);
}

static inline struct page *compound_head(struct page *page)
{
	return PageTail(page) ? pfn_to_page(page->private) : page;
}

static inline unsigned int compound_order(const struct page *page)
{
	return PageHead(page) ? (unsigned int)page[1].index : 0;
}

static inline struct page *virt_to_head_page(const void *lowmem_address)
{
	return compound_head(virt_to_page(lowmem_address));
}

/* The buddy's mark lies in _mapcount: a free block's head page has this value. */
#define PAGE_BUDDY_MAPCOUNT_VALUE (-128)

static inline bool PageBuddy(const struct page *page)
{
	return atomic_read(&page->_mapcount) == PAGE_BUDDY_MAPCOUNT_VALUE;
}

/* _mapcount (low half) and _refcount as one word, read at once. */
static inline u64 page_counts(const struct page *page)
{
	return __atomic_load_n((const u64 *)&page->_mapcount, __ATOMIC_RELAXED);
}

static inline int page_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline void set_page_count(struct page *page, int count)
{
	atomic_set(&page->_refcount, count);
}

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

static inline bool page_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
}

static inline void get_page(struct page *page)
{
	page = compound_head(page);
	VM_BUG_ON_PAGE(page_count(page) <= 0, page);
	atomic_inc(&page->_refcount);
}

/* => true when the page was in use and now has one user more; for lookups without its owner's lock */
static inline bool get_page_unless_zero(struct page *page)
{
	return atomic_inc_not_zero(&page->_refcount);
}

/* => true when this was the last reference: the caller frees the page */
static inline bool put_page_testzero(struct page *page)
{
	VM_BUG_ON_PAGE(page_count(page) <= 0, page);
	return atomic_dec_and_test(&page->_refcount);
}

void put_page(struct page *page);	/* mm/page_release.c: also takes the page off its LRU list */

/* page->mapping says by its low bit whose page it is. */
#define PAGE_MAPPING_ANON 1UL

static inline bool PageAnon(const struct page *page)
{
	return (unsigned long)READ_ONCE(page->mapping) & PAGE_MAPPING_ANON;
}

static inline unsigned long page_private(const struct page *page)
{
	return page->private;
}

static inline void set_page_private(struct page *page, unsigned long value)
{
	page->private = value;
}

/* One line about the page and, in debug builds, its history (mm/page_check.c). */
void dump_page(const struct page *page, const char *reason);

#endif
