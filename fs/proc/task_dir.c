/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID: a directory for each process (and, asked for by number, each thread).
 *
 *   PID/  -> task_entries[] (files)   PID/fd/N -> open files   PID/task/TID/ -> the threads, the same files
 *
 * The inode holds a reference on the task, so a file that is open when the process dies still has one to ask; its
 * answers are then empty or ESRCH. A name is valid as long as the task can be found by its number.
 */
#include "fs/fdtable.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define PTRACE_CAP 19 /* CAP_SYS_PTRACE */

static const struct inode_operations task_dir_iops, task_file_iops, task_link_iops;
static const struct file_operations task_dir_fops, task_file_fops;

/* => another process of p's user may look into it: it has no secrets of somebody else's (mm_types.h) */
static bool is_dumpable(struct task_struct *p)
{
	bool dumpable;

	task_lock(p);
	dumpable = !p->mm || !(p->mm->flags & MMF_NOT_DUMPABLE);
	task_unlock(p);
	return dumpable;
}

bool proc_may_look(struct task_struct *p)
{
	return p->group_leader == current->group_leader || has_cap(current, PTRACE_CAP) ||
	       (current->fsuid == p->uid && current->fsuid == p->euid && current->fsuid == p->suid &&
		is_dumpable(p));
}

static bool task_alive(struct task_struct *p)
{
	bool alive;

	read_lock(&tasklist_lock);
	alive = find_task_by_pid(p->pid) == p;
	read_unlock(&tasklist_lock);
	return alive;
}

/* The files belong to who the process is now: setuid and exec may have changed that. */
static void take_owner(struct inode *inode, const struct task_struct *p)
{
	inode->i_uid = p->euid;
	inode->i_gid = p->egid;
}

static bool task_revalidate(struct dentry *dentry)
{
	struct task_struct *p = PROC_I(dentry->d_inode)->task;

	take_owner(dentry->d_inode, p);
	return task_alive(p);
}

const struct dentry_operations task_d_ops = { .d_revalidate = task_revalidate };

/* => an inode that belongs to p (gets a reference of its own) or NULL */
static struct inode *task_inode(struct task_struct *p, umode_t mode, u64 sub)
{
	struct inode *inode = proc_new_inode(proc_sb, mode, (u64)p->pid << 20 | sub);

	if (!inode)
		return NULL;
	get_task_struct(p);
	PROC_I(inode)->task = p;
	take_owner(inode, p);
	return inode;
}

static struct task_struct *find_get_task(const char *name, unsigned int len)
{
	unsigned int i;
	pid_t pid = 0;

	if (len == 0 || len > 9 || name[0] == '0')
		return NULL;
	for (i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return NULL;
		pid = pid * 10 + (name[i] - '0');
	}
	return find_get_task_by_pid(pid);
}

static struct dentry *make_task_dir(struct dentry *dir, const char *name, unsigned int len,
				    struct task_struct *p, bool thread)
{
	struct inode *inode = task_inode(p, S_IFDIR | 0555, 1);

	if (inode) {
		PROC_I(inode)->thread = thread;
		inode->i_op = &task_dir_iops;
		inode->i_fop = &task_dir_fops;
	}
	return proc_new_dentry(dir, name, len, inode, &task_d_ops);
}

struct dentry *proc_task_lookup(struct dentry *dir, const char *name, unsigned int len)
{
	struct task_struct *p = find_get_task(name, len);
	struct dentry *dentry;

	if (!p)
		return NULL;
	dentry = make_task_dir(dir, name, len, p, false);
	put_task_struct(p);
	return dentry;
}

/* => the lowest pid >= from among processes, or among the threads of group; 0: none */
static pid_t next_pid(pid_t from, struct task_struct *group)
{
	struct task_struct *p, *t;
	pid_t best = 0;

	read_lock(&tasklist_lock);
	if (group) {
		if (find_task_by_pid(group->pid) == group)
			for_each_thread(group, t)
				if (t->pid >= from && (!best || t->pid < best))
					best = t->pid;
	} else {
		for_each_process(p)
			if (p->pid >= from && (!best || p->pid < best))
				best = p->pid;
	}
	read_unlock(&tasklist_lock);
	return best;
}

