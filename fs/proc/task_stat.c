/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/stat, statm, status, limits: figures of a process, in Linux's order.
 *
 * What belongs to the thread group is copied under tasklist_lock (and siglock for signals), the memory figures are read
 * from counters, then all is printed.
 */
#include "arch/cpu.h"
#include "drivers/tty.h"
#include "fs/fdtable.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/zone.h"

#define RLIMIT_RSS	  5
#define RLIMIT_SIGPENDING 11

struct task_facts {
	pid_t ppid, pgrp, session;
	int nr_threads, exit_code;
	void *tty;
	u64 min_flt, maj_flt, cmin_flt, cmaj_flt, utime, stime, cutime, cstime;
	u64 pending, shared_pending, ignored, caught, rss_limit, sig_limit;
	u64 nvcsw, nivcsw;
};

static void add_thread(struct task_facts *f, const struct task_struct *t)
{
	f->utime += t->utime;
	f->stime += t->stime;
	f->min_flt += t->min_flt;
	f->maj_flt += t->maj_flt;
}

/* => sighand exists and stays: tasklist_lock held */
static void signal_masks(const struct sighand_struct *sighand, u64 *ignored, u64 *caught)
{
	unsigned int i;

	for (i = 0; i < NSIG; i++) {
		if (sighand->action[i].handler == 1) /* SIG_IGN */
			*ignored |= 1ULL << i;
		else if (sighand->action[i].handler)
			*caught |= 1ULL << i;
	}
}

static void gather(struct task_struct *p, struct task_facts *f, bool whole_group)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;

	memset(f, 0, sizeof(*f));
	read_lock(&tasklist_lock);
	if (!sig || find_task_by_pid(p->pid) != p) {
		read_unlock(&tasklist_lock);
		return;
	}
	f->ppid = p->real_parent ? p->real_parent->tgid : 0;
	f->pgrp = sig->pgrp;
	f->session = sig->session;
	f->nr_threads = sig->nr_threads;
	f->tty = sig->tty;
	f->exit_code = p->exit_code;
	if (whole_group) {
		f->utime = sig->utime;
		f->stime = sig->stime;
		f->min_flt = sig->min_flt;
		f->maj_flt = sig->maj_flt;
		for_each_thread(p, t)
			add_thread(f, t);
	} else {
		add_thread(f, p);
	}
	f->cmin_flt = sig->cmin_flt;
	f->cmaj_flt = sig->cmaj_flt;
	f->cutime = sig->cutime;
	f->cstime = sig->cstime;
	f->rss_limit = sig->rlim[RLIMIT_RSS].rlim_cur;
	f->sig_limit = sig->rlim[RLIMIT_SIGPENDING].rlim_cur;
	f->pending = p->pending;
	f->shared_pending = sig->shared_pending;
	f->nvcsw = p->nvcsw;
	f->nivcsw = p->nivcsw;
	if (p->sighand)
		signal_masks(p->sighand, &f->ignored, &f->caught);
	read_unlock(&tasklist_lock);
}

int task_stat_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm = get_task_mm(p);
	bool look = proc_may_look(p);
	char comm[TASK_COMM_LEN];
	struct task_facts f;
	int prio = rt_task(p) ? -p->rt_priority - 1 : 20 + p->nice;

	gather(p, &f, !shows_thread(m));
	seq_printf(m, "%d (%s) %c %d %d %d %d %d %u %llu %llu %llu %llu %llu %llu %lld %lld %d %d %d 0 %llu ",
		   p->pid, get_task_comm(comm, p), task_state_char(p), f.ppid, f.pgrp, f.session,
		   tty_device_number(f.tty), tty_foreground(f.tty), p->flags, f.min_flt, f.cmin_flt, f.maj_flt,
		   f.cmaj_flt, f.utime, f.stime, (s64)f.cutime, (s64)f.cstime, prio, p->nice, f.nr_threads,
		   p->start_time_ns / NSEC_PER_TICK);
	seq_printf(m, "%lu %lu %llu %lu %lu %lu 0 0 ", mm ? mm->total_vm << PAGE_SHIFT : 0, mm ? get_mm_rss(mm) : 0,
		   f.rss_limit, mm ? mm->start_code : 0, mm ? mm->end_code : 0, mm && look ? mm->start_stack : 0);
	seq_printf(m, "%llu %llu %llu %llu 0 0 0 %d %u %d %d 0 0 0 ", f.pending & 0x7fffffff, p->blocked & 0x7fffffff,
		   f.ignored & 0x7fffffff, f.caught & 0x7fffffff, p->exit_signal, p->cpu, p->rt_priority, p->policy);
	if (mm && look)
		seq_printf(m, "%lu %lu %lu %lu %lu %lu %lu", mm->start_data, mm->end_data, mm->start_brk,
			   mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		seq_puts(m, "0 0 0 0 0 0 0");
	seq_printf(m, " %d\n", look ? f.exit_code : 0);
	if (mm)
		mmput(mm);
	return 0;
}

