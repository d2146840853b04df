/* SPDX-License-Identifier: MIT */
/*
 * Process descriptors: a file that names a process for good, however its number is used later.
 *
 * poll() says POLLIN once the process is a zombie without threads, or gone. There is one wait queue for all of them,
 * woken at every exit; its lock orders the news before the look of whoever has just queued.
 *
 * process_mrelease() waits for a dying process to have given its memory back: our OOM reaper and exit do the
 * work, the caller only learns when it is done.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"

#define PIDFD_NONBLOCK O_NONBLOCK

static DECLARE_WAIT_QUEUE_HEAD(pidfd_wait);

void pidfd_notify_exit(void)
{
	wake_up_all(&pidfd_wait);
}

static unsigned int pidfd_poll(struct file *file, struct poll_table *wait)
{
	struct task_struct *p = file->private_data;

	poll_wait(file, &pidfd_wait, wait);
	return READ_ONCE(p->exit_state) && thread_group_empty(p) ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct inode *inode, struct file *file)
{
	put_task_struct(file->private_data);
}

static const struct file_operations pidfd_fops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.llseek = no_llseek,
};

long sys_pidfd_open(pid_t pid, unsigned int flags)
{
	struct task_struct *p;
	struct file *file;
	int fd;

	if ((flags & ~(unsigned int)PIDFD_NONBLOCK) || pid <= 0)
		return -EINVAL;
	p = find_get_task_by_pid(pid);
	if (!p)
		return -ESRCH;
	fd = thread_group_leader(p) ? get_unused_fd_flags(O_CLOEXEC) : -EINVAL;
	if (fd < 0) {
		put_task_struct(p);
		return fd;
	}
	file = anon_inode_getfile("[pidfd]", &pidfd_fops, p, O_RDWR | flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		put_task_struct(p);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/* => the referenced task behind a descriptor, or ERR_PTR */
static struct task_struct *pidfd_task(int fd)
{
	struct file *file = fget(fd);
	struct task_struct *p = ERR_PTR(-EBADF);

	if (!file)
		return p;
	if (file->f_op == &pidfd_fops) {
		p = file->private_data;
		get_task_struct(p);
	}
	fput(file);
	return p;
}

long sys_pidfd_send_signal(int fd, int sig, const void __user *uinfo, unsigned int flags)
{
	struct linux_siginfo info;
	struct task_struct *p;
	long err = -ESRCH;

	if (flags || !valid_signal(sig))
		return -EINVAL;
	p = pidfd_task(fd);
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (uinfo) {
		err = copy_from_user(&info, uinfo, sizeof(info)) ? -EFAULT : 0;
		if (!err && info.si_signo != sig)
			err = -EINVAL;
		if (!err && p->tgid != current->tgid && (info.si_code >= 0 || info.si_code == SI_TKILL))
			err = -EPERM;
		if (err)
			goto out;
	}
	err = kill_task_info(sig, uinfo ? &info : SEND_SIG_NOINFO, p);
out:
	put_task_struct(p);
	return err;
}

long sys_process_mrelease(int fd, unsigned int flags)
{
	struct task_struct *p;
	long err = 0;

	if (flags)
		return -EINVAL;
	p = pidfd_task(fd);
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (!p->sighand && p->exit_state == EXIT_DEAD)
		err = -ESRCH;
	else if (!p->signal->group_exit && !(p->flags & PF_EXITING))
		err = -EINVAL; /* it has not been killed */
	while (!err && READ_ONCE(p->mm)) {
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	put_task_struct(p);
	return err;
}
