/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: the calls that make, change, copy and tear down areas, resolve faults and reach
 * another program's memory. The nouns are in mm_types.h.
 *
 *   sys_mmap -> vm_mmap -> do_mmap -> areas (vma.c)           page fault -> handle_mm_fault (fault.c)
 *   fork -> dup_mm (fork.c)   exit, exec -> mmput -> exit_mmap (exit.c)
 *
 * Naming: vm_x() and do_mprotect ... do_mincore take mm->mmap_sem of current themselves; do_mmap,
 * do_munmap, do_brk and everything below "areas" want it held for writing (marked W) or at least
 * reading (R). All of them may sleep and run in process context. Errors are -errno; functions that
 * return an address return it or -errno (IS_ERR_VALUE).
 *
 * Read next: vma.c, mmap.c, fault.c, rmap.h.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include "kernel/base/err.h"
#include "mm/gfp.h"
#include "mm/mm_types.h"
#include "mm/mman.h"
#include "mm/page.h"

struct file;
struct task_struct;
struct mmu_gather;

#define VM_STACK_FLAGS	     (VM_GROWSDOWN | VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT)
#define VM_DATA_FLAGS	     (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define STACK_GUARD_GAP	     (256UL << PAGE_SHIFT) /* unmapped bytes kept below a growing stack */
#define RLIMIT_DATA_INDEX    2
#define RLIMIT_STACK_INDEX   3
#define RLIMIT_MEMLOCK_INDEX 8
#define RLIMIT_AS_INDEX	     9

/* ---- Knobs of /proc/sys/vm (spec 10.3); plain words, a writer checks the range ---------------- */

extern int sysctl_overcommit_memory;		   /* 0 guess, 1 always, 2 never */
extern int sysctl_overcommit_ratio;		   /* per cent of RAM in mode 2 */
extern unsigned long sysctl_overcommit_kbytes;	   /* not 0: instead of the ratio */
extern int sysctl_max_map_count;
extern unsigned long sysctl_mmap_min_addr;
extern unsigned long sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;

/* Pages promised to programs (Committed_AS) and the limit of mode 2 (CommitLimit). */
extern atomic_long_t vm_committed_as;
unsigned long vm_commit_limit(void);
/* => promises pages: 0 or -ENOMEM by the overcommit mode; undone by vm_unacct_memory */
int __must_check security_vm_enough_memory(struct mm_struct *mm, long pages);
void vm_unacct_memory(long pages);

/* ---- Address spaces (mm_life.c, fork.c, exit.c) ----------------------------------------------- */

extern struct mm_struct init_mm;	/* the kernel's own: kernel page tables, no areas */

void vm_init(void);			/* boot: caches for mm, areas, anon_vma; after kmem_cache_init */
void radix_tree_init(void);		/* boot: nodes of radix trees; after kmem_cache_init */
/* => an empty address space with mm_users 1 and its own pgd, or NULL */
struct mm_struct *__must_check mm_alloc(void);
/*
 * => a copy of oldmm for fork: areas, page tables with copy-on-write, limits; NULL: no memory. Takes
 *    mmap_sem of oldmm.
 */
struct mm_struct *__must_check dup_mm(struct mm_struct *oldmm);
/* => the task's mm with one more user, or NULL (kernel thread, exited); undo with mmput */
struct mm_struct *get_task_mm(struct task_struct *task);
/* => last user: frees all areas and pages. May sleep. */
void mmput(struct mm_struct *mm);
void __mmdrop(struct mm_struct *mm);	/* last reference: frees pgd and mm */
void exit_mmap(struct mm_struct *mm);

static inline void mmget(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_users);
}

static inline bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}

static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

static inline void mmdrop(struct mm_struct *mm)	/* any context that may free lowmem */
{
	if (atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
}

/*
 * exec: an empty stack area of one page ending at stack_top in a fresh mm (grows by faults and by
 * access_remote_vm); sets mm->start_stack. executable: PT_GNU_STACK asked for it.
 * => 0 or -errno
 */
int setup_stack_area(struct mm_struct *mm, unsigned long stack_top, bool executable);
/* => where mmap starts looking, below the stack's limit; call after setup_stack_area */
void arch_pick_mmap_layout(struct mm_struct *mm);

/* ---- System call bodies: take mmap_sem themselves, on current->mm ----------------------------- */

/*
 * => address or -errno; pgoff in pages; file may be NULL with MAP_ANONYMOUS; populates for
 *    MAP_POPULATE and locked areas
 */
unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff);
int vm_munmap(unsigned long addr, unsigned long len);
/* => the new break, or the old one if it could not be moved (brk(2) as the kernel answers) */
unsigned long vm_brk(unsigned long brk);
int do_mprotect(unsigned long start, unsigned long len, unsigned long prot);
unsigned long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
			unsigned long flags, unsigned long new_addr);
int do_madvise(unsigned long start, unsigned long len, int behaviour);
int do_mlock(unsigned long start, unsigned long len, int flags); /* mlock2's flags */
int do_munlock(unsigned long start, unsigned long len);
int do_mlockall(int flags);
int do_munlockall(void);
int do_msync(unsigned long start, unsigned long len, int flags);
int do_mincore(unsigned long start, unsigned long len, unsigned char *user_vec);

