/* SPDX-License-Identifier: MIT */
/*
 * The names in /proc/PID, and the simple ones among them: comm, cmdline, environ, exe, cwd, root, mounts.
 */
#include "fs/fdtable.h"
#include "fs/proc/proc.h"
#include "arch/trap.h"
#include "kernel/base/kallsyms.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

static int comm_show(struct seq_file *m, struct task_struct *p)
{
	char comm[TASK_COMM_LEN];

	seq_printf(m, "%s\n", get_task_comm(comm, p));
	return 0;
}

static int comm_store(struct task_struct *p, char *text, size_t len)
{
	if (p->tgid != current->tgid)
		return -EINVAL;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	set_task_comm(p, text);
	return 0;
}

/* A piece of the process's own memory, as it is there. */
static void show_memory(struct seq_file *m, struct mm_struct *mm, unsigned long from, unsigned long to)
{
	char *page = kmalloc(PAGE_SIZE, GFP_KERNEL);

	while (page && from < to) {
		int n = access_remote_vm(mm, from, page, (int)min(to - from, PAGE_SIZE), 0);

		if (n <= 0)
			break;
		seq_write(m, page, n);
		from += n;
	}
	kfree(page);
}

static int cmdline_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm = get_task_mm(p);

	if (!mm)
		return 0;
	if (mm->arg_end > mm->arg_start && mm->arg_end - mm->arg_start < (1UL << 20))
		show_memory(m, mm, mm->arg_start, mm->arg_end);
	mmput(mm);
	return 0;
}

static int environ_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm;

	if (!proc_may_look(p))
		return -EACCES;
	mm = get_task_mm(p);
	if (!mm)
		return 0;
	if (mm->env_end > mm->env_start && mm->env_end - mm->env_start < (1UL << 20))
		show_memory(m, mm, mm->env_start, mm->env_end);
	mmput(mm);
	return 0;
}

static int exe_link(struct task_struct *p, struct path *path)
{
	struct mm_struct *mm = get_task_mm(p);
	struct file *file;
	int err = -ENOENT;

	if (!mm)
		return -ENOENT;
	down_read(&mm->mmap_sem);
	file = mm->exe_file;
	if (file) {
		*path = file->f_path;
		path_get(path);
		err = 0;
	}
	up_read(&mm->mmap_sem);
	mmput(mm);
	return err;
}

static int fs_link(struct task_struct *p, struct path *path, bool root)
{
	int err = -ENOENT;

	task_lock(p);
	if (p->fs) {
		if (root)
			get_fs_root(p->fs, path);
		else
			get_fs_pwd(p->fs, path);
		err = 0;
	}
	task_unlock(p);
	return err;
}

static int cwd_link(struct task_struct *p, struct path *path)
{
	return fs_link(p, path, false);
}

static int root_link(struct task_struct *p, struct path *path)
{
	return fs_link(p, path, true);
}

static int mounts_show(struct seq_file *m, struct task_struct *p)
{
	struct vfsmount *mnt;

	down_read(&namespace_sem);
	list_for_each_entry(mnt, &mount_list, mnt_list) {
		struct path path = { mnt, mnt->mnt_root };

		seq_printf(m, "%s ", mnt->mnt_devname);
		seq_path(m, &path, " \t\n\\");
		seq_printf(m, " %s %s%s%s%s 0 0\n", mnt->mnt_sb->s_type->name,
			   mnt->mnt_sb->s_flags & SB_RDONLY ? "ro" : "rw",
			   mnt->mnt_flags & MS_NOSUID ? ",nosuid" : "", mnt->mnt_flags & MS_NODEV ? ",nodev" : "",
			   mnt->mnt_flags & MS_NOEXEC ? ",noexec" : "");
	}
	up_read(&namespace_sem);
	return 0;
}

static int mount_id(const struct vfsmount *wanted)
{
	struct vfsmount *mnt;
	int id = 1;

	list_for_each_entry(mnt, &mount_list, mnt_list) {
		if (mnt == wanted)
			return id;
		id++;
	}
	return 0;
}

static int mountinfo_show(struct seq_file *m, struct task_struct *p)
{
	struct vfsmount *mnt;

	down_read(&namespace_sem);
	list_for_each_entry(mnt, &mount_list, mnt_list) {
		struct path path = { mnt, mnt->mnt_root };
		dev_t dev = mnt->mnt_sb->s_dev;

		seq_printf(m, "%d %d %u:%u / ", mount_id(mnt), mount_id(mnt->mnt_parent), MAJOR(dev), MINOR(dev));
		seq_path(m, &path, " \t\n\\");
		seq_printf(m, " %s - %s %s %s\n", mnt->mnt_flags & MS_RDONLY ? "ro" : "rw",
			   mnt->mnt_sb->s_type->name, mnt->mnt_devname,
			   mnt->mnt_sb->s_flags & SB_RDONLY ? "ro" : "rw");
	}
	up_read(&namespace_sem);
	return 0;
}

