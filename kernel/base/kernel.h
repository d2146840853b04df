/* SPDX-License-Identifier: MIT */
/*
 * Small arithmetic every file wants: minima, rounding to powers of two, logarithms.
 *
 * => ALIGN, round_up, round_down need a power of two; roundup and rounddown take any divisor.
 * => fls(0) == 0, fls(1) == 1 (Linux counts from one); __ffs(0), __fls(0) and ilog2(0) are
 * undefined.
 */
#ifndef KERNEL_BASE_KERNEL_H
#define KERNEL_BASE_KERNEL_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/bug.h"

#undef min
#undef max
#define min(a, b)                                      \
	({                                             \
		__typeof__(a) __min_a = (a);           \
		__typeof__(b) __min_b = (b);           \
		(void)(&__min_a == &__min_b);          \
		__min_a < __min_b ? __min_a : __min_b; \
	})
#define max(a, b)                                      \
	({                                             \
		__typeof__(a) __max_a = (a);           \
		__typeof__(b) __max_b = (b);           \
		(void)(&__max_a == &__max_b);          \
		__max_a > __max_b ? __max_a : __max_b; \
	})
#define min_t(t, a, b)	    min((t)(a), (t)(b))
#define max_t(t, a, b)	    max((t)(a), (t)(b))
#define min3(a, b, c)	    min(min(a, b), c)
#define max3(a, b, c)	    max(max(a, b), c)
#define clamp(v, lo, hi)    min(max(v, lo), hi)
#define clamp_t(t, v, l, h) clamp((t)(v), (t)(l), (t)(h))
#define swap(a, b)                            \
	do {                                  \
		__typeof__(a) __swap_t = (a); \
		(a) = (b);                    \
		(b) = __swap_t;               \
	} while (0)

#define __ALIGN_MASK(x, m)	(((x) + (m)) & ~(m))
#define ALIGN(x, a)		__ALIGN_MASK(x, (__typeof__(x))(a)-1)
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a)-1)) == 0)
#define PTR_ALIGN(p, a)		((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define round_up(x, a)		ALIGN(x, a)
#define round_down(x, a)	ALIGN_DOWN(x, a)
#define roundup(x, n)		((((x) + (n)-1) / (n)) * (n))
#define rounddown(x, n)		((x) - (x) % (n))
#define DIV_ROUND_UP(n, d)	(((n) + (d)-1) / (d))
#define DIV_ROUND_CLOSEST(n, d) (((n) + (d) / 2) / (d))

#define BIT(n)		 (1UL << (n))
#define BIT_ULL(n)	 (1ULL << (n))
#define GENMASK(h, l)	 ((~0UL << (l)) & (~0UL >> (63 - (h))))
#define is_power_of_2(n) ((n) != 0 && ((n) & ((n)-1)) == 0)
#define upper_32_bits(n) ((u32)((u64)(n) >> 32))
#define lower_32_bits(n) ((u32)(n))
#define abs(x)                                    \
	({                                        \
		__typeof__(x) __abs_x = (x);      \
		__abs_x < 0 ? -__abs_x : __abs_x; \
	})

#undef INT_MAX
#undef INT_MIN
#undef UINT_MAX
#undef LONG_MAX
#undef LONG_MIN
#undef ULONG_MAX
#undef ULLONG_MAX
#define INT_MAX	   0x7fffffff
#define INT_MIN	   (-INT_MAX - 1)
#define UINT_MAX   (~0U)
#define LONG_MAX   ((long)(~0UL >> 1))
#define LONG_MIN   (-LONG_MAX - 1)
#define ULONG_MAX  (~0UL)
#define ULLONG_MAX (~0ULL)
#define U8_MAX	   ((u8)~0U)
#define U16_MAX	   ((u16)~0U)
#define U32_MAX	   ((u32)~0U)
#define U64_MAX	   (~0ULL)

#define KiB 1024UL
#define MiB (1024UL * KiB)
#define GiB (1024UL * MiB)

/* => index of the lowest / highest set bit, counted from 0; the word must not be 0 */
static inline unsigned int __ffs(unsigned long word)
{
	return (unsigned int)__builtin_ctzl(word);
}

static inline unsigned int __fls(unsigned long word)
{
	return 63U - (unsigned int)__builtin_clzl(word);
}

static inline unsigned int ffz(unsigned long word)
{
	return (unsigned int)__builtin_ctzl(~word);
}

/* => position of the highest set bit counted from 1, 0 for 0 */
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline int fls_long(unsigned long x)
{
	return x ? 64 - __builtin_clzl(x) : 0;
}

#undef ffs
#define ffs(x) __builtin_ffs(x)

/* => number of set bits; without the POPCNT instruction the compiler would call libgcc for it */
static inline unsigned int hweight64(u64 w)
{
	w -= w >> 1 & 0x5555555555555555ULL;
	w = (w & 0x3333333333333333ULL) + (w >> 2 & 0x3333333333333333ULL);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (unsigned int)(w * 0x0101010101010101ULL >> 56);
}
#define hweight32(x)	hweight64((u32)(x))
#define hweight_long(x) hweight64((unsigned long)(x))

/* => floor(log2(n)); a constant for a constant */
#define ilog2(n) (63 - __builtin_clzll((unsigned long long)(n)))

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (64 - __builtin_clzl(n - 1));
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << __fls(n);
}

/* => the order of the smallest block of pages holding size bytes: 0 for up to 4096 */
static inline int get_order(unsigned long size)
{
	return fls_long((size - 1) >> 12);
}

/* => floor(sqrt(x)); kernel/base/math.c */
unsigned long int_sqrt(unsigned long x);

#define do_div(n, base)                               \
	({                                            \
		u32 __rem = (u32)((n) % (u32)(base)); \
		(n) /= (u32)(base);                   \
		__rem;                                \
	})

#endif