bool proc_task_iterate(void *ctx, filldir_t emit, loff_t *pos, loff_t base, struct task_struct *group)
{
	pid_t pid;

	while ((pid = next_pid((pid_t)(*pos - base), group)) != 0) {
		char name[16];
		int len = scnprintf(name, sizeof(name), "%d", pid);

		if (!emit(ctx, name, len, base + pid, (u64)pid << 20 | 1, DT_DIR))
			return false;
		*pos = base + pid + 1;
	}
	return true;
}

/* ---- PID/ ---- */

/* A thread's directory has all names but task/. */
static bool has_entry(const struct inode *dir, const struct task_entry *e)
{
	return !PROC_I(dir)->thread || e->dir_iops != &task_thread_iops;
}

static struct dentry *task_dir_lookup(struct dentry *dir, const char *name, unsigned int len)
{
	struct task_struct *p = PROC_I(dir->d_inode)->task;
	struct inode *inode;
	unsigned int i;

	for (i = 0; i < nr_task_entries; i++) {
		const struct task_entry *e = &task_entries[i];

		if (strlen(e->name) != len || memcmp(e->name, name, len) || !has_entry(dir->d_inode, e))
			continue;
		inode = task_inode(p, e->mode, i + 2);
		if (inode) {
			PROC_I(inode)->task_entry = e;
			inode->i_op = e->dir_iops ? e->dir_iops : e->link ? &task_link_iops : &task_file_iops;
			inode->i_fop = e->dir_fops ? e->dir_fops : e->fops ? e->fops : &task_file_fops;
		}
		return proc_new_dentry(dir, name, len, inode, &task_d_ops);
	}
	return NULL;
}

static int task_dir_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	struct task_struct *p = PROC_I(file_inode(file))->task;

	if (!emit_dots(file, ctx, emit, pos))
		return 0;
	if (!task_alive(p))
		return -ENOENT;
	for (; *pos - 2 < (loff_t)nr_task_entries; ++*pos) {
		const struct task_entry *e = &task_entries[*pos - 2];

		if (has_entry(file_inode(file), e) &&
		    !emit(ctx, e->name, strlen(e->name), *pos, (u64)p->pid << 20 | (u64)*pos,
			  (e->mode & S_IFMT) >> 12))
			return 0;
	}
	return 0;
}

static const struct inode_operations task_dir_iops = { .lookup = task_dir_lookup };
static const struct file_operations task_dir_fops = { .iterate = task_dir_iterate };

/* ---- PID/task/ ---- */

static struct dentry *thread_lookup(struct dentry *dir, const char *name, unsigned int len)
{
	struct task_struct *p = find_get_task(name, len);
	struct dentry *dentry = NULL;

	if (!p)
		return NULL;
	if (p->tgid == PROC_I(dir->d_inode)->task->tgid)
		dentry = make_task_dir(dir, name, len, p, true);
	put_task_struct(p);
	return dentry;
}

static int thread_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	if (emit_dots(file, ctx, emit, pos))
		proc_task_iterate(ctx, emit, pos, 2, PROC_I(file_inode(file))->task->group_leader);
	return 0;
}

const struct inode_operations task_thread_iops = { .lookup = thread_lookup };
const struct file_operations task_thread_fops = { .iterate = thread_iterate };

/* ---- Files and links of PID/ ---- */

static int show_task(struct seq_file *m, void *private)
{
	struct proc_inode *pi = private;

	return pi->task_entry->show(m, pi->task);
}

static int task_file_open(struct inode *inode, struct file *file)
{
	return PROC_I(inode)->task_entry->show ? single_open(file, show_task, PROC_I(inode)) : 0;
}

static int store_task(void *data, char *text, size_t len)
{
	struct proc_inode *pi = data;

	return pi->task_entry->store(pi->task, text, len);
}

static ssize_t task_file_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	struct proc_inode *pi = PROC_I(file_inode(file));

	return pi->task_entry->store ? proc_write_text(ubuf, count, store_task, pi) : -EINVAL;
}

