/* SPDX-License-Identifier: MIT */
/*
 * One TLB flush for a batch of pages that reclaim takes out of page tables: an interrupt to other CPUs per page
 * would cost more than the disk.
 *
 *   entry cleared -> unmap_flush_defer(mm): remember the CPUs that may know it -> ... 32 pages ...
 *   -> try_to_unmap_flush(): those CPUs drop everything of user space, then the pages are written
 *
 * A CPU sets its bit in mm->cpu_mask before it loads the mm's tables, and clears it when it loads
 * others (which empties its TLB of the mm): so the mask read after the entry is cleared names
 * every CPU that can still have it. State: current->reclaim_state, no lock.
 */
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "asm/barrier.h"
#include "kernel/core/task.h"
#include "mm/swap.h"

bool unmap_flush_defer(struct mm_struct *mm)
{
	struct reclaim_state *reclaim = current->reclaim_state;

	if (!reclaim)
		return false;
	smp_mb();
	reclaim->flush_cpus |= READ_ONCE(mm->cpu_mask);
	reclaim->nr_deferred++;
	mm->tlb_flush_batched = true; /* the page-table lock is held */
	return true;
}

void try_to_unmap_flush(void)
{
	struct reclaim_state *reclaim = current->reclaim_state;
	cpumask_t cpus;

	if (!reclaim || !reclaim->nr_deferred)
		return;
	cpus = reclaim->flush_cpus;
	reclaim->flush_cpus = 0;
	reclaim->nr_deferred = 0;
	get_cpu();
	flush_tlb_cpus(cpus);
	put_cpu();
}
