/* SPDX-License-Identifier: MIT */
/*
 * The C library beside all of mm and kernel/core: first in a file of the machine or its tests. Where both
 * define a name the kernel's counts; of mm/mman.h the values are the same.
 */
#ifndef ARCH_HOST_LIBC_MACHINE_H
#define ARCH_HOST_LIBC_MACHINE_H

#define sched_setscheduler libc_sched_setscheduler
#define sched_getscheduler libc_sched_getscheduler
#include "arch/host/libc.h"
#undef sched_setscheduler
#undef sched_getscheduler

#undef MAP_SHARED
#undef MAP_PRIVATE
#undef MAP_SHARED_VALIDATE
#undef MAP_TYPE
#undef MAP_FIXED
#undef MAP_ANONYMOUS
#undef MAP_32BIT
#undef MAP_GROWSDOWN
#undef MAP_DENYWRITE
#undef MAP_EXECUTABLE
#undef MAP_LOCKED
#undef MAP_NORESERVE
#undef MAP_POPULATE
#undef MAP_NONBLOCK
#undef MAP_STACK
#undef MAP_HUGETLB
#undef MAP_SYNC
#undef MAP_FIXED_NOREPLACE
#undef MREMAP_MAYMOVE
#undef MREMAP_FIXED
#undef MREMAP_DONTUNMAP
#undef MS_ASYNC
#undef MS_INVALIDATE
#undef MS_SYNC
#undef MCL_CURRENT
#undef MCL_FUTURE
#undef MCL_ONFAULT
#undef MLOCK_ONFAULT
#undef MADV_NORMAL
#undef MADV_RANDOM
#undef MADV_SEQUENTIAL
#undef MADV_WILLNEED
#undef MADV_DONTNEED
#undef MADV_FREE
#undef MADV_REMOVE
#undef MADV_DONTFORK
#undef MADV_DOFORK
#undef MADV_MERGEABLE
#undef MADV_UNMERGEABLE
#undef MADV_HUGEPAGE
#undef MADV_NOHUGEPAGE
#undef MADV_DONTDUMP
#undef MADV_DODUMP
#undef MADV_WIPEONFORK
#undef MADV_KEEPONFORK
#undef MADV_COLD
#undef MADV_PAGEOUT
#undef MADV_POPULATE_READ
#undef MADV_POPULATE_WRITE
#undef PROT_NONE
#undef PROT_READ
#undef PROT_WRITE
#undef PROT_EXEC
#undef PROT_GROWSDOWN
#include "mm/mman.h"

#endif
