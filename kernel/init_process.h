/* SPDX-License-Identifier: MIT */
/*
 * The first program; see init_process.c.
 */
#ifndef KERNEL_INIT_PROCESS_H
#define KERNEL_INIT_PROCESS_H

/*
 * => process 1's kernel thread, file systems and the initrd are there
 * => returns when a program was found, which starts when the thread's function returns; panics otherwise
 */
void run_init_process(void);

#endif
