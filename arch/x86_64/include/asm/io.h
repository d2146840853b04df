/* SPDX-License-Identifier: MIT */
/*
 * Ports and memory-mapped registers. A mapping for the latter: ioremap() (arch/mmu.h and
 * mm/vmalloc).
 */
#ifndef ASM_IO_H
#define ASM_IO_H

#include "kernel/base/types.h"

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u16 inw(u16 port)
{
	u16 v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void outb(u8 v, u16 port)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(u16 v, u16 port)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(u32 v, u16 port)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

#define ASM_IO_MMIO(size, type, suffix)                               \
	static inline type read##suffix(const volatile void *addr)    \
	{                                                             \
		type v;                                               \
		asm volatile("mov" size " %1, %0"                     \
			     : "=r"(v)                                \
			     : "m"(*(const volatile type *)addr)      \
			     : "memory");                             \
		return v;                                             \
	}                                                             \
	static inline void write##suffix(type v, volatile void *addr) \
	{                                                             \
		asm volatile("mov" size " %0, %1"                     \
			     :                                        \
			     : "r"(v), "m"(*(volatile type *)addr)    \
			     : "memory");                             \
	}

ASM_IO_MMIO("b", u8, b)
ASM_IO_MMIO("w", u16, w)
ASM_IO_MMIO("l", u32, l)
ASM_IO_MMIO("q", u64, q)
#undef ASM_IO_MMIO

#endif
