/* SPDX-License-Identifier: MIT */
/*
 * The table scripts/kallsyms.py writes between the two links (see the Makefile): function addresses
 * in rising order and, for each, the offset of its NUL-terminated name. Weak, because the first
 * link has no table: then kallsyms_present() is false. The array ends at _etext for the size of the
 * last symbol.
 */
#ifndef KERNEL_BASE_KALLSYMS_DATA_H
#define KERNEL_BASE_KALLSYMS_DATA_H

#include "kernel/base/types.h"

extern const u64 kallsyms_addrs[] __attribute__((weak));
extern const u32 kallsyms_names_off[] __attribute__((weak));
extern const char kallsyms_names[] __attribute__((weak));
extern const u32 kallsyms_count __attribute__((weak));

static inline bool kallsyms_present(void)
{
	return &kallsyms_count != NULL && kallsyms_count != 0;
}

#endif
