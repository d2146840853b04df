/* SPDX-License-Identifier: MIT */
/*
 * Poison: a free page is filled with 0xaa and must still be so when it is allocated again. Finds writes to
 * memory after it was freed, whoever did them; page_owner tells who had it.
 *
 * PG_poisoned marks filled pages, so those freed before the option took effect are not checked. HighMem
 * pages are reached through kmap_atomic. Any context.
 */
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/internal.h"
#include "mm/kmap.h"
#include "mm/page_debug.h"

#define POISON_WORD 0xaaaaaaaaaaaaaaaaUL

void page_poison_free(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		unsigned long *va = kmap_atomic(page + i);

		for (unsigned int w = 0; w < PAGE_SIZE / sizeof(*va); w++)
			va[w] = POISON_WORD;
		kunmap_atomic(va);
		__SetPagePoisoned(page + i);
	}
}

static void check_one(struct page *page)
{
	unsigned long *va = kmap_atomic(page);
	unsigned int first = 0, last = PAGE_SIZE / sizeof(*va);

	while (first < last && va[first] == POISON_WORD)
		first++;
	while (last > first && va[last - 1] == POISON_WORD)
		last--;
	if (first < last) {
		pr_alert("pagealloc: memory corruption in pfn %05lx, bytes %lu to %lu, first word 0x%016lx\n",
			 page_to_pfn(page), first * sizeof(*va), last * sizeof(*va) - 1, va[first]);
		dump_page(page, "written to after it was freed");
		bug_backtrace();
	}
	kunmap_atomic(va);
	__ClearPagePoisoned(page);
}

void page_poison_check(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		if (PagePoisoned(page + i))
			check_one(page + i);
}
