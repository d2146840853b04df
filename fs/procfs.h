/* SPDX-License-Identifier: MIT */
/*
 * What the layers above tell procfs. See proc/system.c.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

/* struct utsname as six texts: sysname, nodename, release, version, machine, domainname. kernel/sys owns it. */
#define UTS_LEN 65
void procfs_set_uts(char (*uts)[UTS_LEN]);

#endif
