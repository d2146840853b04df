/* SPDX-License-Identifier: MIT */
/*
 * Debugging hooks of the allocator, off in release builds unless the boot words page_poison=on or
 * page_owner=on ask for them. One word tells the fast path whether any is on.
 *
 *	poison: a free page is filled with 0xaa, checked when it is allocated again (page_poison.c)
 *	owner:  who allocated and who freed each frame last: stack, order, gfp, time (page_owner.c)
 *	kmemcheck: who reads a page that nobody has written (kmemcheck.c)
 */
#ifndef MM_PAGE_DEBUG_H
#define MM_PAGE_DEBUG_H

#include "mm/gfp.h"

struct pt_regs;

/* Bits of alloc_special (internal.h); settled before mem_init(). */
#define PAGE_DEBUG_POISON 1U
#define PAGE_DEBUG_OWNER  2U
#define PAGE_DEBUG_KMEMCHECK 64U
#define PAGE_DEBUG	  (PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER | PAGE_DEBUG_KMEMCHECK)

/* => after the page has passed its checks; before it is zeroed / before it is on a free list */
void page_debug_alloc(struct page *page, unsigned int order, gfp_t gfp);
void page_debug_free(struct page *page, unsigned int order);
void page_debug_split(struct page *page, unsigned int order);

void page_poison_free(struct page *page, unsigned int order);
/* => prints where the pattern was overwritten; the page is used all the same */
void page_poison_check(struct page *page, unsigned int order);

void page_owner_init(void);	/* zones_init(): reserves the side table */
void set_page_owner(struct page *page, unsigned int order, gfp_t gfp);
void page_owner_free(struct page *page, unsigned int order);
void page_owner_split(struct page *page, unsigned int order);
void page_owner_dump(const struct page *page); /* a few lines for dump_page() */

/* The hook of step 19 and its counterpart, and what a device or another mapping has written. */
void kmemcheck_pagealloc_alloc(struct page *page, unsigned int order, gfp_t gfp);
void kmemcheck_pagealloc_free(struct page *page, unsigned int order);
void kmemcheck_mark_initialized(struct page *page);
/* => addr was in a hidden page, which is shown now: repeat the access */
bool kmemcheck_fault(struct pt_regs *regs, unsigned long addr, unsigned long error);
extern bool kmemcheck_enabled; /* [I] boot word kmemcheck=on */

/*
 * One record of the debugfs file (spec 10.1): the first allocated block at or after *pfn as text. => bytes written, 0
 * at the end, -ENOMEM if it does not fit; *pfn moves behind it
 */
int page_owner_read(unsigned long *pfn, char *buf, size_t size);

#endif
