/* SPDX-License-Identifier: MIT */
/* Between block.c and block_stall.c. */
#ifndef KERNEL_CORE_BLOCK_INTERNAL_H
#define KERNEL_CORE_BLOCK_INTERNAL_H

#include "kernel/core/block.h"
#include "kernel/core/timer.h"

extern struct timer_list block_stall_timer;

void block_stall_watch(void);			   /* => a request is with a driver and the timer does not run */
void block_stall_over(struct block_device *bdev); /* => one came back, and q->stall_said was set */

#endif
