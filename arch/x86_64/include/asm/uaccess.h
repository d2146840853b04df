/* SPDX-License-Identifier: MIT */
/*
 * User memory from the kernel. Every access goes through a few assembly routines
 * (arch/x86_64/usercopy.S) that open SMAP's gate, and whose faulting instructions stand in the
 * exception table: a fault that the fault handler cannot cure continues at the fixup, which reports
 * failure.
 *
 * => All may fault and so may sleep, unless the caller has disabled page faults
 *    (pagefault_disable()): then a missing page counts as failure at once.
 */
#ifndef ASM_UACCESS_H
#define ASM_UACCESS_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/errno.h"
#include "asm/page.h"

/* => Does [addr, addr + size) lie in user space? Says nothing about what is mapped there. */
static inline bool access_ok(const void __user *addr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)addr <= TASK_SIZE - size;
}

/* Assembly routines. => Return bytes not done. The range has been checked by access_ok(). */
unsigned long __copy_user(void *to, const void *from, unsigned long n);
unsigned long __clear_user(void __user *to, unsigned long n);
/* => Length without NUL, n when there is no NUL within n bytes, -EFAULT. Stops short of nothing. */
long __strncpy_from_user(char *to, const char __user *from, long n);
/* => 0 or -EFAULT. In assembly with a convention of their own: see __get_user_asm below. */
void __get_user_1(void);
void __get_user_2(void);
void __get_user_4(void);
void __get_user_8(void);
void __put_user_1(void);
void __put_user_2(void);
void __put_user_4(void);
void __put_user_8(void);

/* => Bytes not copied; on a fault the rest of the kernel buffer is left as it was. */
static inline unsigned long __must_check copy_from_user(void *to, const void __user *from,
							unsigned long n)
{
	return access_ok(from, n) ? __copy_user(to, from, n) : n;
}

static inline unsigned long __must_check copy_to_user(void __user *to, const void *from,
						      unsigned long n)
{
	return access_ok(to, n) ? __copy_user(to, from, n) : n;
}

static inline unsigned long __must_check clear_user(void __user *to, unsigned long n)
{
	return access_ok(to, n) ? __clear_user(to, n) : n;
}

/* => Bytes from n down that could not be read without a fault; reads kernel or user memory, never
 *    sleeps: for backtraces and /proc/kcore-like readers. 0 or -EFAULT. */
int copy_from_kernel_nofault(void *to, const void *from, unsigned long n);

/*
 * => Length of the string without NUL; n if it is longer; -EFAULT. The result is NUL-terminated
 *    if < n.
 */
long strncpy_from_user(char *to, const char __user *from, long n);
/* => Length including NUL; n + 1 if there is none within n bytes; 0 on a fault. */
long strnlen_user(const char __user *s, long n);

/*
 * get_user(x, ptr), put_user(x, ptr): one object of 1, 2, 4 or 8 bytes. => 0 or -EFAULT; x is 0
 * then. The routines take the address in rax (get) or rcx (put), the value in rdx (get: out) or rax
 * (put), and return the error in eax (get) or ecx (put); they change nothing else, so the call is
 * nearly free.
 */
#define __get_user_asm(n, err, val, addr) \
	asm volatile("call __get_user_" n : "=a"(err), "=d"(val) : "0"(addr) : "memory", "cc")
#define __put_user_asm(n, err, val, addr) \
	asm volatile("call __put_user_" n : "=c"(err) : "0"(addr), "a"(val) : "memory", "cc")

#define get_user(x, ptr)                                       \
	({                                                     \
		const __typeof__(*(ptr)) __user *__gp = (ptr); \
		unsigned long __gv, __ge;                      \
		switch (sizeof(*__gp)) {                       \
		case 1:                                        \
			__get_user_asm("1", __ge, __gv, __gp); \
			break;                                 \
		case 2:                                        \
			__get_user_asm("2", __ge, __gv, __gp); \
			break;                                 \
		case 4:                                        \
			__get_user_asm("4", __ge, __gv, __gp); \
			break;                                 \
		default:                                       \
			__get_user_asm("8", __ge, __gv, __gp); \
			break;                                 \
		}                                              \
		(x) = (__typeof__(*(ptr)))__gv;                \
		(int)__ge;                                     \
	})

#define put_user(x, ptr)                                                           \
	({                                                                         \
		__typeof__(*(ptr)) __user *__pp = (ptr);                           \
		unsigned long __pv = (unsigned long)(__typeof__(*(ptr)))(x), __pe; \
		switch (sizeof(*__pp)) {                                           \
		case 1:                                                            \
			__put_user_asm("1", __pe, __pv, __pp);                     \
			break;                                                     \
		case 2:                                                            \
			__put_user_asm("2", __pe, __pv, __pp);                     \
			break;                                                     \
		case 4:                                                            \
			__put_user_asm("4", __pe, __pv, __pp);                     \
			break;                                                     \
		default:                                                           \
			__put_user_asm("8", __pe, __pv, __pp);                     \
			break;                                                     \
		}                                                                  \
		(int)__pe;                                                         \
	})

/* => Compare-and-exchange of a user word, for futexes: 0 and *seen = the old value, or -EFAULT. */
int cmpxchg_user_u32(u32 *seen, u32 __user *uaddr, u32 old, u32 new);

#endif
