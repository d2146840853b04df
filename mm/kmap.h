/* SPDX-License-Identifier: MIT */
/*
 * kmap: kernel addresses for pages that may be HighMem. See kmap.c.
 */
#ifndef MM_KMAP_H
#define MM_KMAP_H

#include "asm/page.h"
#include "kernel/base/string.h"
#include "mm/zone.h"

#define LAST_PKMAP	 512 /* windows of the pool: one page of page-table entries */
#define KMAP_ATOMIC_DEPTH 8  /* nested atomic windows of one CPU, interrupts included */

/* => may sleep until a window of the pool is free; counted, one kunmap per kmap; lowmem is free */
void *kmap(struct page *page);
void kunmap(struct page *page);

/*
 * => any context; the CPU's own window: do not sleep before kunmap_atomic, undo in reverse order;
 *    page faults of user copies are disabled meanwhile as in Linux
 */
void *kmap_atomic(struct page *page);
void kunmap_atomic(void *address);

void kmap_init(void);

/* The address page has now: lowmem always, HighMem only while kmapped (else NULL). */
void *page_address(const struct page *page);

void clear_highpage(struct page *page);				   /* zero it; any context */
void copy_highpage(struct page *to, struct page *from);		   /* any context */
void zero_user_segment(struct page *page, unsigned start, unsigned end);

#endif
