/* SPDX-License-Identifier: MIT */
/*
 * GFP flags ("get free pages"): what a caller tells the allocator about itself. Bit values of
 * Linux 3.16. A flag permits (WAIT, IO, FS, HIGH, ...) or forbids (NOWARN, NORETRY, ...) a step
 * of the slow path; the low four bits choose the zone, two more the migratetype.
 *
 *   may I sleep?     __GFP_WAIT      no: atomic, digs a quarter deeper (ALLOC_HARDER)
 *   may I start I/O? __GFP_IO        no: no swap-out
 *   may I enter fs?  __GFP_FS        no: no file write-back, no OOM kill
 *   which zone?      DMA, none (Normal), HIGHMEM, HIGHMEM|MOVABLE
 *
 * The functions: mm/page_alloc.c is the fast path (alloc_pages(), its short cut, in mm/page_alloc_fast.c),
 * mm/slowpath.c the rest, mm/page_free.c the way back.
 * Read next: zone.h, page_alloc.c.
 */
#ifndef MM_GFP_H
#define MM_GFP_H

#include "mm/page.h"

typedef u32 gfp_t;

#define __GFP_DMA	  ((gfp_t)0x1)
#define __GFP_HIGHMEM	  ((gfp_t)0x2)
#define __GFP_DMA32	  ((gfp_t)0x4) /* no such zone here: Normal */
#define __GFP_MOVABLE	  ((gfp_t)0x8)
#define __GFP_WAIT	  ((gfp_t)0x10) /* may sleep */
#define __GFP_HIGH	  ((gfp_t)0x20) /* may use half of the min watermark */
#define __GFP_IO	  ((gfp_t)0x40)
#define __GFP_FS	  ((gfp_t)0x80)
#define __GFP_COLD	  ((gfp_t)0x100)
#define __GFP_NOWARN	  ((gfp_t)0x200)
#define __GFP_REPEAT	  ((gfp_t)0x400)
#define __GFP_NOFAIL	  ((gfp_t)0x800)
#define __GFP_NORETRY	  ((gfp_t)0x1000)
#define __GFP_MEMALLOC	  ((gfp_t)0x2000)
#define __GFP_COMP	  ((gfp_t)0x4000)
#define __GFP_ZERO	  ((gfp_t)0x8000)
#define __GFP_NOMEMALLOC  ((gfp_t)0x10000)
#define __GFP_HARDWALL	  ((gfp_t)0x20000)
#define __GFP_THISNODE	  ((gfp_t)0x40000)
#define __GFP_RECLAIMABLE ((gfp_t)0x80000)
#define __GFP_NOTRACK	  ((gfp_t)0x200000)
#define __GFP_NO_KSWAPD	  ((gfp_t)0x400000)
#define __GFP_OTHER_NODE  ((gfp_t)0x800000)
#define __GFP_WRITE	  ((gfp_t)0x1000000)

#define GFP_NOWAIT	     ((gfp_t)0)
#define GFP_ATOMIC	     (__GFP_HIGH)
#define GFP_NOIO	     (__GFP_WAIT)
#define GFP_NOFS	     (__GFP_WAIT | __GFP_IO)
#define GFP_KERNEL	     (__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_TEMPORARY	     (GFP_KERNEL | __GFP_RECLAIMABLE)
#define GFP_USER	     (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER	     (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_IOFS	     (__GFP_IO | __GFP_FS)
#define GFP_TRANSHUGE                                                                              \
	(GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN |     \
	 __GFP_NO_KSWAPD)
#define GFP_THISNODE                                                                               \
	(IS_ENABLED(CONFIG_NUMA) ? (__GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN) : (gfp_t)0)
#define GFP_DMA __GFP_DMA

#define GFP_ZONEMASK	    (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)
#define GFP_MOVABLE_MASK    (__GFP_RECLAIMABLE | __GFP_MOVABLE)
#define GFP_CONSTRAINT_MASK (__GFP_HARDWALL | __GFP_THISNODE)
#define GFP_RECLAIM_MASK                                                                           \
	(__GFP_WAIT | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN | __GFP_REPEAT |             \
	 __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC | __GFP_NOMEMALLOC)
#define GFP_BOOT_MASK (((gfp_t)0x1ffffff) & ~(__GFP_WAIT | __GFP_IO | __GFP_FS))
#define GFP_BITS_MASK ((gfp_t)0x1ffffff)

/* ANDed into every request: GFP_BOOT_MASK until the scheduler runs, GFP_BITS_MASK after. */
extern gfp_t gfp_allowed_mask;
/* Suspend: no allocation may start or wait for I/O. The caller is the only one, other tasks are frozen. */
void pm_restrict_gfp_mask(void);
void pm_restore_gfp_mask(void);

/*
 * alloc_pages: 1 << order physically contiguous pages.
 * => may sleep exactly if gfp has __GFP_WAIT; callable from interrupts otherwise
 * => first page with _refcount 1, or NULL (spec 4.2 says when)
 */
struct page *__must_check alloc_pages(gfp_t gfp, unsigned int order);
struct page *__must_check alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
#define alloc_page(gfp) alloc_pages(gfp, 0)
struct zonelist;
/* From any zonelist, only nodes in nodemask (a bit each, 0: all). */
struct page *__must_check __alloc_pages_nodemask(gfp_t gfp, unsigned int order,
						 struct zonelist *zonelist, unsigned long nodemask);

/* Drop one reference to a block of 1 << order pages and free it if that was the last. Any context. */
void __free_pages(struct page *page, unsigned int order);
#define __free_page(page) __free_pages(page, 0)

/* The same by kernel address; lowmem only: __GFP_HIGHMEM is a bug. 0 when there is no memory. */
unsigned long __must_check __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long __must_check get_zeroed_page(gfp_t gfp);
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
void free_pages(unsigned long addr, unsigned int order);
#define free_page(addr) free_pages(addr, 0)

/* Free a page without references to its per-CPU list; cold: nobody will touch it soon. */
void free_hot_cold_page(struct page *page, bool cold);
void free_hot_pages(struct page **pages, int nr); /* many at once */
struct page_list;
void free_hot_cold_page_list(struct page_list *list, bool cold);

/* Split a non-compound block into 1 << order single pages of _refcount 1. */
void split_page(struct page *page, unsigned int order);

void drain_all_pages(void);	/* every CPU's per-CPU lists, by IPI; may sleep */
void drain_local_pages(void *unused);

#endif
