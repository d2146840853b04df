/* SPDX-License-Identifier: MIT */
/*
 * What the layers above tell procfs. See proc/system.c, proc/task_stat.c.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include "kernel/core/task.h"

/* struct utsname as six texts: sysname, nodename, release, version, machine, domainname. kernel/sys owns it. */
#define UTS_LEN 65
void procfs_set_uts(char (*uts)[UTS_LEN]);

/* Which signals a process ignores and catches: bit sig - 1. => p's sighand exists, its siglock held */
void procfs_set_signal_masks(void (*masks)(struct task_struct *p, u64 *ignored, u64 *caught));

#endif
