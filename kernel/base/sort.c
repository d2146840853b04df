/* SPDX-License-Identifier: MIT */
/*
 * Heap sort: the largest element sits on top of a heap that shrinks from the end of the array.
 */
#include "kernel/base/sort.h"

static void swap_bytes(void *a, void *b, size_t size)
{
	u8 *p = a, *q = b;

	for (; size; size--, p++, q++) {
		u8 t = *p;

		*p = *q;
		*q = t;
	}
}

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *a, const void *b),
	  void (*swap_fn)(void *a, void *b, size_t size))
{
	u8 *b = base;
	size_t start = num / 2, end = num;

	if (!swap_fn)
		swap_fn = swap_bytes;
	while (end > 1) {
		size_t root, child;

		if (start) { /* still building the heap */
			start--;
		} else {
			end--;
			swap_fn(b, b + end * size, size);
		}
		for (root = start; (child = 2 * root + 1) < end; root = child) {
			if (child + 1 < end && cmp(b + child * size, b + (child + 1) * size) < 0)
				child++;
			if (cmp(b + root * size, b + child * size) >= 0)
				break;
			swap_fn(b + root * size, b + child * size, size);
		}
	}
}
