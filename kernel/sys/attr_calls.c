/* SPDX-License-Identifier: MIT */
/*
 * System calls on the attributes of files: mode, owner, times; by name and by descriptor.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "kernel/sys/with_name.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"

long sys_fchmodat(int dfd, const char __user *uname, mode_t mode)
{
	return WITH_NAME(uname, name, do_fchmodat(dfd, name, (umode_t)(mode & S_IALLUGO), 0));
}

long sys_chmod(const char __user *uname, mode_t mode)
{
	return sys_fchmodat(AT_FDCWD, uname, mode);
}

long sys_fchmod(int fd, mode_t mode)
{
	struct file *file = fget(fd);
	long err;

	if (!file)
		return -EBADF;
	err = vfs_fchmod(file, (umode_t)(mode & S_IALLUGO));
	fput(file);
	return err;
}

long sys_fchownat(int dfd, const char __user *uname, u32 uid, u32 gid, int flags)
{
	char *name;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	name = flags & AT_EMPTY_PATH ? getname_maybe_empty(uname) : getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_fchownat(dfd, name, uid, gid, flags);
	putname(name);
	return err;
}

long sys_chown(const char __user *uname, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, 0);
}

long sys_lchown(const char __user *uname, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, uname, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, u32 uid, u32 gid)
{
	struct file *file = fget(fd);
	long err;

	if (!file)
		return -EBADF;
	err = vfs_fchown(file, uid, gid);
	fput(file);
	return err;
}

#define UTIME_NOW  0x3fffffffL
#define UTIME_OMIT 0x3ffffffeL

static long do_utimes(int dfd, const char __user *uname, const s64 *times, int flags)
{
	if (!uname && dfd != AT_FDCWD) { /* futimens: the descriptor itself */
		struct file *file = fget(dfd);
		long err;

		if (!file)
			return -EBADF;
		err = vfs_utimes(file_inode(file), times);
		fput(file);
		return err;
	}
	return WITH_NAME(uname, name, do_utimensat(dfd, name, times, flags));
}

long sys_utimensat(int dfd, const char __user *uname, const void __user *utimes, int flags)
{
	struct linux_timespec ts[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	s64 times[2];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (utimes && copy_from_user(ts, utimes, sizeof(ts)))
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW)
		return do_utimes(dfd, uname, NULL, flags);
	for (int i = 0; i < 2; i++) {
		if (ts[i].tv_nsec == UTIME_OMIT)
			times[i] = UTIME_KEEP;
		else if (ts[i].tv_nsec == UTIME_NOW)
			times[i] = current_time_ns();
		else if ((u64)ts[i].tv_nsec >= NSEC_PER_SEC)
			return -EINVAL;
		else
			times[i] = ts[i].tv_sec * (s64)NSEC_PER_SEC + ts[i].tv_nsec;
	}
	return do_utimes(dfd, uname, times, flags);
}

long sys_futimesat(int dfd, const char __user *uname, const void __user *utimes)
{
	const char __user *p = utimes;
	s64 times[2];

	for (int i = 0; utimes && i < 2; i++) {
		u64 ns;
		int err = get_timeval_ns(&ns, p + i * sizeof(struct linux_timeval));

		if (err)
			return err;
		times[i] = (s64)ns;
	}
	return do_utimes(dfd, uname, utimes ? times : NULL, 0);
}

long sys_utimes(const char __user *uname, const void __user *utimes)
{
	return sys_futimesat(AT_FDCWD, uname, utimes);
}

long sys_utime(const char __user *uname, const void __user *ubuf)
{
	s64 times[2];

	if (ubuf) {
		if (copy_from_user(times, ubuf, sizeof(times)))
			return -EFAULT;
		times[0] *= (s64)NSEC_PER_SEC;
		times[1] *= (s64)NSEC_PER_SEC;
	}
	return do_utimes(AT_FDCWD, uname, ubuf ? times : NULL, 0);
}
