/* SPDX-License-Identifier: MIT */
/*
 * The boot word `watchdog=SECONDS`: a panic when the machine has made no progress for so long
 * (guest time).
 *
 * Progress is whatever calls note_progress(): switches to a task other than idle, system calls,
 * page faults, finished block requests, page allocations. An idle machine is not stuck: the time
 * counts only while some task is runnable or sleeps uninterruptibly.
 */
#ifndef KERNEL_CORE_WATCHDOG_H
#define KERNEL_CORE_WATCHDOG_H

#include "kernel/base/types.h"
#include "asm/percpu.h"

DECLARE_PER_CPU(unsigned long, progress_count);

/* => one instruction; any context */
static inline void note_progress(void)
{
	this_cpu_inc(progress_count);
}

/* => at each tick of any CPU */
void watchdog_tick(void);

#endif
