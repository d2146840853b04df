/* SPDX-License-Identifier: MIT */
/* Integer square root, bit by bit: two bits of x give one of the root. */
#include "kernel/base/kernel.h"

unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0, bit = 1UL << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}
