/* SPDX-License-Identifier: MIT */
/* The types of page-table entries alone, for headers that only pass them on. */
#ifndef ASM_PGTABLE_TYPES_H
#define ASM_PGTABLE_TYPES_H

#include "kernel/base/types.h"
#include "asm/page.h"

typedef struct {
	u64 pgd;
} pgd_t;
typedef struct {
	u64 pud;
} pud_t;
typedef struct {
	u64 pmd;
} pmd_t;
typedef struct {
	u64 pte;
} pte_t;
typedef struct {
	u64 pgprot;
} pgprot_t;
typedef struct {
	unsigned long val;
} swp_entry_t;

#define pgd_val(x)    ((x).pgd)
#define pud_val(x)    ((x).pud)
#define pmd_val(x)    ((x).pmd)
#define pte_val(x)    ((x).pte)
#define pgprot_val(x) ((x).pgprot)
#define __pgd(x)      ((pgd_t){(x)})
#define __pud(x)      ((pud_t){(x)})
#define __pmd(x)      ((pmd_t){(x)})
#define __pte(x)      ((pte_t){(x)})
#define __pgprot(x)   ((pgprot_t){(x)})

#endif
