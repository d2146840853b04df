/* SPDX-License-Identifier: MIT */
/* The simulated machine's page tables have x86_64's format. */
#include "arch/x86_64/include/asm/pgtable_types.h"
