/* SPDX-License-Identifier: MIT */
/*
 * Start-up functions that no one need call by name: run once, when CPUs, mm, files and drivers are there. They enter
 * tables and make caches of kernel/sys and need not know of each other: there is one level.
 *
 * => fn runs in process context and returns 0 or -errno, which is printed
 */
#ifndef KERNEL_BASE_INITCALL_H
#define KERNEL_BASE_INITCALL_H

#include "kernel/base/compiler.h"

typedef int (*initcall_t)(void);
extern const initcall_t __start_initcalls[], __stop_initcalls[]; /* linker.ld */

#define core_initcall(fn) static const initcall_t __initcall_##fn __used __section("initcalls") = fn

/* => runs them all once (kernel/base/param.c) */
void do_initcalls(void);

#endif
