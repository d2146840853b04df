/* SPDX-License-Identifier: MIT */
/*
 * Every system call by its C name; the table that numbers them is syscall_table.h. Pointers from the user are
 * followed by the uaccess functions only. => result or -errno
 */
#ifndef KERNEL_SYS_SYSCALLS_H
#define KERNEL_SYS_SYSCALLS_H

#include "kernel/base/compiler.h"
#include "kernel/base/types.h"

struct file;
struct linux_stack;
struct pollfd_k;

/* cred_calls.c */
long sys_getpid(void);
long sys_gettid(void);
long sys_getppid(void);
long sys_getuid(void);
long sys_geteuid(void);
long sys_getgid(void);
long sys_getegid(void);
long sys_getresuid(u32 __user *ruid, u32 __user *euid, u32 __user *suid);
long sys_getresgid(u32 __user *rgid, u32 __user *egid, u32 __user *sgid);
long sys_setresuid(u32 uid, u32 euid, u32 suid);
long sys_setuid(u32 uid);
long sys_setreuid(u32 uid, u32 euid);
long sys_setresgid(u32 gid, u32 egid, u32 sgid);
long sys_setgid(u32 gid);
long sys_setregid(u32 gid, u32 egid);
long sys_setfsuid(u32 uid);
long sys_setfsgid(u32 gid);
long sys_getgroups(int size, u32 __user *list);
long sys_setgroups(int size, const u32 __user *list);
long sys_capget(void __user *uhead, void __user *udata);
long sys_capset(void __user *uhead, const void __user *udata);
long sys_setpgid(pid_t pid, pid_t pgrp);
long sys_getpgid(pid_t pid);
long sys_getpgrp(void);
long sys_getsid(pid_t pid);
long sys_setsid(void);

/* tty_signal.c */
long sys_vhangup(void);

/* limits.c */
long sys_getrlimit(unsigned int which, void __user *ulimit);
long sys_setrlimit(unsigned int which, const void __user *ulimit);
long sys_prlimit64(pid_t pid, unsigned int which, const void __user *unew, void __user *uold);

/* exec.c */
long sys_execve(const char __user *ufilename, unsigned long __user *uargv,
	   unsigned long __user *uenvp);

/* exit.c */
long sys_exit(int status);
long sys_exit_group(int status);

/* file_calls.c */
long sys_read(int fd, char __user *buf, size_t count);
long sys_write(int fd, const char __user *buf, size_t count);
long sys_pread64(int fd, char __user *buf, size_t count, loff_t pos);
long sys_pwrite64(int fd, const char __user *buf, size_t count, loff_t pos);
long sys_readv(int fd, const void __user *iov, unsigned long n);
long sys_writev(int fd, const void __user *iov, unsigned long n);
long sys_preadv(int fd, const void __user *iov, unsigned long n, loff_t pos);
long sys_pwritev(int fd, const void __user *iov, unsigned long n, loff_t pos);
long sys_lseek(int fd, loff_t offset, int whence);
long sys_sendfile(int out_fd, int in_fd, loff_t __user *upos, size_t count);
long sys_fsync(int fd);
long sys_fdatasync(int fd);
long sys_sync(void);
long sys_syncfs(int fd);
long sys_ftruncate(int fd, loff_t length);
long sys_fallocate(int fd, int mode, loff_t offset, loff_t len);
long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice);
long sys_readahead(int fd, loff_t offset, size_t count);
long sys_getdents64(int fd, void __user *buf, unsigned int count);
long sys_flock(int fd, unsigned int operation);
long sys_close(int fd);
long sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
long sys_dup(int fd);
long sys_dup2(int oldfd, int newfd);
long sys_dup3(int oldfd, int newfd, int flags);
long sys_pipe2(int __user *ufds, int flags);
long sys_pipe(int __user *ufds);
long sys_memfd_create(const char __user *uname, unsigned int flags);
long sys_fcntl(int fd, unsigned int cmd, unsigned long arg);
long sys_ioctl(int fd, unsigned int cmd, unsigned long arg);

/* fork.c */
long sys_fork(void);
long sys_vfork(void);
long sys_clone(unsigned long flags, unsigned long stack, int __user *parent_tid,
	   int __user *child_tid, unsigned long tls);

/* futex.c */
long sys_futex(u32 __user *uaddr, int op, u32 val, unsigned long utime, u32 __user *uaddr2,
	   u32 val3);
long sys_set_robust_list(void __user *head, size_t len);
long sys_get_robust_list(pid_t pid, void __user *uhead, size_t __user *ulen);

/* itimer.c */
long sys_getitimer(int which, void __user *uval);
long sys_setitimer(int which, const void __user *unew, void __user *uold);
long sys_alarm(unsigned int seconds);