/* ---- Areas ------------------------------------------------------------------------------------ */

/* W: the same with the lock held, no populating. mm is current->mm for do_mmap. */
unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff);
int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);
/* W: anonymous memory at exactly [addr, addr + len) of current->mm (bss); 0 or -errno */
int do_brk(unsigned long addr, unsigned long len);

/* R: the first area that ends above addr (it may start above it too), or NULL */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* => the area at *start or the next one below end, *start then moved to it and *holes -ENOMEM; NULL: none is left */
struct vm_area_struct *find_vma_from(struct mm_struct *mm, unsigned long *start, unsigned long end, int *holes);
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **prev);
/* W: the area that holds addr, a stack below whose end addr lies being grown; NULL */
struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr);
/*
 * R: lets a VM_GROWSDOWN area reach down to addr: 0, -ENOMEM (limits, no gap). Two faults of threads may
 * race here: page_table_lock orders them.
 */
int expand_stack(struct vm_area_struct *vma, unsigned long addr);

/* R: the first area that overlaps [start, end), or NULL */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
							   unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* Private and writable: its pages may become copies, and it counts as a promise. */
static inline bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* The page's offset as vm_pgoff counts it. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/*
 * MAP_SHARED|MAP_ANONYMOUS needs a nameless file that lives in memory: the file system that has
 * such files says here how to make
 * one of size bytes (fs's shmem_file_setup). Until then such an mmap is -ENODEV.
 */
typedef struct file *(*shmem_setup_fn)(const char *name, loff_t size, unsigned long vm_flags);
void mm_set_shmem_setup(shmem_setup_fn setup);
/* A driver's mmap of /dev/zero: private is anonymous memory, shared is a fresh shmem file. */
int mmap_zero(struct file *file, struct vm_area_struct *vma);

/* ---- Faults ------------------------------------------------------------------------------------ */

/*
 * R: makes address accessible (flags: FAULT_FLAG_WRITE, FAULT_FLAG_USER). The caller has found the area
 * and checked its rights.
 * => VM_FAULT_*: 0 minor, VM_FAULT_MAJOR, or one of VM_FAULT_ERROR (OOM: spec 7.5, SIGBUS, SIGSEGV);
 *    mmap_sem stays held. Counts PGFAULT, PGMAJFAULT and the task's min_flt, maj_flt.
 */
int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
		    unsigned int flags);

extern struct page *zero_page;	/* one lowmem page of zeroes, mapped for anonymous reads, never counted */

/* Drivers: maps one frame without page bookkeeping (VM_IO areas). 0 or -errno. */
int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

/* ---- Reaching into an address space ------------------------------------------------------------- */

#define FOLL_WRITE 0x01
#define FOLL_TOUCH 0x02 /* mark the page accessed */
#define FOLL_GET   0x04 /* take a reference */
#define FOLL_MLOCK 0x08 /* of a locked area: mark the page mlocked */
#define FOLL_FORCE 0x10 /* ignore rights the owner could give itself: ptrace */
#define FOLL_COW   0x4000 /* a forced write has made its copy */

/*
 * => the page at addr for a core file, with a reference, faulted in if it exists somewhere; NULL: nothing was ever
 *    there, or it cannot be had. current's mm, mmap_sem not held; may sleep
 */
struct page *get_dump_page(unsigned long addr);
/* R: the page mapped at addr or NULL; FOLL_WRITE: only if it may be written */
struct page *follow_page(struct vm_area_struct *vma, unsigned long addr, unsigned int foll_flags);
/*
 * R: faults in nr pages from start and stores them, each with a reference (put_page).
 * => number of pages got, or -errno if none; -ERESTARTSYS for a pending SIGKILL
 */
long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr,
		    unsigned int foll_flags, struct page **pages);
/* => bytes copied; takes mmap_sem of mm; works on mm other than current's (exec's new stack, ptrace, /proc/PID/mem) */
int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, int write);
int access_process_vm(struct task_struct *task, unsigned long addr, void *buf, int len, int write);
/*
 * Fault in [start, start + len) of current->mm; takes mmap_sem. ignore_errors: go on behind what fails.
 * => 0 or -errno; mm_populate ignores errors (MAP_POPULATE is a wish)
 */
int populate_range(unsigned long start, unsigned long len, bool ignore_errors);
int mm_populate(unsigned long start, unsigned long len);

/* ---- Page tables and unmapping (pgtable.c, unmap.c) ----------------------------------------------- */

/* => the entry if all its tables exist, else NULL. Nothing locked. pmd may be NULL. */
pte_t *mm_find_pte(struct mm_struct *mm, unsigned long addr, pmd_t **pmd);
/* R: clears what is mapped in [start, end) of vma and frees it after the flush */
void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* The pages [first, last] of a mapping leave all page tables (truncate); even_cows: private copies too. */
struct address_space;
void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool even_cows);

/* => the state of all memory by printk (show_mem.c): any context */
void show_all_mem(void);

#endif
