/* SPDX-License-Identifier: MIT */
/*
 * Folding every CPU's counter differentials into the global values once a second (sysctl
 * stat_interval), so that what is read without summing up is not off for ever.
 *
 * A thread goes from CPU to CPU for it, and not a timer: most counters are changed with interrupts on
 * (never in interrupts themselves), and an interrupt that folded between the reading and the writing of
 * a differential would count it twice. A thread only runs where nobody is in the middle of that.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/vmstat.h"
#include "mm/zone.h"
#include "arch/cpu.h"

static int vmstat_folder(void *unused)
{
	int cpu;

	(void)unused;
	while (!kthread_should_stop()) {
		schedule_timeout_interruptible(max(sysctl_stat_interval, HZ / 10));
		for_each_online_cpu(cpu) {
			if (set_cpus_allowed(current, CPU_MASK_CPU(cpu)) == 0)
				refresh_cpu_vm_stats(smp_processor_id());
		}
	}
	return 0;
}

void vmstat_init(void)
{
	if (IS_ERR(kthread_run(vmstat_folder, NULL, "vmstat")))
		pr_err("vmstat: no thread; counters are exact only when summed up\n");
}