/* misc_calls.c */
long sys_uname(void __user *ubuf);
long sys_syslog(int type, char __user *buf, int len);
long sys_sethostname(const char __user *uname, int len);
long sys_setdomainname(const char __user *uname, int len);
long sys_personality(unsigned int persona);
long sys_sysinfo(void __user *ubuf);
long sys_getrusage(int who, void __user *ubuf);
long sys_getrandom(char __user *buf, size_t count, unsigned int flags);
long sys_arch_prctl(int code, unsigned long arg);
long sys_set_tid_address(int __user *tid);
long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	   unsigned long arg5);
long sys_membarrier(int cmd, unsigned int flags);
long sys_reboot(unsigned int magic1, unsigned int magic2, unsigned int cmd, unsigned long arg);

/* mm_calls.c */
long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	   int fd, unsigned long offset);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot);
long sys_brk(unsigned long brk);
long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
	   unsigned long flags, unsigned long new_addr);
long sys_madvise(unsigned long start, unsigned long len, int advice);
long sys_mlock(unsigned long start, unsigned long len);
long sys_mlock2(unsigned long start, unsigned long len, int flags);
long sys_munlock(unsigned long start, unsigned long len);
long sys_mlockall(int flags);
long sys_munlockall(void);
long sys_msync(unsigned long start, unsigned long len, int flags);
long sys_mincore(unsigned long start, unsigned long len, unsigned char __user *vec);
long sys_swapon(const char __user *uname, int flags);
long sys_swapoff(const char __user *uname);

/* path_calls.c */
long sys_openat(int dfd, const char __user *uname, int flags, mode_t mode);
long sys_open(const char __user *uname, int flags, mode_t mode);
long sys_creat(const char __user *uname, mode_t mode);
long sys_mkdirat(int dfd, const char __user *uname, mode_t mode);
long sys_mkdir(const char __user *uname, mode_t mode);
long sys_mknodat(int dfd, const char __user *uname, mode_t mode, unsigned int dev);
long sys_mknod(const char __user *uname, mode_t mode, unsigned int dev);
long sys_symlinkat(const char __user *utarget, int dfd, const char __user *uname);
long sys_symlink(const char __user *utarget, const char __user *uname);
long sys_linkat(int olddfd, const char __user *uold, int newdfd, const char __user *unew,
	   int flags);
long sys_link(const char __user *uold, const char __user *unew);
long sys_unlinkat(int dfd, const char __user *uname, int flags);
long sys_unlink(const char __user *uname);
long sys_rmdir(const char __user *uname);
long sys_renameat2(int olddfd, const char __user *uold, int newdfd, const char __user *unew,
	   unsigned int flags);
long sys_renameat(int olddfd, const char __user *uold, int newdfd, const char __user *unew);
long sys_rename(const char __user *uold, const char __user *unew);
long sys_fstat(int fd, void __user *ubuf);
long sys_newfstatat(int dfd, const char __user *uname, void __user *ubuf, int flags);
long sys_stat(const char __user *uname, void __user *ubuf);
long sys_lstat(const char __user *uname, void __user *ubuf);
long sys_statfs(const char __user *uname, void __user *ubuf);
long sys_fstatfs(int fd, void __user *ubuf);
long sys_faccessat2(int dfd, const char __user *uname, int mode, int flags);
long sys_faccessat(int dfd, const char __user *uname, int mode);
long sys_access(const char __user *uname, int mode);
long sys_readlinkat(int dfd, const char __user *uname, char __user *ubuf, int size);
long sys_readlink(const char __user *uname, char __user *ubuf, int size);
long sys_fchmodat(int dfd, const char __user *uname, mode_t mode);
long sys_chmod(const char __user *uname, mode_t mode);
long sys_fchmod(int fd, mode_t mode);
long sys_fchownat(int dfd, const char __user *uname, u32 uid, u32 gid, int flags);
long sys_chown(const char __user *uname, u32 uid, u32 gid);
long sys_lchown(const char __user *uname, u32 uid, u32 gid);
long sys_fchown(int fd, u32 uid, u32 gid);
long sys_utimensat(int dfd, const char __user *uname, const void __user *utimes, int flags);
long sys_futimesat(int dfd, const char __user *uname, const void __user *utimes);
long sys_utimes(const char __user *uname, const void __user *utimes);
long sys_utime(const char __user *uname, const void __user *ubuf);
long sys_truncate(const char __user *uname, loff_t length);
long sys_umask(mode_t mask);
long sys_chdir(const char __user *uname);
long sys_fchdir(int fd);
long sys_chroot(const char __user *uname);
long sys_getcwd(char __user *buf, size_t size);
long sys_mount(const char __user *udev, const char __user *udir, const char __user *utype,
	   unsigned long flags, const char __user *udata);
long sys_umount2(const char __user *uname, int flags);

/* poll_calls.c */
long sys_poll(struct pollfd_k __user *ufds, unsigned int n, int timeout_ms);
long sys_ppoll(struct pollfd_k __user *ufds, unsigned int n, void __user *uts,
	   const void __user *uset, size_t size);
long sys_select(int n, void __user *in, void __user *out, void __user *ex, void __user *utv);
long sys_pselect6(int n, void __user *in, void __user *out, void __user *ex, void __user *uts,
	   const void __user *usig);

