/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: mm_struct, its areas (vm_area_struct) and the anon_vma that joins the areas which
 * may map the same anonymous page.
 *
 *   mm --+-- vma [text, file]    vma [heap]        vma [stack]
 *        |                         | anon_vma        | anon_vma
 *        pgd -> page tables        v                 v
 *                                anon_vma <- page->mapping of every anonymous page first
 *                                touched there; fork puts the child's area on the same list
 *
 * The anon_vma is that of 2.6.24: one list of areas per lineage, no chains.
 *
 * Locks by letter: [m] mmap_sem (write to change, read to look), [p] page_table_lock, [a] atomic,
 * [v] anon_vma->lock, [i] mapping->i_mmap_lock, [I] set when made.
 */
#ifndef MM_MM_TYPES_H
#define MM_MM_TYPES_H

#include "kernel/base/atomic.h"
#include "kernel/base/cpumask.h"
#include "kernel/base/list.h"
#include "kernel/base/rbtree.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/rwsem.h"
#include "asm/pgtable_types.h"

struct file;
struct page;
struct vm_area_struct;

/* vm_flags, Linux's values */
#define VM_READ	      0x00000001UL
#define VM_WRITE      0x00000002UL
#define VM_EXEC	      0x00000004UL
#define VM_SHARED     0x00000008UL
#define VM_MAYREAD    0x00000010UL
#define VM_MAYWRITE   0x00000020UL
#define VM_MAYEXEC    0x00000040UL
#define VM_MAYSHARE   0x00000080UL
#define VM_GROWSDOWN  0x00000100UL
#define VM_LOCKED     0x00002000UL
#define VM_IO	      0x00004000UL
#define VM_SEQ_READ   0x00008000UL
#define VM_RAND_READ  0x00010000UL
#define VM_DONTCOPY   0x00020000UL
#define VM_DONTEXPAND 0x00040000UL
#define VM_LOCKONFAULT 0x00080000UL
#define VM_ACCOUNT    0x00100000UL /* counted against overcommit */
#define VM_NORESERVE  0x00200000UL
#define VM_WIPEONFORK 0x02000000UL
#define VM_DONTDUMP   0x04000000UL

struct anon_vma {
	spinlock_t lock;
	atomic_t refcount;		/* [a] areas on the list plus temporary users */
	struct list_head head;		/* [v] vma->anon_vma_node */
};

struct vm_fault {
	unsigned int flags;		/* FAULT_FLAG_* */
	unsigned long pgoff;		/* in the mapping, pages */
	unsigned long address;		/* page aligned user address */
	struct page *page;		/* result: referenced, locked with VM_FAULT_LOCKED */
};

#define FAULT_FLAG_WRITE       0x01
#define FAULT_FLAG_ALLOW_RETRY 0x04
#define FAULT_FLAG_KILLABLE    0x10
#define FAULT_FLAG_USER	       0x40
#define FAULT_FLAG_CAPTURED    0x80 /* capture (fault.c) has seen it */

#define VM_FAULT_OOM	 0x0001
#define VM_FAULT_SIGBUS	 0x0002
#define VM_FAULT_MAJOR	 0x0004
#define VM_FAULT_WRITE	 0x0008
#define VM_FAULT_SIGSEGV 0x0040
#define VM_FAULT_NOPAGE	 0x0100
#define VM_FAULT_LOCKED	 0x0200
#define VM_FAULT_RETRY	 0x0400
#define VM_FAULT_ERROR	 (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	int (*fault)(struct vm_area_struct *vma, struct vm_fault *vmf); /* VM_FAULT_* */
	/* A shared page is about to become writable; vmf->page is locked and stays so. 0 or VM_FAULT_SIGBUS */
	int (*page_mkwrite)(struct vm_area_struct *vma, struct vm_fault *vmf);
	const char *(*name)(struct vm_area_struct *vma);
};

struct vm_area_struct {
	struct mm_struct *vm_mm;	/* [I] */
	unsigned long vm_start;		/* [m] */
	unsigned long vm_end;		/* [m] first byte behind */
	unsigned long vm_flags;		/* [m] VM_* */
	pgprot_t vm_page_prot;		/* [m] */
	unsigned long vm_pgoff;		/* [m] offset in the file in pages; anonymous: vm_start >> 12 at birth */
	struct file *vm_file;		/* [m] referenced; NULL for anonymous */
	const struct vm_operations_struct *vm_ops; /* [m] NULL for anonymous */
	void *vm_private_data;
	struct vm_area_struct *vm_next, *vm_prev; /* [m] by address */
	struct rb_node vm_rb;		/* [m] */
	unsigned long rb_subtree_gap;	/* [m] largest hole below an area of this subtree, bytes */
	struct list_head shared_node;	/* [i] in mapping->i_mmap */
	struct anon_vma *anon_vma;	/* [m, p] set at the first anonymous page */
	struct list_head anon_vma_node;	/* [v] */
};

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, NR_MM_COUNTERS };