static int auxv_show(struct seq_file *m, struct task_struct *p)
{
	struct mm_struct *mm = proc_may_look(p) ? get_task_mm(p) : NULL;
	unsigned int n = 0;

	if (!mm)
		return 0;
	while (n + 2 < AT_VECTOR_SIZE && mm->saved_auxv[n])
		n += 2;
	seq_write(m, mm->saved_auxv, (n + 2) * sizeof(long));
	mmput(mm);
	return 0;
}

static int make_it_fail_show(struct seq_file *m, struct task_struct *p)
{
	seq_printf(m, "%d\n", p->make_it_fail);
	return 0;
}

/* Fault injection's task filter (mm/fault_inject.c); children inherit it. */
static int make_it_fail_store(struct task_struct *p, char *text, size_t len)
{
	unsigned int on;

	if (!has_cap(current, CAP_SYS_RESOURCE_BIT))
		return -EPERM;
	if (kstrtouint(text, 0, &on) || on > 1)
		return -EINVAL;
	WRITE_ONCE(p->make_it_fail, on);
	return 0;
}

#define WCHAN_DEPTH 16

extern char __sched_text_start[], __sched_text_end[];

/* The function that sleeps, and not those of the scheduler that it sleeps in; 0: the task does not sleep. */
static int wchan_show(struct seq_file *m, struct task_struct *p)
{
	u64 ips[WCHAN_DEPTH];
	const char *name = NULL;
	int n = 0;

	if (p != current && !READ_ONCE(p->on_cpu) && p->state != TASK_RUNNING && !p->exit_state)
		n = save_task_stack_trace(p, ips, WCHAN_DEPTH);
	for (int i = 0; i < n && !name; i++)
		if (ips[i] < (unsigned long)__sched_text_start || ips[i] > (unsigned long)__sched_text_end)
			name = kallsyms_lookup(ips[i] - 1, NULL, NULL);
	seq_puts(m, name ?: "0");
	return 0;
}

#define FILE(n, m, s) { .name = (n), .mode = S_IFREG | (m), .show = (s) }
#define LINK(n, l)    { .name = (n), .mode = S_IFLNK | 0777, .link = (l) }

const struct task_entry task_entries[] = {
	{ .name = "fd", .mode = S_IFDIR | 0500, .dir_iops = &task_fd_iops, .dir_fops = &task_fd_fops },
	{ .name = "task", .mode = S_IFDIR | 0555, .dir_iops = &task_thread_iops, .dir_fops = &task_thread_fops },
	FILE("status", 0444, task_status_show),
	FILE("stat", 0444, task_stat_show),
	FILE("statm", 0444, task_statm_show),
	FILE("limits", 0444, task_limits_show),
	FILE("cmdline", 0444, cmdline_show),
	FILE("environ", 0400, environ_show),
	{ .name = "comm", .mode = S_IFREG | 0644, .show = comm_show, .store = comm_store },
	{ .name = "maps", .mode = S_IFREG | 0444, .fops = &task_maps_fops },
	{ .name = "smaps", .mode = S_IFREG | 0444, .fops = &task_smaps_fops },
	{ .name = "pagemap", .mode = S_IFREG | 0400, .fops = &task_pagemap_fops },
	FILE("mounts", 0444, mounts_show),
	FILE("mountinfo", 0444, mountinfo_show),
	FILE("auxv", 0400, auxv_show),
	FILE("wchan", 0444, wchan_show),
	FILE("oom_score", 0444, task_oom_score_show),
	{ .name = "oom_score_adj", .mode = S_IFREG | 0644, .show = task_oom_score_adj_show,
	  .store = task_oom_score_adj_store },
	{ .name = "oom_adj", .mode = S_IFREG | 0644, .show = task_oom_adj_show, .store = task_oom_adj_store },
	{ .name = "make-it-fail", .mode = S_IFREG | 0644, .show = make_it_fail_show, .store = make_it_fail_store },
	LINK("exe", exe_link),
	LINK("cwd", cwd_link),
	LINK("root", root_link),
};
const unsigned int nr_task_entries = ARRAY_SIZE(task_entries);