static void task_file_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		seq_release(inode, file);
}

static const struct file_operations task_file_fops = {
	.open = task_file_open, .release = task_file_release, .read = seq_read,
	.kernel_read = seq_kernel_read, .write = task_file_write, .llseek = seq_lseek,
};

static int task_setattr(struct inode *inode, struct iattr *attr)
{
	if (attr->valid & ATTR_MODE)
		return -EPERM;
	attr->valid &= ~ATTR_SIZE;
	return 0;
}

static const struct inode_operations task_file_iops = { .setattr = task_setattr };

static int task_get_link(struct dentry *dentry, struct link_target *out)
{
	struct proc_inode *pi = PROC_I(dentry->d_inode);

	if (!proc_may_look(pi->task))
		return -EACCES;
	return pi->task_entry->link(pi->task, &out->jump);
}

static const struct inode_operations task_link_iops = { .get_link = task_get_link };

/* ---- PID/fd/ ---- */

static struct file *task_fget(struct task_struct *p, int fd)
{
	struct files_struct *files = get_files_struct(p);
	struct file *file = NULL;

	if (!files)
		return NULL;
	spin_lock(&files->lock);
	if ((unsigned int)fd < files->max_fds && files->fd[fd])
		file = get_file(files->fd[fd]);
	spin_unlock(&files->lock);
	put_files_struct(files);
	return file;
}

static int fd_get_link(struct dentry *dentry, struct link_target *out)
{
	struct proc_inode *pi = PROC_I(dentry->d_inode);
	struct file *file;

	if (!proc_may_look(pi->task))
		return -EACCES;
	file = task_fget(pi->task, pi->fd);
	if (!file)
		return -ENOENT;
	out->jump = file->f_path;
	path_get(&out->jump);
	fput(file);
	return 0;
}

static const struct inode_operations fd_link_iops = { .get_link = fd_get_link };

static bool fd_revalidate(struct dentry *dentry)
{
	return false; /* another file may be there by now */
}

static const struct dentry_operations fd_d_ops = { .d_revalidate = fd_revalidate };

static struct dentry *fd_lookup(struct dentry *dir, const char *name, unsigned int len)
{
	struct task_struct *p = PROC_I(dir->d_inode)->task;
	struct inode *inode;
	struct file *file;
	unsigned int i, mode;
	int fd = 0;

	for (i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9' || i > 7)
			return NULL;
		fd = fd * 10 + (name[i] - '0');
	}
	file = task_fget(p, fd);
	if (!file)
		return NULL;
	mode = file->f_mode;
	fput(file);
	inode = task_inode(p, S_IFLNK | (mode & FMODE_READ ? 0500 : 0) | (mode & FMODE_WRITE ? 0300 : 0),
			   0x80000 + fd);
	if (inode) {
		PROC_I(inode)->fd = fd;
		inode->i_op = &fd_link_iops;
		inode->i_size = 64;
	}
	return proc_new_dentry(dir, name, len, inode, &fd_d_ops);
}

static int fd_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	struct task_struct *p = PROC_I(file_inode(file))->task;
	struct files_struct *files;

	if (!emit_dots(file, ctx, emit, pos))
		return 0;
	if (!proc_may_look(p))
		return -EACCES;
	files = get_files_struct(p);
	if (!files)
		return -ENOENT;
	for (; *pos - 2 < (loff_t)READ_ONCE(files->max_fds); ++*pos) {
		unsigned int fd = (unsigned int)(*pos - 2);
		char name[16];
		bool open;

		spin_lock(&files->lock);
		open = fd < files->max_fds && files->fd[fd];
		spin_unlock(&files->lock);
		if (open && !emit(ctx, name, scnprintf(name, sizeof(name), "%u", fd), *pos,
				  (u64)p->pid << 20 | (0x80000 + fd), DT_LNK))
			break;
	}
	put_files_struct(files);
	return 0;
}

const struct inode_operations task_fd_iops = { .lookup = fd_lookup };
const struct file_operations task_fd_fops = { .iterate = fd_iterate };
