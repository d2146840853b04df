/* SPDX-License-Identifier: MIT */
/*
 * Folding every CPU's counter differentials into the global values once a second (sysctl
 * stat_interval), so that what is read without summing up is not off for ever; and at once for who wants to
 * compare two readings page by page (sysctl stat_refresh).
 *
 * A thread goes from CPU to CPU for it, and not a timer: most counters are changed with interrupts on
 * (never in interrupts themselves), and an interrupt that folded between the reading and the writing of
 * a differential would count it twice. A thread only runs where nobody is in the middle of that.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "mm/vmstat.h"
#include "mm/zone.h"
#include "arch/cpu.h"

static struct task_struct *folder;
static DECLARE_WAIT_QUEUE_HEAD(folder_wait); /* the folder, and who waits for its round */
static bool round_wanted;
static unsigned long rounds_begun, rounds_done;

static int vmstat_folder(void *unused)
{
	int cpu;

	(void)unused;
	while (!kthread_should_stop()) {
		wait_event_interruptible_timeout(folder_wait, READ_ONCE(round_wanted),
						 max(sysctl_stat_interval, HZ / 10));
		WRITE_ONCE(round_wanted, false); /* first: who finds the new number below wants the next */
		smp_wmb();
		WRITE_ONCE(rounds_begun, rounds_begun + 1);
		smp_mb();
		for_each_online_cpu(cpu) {
			if (set_cpus_allowed(current, CPU_MASK_CPU(cpu)) == 0)
				refresh_cpu_vm_stats(smp_processor_id());
		}
		WRITE_ONCE(rounds_done, rounds_begun);
		wake_up_all(&folder_wait);
	}
	return 0;
}

void refresh_vm_stats(void)
{
	unsigned long round;

	if (!folder)
		return;
	smp_mb();
	round = READ_ONCE(rounds_begun) + 1; /* the one under way may have been here already */
	smp_mb();
	WRITE_ONCE(round_wanted, true);
	wake_up_all(&folder_wait);
	wait_event(folder_wait, (long)(READ_ONCE(rounds_done) - round) >= 0);
}

void vmstat_init(void)
{
	struct task_struct *task = kthread_run(vmstat_folder, NULL, "vmstat");

	if (IS_ERR(task))
		pr_err("vmstat: no thread; counters are exact only when summed up\n");
	else
		folder = task;
}
