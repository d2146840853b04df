/* SPDX-License-Identifier: MIT */
/*
 * Heap sort: in place, no memory, n log n always.
 * => swap_fn may be NULL (bytes are exchanged); cmp returns < 0, 0, > 0. Equal elements may change
 * places.
 */
#ifndef KERNEL_BASE_SORT_H
#define KERNEL_BASE_SORT_H

#include "kernel/base/types.h"

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *a, const void *b),
	  void (*swap_fn)(void *a, void *b, size_t size));

#endif
