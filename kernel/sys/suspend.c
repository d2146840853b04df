/* SPDX-License-Identifier: MIT */
/*
 * Suspend to idle: /sys/power/state. The one state is "freeze": all tasks stop, the CPUs idle, a key on the console
 * wakes the machine. What matters to the memory manager on the way:
 *
 *	freeze_processes     nobody is left to be killed for memory, so oom_killer_disable(): what would kill, fails
 *	pm_restrict_gfp_mask storage is about to sleep: from here no allocation may wait for a write
 *	a key                everything back, in reverse
 *
 * Locks: suspend_mutex: one at a time. Linux beyond it: devices that sleep, memory that is kept or saved.
 */
#include "kernel/sys/process.h"
#include "fs/procfs.h"
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/printk.h"
#include "kernel/core/freezer.h"
#include "kernel/core/mutex.h"
#include "kernel/core/timer.h"
#include "mm/gfp.h"
#include "mm/oom.h"

static DEFINE_MUTEX(suspend_mutex, LOCK_RANK_MOUNT);

static int suspend_to_idle(void)
{
	u64 began;
	int err;

	if (!mutex_trylock(&suspend_mutex))
		return -EBUSY;
	err = freeze_processes();
	if (!err) {
		oom_killer_disable();
		pm_restrict_gfp_mask();
		began = ktime_get_ns();
		pm_wakeup_clear();
		pr_info("PM: all tasks are frozen; press a key to go on\n");
		pm_wait_for_wakeup();
		pr_info("PM: woken after %llu ms\n", (ktime_get_ns() - began) / 1000000);
		pm_restore_gfp_mask();
		oom_killer_enable();
		thaw_processes();
	}
	mutex_unlock(&suspend_mutex);
	return err;
}

static int __init suspend_init(void)
{
	procfs_set_suspend(suspend_to_idle);
	return 0;
}
core_initcall(suspend_init);
