/* SPDX-License-Identifier: MIT */
/*
 * The allocator's cost in instructions, on the boot word `bench`; see bench.c.
 */
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

#include "kernel/base/types.h"

bool bench_wanted(void);
void bench_run(void); /* prints its lines; process context, one CPU */

#endif
