/* SPDX-License-Identifier: MIT */
/*
 * The time of mglru: a thread that begins generations.
 *
 *   reclaim finds young pages only --> mglru_age_ask --> thread: walk all address spaces
 *                     ^                                     entry young? clear it, page --> youngest generation
 *                     |                                   fold: the lists that the next generation needs become empty
 *                     +------- at most HZ/10 ------------ count up: the youngest is now merely young
 *
 * Why a thread: the walk holds address spaces by their user count, and whoever drops the last one tears the space
 * down, which reclaim must not do. Nobody depends on it: reclaim waits HZ/10, then takes what there is.
 *
 * A walk is cheaper for each entry than asking the reverse map of one page; it is worth it when many entries are
 * young, and generations begin only when something must go. Address spaces whose lock is taken are left out:
 * their pages are asked one by one when they are to go. One TLB flush for each address space, or pages in use
 * would not be seen young again.
 *
 * A walk goes to the spaces of all threads, MAX_SPACES held at a time; each bears the number of the last walk that took
 * it along, so none is left out and none is seen twice, however many share it.
 *
 * Locks: mmap_sem (tried), page-table lock, lru_lock inside.
 */
#include "kernel/base/err.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/mglru.h"
#include "mm/mm.h"
#include "mm/reclaim.h"
#include "mm/vma.h"
#include "arch/mmu.h"

#define WALK_BATCH 64
#define FOLD_BATCH 64
/*
 * A generation lasts until so much of the memory, one part of 16, has been taken: a small zone full of used pages
 * would else make time run away for all.
 */
#define GENERATION_SHARE 16
#define MAX_SPACES 128

static struct task_struct *ager;
static struct mm_struct *spaces[MAX_SPACES]; /* the thread's */
static unsigned int walk;			     /* the thread's: number of this walk */
static unsigned long wanted, begun;	/* [racy] requests; generations begun since the start */
static unsigned long late;		/* [racy] a request that took longer than HZ/10 */
static bool look_wanted;		/* [racy] a walk without a new generation */
static unsigned long victims;		/* [a] pages taken in this generation */
static DECLARE_WAIT_QUEUE_HEAD(ager_wait);
static DECLARE_WAIT_QUEUE_HEAD(begun_wait);

void mglru_count_victims(unsigned long nr)
{
	__atomic_fetch_add(&victims, nr, __ATOMIC_RELAXED);
}

void mglru_age_look(void)
{
	WRITE_ONCE(look_wanted, true);
	wake_up(&ager_wait);
}

bool mglru_age_ask(bool wait)
{
	unsigned long before = READ_ONCE(begun);

	if (READ_ONCE(victims) < totalram_pages / GENERATION_SHARE)
		return false;
	WRITE_ONCE(wanted, before + 1);
	wake_up(&ager_wait);
	if (!wait)
		return true;
	if (READ_ONCE(late) == before + 1) /* somebody has waited in vain for this one */
		return false;
	if (!wait_event_timeout(begun_wait, READ_ONCE(begun) != before, HZ / 10))
		WRITE_ONCE(late, before + 1);
	return READ_ONCE(begun) != before;
}

/* ---- The walk ------------------------------------------------------------------------------------- */

/* Pages whose entries were young. => their page-table lock held, so they stay */
static void make_young(struct page **pages, unsigned int nr)
{
	struct zone *locked = NULL;

	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = pages[i];
		struct zone *zone = page_zone(page);

		if (zone != locked) {
			if (locked)
				spin_unlock_irq(&locked->lru_lock);
			spin_lock_irq(&zone->lru_lock);
			locked = zone;
		}
		if (!PageLRU(page) || !page_lru_gen(page))
			continue; /* in somebody's hand, unevictable, or another policy's by now */
		if (PageSwapBacked(page) && page_lru_tier(page) == MGLRU_FRESH)
			set_page_lru_tier(page, 0);
		else if (page_lru_gen(page) != mglru_gen(mglru_zone(zone)->max_seq))
			mglru_move(zone, page, mglru_zone(zone)->max_seq, true);
	}
	if (locked)
		spin_unlock_irq(&locked->lru_lock);
}

/* One page table's entries in [addr, stop). => entries that were young */
static unsigned long walk_table(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, unsigned long stop)
{
	spinlock_t *ptl = pte_lockptr(vma->vm_mm, pmd);
	pte_t *pte = pte_offset_map(pmd, addr);
	struct page *pages[WALK_BATCH];
	unsigned long young = 0;
	unsigned int nr = 0;

	spin_lock(ptl);
	for (; addr < stop; addr += PAGE_SIZE, pte++) {
		pte_t entry = ptep_get(pte);
		struct page *page;

		if (!pte_present(entry) || !pte_young(entry))
			continue;
		page = vm_normal_page(entry);
		if (!page || !ptep_test_and_clear_young(vma, addr, pte))
			continue;
		young++;
		pages[nr++] = page;
		if (nr == WALK_BATCH) {
			make_young(pages, nr);
			nr = 0;
		}
	}
	make_young(pages, nr);
	spin_unlock(ptl);
	return young;
}

