/* SPDX-License-Identifier: MIT */
/* Offsets the assembly uses; process.c asserts each against the C structure. */
#ifndef ASM_OFFSETS_H
#define ASM_OFFSETS_H

#define PT_BP	   32
#define PT_BX	   40
#define PT_R11	   48
#define PT_AX	   80
#define PT_CX	   88
#define PT_DI	   112
#define PT_ORIG_AX 120
#define PT_IP	   128
#define PT_CS	   136
#define PT_FLAGS   144
#define PT_SP	   152
#define PT_SIZE	   168

#define TASK_THREAD_FLAGS 8
#define TASK_THREAD_SP	  48
#define TSS_SP0		  4

/*
 * thread_flags that send a task through the return hook: NEED_RESCHED, SIGPENDING,
 * NOTIFY_RESUME, RESTORE_SIGMASK.
 */
#define TASK_WORK_MASK 0x1b

#endif
