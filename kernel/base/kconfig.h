/* SPDX-License-Identifier: MIT */
/*
 * The build's switches, included before every source. All are 0 or 1, and are tested as ordinary
 * expressions - IS_ENABLED(CONFIG_X) - so that both branches are always compiled.
 */
#ifndef KERNEL_BASE_KCONFIG_H
#define KERNEL_BASE_KCONFIG_H

#ifndef CONFIG_DEBUG
#define CONFIG_DEBUG 0 /* every check on: make DEBUG=1 */
#endif
#ifndef CONFIG_NUMA
#define CONFIG_NUMA 1 /* more than one node possible */
#endif
#ifndef CONFIG_HOST
#define CONFIG_HOST 0 /* mm inside a Linux process */
#endif

#define IS_ENABLED(option) ((option) + 0)

#define NR_CPUS	     8
#define MAX_NUMNODES 4

#endif
