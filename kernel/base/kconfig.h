/* SPDX-License-Identifier: MIT */
/*
 * The configuration, included before every source file (-include).
 *
 * Every option is a macro of value 0 or 1, so that code asks with a plain `if
 * (IS_ENABLED(CONFIG_X))` and both arms are always compiled. Only the preprocessor may appear here:
 * assembly reads it too.
 */
#ifndef KERNEL_BASE_KCONFIG_H
#define KERNEL_BASE_KCONFIG_H

#ifndef CONFIG_DEBUG
#define CONFIG_DEBUG 0 /* lock ranks, VM_BUG_ON, poisoning by default */
#endif
#ifndef CONFIG_NUMA
#define CONFIG_NUMA 1 /* several nodes, even if most machines have one */
#endif
#ifndef CONFIG_HOST
#define CONFIG_HOST 0 /* built into a Linux process: arch/host */
#endif

#define IS_ENABLED(option) ((option) + 0)

#ifndef NR_CPUS
#define NR_CPUS 8
#endif
#ifndef MAX_NUMNODES
#define MAX_NUMNODES 4
#endif
#define HZ	     100
#define USER_HZ	     100

#endif
