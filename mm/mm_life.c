/* SPDX-License-Identifier: MIT */
/*
 * The life of an address space.
 *
 *   mm_alloc (exec) or dup_mm (fork)      mm_users 1, mm_count 1
 *   mmget / mmput: tasks, and whoever looks into it     mm_users
 *   mm_users 0 -> exit_mmap: areas, pages, page tables go; the pgd stays     mm_count - 1
 *   mmgrab / mmdrop: CPUs that still have it loaded lazily                   mm_count
 *   mm_count 0 -> pgd and mm_struct freed
 *
 * All users together hold one mm_count. Locks: task_lock for another task's mm pointer.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vma.h"

static struct kmem_cache *mm_cachep;

struct mm_struct init_mm = {
	.mm_rb = { NULL },
	.pgd = swapper_pg_dir,
	.mm_users = ATOMIC_INIT(2),
	.mm_count = ATOMIC_INIT(1),
	.mmap_sem = __RWSEM_INITIALIZER(init_mm.mmap_sem, LOCK_RANK_MMAP_SEM),
	.page_table_lock = SPIN_LOCK_UNLOCKED("init_mm.page_table_lock", LOCK_RANK_PTL),
	.mmlist = LIST_HEAD_INIT(init_mm.mmlist),
	.cpu_mask = CPU_MASK_ALL,
};

void vm_init(void)
{
	mm_cachep = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 0,
				      SLAB_HWCACHE_ALIGN | SLAB_PANIC, NULL);
	vma_cache_init();
	anon_vma_init();
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!zero_page)
		panic("vm_init: no memory for the zero page");
	__SetPageReserved(zero_page);
	overcommit_init();
	sched_set_mm_free(__mmdrop);
}

/* What a new and a copied address space have in common: everything that must not be copied. */
static int mm_init(struct mm_struct *mm)
{
	mm->mmap = NULL;
	mm->mm_rb = RB_ROOT;
	mm->mmap_cache = NULL;
	mm->highest_vm_end = 0;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mm->map_count = 0;
	init_rwsem(&mm->mmap_sem, LOCK_RANK_MMAP_SEM);
	spin_lock_init(&mm->page_table_lock, LOCK_RANK_PTL);
	INIT_LIST_HEAD(&mm->mmlist);
	mm->cpu_mask = CPU_MASK_NONE;
	mm->tlb_flush_batched = false;
	mm->mglru_walk = 0;
	mm->flags &= MMF_INIT_MASK;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		atomic_long_set(&mm->rss_stat[i], 0);
	atomic_long_set(&mm->nr_ptes, 0);
	mm->hiwater_rss = mm->hiwater_vm = 0;
	mm->total_vm = mm->locked_vm = mm->shared_vm = mm->exec_vm = mm->stack_vm = 0;
	return arch_pgd_alloc(mm);
}

struct mm_struct *mm_alloc_copy(const struct mm_struct *old)
{
	struct mm_struct *mm = kmem_cache_alloc(mm_cachep, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (old)
		*mm = *old;
	else
		memset(mm, 0, sizeof(*mm));
	if (mm_init(mm)) {
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	return mm;
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = mm_alloc_copy(NULL);

	if (mm) {
		mm->task_size = TASK_SIZE;
		mm->mmap_base = TASK_SIZE;
	}
	return mm;
}

struct mm_struct *get_task_mm(struct task_struct *task)
{
	struct mm_struct *mm;

	task_lock(task);
	mm = task->mm;
	if (mm && (task->flags & PF_KTHREAD))
		mm = NULL;
	if (mm)
		mmget(mm);
	task_unlock(task);
	return mm;
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma = mm->mmap, *next;
	unsigned long accounted = 0;
	struct mmu_gather tlb;

	for (; vma; vma = vma->vm_next)
		if (mm->locked_vm && (vma->vm_flags & VM_LOCKED))
			munlock_vma_pages_range(vma, vma->vm_start, vma->vm_end);
	vma = mm->mmap;
	tlb_gather_mmu(&tlb, mm, true);
	unmap_vmas(&tlb, vma, 0, TASK_SIZE);
	free_pgtables(&tlb, vma, 0, 0);
	tlb_finish_mmu(&tlb);

	mm->mmap = NULL;
	mm->mm_rb = RB_ROOT;
	mm->mmap_cache = NULL;
	for (; vma; vma = next) {
		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += vma_pages(vma);
		vma_remove(vma);
	}
	mm->map_count = 0;
	vm_unacct_memory((long)accounted);
	VM_BUG_ON(atomic_long_read(&mm->nr_ptes) != 0);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		VM_BUG_ON(atomic_long_read(&mm->rss_stat[i]) != 0);
}

void mmput(struct mm_struct *mm)
{
	might_sleep();
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	exit_mmap(mm);
	if (!list_empty(&mm->mmlist))
		swap_mm_del(mm);
	if (mm->exe_file)
		fput(mm->exe_file);
	mm->exe_file = NULL;
	mmdrop(mm);
}

void __mmdrop(struct mm_struct *mm)
{
	BUG_ON(mm == &init_mm);
	arch_pgd_free(mm);
	kmem_cache_free(mm_cachep, mm);
}
