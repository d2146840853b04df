/* SPDX-License-Identifier: MIT */
/* Searching bit arrays and changing ranges of them, a word at a time. */
#include "kernel/base/bitops.h"

/* invert: all ones to look for zeroes */
static unsigned long find_next(const unsigned long *addr, unsigned long size, unsigned long start,
			       unsigned long invert)
{
	unsigned long i, word;

	if (start >= size)
		return size;
	i = BIT_WORD(start);
	word = (addr[i] ^ invert) & (~0UL << (start % BITS_PER_LONG));
	while (!word) {
		if (++i >= BITS_TO_LONGS(size))
			return size;
		word = addr[i] ^ invert;
	}
	return min(i * BITS_PER_LONG + __ffs(word), size);
}

unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long start)
{
	return find_next(addr, size, start, 0);
}

unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size, unsigned long start)
{
	return find_next(addr, size, start, ~0UL);
}

unsigned long find_last_bit(const unsigned long *addr, unsigned long size)
{
	unsigned long n = size;

	while (n) {
		unsigned long i = BIT_WORD(n - 1);
		unsigned long word = addr[i] & (~0UL >> (63 - (n - 1) % BITS_PER_LONG));

		if (word)
			return i * BITS_PER_LONG + __fls(word);
		n = i * BITS_PER_LONG;
	}
	return size;
}

/* The bits of word number i that lie in [start, end). */
static unsigned long range_mask(unsigned long i, unsigned long start, unsigned long end)
{
	unsigned long mask = ~0UL;

	if (i == BIT_WORD(start))
		mask &= ~0UL << (start % BITS_PER_LONG);
	if (i == BIT_WORD(end - 1))
		mask &= ~0UL >> (63 - (end - 1) % BITS_PER_LONG);
	return mask;
}

void bitmap_set(unsigned long *map, unsigned long start, unsigned long nr)
{
	for (unsigned long i = BIT_WORD(start); nr && i <= BIT_WORD(start + nr - 1); i++)
		map[i] |= range_mask(i, start, start + nr);
}

void bitmap_clear(unsigned long *map, unsigned long start, unsigned long nr)
{
	for (unsigned long i = BIT_WORD(start); nr && i <= BIT_WORD(start + nr - 1); i++)
		map[i] &= ~range_mask(i, start, start + nr);
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long size)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < BITS_TO_LONGS(size); i++)
		n += hweight_long(map[i] & range_mask(i, 0, size));
	return n;
}

unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long nr,
					 unsigned long align_mask)
{
	for (;;) {
		unsigned long used;

		start = __ALIGN_MASK(find_next_zero_bit(map, size, start), align_mask);
		if (start + nr > size)
			return size;
		used = find_next_bit(map, start + nr, start);
		if (used >= start + nr)
			return start;
		start = used + 1;
	}
}
