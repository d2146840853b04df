/* SPDX-License-Identifier: MIT */
/*
 * Promises: how much memory programs may be told they have.
 *
 *   every private writable area (VM_ACCOUNT) adds its pages to vm_committed_as when it is made, not when it is
 *   touched; overcommit_memory decides whether the promise is given:
 *     0  refuse only what is obviously too much: more than free + page cache + free swap + reclaimable slab
 *     1  always yes
 *     2  committed <= CommitLimit = RAM * overcommit_ratio / 100 (or overcommit_kbytes) + swap
 *   In modes 0 and 2 a reserve stays for root (admin_reserve_kbytes), in mode 2 one for the user's own shell
 *   (user_reserve_kbytes), so that a runaway program can still be killed.
 *
 * Lock: none; the sum is one atomic. Linux has it per CPU with a batch.
 */
#include "mm/swap.h"
#include "mm/vma.h"
#include "mm/zone.h"

int sysctl_overcommit_memory;
int sysctl_overcommit_ratio = 50;
unsigned long sysctl_overcommit_kbytes;
int sysctl_max_map_count = 65530;
unsigned long sysctl_mmap_min_addr = MMAP_MIN_ADDR;
unsigned long sysctl_admin_reserve_kbytes, sysctl_user_reserve_kbytes;
atomic_long_t vm_committed_as;

#define KB_TO_PAGES(kb) ((kb) >> (PAGE_SHIFT - 10))

void overcommit_init(void)
{
	unsigned long free_kb = global_page_state(NR_FREE_PAGES) << (PAGE_SHIFT - 10);

	sysctl_admin_reserve_kbytes = min(free_kb / 32, 8UL << 10);
	sysctl_user_reserve_kbytes = min(free_kb / 32, 128UL << 10);
}

unsigned long vm_commit_limit(void)
{
	unsigned long allowed = sysctl_overcommit_kbytes
					? KB_TO_PAGES(sysctl_overcommit_kbytes)
					: totalram_pages * (unsigned long)sysctl_overcommit_ratio / 100;

	return allowed + total_swap_pages;
}

/* Mode 0: would it fit if everything that can be freed were? */
static bool guess_fits(long pages, bool admin)
{
	long free = (long)global_page_state(NR_FREE_PAGES) + (long)global_page_state(NR_FILE_PAGES) -
		    (long)global_page_state(NR_SHMEM) + get_nr_swap_pages() +
		    (long)global_page_state(NR_SLAB_RECLAIMABLE) - (long)totalreserve_pages;

	if (!admin)
		free -= (long)KB_TO_PAGES(sysctl_admin_reserve_kbytes);
	return free > pages;
}

static bool limit_fits(const struct mm_struct *mm, bool admin)
{
	long allowed = (long)vm_commit_limit();

	if (!admin)
		allowed -= (long)KB_TO_PAGES(sysctl_admin_reserve_kbytes);
	if (mm)
		allowed -= (long)min(mm->total_vm / 32, KB_TO_PAGES(sysctl_user_reserve_kbytes));
	return atomic_long_read(&vm_committed_as) < allowed;
}

int security_vm_enough_memory(struct mm_struct *mm, long pages)
{
	bool admin = has_capability_admin(current), fits;

	atomic_long_add(pages, &vm_committed_as);
	switch (sysctl_overcommit_memory) {
	case 1:
		return 0;
	case 2:
		fits = limit_fits(mm, admin);
		break;
	default:
		fits = guess_fits(pages, admin);
	}
	if (fits)
		return 0;
	vm_unacct_memory(pages);
	return -ENOMEM;
}

void vm_unacct_memory(long pages)
{
	if (pages)
		atomic_long_sub(pages, &vm_committed_as);
}

bool may_expand_vm(struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_AS_INDEX) >> PAGE_SHIFT;

	return mm->total_vm + pages <= limit;
}

void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, const struct file *file, long pages)
{
	mm->total_vm += pages;
	if (file) {
		mm->shared_vm += pages;
		if ((vm_flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			mm->exec_vm += pages;
	} else if (vm_flags & VM_GROWSDOWN) {
		mm->stack_vm += pages;
	}
	if (mm->total_vm > mm->hiwater_vm)
		mm->hiwater_vm = mm->total_vm;
}
