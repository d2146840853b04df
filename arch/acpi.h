/* SPDX-License-Identifier: MIT */
/*
 * What the firmware's ACPI tables say: CPUs and interrupt controllers (MADT), memory and CPU
 * affinity (SRAT), the power-management ports (FADT). No AML.
 */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include "kernel/base/types.h"

/*
 * => Reads the tables. rsdp: a copy of the root pointer (boot_info.rsdp), NULL if there is none:
 *    then one CPU and PC defaults. Early: needs early_memremap() only; fills nr_cpu_ids and
 *    cpu_possible_mask.
 */
void acpi_init(const void *rsdp);
/*
 * => Calls fn for each memory range of the SRAT, node numbers dense from 0 in order of
 *    appearance; number of nodes, 0 if none.
 */
int acpi_numa_ranges(void (*fn)(int nid, u64 start, u64 end));
/* => Node of a CPU, 0 if unknown. */
int arch_cpu_to_node(int cpu);

#endif
