/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables. The linker gathers them in a template (__per_cpu_start .. __per_cpu_end);
 * setup_per_cpu_areas() copies it once per CPU. The gs base of a CPU holds the distance from the
 * template to its copy, so one gs-relative instruction reaches the CPU's own instance:
 *
 *	template  &v ---------+--- gs base (this_cpu_off) ---> the CPU's own v
 *
 * Until the copies exist gs base is 0 and the boot CPU works in the template itself. this_cpu_*()
 * operations are single instructions: safe against interrupts, not against other CPUs; a pointer
 * from this_cpu_ptr() is only good while the task stays on its CPU (the kernel is not preemptible,
 * so: until it sleeps).
 */
#ifndef ASM_PERCPU_H
#define ASM_PERCPU_H

#ifndef __ASSEMBLY__
#include "kernel/base/types.h"

#define __percpu_section	   __attribute__((section(".data..percpu")))
#define __percpu_section_aligned   __attribute__((section(".data..percpu"), aligned(64)))
#define DEFINE_PER_CPU(type, name) __percpu_section __typeof__(type) name
/* On cache lines of its own. */
#define DEFINE_PER_CPU_ALIGNED(type, name)  __percpu_section_aligned __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	    extern __percpu_section __typeof__(type) name
#define DECLARE_PER_CPU_ALIGNED(type, name) extern __percpu_section_aligned __typeof__(type) name

struct task_struct;
DECLARE_PER_CPU(unsigned long, this_cpu_off);
DECLARE_PER_CPU(int, cpu_number);
DECLARE_PER_CPU(struct task_struct *, current_task);
extern unsigned long __per_cpu_offset[NR_CPUS]; /* [I] after setup_per_cpu_areas() */

#define per_cpu_ptr(ptr, cpu) ((__typeof__(ptr))((unsigned long)(ptr) + __per_cpu_offset[cpu]))
#define per_cpu(var, cpu)     (*per_cpu_ptr(&(var), cpu))

#define this_cpu_ptr(ptr)                                                               \
	({                                                                              \
		unsigned long __p = (unsigned long)(ptr);                               \
		asm volatile("add %%gs:%1, %0" : "+r"(__p) : "m"(this_cpu_off) : "cc"); \
		(__typeof__(ptr))__p;                                                   \
	})

/* One instruction `op` on %gs:var with operand `val`, in the variable's own size. */
#define __percpu_op1(op, var)                                              \
	do {                                                               \
		switch (sizeof(var)) {                                     \
		case 1:                                                    \
			asm volatile(op "b %%gs:%0" : "+m"(var) : : "cc"); \
			break;                                             \
		case 2:                                                    \
			asm volatile(op "w %%gs:%0" : "+m"(var) : : "cc"); \
			break;                                             \
		case 4:                                                    \
			asm volatile(op "l %%gs:%0" : "+m"(var) : : "cc"); \
			break;                                             \
		default:                                                   \
			asm volatile(op "q %%gs:%0" : "+m"(var) : : "cc"); \
			break;                                             \
		}                                                          \
	} while (0)
#define __percpu_op2(op, var, val)                                                             \
	do {                                                                                   \
		unsigned long __v = (unsigned long)(val);                                      \
		switch (sizeof(var)) {                                                         \
		case 1:                                                                        \
			asm volatile(op "b %b1, %%gs:%0" : "+m"(var) : "ri"((u8)__v) : "cc");  \
			break;                                                                 \
		case 2:                                                                        \
			asm volatile(op "w %w1, %%gs:%0" : "+m"(var) : "ri"((u16)__v) : "cc"); \
			break;                                                                 \
		case 4:                                                                        \
			asm volatile(op "l %k1, %%gs:%0" : "+m"(var) : "ri"((u32)__v) : "cc"); \
			break;                                                                 \
		default:                                                                       \
			asm volatile(op "q %1, %%gs:%0" : "+m"(var) : "re"(__v) : "cc");       \
			break;                                                                 \
		}                                                                              \
	} while (0)

#define this_cpu_read(var)                                                          \
	({                                                                          \
		unsigned long __r = 0;                                              \
		switch (sizeof(var)) {                                              \
		case 1:                                                             \
			asm volatile("movzbl %%gs:%1, %k0" : "=r"(__r) : "m"(var)); \
			break;                                                      \
		case 2:                                                             \
			asm volatile("movzwl %%gs:%1, %k0" : "=r"(__r) : "m"(var)); \
			break;                                                      \
		case 4:                                                             \
			asm volatile("movl %%gs:%1, %k0" : "=r"(__r) : "m"(var));   \
			break;                                                      \
		default:                                                            \
			asm volatile("movq %%gs:%1, %0" : "=r"(__r) : "m"(var));    \
			break;                                                      \
		}                                                                   \
		(__typeof__(var))__r;                                               \
	})
#define this_cpu_write(var, val) __percpu_op2("mov", var, val)
#define this_cpu_add(var, val)	 __percpu_op2("add", var, val)
#define this_cpu_sub(var, val)	 __percpu_op2("sub", var, val)
#define this_cpu_or(var, val)	 __percpu_op2("or", var, val)
#define this_cpu_and(var, val)	 __percpu_op2("and", var, val)
#define this_cpu_inc(var)	 __percpu_op1("inc", var)
#define this_cpu_dec(var)	 __percpu_op1("dec", var)

/* Both are constant as long as the task does not sleep, so the compiler may keep them. */
static inline int smp_processor_id(void)
{
	int cpu;

	asm("movl %%gs:%1, %0" : "=r"(cpu) : "m"(cpu_number));
	return cpu;
}
#define raw_smp_processor_id() smp_processor_id()

static inline struct task_struct *get_current(void)
{
	struct task_struct *task;

	asm("movq %%gs:%1, %0" : "=r"(task) : "m"(current_task));
	return task;
}
#define current get_current()

#endif
#endif
