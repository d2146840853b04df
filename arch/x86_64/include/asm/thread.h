/* SPDX-License-Identifier: MIT */
/*
 * What a sleeping task keeps of the machine, inside its task_struct as `thread`. The general
 * registers lie on its kernel stack under sp: callee-saved ones pushed by __switch_to_asm, user
 * ones in the pt_regs at the stack's top.
 */
#ifndef ASM_THREAD_H
#define ASM_THREAD_H

#include "kernel/base/types.h"

#define FPU_STATE_SIZE 512 /* the FXSAVE image, Linux's layout in signal frames */

struct thread_struct {
	u64 sp;		    /* kernel stack pointer while switched out */
	u64 sp0;	    /* top of the kernel stack: what entry from user mode loads */
	u64 fsbase, gsbase; /* user segment bases */
	u64 stack_canary;   /* the stack protector's word of this task's kernel stack */
	u64 trap_nr;	    /* last fault of user mode, for the signal frame: vector, */
	u64 error_code;	    /* error code */
	u64 cr2;	    /* and address */
	bool user_fpu;	    /* the task owns FPU state: switch saves and loads it */
	u8 fpu[FPU_STATE_SIZE] __attribute__((aligned(16)));
};

#endif
