/* SPDX-License-Identifier: MIT */
/*
 * The address spaces that may have swap entries in their page tables: where swapoff looks. A space
 * enters with its first entry and leaves when it dies.
 *
 * Locks: mmlist_lock, a leaf: spaces enter with a page-table lock held.
 */
#include "kernel/base/kernel.h"
#include "mm/mm.h"
#include "mm/swap_internal.h"

static DEFINE_SPINLOCK(mmlist_lock, LOCK_RANK_LEAF);
static LIST_HEAD(swap_mms);	/* [mmlist_lock] mm->mmlist */

void swap_mm_add(struct mm_struct *mm)
{
	if (!list_empty(&mm->mmlist)) /* it never leaves while it has users */
		return;
	spin_lock(&mmlist_lock);
	if (list_empty(&mm->mmlist))
		list_add(&mm->mmlist, &swap_mms);
	spin_unlock(&mmlist_lock);
}

void swap_mm_del(struct mm_struct *mm)
{
	if (list_empty(&mm->mmlist))
		return;
	spin_lock(&mmlist_lock);
	list_del_init(&mm->mmlist);
	spin_unlock(&mmlist_lock);
}

struct mm_struct *next_swap_mm(struct mm_struct *prev)
{
	struct mm_struct *mm = NULL;
	struct list_head *at;

	spin_lock(&mmlist_lock);
	for (at = prev ? prev->mmlist.next : swap_mms.next; at != &swap_mms; at = at->next) {
		mm = list_entry(at, struct mm_struct, mmlist);
		if (mmget_not_zero(mm))
			break;
		mm = NULL;
	}
	spin_unlock(&mmlist_lock);
	if (prev)
		mmput(prev);
	return mm;
}