/* => mmap_sem held for reading */
static unsigned long walk_area(struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, young = 0;
	pmd_t *pmd;

	if (vma->vm_flags & (VM_LOCKED | VM_IO | VM_SEQ_READ))
		return 0;
	while ((pmd = next_pmd(vma->vm_mm, &addr, vma->vm_end)) != NULL) {
		unsigned long stop = pmd_addr_end(addr, vma->vm_end);

		young += walk_table(vma, pmd, addr, stop);
		addr = stop;
		cond_resched();
	}
	return young;
}

static void walk_space(struct mm_struct *mm)
{
	unsigned long young = 0;

	if (!down_read_trylock(&mm->mmap_sem))
		return;
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		young += walk_area(vma);
	if (young)
		flush_tlb_mm(mm);
	up_read(&mm->mmap_sem);
}

/* => its address space with a user's reference, the first time in this walk; else NULL */
static struct mm_struct *take_along(struct task_struct *task)
{
	struct mm_struct *mm;

	task_lock(task);
	mm = task->flags & PF_KTHREAD ? NULL : task->mm;
	if (mm && mm->mglru_walk == walk)
		mm = NULL;
	if (mm) {
		mm->mglru_walk = walk;
		mmget(mm);
	}
	task_unlock(task);
	return mm;
}

/* Threads and not only processes: the first thread may have ended before the others. => spaces taken along */
static unsigned int gather_spaces(void)
{
	struct task_struct *p, *t;
	unsigned int nr = 0;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			struct mm_struct *mm = nr < MAX_SPACES ? take_along(t) : NULL;

			if (mm)
				spaces[nr++] = mm;
		}
	}
	read_unlock(&tasklist_lock);
	return nr;
}

static void walk_all(void)
{
	unsigned int nr;

	if (!++walk) /* 0: a space that no walk has seen */
		walk = 1;
	do {
		nr = gather_spaces();
		for (unsigned int i = 0; i < nr; i++) {
			walk_space(spaces[i]);
			mmput(spaces[i]);
		}
	} while (nr == MAX_SPACES && !kthread_should_stop());
}

/* ---- The next generation --------------------------------------------------------------------------- */

/* Empties the oldest generation into the next if its lists are needed. => lru_lock held; true: nothing (more) to do */
static bool fold(struct zone *zone, struct mglru_zone *z, int file)
{
	struct page_list *oldest = &zone->lruvec.lists[gen_list(mglru_gen(z->min_seq[file]), file)];

	if (z->max_seq - z->min_seq[file] < MGLRU_MAX_GENS - 1)
		return true;
	for (int i = 0; i < FOLD_BATCH; i++) {
		struct page *page = page_list_first(oldest);

		if (!page) {
			z->min_seq[file]++;
			return true;
		}
		mglru_move(zone, page, z->min_seq[file] + 1, false);
	}
	return false;
}

static void count_up(struct zone *zone, struct mglru_zone *z)
{
	lru_gen_set_active(zone, mglru_gen(z->max_seq + 1), true);
	lru_gen_set_active(zone, mglru_gen(z->max_seq + 1 - MGLRU_MIN_GENS), false);
	z->max_seq++;
	for (int i = 0; i < 2 * MGLRU_TIERS; i++) {
		z->evicted[i / MGLRU_TIERS][i % MGLRU_TIERS] /= 2;
		z->refaulted[i / MGLRU_TIERS][i % MGLRU_TIERS] /= 2;
	}
}

static void next_generation(struct zone *zone)
{
	struct mglru_zone *z = mglru_zone(zone);
	bool done = false;

	while (!done) {
		spin_lock_irq(&zone->lru_lock);
		if (zone->lruvec.policy != &policy_mglru) {
			done = true; /* somebody else's by now, lists and all */
		} else if (fold(zone, z, 0) & fold(zone, z, 1)) {
			count_up(zone, z);
			done = true;
		}
		spin_unlock_irq(&zone->lru_lock);
		cond_resched();
	}
}

static int age(void *unused)
{
	struct zone *zone;

	(void)unused;
	while (!kthread_should_stop()) {
		wait_event_interruptible(ager_wait, READ_ONCE(wanted) == begun + 1 || READ_ONCE(look_wanted) ||
							    kthread_should_stop());
		if (kthread_should_stop())
			break;
		WRITE_ONCE(look_wanted, false);
		walk_all();
		if (READ_ONCE(wanted) != begun + 1)
			continue;
		for_each_populated_zone(zone)
			next_generation(zone);
		WRITE_ONCE(victims, 0);
		WRITE_ONCE(begun, begun + 1);
		wake_up_all(&begun_wait);
	}
	return 0;
}

/* ---- Coming and going ------------------------------------------------------------------------------ */

int mglru_age_start(void)
{
	struct task_struct *task;

	wanted = begun = late = 0;
	look_wanted = false;
	victims = totalram_pages; /* the first may begin at once */
	task = kthread_run(age, NULL, "kmglru");
	if (IS_ERR(task))
		return -ENOMEM;
	get_task_struct(task);
	ager = task;
	return 0;
}

void mglru_age_stop(void)
{
	kthread_stop(ager);
	put_task_struct(ager);
	ager = NULL;
}
