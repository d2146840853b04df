/* SPDX-License-Identifier: MIT */
/*
 * What is left: the system's name and state, random bytes, prctl, the machine's end.
 */
#include "fs/procfs.h"
#include "kernel/base/initcall.h"
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/cpu.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "boot/exit_status.h"
#include "fs/fs.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "mm/vmstat.h"

/* ---- uname ------------------------------------------------------------------------------------ */

#define PER_UNAME26 0x0020000

static DEFINE_SPINLOCK(uts_lock, LOCK_RANK_LEAF);
static struct linux_utsname uts = {	/* uts_lock */
	.sysname = "Linux",		/* programs ask for the interface they were built for */
	.nodename = "tidemark",
	.release = "3.18.0-tidemark",
	.version = "#1 SMP",
	.machine = "x86_64",
	.domainname = "(none)",
};

long sys_uname(void __user *ubuf)
{
	struct linux_utsname copy;

	spin_lock(&uts_lock);
	copy = uts;
	spin_unlock(&uts_lock);
	if (current->personality & PER_UNAME26)
		strscpy(copy.release, "2.6.58", sizeof(copy.release));
	return copy_to_user(ubuf, &copy, sizeof(copy)) ? -EFAULT : 0;
}

static int uts_init(void)
{
	procfs_set_uts((char (*)[UTS_LEN])&uts); /* /proc/version, /proc/sys/kernel */
	return 0;
}
core_initcall(uts_init);

static long set_name(char *field, const char __user *uname, int len)
{
	char name[65] = "";

	if (!has_capability_admin(current))
		return -EPERM;
	if (len < 0 || len > 64)
		return -EINVAL;
	if (copy_from_user(name, uname, (size_t)len))
		return -EFAULT;
	spin_lock(&uts_lock);
	memcpy(field, name, sizeof(name));
	spin_unlock(&uts_lock);
	return 0;
}

long sys_sethostname(const char __user *uname, int len)
{
	return set_name(uts.nodename, uname, len);
}

long sys_setdomainname(const char __user *uname, int len)
{
	return set_name(uts.domainname, uname, len);
}

long sys_personality(unsigned int persona)
{
	unsigned int old = current->personality;

	if (persona != 0xffffffffU)
		current->personality = persona;
	return old;
}

/* ---- Figures ---------------------------------------------------------------------------------- */

static void zone_pages(struct linux_sysinfo *info)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		u64 managed = zone->managed_pages, free = zone_page_state(zone, NR_FREE_PAGES);

		info->totalram += managed;
		info->freeram += free;
		if (zone_idx(zone) == ZONE_HIGHMEM) {
			info->totalhigh += managed;
			info->freehigh += free;
		}
	}
}

long sys_sysinfo(void __user *ubuf)
{
	unsigned long swap_total, swap_free;
	struct linux_sysinfo info;

	memset(&info, 0, sizeof(info));
	info.uptime = (s64)(ktime_get_ns() / NSEC_PER_SEC);
	for (int i = 0; i < 3; i++)
		info.loads[i] = avenrun[i] << (16 - FSHIFT);
	info.procs = (u16)nr_threads_total();
	info.mem_unit = 1;
	zone_pages(&info);
	si_swapinfo(&swap_total, &swap_free);
	info.sharedram = global_page_state(NR_SHMEM);
	info.totalram <<= PAGE_SHIFT;
	info.freeram <<= PAGE_SHIFT;
	info.totalhigh <<= PAGE_SHIFT;
	info.freehigh <<= PAGE_SHIFT;
	info.sharedram <<= PAGE_SHIFT;
	info.totalswap = (u64)swap_total << PAGE_SHIFT;
	info.freeswap = (u64)swap_free << PAGE_SHIFT;
	return copy_to_user(ubuf, &info, sizeof(info)) ? -EFAULT : 0;
}

long sys_getrusage(int who, void __user *ubuf)
{
	struct linux_rusage r;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	fill_rusage(current, who, &r);
	return copy_to_user(ubuf, &r, sizeof(r)) ? -EFAULT : 0;
}

#define GRND_NONBLOCK 1
#define GRND_RANDOM   2
#define GRND_INSECURE 4

long sys_getrandom(char __user *buf, size_t count, unsigned int flags)
{
	size_t done = 0;

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	count = min(count, (size_t)INT_MAX);
	while (done < count) {
		u64 noise = arch_random_u64();
		size_t n = min(count - done, sizeof(noise));

		if (copy_to_user(buf + done, &noise, n))
			return done ? (long)done : -EFAULT;
		done += n;
		if (!(done & 0xfff) && signal_pending(current))
			break;
		cond_resched();
	}
	return done || !count ? (long)done : -EINTR;
}

/* ---- The thread itself -------------------------------------------------------------------------- */

long sys_arch_prctl(int code, unsigned long arg)
{
	return arch_prctl(code, arg);
}

