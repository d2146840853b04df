/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables as on the machine: a template in a section of its own, one copy per CPU, and the
 * distance between them kept by the thread.
 */
#ifndef ASM_PERCPU_H
#define ASM_PERCPU_H

#include "kernel/base/types.h"
#include "asm/host_cpu.h"

#define __percpu_section	   __attribute__((section("tidemark_percpu")))
#define __percpu_section_aligned   __attribute__((section("tidemark_percpu"), aligned(64)))
#define DEFINE_PER_CPU(type, name) __percpu_section __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name) __percpu_section_aligned __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	   extern __percpu_section __typeof__(type) name
#define DECLARE_PER_CPU_ALIGNED(type, name) extern __percpu_section_aligned __typeof__(type) name

extern unsigned long __per_cpu_offset[NR_CPUS];

#define per_cpu_ptr(ptr, cpu)                                                                      \
	((__typeof__(ptr))((unsigned long)(ptr) + __per_cpu_offset[cpu]))
#define per_cpu(var, cpu)  (*per_cpu_ptr(&(var), cpu))
#define this_cpu_ptr(ptr)  ((__typeof__(ptr))((unsigned long)(ptr) + host_self.percpu_offset))
#define __this_cpu(var)	   (*this_cpu_ptr(&(var)))

#define this_cpu_read(var)	 __this_cpu(var)
#define this_cpu_write(var, val) ((void)(__this_cpu(var) = (val)))
#define this_cpu_add(var, val)	 ((void)(__this_cpu(var) += (val)))
#define this_cpu_sub(var, val)	 ((void)(__this_cpu(var) -= (val)))
#define this_cpu_or(var, val)	 ((void)(__this_cpu(var) |= (val)))
#define this_cpu_and(var, val)	 ((void)(__this_cpu(var) &= (val)))
#define this_cpu_inc(var)	 ((void)__this_cpu(var)++)
#define this_cpu_dec(var)	 ((void)__this_cpu(var)--)

static inline int smp_processor_id(void)
{
	return host_self.id;
}
#define raw_smp_processor_id() smp_processor_id()

#define current (host_self.task)

#endif
