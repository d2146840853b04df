/* SPDX-License-Identifier: MIT */
/*
 * A set of CPUs is one word (NR_CPUS <= 64). cpumask_set_cpu and cpumask_clear_cpu are atomic.
 *
 * The masks of the machine (cpu_online_mask, nr_cpu_ids) are declared in arch/cpu.h, which a user
 * of for_each_online_cpu() includes.
 */
#ifndef KERNEL_BASE_CPUMASK_H
#define KERNEL_BASE_CPUMASK_H

#include "kernel/base/bitops.h"

typedef unsigned long cpumask_t;

#define CPU_MASK_NONE	0UL
#define CPU_MASK_ALL	(~0UL >> (64 - NR_CPUS))
#define CPU_MASK_CPU(c) (1UL << (c))

static inline void cpumask_set_cpu(unsigned int cpu, cpumask_t *mask)
{
	set_bit(cpu, mask);
}

static inline void cpumask_clear_cpu(unsigned int cpu, cpumask_t *mask)
{
	clear_bit(cpu, mask);
}

static inline bool cpumask_test_cpu(unsigned int cpu, const cpumask_t *mask)
{
	return test_bit(cpu, mask);
}

static inline bool cpumask_test_and_set_cpu(unsigned int cpu, cpumask_t *mask)
{
	return test_and_set_bit(cpu, mask);
}

static inline bool cpumask_test_and_clear_cpu(unsigned int cpu, cpumask_t *mask)
{
	return test_and_clear_bit(cpu, mask);
}

static inline bool cpumask_empty(const cpumask_t *mask)
{
	return READ_ONCE(*mask) == 0;
}

static inline unsigned int cpumask_weight(const cpumask_t *mask)
{
	return hweight_long(READ_ONCE(*mask));
}

/* => the first CPU of the set after n, or NR_CPUS; n is -1 to begin */
static inline unsigned int cpumask_next(int n, const cpumask_t *mask)
{
	cpumask_t rest = n + 1 >= NR_CPUS ? 0 : READ_ONCE(*mask) & (~0UL << (n + 1));

	return rest ? __ffs(rest) : NR_CPUS;
}

static inline unsigned int cpumask_first(const cpumask_t *mask)
{
	return cpumask_next(-1, mask);
}

/* The mask is read again at each step: CPUs may come while the loop runs. */
#define for_each_cpu(cpu, mask)                                          \
	for ((cpu) = cpumask_first(mask); (unsigned int)(cpu) < NR_CPUS; \
	     (cpu) = cpumask_next((int)(cpu), (mask)))

#define for_each_online_cpu(cpu)   for_each_cpu(cpu, &cpu_online_mask)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (unsigned int)(cpu) < nr_cpu_ids; (cpu)++)

#endif
