/* SPDX-License-Identifier: MIT */
/*
 * Integer types by width, and the names user space knows.
 *
 * The POSIX names have exactly the types of glibc on x86_64, so that a host test may include both.
 * u64 is unsigned long long (printed with %llu), pfns and addresses are unsigned long.
 */
#ifndef KERNEL_BASE_TYPES_H
#define KERNEL_BASE_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef signed char s8;
typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;

typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;

typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef long off_t;
typedef long loff_t;
typedef long ssize_t;
typedef long time_t;
typedef long clock_t;
typedef unsigned long ino_t;
typedef unsigned long dev_t;
typedef unsigned long nlink_t;

typedef u16 umode_t;
typedef u64 phys_addr_t;
typedef u64 sector_t; /* 512 bytes */
typedef u32 gfp_t;    /* the flags are in mm/gfp.h */
typedef unsigned int fmode_t;

/* A device number as the kernel keeps it; stat() and mknod() use Linux's user-space encoding. */
#define MINORBITS     20
#define MKDEV(ma, mi) ((dev_t)(((unsigned long)(ma) << MINORBITS) | (mi)))
#define MAJOR(dev)    ((unsigned int)((dev) >> MINORBITS))
#define MINOR(dev)    ((unsigned int)((dev) & ((1UL << MINORBITS) - 1)))

#endif
