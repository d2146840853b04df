/* SPDX-License-Identifier: MIT */
/*
 * When a page is not what it should be (spec 3.6): the report and the debugging hooks of alloc and free.
 *
 * The test itself is page_state_bad() in internal.h, one comparison on the fast path. What it finds -
 * somebody still maps the page, it has a reference or a mapping, a flag is set that cannot be - means that
 * two users believe to own it. It is reported with all we know, and never used again: the report is worth
 * more than the 4 KiB. At most 60 reports a minute, then their number.
 */
#include "kernel/base/bitops.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "kernel/core/timer.h"
#include "mm/internal.h"
#include "mm/page_debug.h"
#include "mm/zone.h"

#define REPORTS_PER_MINUTE 60

/* kmemcheck hides pages and has a handler for that only once it was asked for. */
unsigned long alloc_special = IS_ENABLED(CONFIG_DEBUG) ? PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER : 0;

static int set_page_debug(const char *value, unsigned int bit)
{
	if (!value || (strcmp(value, "on") && strcmp(value, "off")))
		return -1;
	set_alloc_special(bit, !strcmp(value, "on"));
	return 0;
}

static int __init page_poison_setup(char *value)
{
	return set_page_debug(value, PAGE_DEBUG_POISON);
}
early_param("page_poison", page_poison_setup);

static int __init page_owner_setup(char *value)
{
	return set_page_debug(value, PAGE_DEBUG_OWNER);
}
early_param("page_owner", page_owner_setup);

/* ---- Hooks ----------------------------------------------------------------------------------- */

void page_debug_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	if (alloc_special & PAGE_DEBUG_POISON)
		page_poison_check(page, order);
	if (alloc_special & PAGE_DEBUG_OWNER)
		set_page_owner(page, order, gfp);
	if (alloc_special & PAGE_DEBUG_KMEMCHECK)
		kmemcheck_pagealloc_alloc(page, order, gfp); /* last: from here on the page may be hidden */
}

void page_debug_free(struct page *page, unsigned int order)
{
	if (alloc_special & PAGE_DEBUG_KMEMCHECK)
		kmemcheck_pagealloc_free(page, order);
	if (alloc_special & PAGE_DEBUG_OWNER)
		page_owner_free(page, order);
	if (alloc_special & PAGE_DEBUG_POISON)
		page_poison_free(page, order);
}

void page_debug_split(struct page *page, unsigned int order)
{
	if (alloc_special & PAGE_DEBUG_OWNER)
		page_owner_split(page, order);
}

/* ---- Reports --------------------------------------------------------------------------------- */

/* => true: print; the budget is shared by all CPUs, off by one at worst */
static bool report_allowed(void)
{
	static unsigned long resume, shown, unshown;

	if (shown == REPORTS_PER_MINUTE) {
		if (time_before(jiffies, resume)) {
			unshown++;
			return false;
		}
		if (unshown)
			pr_alert("BUG: Bad page state: %lu messages suppressed\n", unshown);
		shown = unshown = 0;
	}
	if (shown++ == 0)
		resume = jiffies + 60 * HZ;
	return true;
}

static const char *bad_reason(const struct page *page, unsigned long forbidden_flags)
{
	if (PageBuddy(page))
		return "it is free already (double free?)";
	if (page_mapcount(page))
		return "nonzero mapcount";
	if (page->mapping)
		return "non-NULL mapping";
	if (page_count(page))
		return "nonzero _refcount";
	if (page->flags & forbidden_flags)
		return "forbidden flags are set";
	return "unknown";
}

void bad_page(struct page *page, unsigned long forbidden_flags)
{
	if (report_allowed()) {
		pr_alert("BUG: Bad page state in process %s  pfn:%05lx\n", current->comm,
			 page_to_pfn(page));
		dump_page(page, bad_reason(page, forbidden_flags));
		bug_backtrace();
	}
	/* Leave the evidence, but do not let the buddy take the page for one of its own. */
	if (!PageBuddy(page))
		atomic_set(&page->_mapcount, -1);
}

static const char *const flag_names[NR_PAGEFLAGS] = {
	[PG_locked] = "locked", [PG_error] = "error", [PG_referenced] = "referenced",
	[PG_uptodate] = "uptodate", [PG_dirty] = "dirty", [PG_lru] = "lru",
	[PG_active] = "active", [PG_slab] = "slab", [PG_reserved] = "reserved",
	[PG_private] = "private", [PG_writeback] = "writeback", [PG_head] = "head",
	[PG_tail] = "tail", [PG_swapcache] = "swapcache", [PG_mappedtodisk] = "mappedtodisk",
	[PG_reclaim] = "reclaim", [PG_swapbacked] = "swapbacked",
	[PG_unevictable] = "unevictable", [PG_mlocked] = "mlocked",
	[PG_readahead] = "readahead", [PG_pfmemalloc] = "pfmemalloc",
	[PG_poisoned] = "poisoned",
};

void dump_page(const struct page *page, const char *reason)
{
	const struct zone *zone = page_zone(page);

	pr_alert("page:%p pfn:%05lx count:%d mapcount:%d mapping:%p index:0x%lx private:0x%lx\n",
		 page, page_to_pfn(page), page_count(page), page_mapcount(page), page->mapping,
		 page->index, page->private);
	pr_alert("page flags: 0x%lx (node %d zone %s", page->flags, page_to_nid(page),
		 zone ? zone->name : "?");
	for (int bit = 0; bit < NR_PAGEFLAGS; bit++)
		if (page->flags >> bit & 1)
			pr_cont(" %s", flag_names[bit]);
	pr_cont(")\n");
	if (reason)
		pr_alert("page dumped because: %s\n", reason);
	if (alloc_special & PAGE_DEBUG_OWNER)
		page_owner_dump(page);
}
