/* SPDX-License-Identifier: MIT */
/*
 * Counters changed by several CPUs at once.
 *
 * The ordering is Linux's: functions that return nothing (inc, add, set) order nothing; those that
 * return a value (xxx_return, and_test, xchg, cmpxchg) order everything before them against
 * everything after.
 */
#ifndef KERNEL_BASE_ATOMIC_H
#define KERNEL_BASE_ATOMIC_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef atomic_long_t atomic64_t;

#define ATOMIC_INIT(i) \
	{              \
		(i)    \
	}
#define ATOMIC_LONG_INIT(i) \
	{                   \
		(i)         \
	}

#define ATOMIC_OPS(pfx, type, T)                                                             \
	static inline T pfx##_read(const type *v)                                            \
	{                                                                                    \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                       \
	}                                                                                    \
	static inline void pfx##_set(type *v, T i)                                           \
	{                                                                                    \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);                          \
	}                                                                                    \
	static inline void pfx##_add(T i, type *v)                                           \
	{                                                                                    \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);                        \
	}                                                                                    \
	static inline void pfx##_sub(T i, type *v)                                           \
	{                                                                                    \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);                        \
	}                                                                                    \
	static inline void pfx##_inc(type *v)                                                \
	{                                                                                    \
		__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);                        \
	}                                                                                    \
	static inline void pfx##_dec(type *v)                                                \
	{                                                                                    \
		__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);                        \
	}                                                                                    \
	static inline T pfx##_add_return(T i, type *v)                                       \
	{                                                                                    \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static inline T pfx##_sub_return(T i, type *v)                                       \
	{                                                                                    \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static inline T pfx##_inc_return(type *v)                                            \
	{                                                                                    \
		return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static inline T pfx##_dec_return(type *v)                                            \
	{                                                                                    \
		return __atomic_sub_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static inline T pfx##_fetch_add(T i, type *v)                                        \
	{                                                                                    \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static inline bool pfx##_sub_and_test(T i, type *v)                                  \
	{                                                                                    \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST) == 0;            \
	}                                                                                    \
	static inline bool pfx##_dec_and_test(type *v)                                       \
	{                                                                                    \
		return __atomic_sub_fetch(&v->counter, 1, __ATOMIC_SEQ_CST) == 0;            \
	}                                                                                    \
	static inline bool pfx##_inc_and_test(type *v)                                       \
	{                                                                                    \
		return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST) == 0;            \
	}                                                                                    \
	static inline bool pfx##_add_negative(T i, type *v)                                  \
	{                                                                                    \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST) < 0;             \
	}                                                                                    \
	static inline T pfx##_xchg(type *v, T new)                                           \
	{                                                                                    \
		return __atomic_exchange_n(&v->counter, new, __ATOMIC_SEQ_CST);              \
	}                                                                                    \
	static inline T pfx##_cmpxchg(type *v, T old, T new)                                 \
	{                                                                                    \
		__atomic_compare_exchange_n(&v->counter, &old, new, false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST);                               \
		return old;                                                                  \
	}                                                                                    \
	/* => adds i unless the value is u; true if it added */                              \
	static inline bool pfx##_add_unless(type *v, T i, T u)                               \
	{                                                                                    \
		T old = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                      \
		do {                                                                         \
			if (old == u)                                                        \
				return false;                                                \
		} while (!__atomic_compare_exchange_n(&v->counter, &old, old + i, false,     \
						      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));  \
		return true;                                                                 \
	}                                                                                    \
	static inline bool pfx##_inc_not_zero(type *v)                                       \
	{                                                                                    \
		return pfx##_add_unless(v, 1, 0);                                            \
	}

ATOMIC_OPS(atomic, atomic_t, int)
ATOMIC_OPS(atomic_long, atomic_long_t, long)
#undef ATOMIC_OPS

#define atomic64_read	    atomic_long_read
#define atomic64_set	    atomic_long_set
#define atomic64_add	    atomic_long_add
#define atomic64_sub	    atomic_long_sub
#define atomic64_inc	    atomic_long_inc
#define atomic64_dec	    atomic_long_dec
#define atomic64_add_return atomic_long_add_return
#define atomic64_inc_return atomic_long_inc_return
#define atomic64_cmpxchg    atomic_long_cmpxchg

/* A reference count of an object that is freed at zero. */
struct kref {
	atomic_t refcount;
};

static inline void kref_init(struct kref *k)
{
	atomic_set(&k->refcount, 1);
}

static inline void kref_get(struct kref *k)
{
	atomic_inc(&k->refcount);
}

/* => true if this was the last reference and release() has run */
static inline bool kref_put(struct kref *k, void (*release)(struct kref *k))
{
	if (!atomic_dec_and_test(&k->refcount))
		return false;
	release(k);
	return true;
}

#endif
