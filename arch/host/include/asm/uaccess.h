/* SPDX-License-Identifier: MIT */
/* User memory from the kernel: through the page tables of current->mm (arch/host/machine_user.c). */
#ifndef ASM_UACCESS_H
#define ASM_UACCESS_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/errno.h"
#include "asm/page.h"

static inline bool access_ok(const void __user *addr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)addr <= TASK_SIZE - size;
}

/* => bytes not copied; may fault and so sleep, unless page faults are disabled */
unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check clear_user(void __user *to, unsigned long n);

#define get_user(x, ptr)                                                       \
	({                                                                     \
		u64 __gv = 0;                                                  \
		int __ge = copy_from_user(&__gv, ptr, sizeof(*(ptr))) ? -EFAULT : 0; \
		(x) = (__typeof__(*(ptr)))__gv;                                \
		__ge;                                                          \
	})

#define put_user(x, ptr)                                                       \
	({                                                                     \
		__typeof__(*(ptr)) __pv = (x);                                 \
		copy_to_user(ptr, &__pv, sizeof(__pv)) ? -EFAULT : 0;          \
	})

#endif
