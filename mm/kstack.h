/* SPDX-License-Identifier: MIT */
/*
 * Memory for tasks and their kernel stacks; see kstack.c.
 */
#ifndef MM_KSTACK_H
#define MM_KSTACK_H

/* After slab and vmalloc, before the first kernel thread. */
void kstack_init(void);

#endif
