/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine's page tables have x86_64's format; nobody but our own code walks them.
 * host_touch() sets accessed and dirty bits as the CPU would. Entries of the kmap windows and of vmalloc are
 * special: writing one really maps or unmaps the page in the process.
 */
#ifndef ASM_HOST_PGTABLE_H
#define ASM_HOST_PGTABLE_H

#define set_pte __plain_set_pte
#include "arch/x86_64/include/asm/pgtable.h"
#undef set_pte

/* Tables of the kernel's own windows: [first, last) of them. */
extern pte_t *host_window_ptes, *host_window_ptes_end;
void host_window_changed(pte_t *ptep, pte_t pte);

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	__plain_set_pte(ptep, pte);
	if (unlikely(ptep >= host_window_ptes && ptep < host_window_ptes_end))
		host_window_changed(ptep, pte);
}

#endif
