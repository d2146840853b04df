/* SPDX-License-Identifier: MIT */
/*
 * System calls on descriptors: reading, writing, seeking, duplicating, fcntl. Thin: the work is in fs/.
 *
 * A write to a pipe nobody reads fails with EPIPE and sends SIGPIPE here, one beyond RLIMIT_FSIZE SIGXFSZ, since
 * fs knows no signals.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/pipe.h"
#include "fs/namei.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

#define IOV_ON_STACK 8

/* => ret, after the signal that goes with some errors of writing */
static ssize_t write_signals(ssize_t ret)
{
	if (unlikely(ret == -EPIPE))
		send_sig_info(SIGPIPE, SEND_SIG_NOINFO, current, false);
	else if (unlikely(ret == -EFBIG) && current->signal->rlim[RLIMIT_FSIZE].rlim_cur != RLIM_INFINITY)
		send_sig_info(SIGXFSZ, SEND_SIG_NOINFO, current, false);
	return ret;
}

long sys_read(int fd, char __user *buf, size_t count)
{
	struct file *file = fget(fd);
	ssize_t ret;

	if (!file)
		return -EBADF;
	ret = file_read(file, buf, count);
	fput(file);
	return ret;
}

long sys_write(int fd, const char __user *buf, size_t count)
{
	struct file *file = fget(fd);
	ssize_t ret;

	if (!file)
		return -EBADF;
	ret = write_signals(file_write(file, buf, count));
	fput(file);
	return ret;
}

static bool has_positions(const struct file *file)
{
	return (file->f_mode & FMODE_PREAD) && !S_ISFIFO(file_inode(file)->i_mode);
}

static long do_pread(int fd, char __user *buf, size_t count, loff_t pos, bool write)
{
	struct file *file;
	ssize_t ret;

	if (pos < 0)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	if (!has_positions(file))
		ret = -ESPIPE;
	else
		ret = write ? write_signals(vfs_write(file, buf, count, &pos)) : vfs_read(file, buf, count, &pos);
	fput(file);
	return ret;
}

long sys_pread64(int fd, char __user *buf, size_t count, loff_t pos)
{
	return do_pread(fd, buf, count, pos, false);
}

long sys_pwrite64(int fd, const char __user *buf, size_t count, loff_t pos)
{
	return do_pread(fd, (char *)buf, count, pos, true);
}

/* ---- Vectors ---------------------------------------------------------------------------------- */

/* => n pieces copied to *iov (fast, or allocated), checked; or -errno */
static int import_iovec(const void __user *uiov, unsigned long n, struct iovec_k *fast,
			struct iovec_k **iov)
{
	size_t total = 0;

	if (n > UIO_MAXIOV)
		return -EINVAL;
	*iov = fast;
	if (n > IOV_ON_STACK)
		*iov = kmalloc(n * sizeof(**iov), GFP_KERNEL);
	if (!*iov)
		return -ENOMEM;
	if (copy_from_user(*iov, uiov, n * sizeof(**iov)))
		goto fault;
	for (unsigned long i = 0; i < n; i++) {
		struct iovec_k *piece = *iov + i;

		if ((ssize_t)piece->len < 0 || (ssize_t)(total + piece->len) < 0) {
			if (*iov != fast)
				kfree(*iov);
			return -EINVAL;
		}
		if (!access_ok(piece->base, piece->len))
			goto fault;
		total += piece->len;
	}
	return 0;
fault:
	if (*iov != fast)
		kfree(*iov);
	return -EFAULT;
}

static long do_vector(int fd, const void __user *uiov, unsigned long n, loff_t *pos, bool write)
{
	struct iovec_k fast[IOV_ON_STACK], *iov;
	struct file *file;
	ssize_t ret;

	file = fget(fd);
	if (!file)
		return -EBADF;
	if (pos && !has_positions(file))
		ret = -ESPIPE;
	else
		ret = import_iovec(uiov, n, fast, &iov);
	if (!ret) {
		ret = write ? write_signals(vfs_writev(file, iov, (unsigned int)n, pos)) :
			      vfs_readv(file, iov, (unsigned int)n, pos);
		if (iov != fast)
			kfree(iov);
	}
	fput(file);
	return ret;
}

long sys_readv(int fd, const void __user *iov, unsigned long n)
{
	return do_vector(fd, iov, n, NULL, false);
}

long sys_writev(int fd, const void __user *iov, unsigned long n)
{
	return do_vector(fd, iov, n, NULL, true);
}

long sys_preadv(int fd, const void __user *iov, unsigned long n, loff_t pos)
{
	return pos < 0 ? -EINVAL : do_vector(fd, iov, n, &pos, false);
}

long sys_pwritev(int fd, const void __user *iov, unsigned long n, loff_t pos)
{
	return pos < 0 ? -EINVAL : do_vector(fd, iov, n, &pos, true);
}

/* ---- Position, size, state ---------------------------------------------------------------------- */

long sys_lseek(int fd, loff_t offset, int whence)
{
	struct file *file = fget(fd);
	loff_t ret;

	if (!file)
		return -EBADF;
	ret = vfs_llseek(file, offset, whence);
	fput(file);
	return ret;
}

long sys_sendfile(int out_fd, int in_fd, loff_t __user *upos, size_t count)
{
	struct file *in = fget(in_fd), *out = fget(out_fd);
	loff_t pos;
	ssize_t ret = -EBADF;

	if (in && out) {
		ret = upos && get_user(pos, upos) ? -EFAULT : 0;
		if (!ret)
			ret = write_signals(vfs_sendfile(out, in, upos ? &pos : NULL, count));
		if (ret >= 0 && upos && put_user(pos, upos))
			ret = -EFAULT;
	}
	if (in)
		fput(in);
	if (out)
		fput(out);
	return ret;
}

static long do_fsync(int fd, bool datasync)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_fsync(file, datasync);
	fput(file);
	return ret;
}

long sys_fsync(int fd)
{
	return do_fsync(fd, false);
}

long sys_fdatasync(int fd)
{
	return do_fsync(fd, true);
}

long sys_sync(void)
{
	vfs_sync();
	return 0;
}

long sys_syncfs(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return -EBADF;
	fput(file);
	return vfs_sync();
}

long sys_ftruncate(int fd, loff_t length)
{
	struct file *file;
	long ret;

	if (length < 0)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = vfs_ftruncate(file, length);
	fput(file);
	return ret;
}

long sys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_fallocate(file, mode, offset, len);
	fput(file);
	return ret;
}

/* Advice about access patterns is taken and not followed; its arguments are checked. */
long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	struct file *file = fget(fd);
	long ret = 0;

	if (!file)
		return -EBADF;
	if (S_ISFIFO(file_inode(file)->i_mode))
		ret = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > 5)
		ret = -EINVAL;
	fput(file);
	return ret;
}

static long do_getdents(int fd, void __user *buf, unsigned int count)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_getdents64(file, buf, count);
	fput(file);
	return ret;
}

long sys_getdents64(int fd, void __user *buf, unsigned int count)
{
	return do_getdents(fd, buf, count);
}

long sys_flock(int fd, unsigned int operation)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = flock_file(file, operation);
	fput(file);
	return ret;
}

/* ---- Descriptors ------------------------------------------------------------------------------ */

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
