/* SPDX-License-Identifier: MIT */
/*
 * kmemcheck: who reads a page before anybody has written it (boot word kmemcheck=on, debug builds).
 *
 *	alloc_pages without __GFP_ZERO --> hidden: its entry of the direct map is not present
 *	    first access is a write --> shown, for good: the page counts as written
 *	    first access is a read  --> reported with the reader and the allocation, and shown
 *	freed --> shown
 *
 * The page is the unit. Not seen: reads of the rest of a page once one byte of it is written (slab objects, whose
 * pages are formatted first), HighMem-capable requests (user and file pages; a HighMem frame has no entry to hide),
 * access through another mapping (vmalloc: kernel stacks), __GFP_NOTRACK, and what devices write: the disk driver
 * says that its pages are initialised. Linux's kmemcheck kept a shadow byte per byte and decoded each instruction.
 *
 * The direct map then has 4 KiB entries all over, and there is one CPU: hiding a page would need the others' TLBs
 * flushed from any context. Hidden, a page faults where interrupts are off or locks held: nothing is taken here.
 *
 * Read next: page_check.c, where the hooks are called. Test: tests/boot/test_page_debug.py. Try: docs/debugging.md
 */
#include "arch/mmu.h"
#include "arch/trap.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/internal.h"
#include "mm/page_debug.h"

#define MAX_REPORTS 100

bool kmemcheck_enabled;

static int __init kmemcheck_setup(char *value)
{
	bool on;

	if (kstrtobool(value ?: "", &on))
		return -EINVAL;
	if (on && !IS_ENABLED(CONFIG_DEBUG)) {
		pr_warn("kmemcheck: only debug builds have it (make DEBUG=1)\n");
		return 0;
	}
	kmemcheck_enabled = on;
	arch_set_hidden_page_handler(on ? kmemcheck_fault : NULL);
	set_alloc_special(PAGE_DEBUG_KMEMCHECK, on);
	return 0;
}
early_param("kmemcheck", kmemcheck_setup);

static void show_pages(const struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++)
		arch_hide_page(page_to_pfn(page + i), false);
}

void kmemcheck_pagealloc_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	if (gfp & (__GFP_HIGHMEM | __GFP_NOTRACK | __GFP_ZERO))
		return; /* shown since it was freed; __GFP_ZERO: about to be written */
	for (unsigned long i = 0; i < 1UL << order; i++)
		arch_hide_page(page_to_pfn(page + i), true);
}

void kmemcheck_pagealloc_free(struct page *page, unsigned int order)
{
	show_pages(page, order);
}

void kmemcheck_mark_initialized(struct page *page)
{
	if (kmemcheck_enabled && !PageHighMem(page))
		show_pages(page, 0);
}

static void report(const struct pt_regs *regs, unsigned long addr, unsigned long pfn)
{
	static unsigned int reports;

	if (reports++ >= MAX_REPORTS)
		return;
	pr_alert("kmemcheck: read of uninitialised page pfn %05lx, byte %lu, by %pS\n", pfn, addr & ~PAGE_MASK,
		 (void *)instruction_pointer(regs));
	page_owner_dump(pfn_to_page(pfn));
	bug_backtrace();
}

bool kmemcheck_fault(struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	unsigned long pfn = (addr - PAGE_OFFSET) >> PAGE_SHIFT;

	if ((error & FAULT_PRESENT) || addr < PAGE_OFFSET || pfn >= max_low_pfn || !arch_hide_page(pfn, false))
		return false;
	if (!(error & FAULT_WRITE))
		report(regs, addr, pfn);
	return true;
}
