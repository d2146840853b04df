/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_SYS_FUTEX_H
#define KERNEL_SYS_FUTEX_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

/* => wakes up to nr waiters on a word of current's memory (shared key if it is shared); number or -errno */
int futex_wake_user(u32 __user *uaddr, int nr);
/* => current's robust mutexes are marked OWNER_DIED and one waiter of each is woken */
void exit_robust_list(void);

#endif