long sys_set_tid_address(int __user *tid)
{
	current->clear_child_tid = tid;
	return current->pid;
}

#define PR_SET_PDEATHSIG  1
#define PR_GET_PDEATHSIG  2
#define PR_GET_DUMPABLE	  3
#define PR_SET_DUMPABLE	  4
#define PR_GET_KEEPCAPS	  7
#define PR_SET_KEEPCAPS	  8
#define PR_SET_NAME	  15
#define PR_GET_NAME	  16
#define PR_CAPBSET_READ	  23
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_SET_VMA	  0x53564d41

static long prctl_name(bool set, char __user *uname)
{
	char name[TASK_COMM_LEN] = "";
	long len;

	if (!set) {
		get_task_comm(name, current);
		return copy_to_user(uname, name, sizeof(name)) ? -EFAULT : 0;
	}
	len = strncpy_from_user(name, uname, sizeof(name) - 1);
	if (len < 0)
		return -EFAULT;
	name[sizeof(name) - 1] = '\0';
	set_task_comm(current, name);
	return 0;
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	       unsigned long arg5)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (!valid_signal((int)arg2))
			return -EINVAL;
		current->pdeath_signal = (int)arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(current->pdeath_signal, (int *)arg2) ? -EFAULT : 0;
	case PR_SET_NAME:
	case PR_GET_NAME:
		return prctl_name(option == PR_SET_NAME, (char *)arg2);
	case PR_GET_DUMPABLE:
		return !(current->mm->flags & MMF_NOT_DUMPABLE);
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		if (arg2)
			clear_bit(MMF_NOT_DUMPABLE_BIT, &current->mm->flags);
		else
			set_bit(MMF_NOT_DUMPABLE_BIT, &current->mm->flags);
		return 0;
	case PR_GET_KEEPCAPS:
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->no_new_privs;
	case PR_CAPBSET_READ:
		return arg2 < 38 ? 1 : -EINVAL;
	case PR_GET_TIMERSLACK:
		return 50000;
	case PR_SET_TIMERSLACK:
		return 0;
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		current->no_new_privs = true; /* a promise only: no set-user-ID program gives any */
		return 0;
	case PR_SET_CHILD_SUBREAPER:
		current->signal->subreaper = arg2 != 0;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)current->signal->subreaper, (int *)arg2) ? -EFAULT : 0;
	}
	return -EINVAL; /* PR_SET_VMA names of areas among them: callers go on without */
}

#define MEMBARRIER_CMD_QUERY	  0
#define MEMBARRIER_CMD_GLOBAL	  1
#define MEMBARRIER_PRIVATE	  8
#define MEMBARRIER_REGISTER_PRIVATE 16

static void membarrier_here(void *unused)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

long sys_membarrier(int cmd, unsigned int flags)
{
	if (flags)
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_CMD_GLOBAL | MEMBARRIER_PRIVATE | MEMBARRIER_REGISTER_PRIVATE;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_PRIVATE:
		on_each_cpu(membarrier_here, NULL, true);
		return 0;
	case MEMBARRIER_REGISTER_PRIVATE:
		return 0;
	}
	return -EINVAL;
}

/* ---- The machine -------------------------------------------------------------------------------- */

#define REBOOT_MAGIC1	 0xfee1deadU
#define REBOOT_MAGIC2	 672274793U
#define REBOOT_MAGIC2A	 85072278U
#define REBOOT_MAGIC2B	 369367448U
#define REBOOT_MAGIC2C	 537993216U
#define REBOOT_RESTART	 0x01234567U
#define REBOOT_HALT	 0xcdef0123U
#define REBOOT_CAD_ON	 0x89abcdefU
#define REBOOT_CAD_OFF	 0x00000000U
#define REBOOT_POWER_OFF 0x4321fedcU
#define REBOOT_RESTART2	 0xa1b2c3d4U

long sys_reboot(unsigned int magic1, unsigned int magic2, unsigned int cmd, unsigned long arg)
{
	if (!(current->cap_effective >> CAP_SYS_BOOT & 1))
		return -EPERM;
	if (magic1 != REBOOT_MAGIC1 ||
	    (magic2 != REBOOT_MAGIC2 && magic2 != REBOOT_MAGIC2A && magic2 != REBOOT_MAGIC2B &&
	     magic2 != REBOOT_MAGIC2C))
		return -EINVAL;
	switch (cmd) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return 0;
	case REBOOT_RESTART:
	case REBOOT_RESTART2:
		pr_emerg("Restarting system.\n");
		machine_restart();
	case REBOOT_HALT:
		pr_emerg("System halted.\n");
		machine_power_off(0);
	case REBOOT_POWER_OFF:
		if (!REBOOT_ARG_VALID(arg)) /* init's report is to be the last line */
			pr_emerg("Power down.\n");
		machine_power_off(REBOOT_ARG_VALID(arg) ? REBOOT_ARG_STATUS(arg) : 0);
	}
	return -EINVAL;
}
