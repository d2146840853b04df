/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_SYS_RSEQ_H
#define KERNEL_SYS_RSEQ_H

struct pt_regs;

/*
 * => current->rseq is set; on the way to user mode or to a signal handler: the sequence that was
 *    interrupted is aborted, the CPU number brought up to date. A bad area is SIGSEGV.
 */
void rseq_resume(struct pt_regs *regs);

#endif
