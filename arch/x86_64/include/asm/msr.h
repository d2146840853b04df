/* SPDX-License-Identifier: MIT */
/* System registers, CPUID and the time-stamp counter. */
#ifndef ASM_MSR_H
#define ASM_MSR_H

#include "kernel/base/types.h"
#include "asm/segment.h"

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

struct cpuid_regs {
	u32 a, b, c, d;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	asm volatile("cpuid"
		     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		     : "0"(leaf), "2"(subleaf));
	return r;
}

#define ASM_CONTROL_REGISTER(reg)                                          \
	static inline unsigned long read_##reg(void)                       \
	{                                                                  \
		unsigned long v;                                           \
		asm volatile("mov %%" #reg ", %0" : "=r"(v) : : "memory"); \
		return v;                                                  \
	}                                                                  \
	static inline void write_##reg(unsigned long v)                    \
	{                                                                  \
		asm volatile("mov %0, %%" #reg : : "r"(v) : "memory");     \
	}

ASM_CONTROL_REGISTER(cr0)
ASM_CONTROL_REGISTER(cr2)
ASM_CONTROL_REGISTER(cr3)
ASM_CONTROL_REGISTER(cr4)
#undef ASM_CONTROL_REGISTER

static inline void invlpg(unsigned long addr)
{
	asm volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

#endif