/* sched_calls.c */
long sys_sched_yield(void);
long sys_sched_setscheduler(pid_t pid, int policy, const int __user *param);
long sys_sched_setparam(pid_t pid, const int __user *param);
long sys_sched_getscheduler(pid_t pid);
long sys_sched_getparam(pid_t pid, int __user *param);
long sys_sched_get_priority_max(int policy);
long sys_sched_get_priority_min(int policy);
long sys_sched_rr_get_interval(pid_t pid, void __user *uts);
long sys_sched_setaffinity(pid_t pid, unsigned int len, const void __user *umask);
long sys_sched_getaffinity(pid_t pid, unsigned int len, void __user *umask);
long sys_getcpu(unsigned int __user *ucpu, unsigned int __user *unode);
long sys_getpriority(int which, int who);
long sys_setpriority(int which, int who, int nice);

/* signal_calls.c */
long sys_rt_sigaction(int sig, const void __user *act, void __user *oldact, size_t size);
long sys_rt_sigprocmask(int how, const void __user *uset, void __user *oldset, size_t size);
long sys_rt_sigpending(void __user *uset, size_t size);
long sys_rt_sigsuspend(const void __user *uset, size_t size);
long sys_pause(void);
long sys_rt_sigtimedwait(const void __user *uset, void __user *uinfo, const void __user *utimeout,
	   size_t size);
long sys_kill(pid_t pid, int sig);
long sys_tkill(pid_t tid, int sig);
long sys_tgkill(pid_t tgid, pid_t tid, int sig);
long sys_rt_sigqueueinfo(pid_t pid, int sig, const void __user *uinfo);
long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const void __user *uinfo);
long sys_sigaltstack(const void __user *uss, void __user *uoss);
long sys_restart_syscall(void);

/* signal_return.c */
long sys_rt_sigreturn(void);

/* time.c */
long sys_clock_gettime(int clock, void __user *uts);
long sys_clock_getres(int clock, void __user *uts);
long sys_clock_settime(int clock, const void __user *uts);
long sys_gettimeofday(void __user *utv, void __user *utz);
long sys_time(s64 __user *utime);
long sys_times(void __user *ubuf);
long sys_nanosleep(const void __user *uts, void __user *urem);
long sys_clock_nanosleep(int clock, int flags, const void __user *uts, void __user *urem);

/* wait.c */
long sys_wait4(pid_t pid, int __user *ustat, int options, void __user *urusage);
long sys_waitid(int type, pid_t id, void __user *uinfo, int options, void __user *urusage);

/* shm.c */
long sys_shmget(s32 key, size_t size, int flags);
long sys_shmat(int id, unsigned long addr, int flags);
long sys_shmdt(unsigned long addr);
long sys_shmctl(int id, int cmd, void __user *buf);
void exit_shm(void); /* an address space has gone: segments that were to go with it do. May sleep */

/* rseq.c */
long sys_rseq(void __user *uarea, u32 len, int flags, u32 sig);

/* process_vm.c */
long sys_process_vm_readv(pid_t pid, const void __user *local, unsigned long nlocal,
	   const void __user *remote, unsigned long nremote, unsigned long flags);
long sys_process_vm_writev(pid_t pid, const void __user *local, unsigned long nlocal,
	   const void __user *remote, unsigned long nremote, unsigned long flags);

/* fork.c */
long sys_clone3(const void __user *uargs, size_t size);
long sys_unshare(unsigned long flags);

/* mm_calls.c */
long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot,
	   unsigned long pgoff, unsigned long flags);

/* pidfd.c */
long sys_pidfd_open(pid_t pid, unsigned int flags);
long sys_pidfd_send_signal(int fd, int sig, const void __user *uinfo, unsigned int flags);
long sys_process_mrelease(int fd, unsigned int flags);

/* sched_calls.c */
long sys_sched_setattr(pid_t pid, const void __user *uattr, unsigned int flags);
long sys_sched_getattr(pid_t pid, void __user *uattr, unsigned int size, unsigned int flags);

/* futex.c */
long sys_futex_waitv(const void __user *uwaiters, unsigned int n, unsigned int flags,
	   const void __user *utime, int clock);

/* => two new descriptors at ufds for files, whose references it takes over in any case. flags: O_CLOEXEC */
int install_file_pair(struct file *files[2], int __user *ufds, unsigned int flags);
/* socketpair.c */
long sys_socket(int domain, int type, int protocol);
long sys_socketpair(int domain, int type, int protocol, int __user *ufds);
long sys_shutdown(int fd, int how);
long sys_sendto(int fd, char __user *buf, size_t len, int flags, const void __user *addr,
	   int addr_len);
long sys_recvfrom(int fd, char __user *buf, size_t len, int flags, void __user *addr,
	   int __user *addr_len);

/* => sigaltstack of a signal frame is put back; sp: the stack pointer that goes with it */
long restore_altstack(const struct linux_stack *ss, unsigned long sp);

#endif
