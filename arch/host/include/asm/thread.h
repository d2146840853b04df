/* SPDX-License-Identifier: MIT */
/* What a sleeping task keeps of its "machine": a context of the C library. */
#ifndef ASM_THREAD_H
#define ASM_THREAD_H

#include "kernel/base/types.h"

struct thread_struct {
	void *context;	/* ucontext_t while switched out */
	u64 sp;
	u64 trap_nr, error_code, cr2;
};

#endif
