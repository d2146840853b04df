/* SPDX-License-Identifier: MIT */
/*
 * What the layers above tell procfs. See proc/system.c.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

/* struct utsname as six texts: sysname, nodename, release, version, machine, domainname. kernel/sys owns it. */
#define UTS_LEN 65
void procfs_set_uts(char (*uts)[UTS_LEN]);

/* /proc/sys/kernel/shm*: the limits of System V shared memory, which kernel/sys/shm.c keeps to. */
#define SHMMNI 4096
extern unsigned long sysctl_shmmax;	/* bytes of a segment */
extern unsigned long sysctl_shmall;	/* pages of all */
extern int sysctl_shmmni;		/* segments, at most SHMMNI */
/* => writing "freeze" to /sys/power/state calls fn: 0 or -errno, after the wake-up */
void procfs_set_suspend(int (*fn)(void));

/* /proc/sys/kernel/core_pattern: where core files go. Written under a lock, read as it stands. */
extern char core_pattern[128];

#endif
