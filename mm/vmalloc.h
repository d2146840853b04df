/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: kernel address ranges made of scattered frames, each followed by a guard page. See vmalloc.c.
 */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include "mm/gfp.h"
#include "asm/pgtable_types.h"

/* => may sleep; size in bytes, rounded up to pages; NULL without memory or address space */
void *__must_check vmalloc(unsigned long size);
void *__must_check vzalloc(unsigned long size);
void *__must_check __vmalloc(unsigned long size, gfp_t gfp, pgprot_t prot);
void vfree(const void *address); /* may sleep; NULL is fine */
/* => for reclaim, whose caller may be inside vmalloc: false and nothing done if somebody, perhaps current, is at it */
bool __must_check vfree_try(const void *address);

/* Device registers: size bytes at physical address phys, uncached. */
void *__must_check ioremap(phys_addr_t phys, unsigned long size);
void iounmap(void *address);

struct page *vmalloc_to_page(const void *address);
void vmalloc_init(void);
void vmalloc_info(unsigned long *used_bytes, unsigned long *largest_free_bytes);

#endif