#define AT_VECTOR_SIZE 48

/* mm->flags: pages may be missing from it, so no fault may put fresh ones in their place (oom_reaper.c) */
#define MMF_UNSTABLE_BIT 1
#define MMF_UNSTABLE	 (1UL << MMF_UNSTABLE_BIT)

/* prctl(PR_SET_DUMPABLE, 0), or its ids changed since exec: no core file, and only root looks into it */
#define MMF_NOT_DUMPABLE_BIT 2
#define MMF_NOT_DUMPABLE     (1UL << MMF_NOT_DUMPABLE_BIT)

/* its references are captured, or once were (capture.c) */
#define MMF_CAPTURED_BIT 3
#define MMF_CAPTURED	 (1UL << MMF_CAPTURED_BIT)

#define MMF_INIT_MASK MMF_NOT_DUMPABLE /* what a copy of an address space keeps */

struct mm_struct {
	struct vm_area_struct *mmap;	/* [m] list of areas by address */
	struct rb_root mm_rb;		/* [m] */
	struct vm_area_struct *mmap_cache; /* racy hint: last find_vma result, cleared under [m] write */
	pgd_t *pgd;			/* [I] */
	unsigned long mmap_base;	/* [I] top of the mmap region, grows down */
	unsigned long task_size;	/* [I] */
	unsigned long highest_vm_end;	/* [m] end of the last area */
	atomic_t mm_users;		/* [a] tasks and temporary users; 0: areas are torn down */
	atomic_t mm_count;		/* [a] 1 for all users together, lazy kernel threads; 0: freed */
	int map_count;			/* [m] */
	struct rw_semaphore mmap_sem;
	spinlock_t page_table_lock;	/* all entries below pgd, through pte_lockptr() */
	struct list_head mmlist;	/* [mmlist_lock] mms that may have swap entries */
	cpumask_t cpu_mask;		/* [a] CPUs that may hold TLB entries of it */
	bool tlb_flush_batched;		/* [p] reclaim took entries away and flushes later */
	unsigned int mglru_walk;	/* kmglru's: the last of its walks that has been here */

	atomic_long_t rss_stat[NR_MM_COUNTERS]; /* [a] */
	atomic_long_t nr_ptes;		/* [a] page-table pages of the lowest level */
	unsigned long hiwater_rss, hiwater_vm;	/* racy high-water marks */
	unsigned long total_vm, locked_vm, shared_vm, exec_vm, stack_vm; /* [m] pages */
	unsigned long def_flags;	/* [m] mlockall(MCL_FUTURE) */
	unsigned long start_code, end_code, start_data, end_data; /* [m] */
	unsigned long start_brk, brk, start_stack;		   /* [m] */
	unsigned long arg_start, arg_end, env_start, env_end;	   /* [m] */
	unsigned long saved_auxv[AT_VECTOR_SIZE];
	struct file *exe_file;		/* [m] /proc/PID/exe */
	unsigned long flags;		/* [a] MMF_* */
};

static inline unsigned long get_mm_counter(const struct mm_struct *mm, int member)
{
	long value = atomic_long_read(&mm->rss_stat[member]);

	return value < 0 ? 0 : (unsigned long)value;
}

static inline void add_mm_counter(struct mm_struct *mm, int member, long value)
{
	atomic_long_add(value, &mm->rss_stat[member]);
}

#define inc_mm_counter(mm, member) add_mm_counter(mm, member, 1)
#define dec_mm_counter(mm, member) add_mm_counter(mm, member, -1)

static inline unsigned long get_mm_rss(const struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_ANONPAGES);
}

/* Before the resident set shrinks: remember how large it was (VmHWM). Racy by a few pages. */
static inline void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}

/* The lock of the page table that pmd points to. One per mm; callers always go through here. */
static inline spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd)
{
	(void)pmd;
	return &mm->page_table_lock;
}

/*
 * => pte_lockptr(mm) held. Who answers the program for a range of entries (munmap, mprotect, fork) must not
 *    find entries gone that a TLB still has: then flushes in reclaim's place.
 */
void flush_tlb_batched(struct mm_struct *mm);
static inline void flush_tlb_batched_pending(struct mm_struct *mm)
{
	if (unlikely(mm->tlb_flush_batched))
		flush_tlb_batched(mm);
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

#endif
