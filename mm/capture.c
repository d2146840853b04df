/* SPDX-License-Identifier: MIT */
/*
 * Capture of references, exact up to a window: all pages of the process but the last few it used are hidden.
 *
 *   touch of a hidden page --> page fault --> handle_mm_fault makes it visible --> capture_fault: a record,
 *        ^                                                                          |  it joins the window
 *        +------- hidden again when 16 other pages have been used since <-----------+
 *
 * Hidden means: the entry is present in every respect, but only for the kernel (the user bit is clear). So reclaim,
 * fork and unmapping see what they always see, and whatever changes the entry makes the page visible at worst: one
 * reference goes unnoticed then.
 *
 * What is not seen: a reference to one of the pages in the window (a policy would not see these apart either: such
 * pages are in memory, whatever it does); a store to a page that entered the window by a load; what the kernel itself
 * touches (read and write of files are told by filemap: capture_call).
 *
 * Locks: capture_lock for window, buffer and counts; entries by their page-table lock, not taken together.
 * Test: tests/host/test_capture, tests/boot/test_capture.py.
 */
#include "mm/capture.h"

#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "asm/pgtable.h"

pid_t capture_tgid;

static DEFINE_SPINLOCK(capture_lock, LOCK_RANK_LEAF);
static struct capture_record *records;		/* [capture_lock] */
static unsigned long nr_records, max_records, nr_lost; /* [capture_lock] */

/* The pages used last, a ring; all of one address space. [capture_lock] */
static unsigned long window[CAPTURE_WINDOW_MAX];
static unsigned int window_size, window_next;
/*
 * Compared only, so not referenced. exec makes the new one while the old one is in use, and the first instruction of
 * the new program faults: the one that follows another has never its address.
 */
static struct mm_struct *window_mm;

/* ---- Records --------------------------------------------------------------------------------------- */

/* => capture_lock held */
static void record(u64 object, u64 page, enum capture_op op)
{
	if (nr_records == max_records) {
		nr_lost++;
		return;
	}
	records[nr_records++] = (struct capture_record){ .object = object, .page = page, .op = op };
}

/* ---- Hiding ---------------------------------------------------------------------------------------- */

/* => false: there is no table for the address */
static bool hide(struct mm_struct *mm, unsigned long address)
{
	pmd_t *pmd;
	pte_t *pte = mm_find_pte(mm, address, &pmd);
	spinlock_t *ptl;
	bool was_visible;

	if (!pte)
		return false;
	ptl = pte_lockptr(mm, pmd);
	spin_lock(ptl);
	was_visible = pte_present(ptep_get(pte)) && ptep_hide(pte);
	spin_unlock(ptl);
	pte_unmap(pte);
	if (was_visible)
		flush_tlb_page(mm, address);
	return true;
}

void capture_new_mm(struct mm_struct *mm)
{
	if (captured())
		set_bit(MMF_CAPTURED_BIT, &mm->flags);
}

void capture_hide_all(struct mm_struct *mm)
{
	set_bit(MMF_CAPTURED_BIT, &mm->flags);
	down_read(&mm->mmap_sem);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		unsigned long address = vma->vm_start;

		while (address < vma->vm_end) {
			address = hide(mm, address) ? address + PAGE_SIZE : pmd_addr_end(address, vma->vm_end);
			if (!(address & 0xfffff))
				cond_resched();
		}
	}
	up_read(&mm->mmap_sem);
}

/* ---- References ------------------------------------------------------------------------------------ */

/* => capture_lock held; the page that leaves the window for this one, 0: none; ~0: it is in the window already */
static unsigned long enter_window(struct mm_struct *mm, unsigned long address)
{
	unsigned long out;

	if (window_mm != mm) { /* exec: nothing of the old memory is left */
		memset(window, 0, sizeof(window));
		window_mm = mm;
		record(0, 0, CAPTURE_EXEC);
	}
	for (unsigned int i = 0; i < window_size; i++)
		if (window[i] == address)
			return ~0UL;
	out = window[window_next];
	window[window_next] = address;
	window_next = (window_next + 1) % window_size;
	return out;
}

void capture_fault(struct vm_area_struct *vma, unsigned long address, bool write)
{
	struct file *file = vma->vm_file;
	/* A store to a private mapping has made a page of the process's own. */
	bool of_file = file && ((vma->vm_flags & VM_SHARED) || !(vma->vm_flags & VM_WRITE));
	unsigned long out = ~0UL;

	address &= PAGE_MASK;
	spin_lock(&capture_lock);
	if (captured()) {
		bool again;

		out = enter_window(vma->vm_mm, address);
		again = out == ~0UL && !write; /* a store to what was only read is news */
		if (!again && of_file)
			record(inode_identity(file_inode(file)),
			       vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT),
			       write ? CAPTURE_STORE : CAPTURE_LOAD);
		else if (!again)
			record(0, address >> PAGE_SHIFT, write ? CAPTURE_STORE : CAPTURE_LOAD);
	}
	spin_unlock(&capture_lock);
	if (out && out != ~0UL)
		hide(vma->vm_mm, out);
}

void capture_call(struct address_space *mapping, unsigned long index, bool write)
{
	spin_lock(&capture_lock);
	if (captured() && mapping->host)
		record(inode_identity(mapping->host), index, write ? CAPTURE_WRITE : CAPTURE_READ);
	spin_unlock(&capture_lock);
}

/* ---- Start and stop -------------------------------------------------------------------------------- */

int capture_start(pid_t tgid, struct mm_struct *mm, unsigned int size, struct capture_record *buf, unsigned long nr)
{
	if (size < CAPTURE_WINDOW_MIN || size > CAPTURE_WINDOW_MAX)
		return -EINVAL;
	spin_lock(&capture_lock);
	records = buf;
	max_records = nr;
	nr_records = nr_lost = 0;
	memset(window, 0, sizeof(window));
	window_size = size;
	window_next = 0;
	window_mm = mm;
	WRITE_ONCE(capture_tgid, tgid);
	spin_unlock(&capture_lock);
	return 0;
}

/* Pages that are hidden now become visible when they are touched. */
void capture_stop(void)
{
	spin_lock(&capture_lock);
	WRITE_ONCE(capture_tgid, 0);
	max_records = nr_records; /* whoever has passed captured() just now finds no room */
	window_mm = NULL;
	spin_unlock(&capture_lock);
}

struct capture_state capture_state(void)
{
	struct capture_state state;

	spin_lock(&capture_lock);
	state = (struct capture_state){ .tgid = capture_tgid, .count = nr_records, .lost = nr_lost };
	spin_unlock(&capture_lock);
	return state;
}
