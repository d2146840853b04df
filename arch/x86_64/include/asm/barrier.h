/* SPDX-License-Identifier: MIT */
/*
 * Barriers. x86 keeps loads in order among themselves and stores likewise; only a store followed by
 * a load of another address may swap, so smp_mb() is the one that costs an instruction.
 */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#define mb()			asm volatile("mfence" : : : "memory")
#define rmb()			asm volatile("lfence" : : : "memory")
#define wmb()			asm volatile("sfence" : : : "memory")
#define smp_mb()		asm volatile("lock; addl $0, -4(%%rsp)" : : : "memory", "cc")
#define smp_rmb()		asm volatile("" : : : "memory")
#define smp_wmb()		asm volatile("" : : : "memory")
#define smp_mb__before_atomic() asm volatile("" : : : "memory")
#define smp_mb__after_atomic()	asm volatile("" : : : "memory")
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_store_mb(var, v)	((void)__atomic_exchange_n(&(var), v, __ATOMIC_SEQ_CST))

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

#endif
