/* SPDX-License-Identifier: MIT */
/* Barriers of the C11 memory model. */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#include "asm/host_cpu.h"

#define mb()			__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb()			__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb()			__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_mb()		mb()
#define smp_rmb()		rmb()
#define smp_wmb()		wmb()
#define smp_mb__before_atomic() mb()
#define smp_mb__after_atomic()	mb()
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_store_mb(var, v)	((void)__atomic_exchange_n(&(var), v, __ATOMIC_SEQ_CST))

static inline void cpu_relax(void)
{
	host_relax();
}

#endif
