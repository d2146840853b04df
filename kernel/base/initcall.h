/* SPDX-License-Identifier: MIT */
/*
 * Start-up functions that no one need call by name: run in order of level once all CPUs and mm are
 *up.
 *
 *	core: tables and caches		fs: file systems and their files	device: drivers
 *	late: what needs all of these
 *
 * => fn runs in process context and returns 0 or -errno, which is printed
 */
#ifndef KERNEL_BASE_INITCALL_H
#define KERNEL_BASE_INITCALL_H

#include "kernel/base/compiler.h"

typedef int (*initcall_t)(void);
extern const initcall_t __start_initcalls[], __stop_initcalls[]; /* linker.ld, sorted by section */

#define __initcall_at(fn, level) \
	static const initcall_t __initcall_##fn __used __section(".initcalls." #level) = fn
#define core_initcall(fn)   __initcall_at(fn, 1)
#define subsys_initcall(fn) __initcall_at(fn, 2)
#define fs_initcall(fn)	    __initcall_at(fn, 3)
#define device_initcall(fn) __initcall_at(fn, 4)
#define late_initcall(fn)   __initcall_at(fn, 5)

/* => runs them all once (kernel/base/param.c) */
void do_initcalls(void);

#endif
