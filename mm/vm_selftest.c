/* SPDX-License-Identifier: MIT */
/*
 * Self test of address spaces when memory ends: the n-th allocation fails, for every n.
 *
 * A small life - areas, faults, mlock, fork, writes on both sides, mremap, mprotect, munmap - is lived in an
 * address space of its own, again and again, each time with a later allocation failing, until none fails any
 * more. Whatever step gave up, afterwards everything must be undone: the counters of pages, page tables, locked
 * pages and promises are what they were. exit_mmap's own checks (debug) see to the rss counters.
 *
 * A kernel thread runs it and borrows the address space as exec does: the calls work on current->mm.
 */
#include "arch/mmu.h"
#include "kernel/base/errno.h"
#include "kernel/base/selftest.h"
#include "kernel/core/sched.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/slab.h"
#include "mm/vma.h"

#define BASE	 0x10000000UL
#define PAGES	 40UL
#define MAX_FAIL 400

static long calls_left;
static struct task_struct *tested; /* others' allocations do not fail */

static bool fail_nth(gfp_t gfp, unsigned int order)
{
	if (current != tested || in_interrupt())
		return false;
	return --calls_left == 0;
}

/* Memory as it would be seen from outside. */
struct state {
	long anon, mapped, tables, locked, committed;
};

static long exact(enum zone_stat_item item)
{
	struct zone *zone;
	long sum = 0;

	for_each_populated_zone(zone)
		sum += (long)zone_page_state_snapshot(zone, item);
	return sum;
}

static struct state look(void)
{
	struct state s = { exact(NR_ANON_PAGES), exact(NR_FILE_MAPPED), exact(NR_PAGETABLE), exact(NR_MLOCK),
			   atomic_long_read(&vm_committed_as) };

	return s;
}

/* ---- Borrowing ------------------------------------------------------------------------------------ */

static void enter(struct mm_struct *mm)
{
	struct mm_struct *active = current->active_mm;

	task_lock(current);
	local_irq_disable();
	current->mm = current->active_mm = mm;
	switch_mm(active, mm);
	local_irq_enable();
	task_unlock(current);
	if (active)
		mmdrop(active);
}

static void leave(struct mm_struct *mm)
{
	mmgrab(mm); /* active_mm from now on */
	task_lock(current);
	current->mm = NULL;
	task_unlock(current);
	mmput(mm);
}

/* ---- The life ----------------------------------------------------------------------------------------- */

/* Write (or read) every page of the range in mm; stops at the first failure. => false: it failed */
static bool touch(struct mm_struct *mm, unsigned long start, unsigned long pages, bool write)
{
	bool fine = true;

	down_read(&mm->mmap_sem);
	for (unsigned long a = start; a < start + pages * PAGE_SIZE && fine; a += PAGE_SIZE) {
		struct vm_area_struct *vma = find_vma(mm, a);

		if (!vma || vma->vm_start > a || (write && !(vma->vm_flags & VM_WRITE)))
			continue;
		fine = !(handle_mm_fault(mm, vma, a, write ? FAULT_FLAG_WRITE : 0) & VM_FAULT_ERROR);
	}
	up_read(&mm->mmap_sem);
	return fine;
}

static void live(struct mm_struct *mm)
{
	struct mm_struct *child;
	unsigned long at;

	at = vm_mmap(NULL, BASE, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	if (IS_ERR_VALUE(at))
		return;
	touch(mm, BASE, PAGES / 2, true);
	touch(mm, BASE + PAGES / 2 * PAGE_SIZE, PAGES / 4, false);
	do_mlock(BASE, 4 * PAGE_SIZE, 0);
	do_mprotect(BASE + 8 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ);
	child = dup_mm(mm);
	touch(mm, BASE, PAGES, true);
	if (child) {
		touch(child, BASE, PAGES, true);
		mmput(child);
	}
	touch(mm, BASE, PAGES, true);
	do_mremap(BASE + 16 * PAGE_SIZE, 4 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		  BASE + (2UL << 30));
	do_madvise(BASE + 20 * PAGE_SIZE, 4 * PAGE_SIZE, MADV_DONTNEED);
	vm_munmap(BASE + 3 * PAGE_SIZE, 2 * PAGE_SIZE);
}

/* One life with the n-th allocation failing (0: none). => false: it was not even made */
static bool one_life(long n)
{
	struct mm_struct *mm;

	tested = current;
	calls_left = n;
	set_fail_page_alloc(n ? fail_nth : NULL);
	mm = mm_alloc();
	if (mm) {
		enter(mm);
		live(mm);
		set_fail_page_alloc(NULL);
		leave(mm);
	}
	set_fail_page_alloc(NULL);
	return mm != NULL;
}

SELFTEST(vm_every_failure_is_undone)
{
	struct state before, after;
	long n = 0;

	REQUIRE(!current->mm);
	one_life(0); /* caches and the TLB's lazy mm settle */
	lru_add_drain_all();
	before = look();
	do {
		n++;
		one_life(n);
		after = look();
		EXPECT_EQ(after.anon, before.anon);
		EXPECT_EQ(after.mapped, before.mapped);
		EXPECT_EQ(after.tables, before.tables);
		EXPECT_EQ(after.locked, before.locked);
		EXPECT_EQ(after.committed, before.committed);
	} while (calls_left <= 0 && n < MAX_FAIL);
	EXPECT(n > 50 && n < MAX_FAIL); /* there was something to fail, and an end to it */
}

/* A victim's write(2) must end short, not go on with zeros in place of what the reaper took. */
SELFTEST(vm_reaped_pages_stay_away)
{
	struct mm_struct *mm;
	struct vm_area_struct *vma;

	REQUIRE(!current->mm);
	mm = mm_alloc();
	REQUIRE(mm);
	enter(mm);
	EXPECT(!IS_ERR_VALUE(vm_mmap(NULL, BASE, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0)));
	EXPECT(touch(mm, BASE, PAGES, true));
	set_bit(MMF_UNSTABLE_BIT, &mm->flags);
	down_read(&mm->mmap_sem);
	vma = find_vma(mm, BASE);
	zap_page_range(vma, vma->vm_start, vma->vm_end);
	up_read(&mm->mmap_sem);
	EXPECT(!touch(mm, BASE, 1, false));
	EXPECT(!touch(mm, BASE + PAGE_SIZE, 1, true));
	EXPECT_EQ(get_mm_counter(mm, MM_ANONPAGES), 0);
	leave(mm);
}
