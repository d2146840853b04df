/* SPDX-License-Identifier: MIT */
/* Real functions for what is inline in the kernel: this file must not see mm/page.h. */
#include "tests/host/libmm.h"
#include "asm/page.h"

#define DESCRIPTOR_BYTES 48 /* sizeof(struct page), which mm/page.h asserts */

unsigned long page_to_pfn(const struct page *page)
{
	return ((unsigned long)page - VMEMMAP_START) / DESCRIPTOR_BYTES;
}

struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(VMEMMAP_START + pfn * DESCRIPTOR_BYTES);
}
