/* SPDX-License-Identifier: MIT */
/* Inside arch/host: between the files that make a machine out of a process. */
#ifndef ARCH_HOST_HOST_H
#define ARCH_HOST_HOST_H

#include "kernel/base/types.h"

/* ---- cpu.c ---- */

/* => nr CPUs that threads may take; per-CPU copies made; the caller is the service CPU until leave */
int host_cpus_start(int nr);
void host_cpus_stop(void);
/* The caller acts as a CPU of its own that is none of the nr: boot, checks. One thread at a time. */
void host_service_enter(void);
void host_service_leave(void);

/* ---- memory.c ---- */

/* => address space for descriptors up to pfn end and, if backing, for the memory behind them; 0 or -ENOMEM */
int host_memory_start(unsigned long end_pfn, bool backing);
void host_memory_stop(void);
extern bool host_backing;

/* ---- print.c ---- */

extern int host_loglevel; /* messages of a level below it go to standard error */
u64 host_clock_ns(void);

#endif
