/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a page: for its lock, and for the end of its write-back. Both are bits of page->flags; sleepers
 * hash to common wait queues (kernel/core/wait.h), so a page carries none.
 *
 * The page lock is the outermost lock of a page. Who reads a page in takes it, starts the I/O and leaves it to the
 * interrupt that ends the I/O to unlock: hence "lock and unlock" is also "wait until read".
 */
#include "mm/pagemap.h"

#include "kernel/core/task.h"
#include "kernel/core/wait.h"

void __lock_page(struct page *page)
{
	wait_on_bit_lock(&page->flags, PG_locked, TASK_UNINTERRUPTIBLE);
}

int __lock_page_killable(struct page *page)
{
	return wait_on_bit_lock(&page->flags, PG_locked, TASK_KILLABLE);
}

void unlock_page(struct page *page)
{
	VM_BUG_ON_PAGE(!PageLocked(page), page);
	clear_and_wake_up_bit(PG_locked, &page->flags);
}

void wait_on_page_locked(struct page *page)
{
	if (PageLocked(page))
		wait_on_bit(&page->flags, PG_locked, TASK_UNINTERRUPTIBLE);
}

int wait_on_page_locked_killable(struct page *page)
{
	return PageLocked(page) ? wait_on_bit(&page->flags, PG_locked, TASK_KILLABLE) : 0;
}

void wait_on_page_writeback(struct page *page)
{
	if (PageWriteback(page))
		wait_on_bit(&page->flags, PG_writeback, TASK_UNINTERRUPTIBLE);
}