static unsigned long text_pages(const struct mm_struct *mm)
{
	return (round_up(mm->end_code, PAGE_SIZE) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
}

int task_statm_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm = get_task_mm(p);

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm, get_mm_rss(mm), get_mm_counter(mm, MM_FILEPAGES),
		   text_pages(mm), mm->total_vm - mm->shared_vm);
	mmput(mm);
	return 0;
}

/* ---- status ---- */

static void kb(struct seq_file *m, const char *name, unsigned long nr_pages)
{
	seq_printf(m, "%s:\t%8lu kB\n", name, nr_pages << (PAGE_SHIFT - 10));
}

static void status_memory(struct seq_file *m, const struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm), text = text_pages(mm);
	unsigned long data = mm->total_vm - mm->shared_vm - mm->stack_vm;

	kb(m, "VmPeak", max(mm->hiwater_vm, mm->total_vm));
	kb(m, "VmSize", mm->total_vm);
	kb(m, "VmLck", mm->locked_vm);
	kb(m, "VmPin", 0);
	kb(m, "VmHWM", max(mm->hiwater_rss, rss));
	kb(m, "VmRSS", rss);
	kb(m, "VmData", data);
	kb(m, "VmStk", mm->stack_vm);
	kb(m, "VmExe", text);
	kb(m, "VmLib", mm->exec_vm > text ? mm->exec_vm - text : 0);
	kb(m, "VmPTE", (unsigned long)atomic_long_read(&mm->nr_ptes));
	kb(m, "VmSwap", get_mm_counter(mm, MM_SWAPENTS));
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "X (dead)";
	}
}

static unsigned int fd_table_size(struct task_struct *p)
{
	struct files_struct *files = get_files_struct(p);
	unsigned int n = files ? files->max_fds : 0;

	if (files)
		put_files_struct(files);
	return n;
}

/* Twice: as bits, and as a list of runs, 0-2,5 */
static void show_mask(struct seq_file *m, const char *name, unsigned long mask)
{
	const char *comma = "";
	unsigned int from, to;

	seq_printf(m, "%s:\t%lx\n%s_list:\t", name, mask, name);
	for (from = 0; from < 64; from = to + 1) {
		to = from;
		if (!(mask >> from & 1))
			continue;
		while (to < 63 && mask >> (to + 1) & 1)
			to++;
		seq_printf(m, from == to ? "%s%u" : "%s%u-%u", comma, from, to);
		comma = ",";
	}
	seq_putc(m, '\n');
}

static void status_signals(struct seq_file *m, const struct task_struct *p, const struct task_facts *f)
{
	seq_printf(m, "Threads:\t%d\nSigQ:\t0/%llu\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
		   f->nr_threads, f->sig_limit, f->pending, f->shared_pending, p->blocked);
	seq_printf(m, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", f->ignored, f->caught);
	seq_printf(m, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\n",
		   p->cap_inheritable, p->cap_permitted, p->cap_effective, 0x3fffffffffULL);
	show_mask(m, "Cpus_allowed", p->cpus_allowed & (~0UL >> (64 - nr_cpu_ids)));
	show_mask(m, "Mems_allowed", p->mems_allowed & node_online_map);
	seq_printf(m, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n", f->nvcsw, f->nivcsw);
}

int task_status_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm = get_task_mm(p);
	char comm[TASK_COMM_LEN];
	struct task_facts f;

	gather(p, &f, !shows_thread(m));
	seq_printf(m, "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   get_task_comm(comm, p), state_name(task_state_char(p)), p->tgid, p->pid, f.ppid);
	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", p->uid, p->euid,
		   p->suid, p->fsuid, p->gid, p->egid, p->sgid, p->fsgid, fd_table_size(p));
	for (u32 i = 0; i < min(READ_ONCE(p->nr_groups), (u32)NGROUPS); i++)
		seq_printf(m, "%u ", p->groups[i]);
	seq_puts(m, "\n");
	if (mm) {
		status_memory(m, mm);
		mmput(mm);
	}
	status_signals(m, p, &f);
	return 0;
}

/* ---- limits ---- */

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	{ "Max cpu time", "seconds" },	      { "Max file size", "bytes" },
	{ "Max data size", "bytes" },	      { "Max stack size", "bytes" },
	{ "Max core file size", "bytes" },    { "Max resident set", "bytes" },
	{ "Max processes", "processes" },     { "Max open files", "files" },
	{ "Max locked memory", "bytes" },     { "Max address space", "bytes" },
	{ "Max file locks", "locks" },	      { "Max pending signals", "signals" },
	{ "Max msgqueue size", "bytes" },     { "Max nice priority", "" },
	{ "Max realtime priority", "" },      { "Max realtime timeout", "us" },
};

static void show_limit(struct seq_file *m, u64 value)
{
	if (value == ~0ULL)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20llu ", value);
}

int task_limits_show(struct seq_file *m, struct task_struct *p)
{
	unsigned int i;

	if (!p->signal)
		return 0;
	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", limit_names[i].name);
		show_limit(m, p->signal->rlim[i].rlim_cur);
		show_limit(m, p->signal->rlim[i].rlim_max);
		seq_printf(m, "%-10s\n", limit_names[i].unit);
	}
	return 0;
}
