/* SPDX-License-Identifier: MIT */
/*
 * System calls on descriptors: closing, duplicating, the nameless files (pipes, memfd), fcntl, ioctl. Thin: the work
 * is in fs/.
 *
 * A call that gives two descriptors reserves both, tells the user, and installs the files last: when the user's
 * memory is bad nobody has seen them.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/pipe.h"
#include "kernel/base/string.h"

long sys_close(int fd)
{
	return close_fd(fd);
}

long sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	if (flags & ~4U || first > last) /* CLOSE_RANGE_CLOEXEC */
		return -EINVAL;
	return close_fd_range(first, last, flags & 4U);
}

long sys_dup(int fd)
{
	return do_dup(fd, 0, 0);
}

long sys_dup2(int oldfd, int newfd)
{
	return do_dup2(oldfd, newfd, 0, true);
}

long sys_dup3(int oldfd, int newfd, int flags)
{
	if (flags & ~O_CLOEXEC)
		return -EINVAL;
	return do_dup2(oldfd, newfd, (unsigned int)flags, false);
}

static int reserve_pair(int fds[2], unsigned int flags)
{
	fds[0] = get_unused_fd_flags(flags);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = get_unused_fd_flags(flags);
	if (fds[1] < 0) {
		put_unused_fd(fds[0]);
		return fds[1];
	}
	return 0;
}

int install_file_pair(struct file *files[2], int __user *ufds, unsigned int flags)
{
	int fds[2], err = reserve_pair(fds, flags);

	if (!err && copy_to_user(ufds, fds, sizeof(fds))) {
		put_unused_fd(fds[0]);
		put_unused_fd(fds[1]);
		err = -EFAULT;
	}
	if (err) {
		fput(files[0]);
		fput(files[1]);
		return err;
	}
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;
}

long sys_pipe2(int __user *ufds, int flags)
{
	struct file *files[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = create_pipe_files(files, flags & ~O_CLOEXEC);
	return err ? err : install_file_pair(files, ufds, flags & O_CLOEXEC);
}

long sys_pipe(int __user *ufds)
{
	return sys_pipe2(ufds, 0);
}

long sys_memfd_create(const char __user *uname, unsigned int flags)
{
	char name[250];
	struct file *file;
	long len = strncpy_from_user(name, uname, sizeof(name));
	int fd;

	if (len < 0)
		return len;
	if (len >= (long)sizeof(name) || (flags & ~3U)) /* MFD_CLOEXEC, MFD_ALLOW_SEALING */
		return -EINVAL;
	fd = get_unused_fd_flags(flags & 1 ? O_CLOEXEC : 0);
	if (fd < 0)
		return fd;
	file = memfd_file(name, flags & 2);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/* ---- fcntl, ioctl ------------------------------------------------------------------------------- */

#define F_DUPFD		0
#define F_GETFD		1
#define F_SETFD		2
#define F_GETFL		3
#define F_SETFL		4
#define F_GETLK		5
#define F_SETLK		6
#define F_SETLKW	7
#define F_SETOWN	8
#define F_GETOWN	9
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ	1031
#define F_GETPIPE_SZ	1032
#define F_ADD_SEALS	1033
#define F_GET_SEALS	1034
#define FD_CLOEXEC	1
#define SETFL_MASK	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)
#define FIONBIO		0x5421
#define FIOCLEX		0x5451
#define FIONCLEX	0x5450

static void set_file_flags(struct file *file, unsigned int mask, unsigned int flags)
{
	spin_lock(&file_inode(file)->i_lock);
	file->f_flags = (file->f_flags & ~mask) | (flags & mask);
	spin_unlock(&file_inode(file)->i_lock);
}

static long fcntl_lock(struct file *file, unsigned int cmd, void __user *ulock)
{
	struct linux_flock user;
	struct flock_k lock;
	long err;

	if (copy_from_user(&user, ulock, sizeof(user)))
		return -EFAULT;
	lock = (struct flock_k){ user.l_type, user.l_whence, user.l_start, user.l_len, user.l_pid };
	if (cmd != F_GETLK)
		return fcntl_setlk(file, &lock, cmd == F_SETLKW);
	err = fcntl_getlk(file, &lock);
	if (err)
		return err;
	memset(&user, 0, sizeof(user));
	user.l_type = lock.l_type;
	user.l_whence = lock.l_whence;
	user.l_start = lock.l_start;
	user.l_len = lock.l_len;
	user.l_pid = lock.l_pid;
	return copy_to_user(ulock, &user, sizeof(user)) ? -EFAULT : 0;
}

static long fcntl_file(struct file *file, int fd, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_GETFL:
		return (long)(file->f_flags & ~(unsigned int)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC));
	case F_SETFL:
		if ((arg & O_DIRECT) && !may_be_direct(file))
			return -EINVAL;
		set_file_flags(file, SETFL_MASK, (unsigned int)arg);
		return 0;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return fcntl_lock(file, cmd, (void *)arg);
	case F_SETOWN:
		return 0;
	case F_GETOWN:
		return 0;
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_ADD_SEALS:
		return shmem_add_seals(file, (unsigned int)arg);
	case F_GET_SEALS:
		return shmem_get_seals(file);
	case F_SETPIPE_SZ:
		return pipe_set_size(file, arg);
	}
	return -EINVAL;
}

long sys_fcntl(int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file;
	long ret;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return do_dup(fd, (unsigned int)arg, cmd == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0);
	case F_GETFD:
		return get_close_on_exec(fd);
	case F_SETFD:
		return set_close_on_exec(fd, arg & FD_CLOEXEC);
	}
	file = cmd == F_GETFL ? fget_raw(fd) : fget(fd);
	if (!file)
		return -EBADF;
	ret = fcntl_file(file, fd, cmd, arg);
	fput(file);
	return ret;
}

long sys_ioctl(int fd, unsigned int cmd, unsigned long arg)
{
	struct file *file;
	long ret = 0;
	int on;

	if (cmd == FIOCLEX || cmd == FIONCLEX)
		return set_close_on_exec(fd, cmd == FIOCLEX);
	file = fget(fd);
	if (!file)
		return -EBADF;
	if (cmd == FIONBIO) {
		ret = get_user(on, (int *)arg);
		if (!ret)
			set_file_flags(file, O_NONBLOCK, on ? O_NONBLOCK : 0);
	} else {
		ret = vfs_ioctl(file, cmd, arg);
		if (ret == -ENOIOCTLCMD)
			ret = -ENOTTY;
	}
	fput(file);
	return ret;
}
