/* SPDX-License-Identifier: MIT */
/*
 * Names for code addresses: %pS, backtraces. The table is made from the linked image and linked in
 * a second time (kallsyms_data.h); without it every lookup fails.
 */
#ifndef KERNEL_BASE_KALLSYMS_H
#define KERNEL_BASE_KALLSYMS_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

/* => the function that contains addr, its distance and its size; NULL if there is none */
const char *kallsyms_lookup(unsigned long addr, unsigned long *offset, unsigned long *size);
/* => the name of the n-th function from the lowest address on; NULL behind the last */
const char *kallsyms_symbol(u32 n, unsigned long *addr);
/* => "name+0x10/0x40" or "0xffff..." into buf; returns the length */
int sprint_symbol(char *buf, size_t size, unsigned long addr, bool with_offset);
/* => the same for a return address: behind a call that does not return another function may begin already */
int sprint_backtrace(char *buf, size_t size, unsigned long addr);

#endif
