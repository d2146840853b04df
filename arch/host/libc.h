/* SPDX-License-Identifier: MIT */
/* The C library beside kernel headers: first in a file of arch/host, names that both define taken back. */
#ifndef ARCH_HOST_LIBC_H
#define ARCH_HOST_LIBC_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#undef NSIG
#undef SCHED_OTHER
#undef SCHED_FIFO
#undef SCHED_RR
#undef SCHED_BATCH
#undef SCHED_IDLE
#undef PAGE_SIZE
#undef PAGE_SHIFT
#undef PAGE_MASK

#endif
