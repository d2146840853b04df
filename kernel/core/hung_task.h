/* SPDX-License-Identifier: MIT */
/* Reports of tasks that do not come out of an uninterruptible sleep. See hung_task.c. */
#ifndef KERNEL_CORE_HUNG_TASK_H
#define KERNEL_CORE_HUNG_TASK_H

extern int hung_task_timeout_secs; /* 0: off */
extern int hung_task_warnings;	   /* reports left; -1: no limit */

void hung_task_init(void);

#endif
