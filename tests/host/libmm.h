/* SPDX-License-Identifier: MIT */
/*
 * Tidemark's page allocator inside an ordinary Linux process: the kernel's own mm/ sources, a simulated
 * machine of any shape, threads as CPUs.
 *
 *	cc -Itests/host x.c build/host/libmm.a -lpthread
 *
 *	struct mm_host_range ram = { 0, 64 << 20, 1, 0 };
 *	struct mm_host_config config = { &ram, 1, 1, 2, 16 << 20, 896 << 20, 0 };
 *	mm_host_start(&config);
 *	page = alloc_pages(GFP_KERNEL, 3);
 *
 * A thread takes a free CPU at its first alloc or free and gives it back when it ends; one thread more than
 * nr_cpus aborts with a message. There is no swap and no task to kill: where the kernel would panic for
 * want of memory, the library prints the text and aborts. NOWAIT, ATOMIC and NORETRY return NULL.
 */
#ifndef TESTS_HOST_LIBMM_H
#define TESTS_HOST_LIBMM_H

#ifndef KERNEL_BASE_TYPES_H
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u32 gfp_t;
#endif

struct page;

struct mm_host_range {
	u64 start, end; /* bytes, end exclusive */
	u32 type;	/* of the e820 map: 1 is RAM */
	int nid;
};

struct mm_host_config {
	const struct mm_host_range *ranges;
	unsigned nr_ranges, nr_nodes, nr_cpus;
	u64 dma_end, normal_end; /* zone limits in bytes */
	int backing;		 /* 0: metadata only, for huge machines */
};

/* => 0, -EINVAL (numbers out of range, no RAM), -EBUSY (started already), -ENOMEM */
int mm_host_start(const struct mm_host_config *config);
/* => no thread is inside the library; pages still allocated are gone with the machine */
void mm_host_stop(void);

enum { MM_SPANNED, MM_PRESENT, MM_MANAGED, MM_FREE, MM_MIN, MM_LOW, MM_HIGH };
/* => pages; zone 0 DMA, 1 Normal, 2 HighMem; 0 for what does not exist. MM_FREE is NR_FREE_PAGES: without the
 *    pages on per-CPU lists */
unsigned long mm_host_zone(int nid, int zone, int counter);

/* => 0: every invariant of the buddy holds; else the number of violations, each printed. Other threads quiet. */
int mm_host_check(void);

#ifndef MM_GFP_H
/* The kernel's API. */
struct page *alloc_pages(gfp_t gfp, unsigned int order);
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
unsigned long page_to_pfn(const struct page *page);
struct page *pfn_to_page(unsigned long pfn);
#define alloc_page(gfp)	  alloc_pages(gfp, 0)
#define __free_page(page) __free_pages(page, 0)

/* What the request may do and where the page may come from: mm/gfp.h explains. */
#define __GFP_DMA	  ((gfp_t)0x1)
#define __GFP_HIGHMEM	  ((gfp_t)0x2)
#define __GFP_DMA32	  ((gfp_t)0x4)
#define __GFP_MOVABLE	  ((gfp_t)0x8)
#define __GFP_WAIT	  ((gfp_t)0x10)
#define __GFP_HIGH	  ((gfp_t)0x20)
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
#define GFP_THISNODE (__GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN)
#define GFP_DMA	     __GFP_DMA
#endif

#endif
