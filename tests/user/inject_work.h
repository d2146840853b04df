/* SPDX-License-Identifier: MIT */
/*
 * The work during which inject.c lets allocations fail: a handful of parts, each run in a process of its own. No call's
 * failure is an error here: a part goes on or ends, as a careful or a careless program would; it must only never hang.
 * What it leaves in DIR is removed by its parent.
 */
#ifndef TESTS_USER_INJECT_WORK_H
#define TESTS_USER_INJECT_WORK_H

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIR_NAME "/tmp/inject"
#define AT(name) DIR_NAME "/" name
#define MIB	 (1UL << 20)

static volatile long sink; /* results nobody wants */

static void touch(char *at, unsigned long bytes, int write)
{
	for (unsigned long i = 0; at != MAP_FAILED && i < bytes; i += 4096) {
		if (write)
			at[i] = 1;
		else
			sink += at[i];
	}
}

static void work_files(void)
{
	char buf[8192] = "text";
	struct stat st;
	int fd, fd2;
	DIR *dir;

	sink = mkdir(AT("dir"), 0755);
	fd = open(AT("dir/file"), O_RDWR | O_CREAT, 0644);
	for (int i = 0; i < 40; i++)
		sink = write(fd, buf, sizeof(buf));
	sink = pread(fd, buf, sizeof(buf), 5000);
	sink = pwrite(fd, buf, 100, 3 * MIB);
	sink = ftruncate(fd, 10000);
	sink = fallocate(fd, 0, 0, 1 << 16);
	sink = fsync(fd);
	sink = flock(fd, LOCK_EX);
	sink = fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_WRLCK, .l_len = 100 });
	sink = fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_UNLCK, .l_start = 20, .l_len = 10 });
	fd2 = fcntl(fd, F_DUPFD, 300);
	sink = link(AT("dir/file"), AT("dir/hard"));
	sink = symlink("file", AT("dir/soft"));
	sink = symlink("/a/rather/long/text/of/a/link/that/does/not/fit/into/small/places/anywhere", AT("dir/far"));
	sink = readlink(AT("dir/far"), buf, sizeof(buf));
	sink = stat(AT("dir/soft"), &st);
	sink = rename(AT("dir/hard"), AT("dir/other"));
	sink = mkfifo(AT("dir/fifo"), 0600);
	sink = open(AT("dir/fifo"), O_RDONLY | O_NONBLOCK);
	sink = open(AT("dir/fifo"), O_WRONLY | O_NONBLOCK);
	sink = mknod(AT("dir/null"), S_IFCHR | 0600, 0x103);
	sink = open(AT("dir/null"), O_RDWR);
	dir = opendir(AT("dir"));
	while (dir && readdir(dir))
		;
	if (dir)
		closedir(dir);
	sink = chdir(AT("dir"));
	sink = (long)getcwd(buf, sizeof(buf));
	sink = chmod("file", 0600);
	sink = chown("file", 1, 1);
	sink = unlink("other");
	sink = mount("none", AT("dir"), "tmpfs", 0, NULL);
	sink = mkdir(AT("dir/in"), 0755);
	sink = chdir("/");
	sink = umount(AT("dir"));
	close(fd2);
	close(fd);
}

#define LONG_NAME AT("a-name-that-is-too-long-to-be-kept-inside-the-entry-itself-so-it-needs-a-place-elsewhere")

/* Every call that takes a path takes memory for it. */
static void work_paths(void)
{
	struct statfs fs;
	char buf[256];

	sink = creat(LONG_NAME, 0644);
	sink = rename(LONG_NAME, LONG_NAME "-and-longer");
	sink = symlink(DIR_NAME, AT("here"));
	sink = open(AT("here/here/here/x"), O_RDWR | O_CREAT | O_EXCL, 0600);
	sink = write(open(DIR_NAME, O_RDWR | O_TMPFILE, 0600), buf, sizeof(buf));
	sink = truncate(AT("x"), 50000);
	sink = truncate(AT("x"), 100);
	sink = access(AT("x"), R_OK);
	sink = statfs(DIR_NAME, &fs);
	sink = utimensat(AT_FDCWD, AT("x"), NULL, 0);
	sink = syscall(SYS_utime, AT("x"), NULL);
	sink = syscall(SYS_utimes, AT("x"), NULL);
	sink = syscall(SYS_chmod, AT("x"), 0600);
	sink = syscall(SYS_lchown, AT("x"), 0, 0);
	sink = fchownat(AT_FDCWD, AT("x"), 0, 0, 0);
	sink = fchmodat(AT_FDCWD, AT("x"), 0644, 0);
	sink = faccessat(AT_FDCWD, AT("x"), W_OK, AT_EACCESS);
	sink = syscall(SYS_mknod, AT("y"), S_IFREG | 0600, 0);
	sink = mknodat(AT_FDCWD, AT("z"), S_IFIFO | 0600, 0);
	sink = linkat(AT_FDCWD, AT("x"), AT_FDCWD, AT("hard"), 0);
	sink = symlinkat("x", AT_FDCWD, AT("soft"));
	sink = readlinkat(AT_FDCWD, AT("soft"), buf, sizeof(buf));
	sink = syscall(SYS_renameat2, AT_FDCWD, AT("hard"), AT_FDCWD, AT("soft"), 2 /* exchange */);
	sink = renameat(AT_FDCWD, AT("hard"), AT_FDCWD, AT("hard2"));
	sink = unlinkat(AT_FDCWD, AT("hard2"), 0);
	sink = mkdirat(AT_FDCWD, AT("d"), 0755);
	sink = unlinkat(AT_FDCWD, AT("d"), AT_REMOVEDIR);
	sink = syscall(SYS_mkdir, AT("d"), 0755);
	sink = syscall(SYS_rmdir, AT("d"));
	sink = syscall(SYS_stat, AT("x"), buf);
	sink = syscall(SYS_openat, AT_FDCWD, AT("x"), O_RDONLY);
	sink = syscall(SYS_statfs, "/proc", &fs);
	sink = mount("none", AT("none"), "tmpfs", 0, "size=1M,mode=755");
	sink = umount2(AT("none"), MNT_DETACH);
	sink = syscall(SYS_mount, "none", "/tmp", NULL, MS_REMOUNT, NULL);
	sink = chroot("/");
}

/* Devices, scripts, many descriptors at once, writes to knobs. */
static void work_more(void)
{
	static struct pollfd many[600];
	struct iovec iov[20];
	char buf[4096] = "";
	fd_set set[4] = { 0 };
	int fd = open("/dev/ram0", O_RDWR), out = open(AT("out"), O_RDWR | O_CREAT, 0644);
	timer_t timer;

	sink = pread(fd, buf, sizeof(buf), 1 << 20);
	sink = pwrite(fd, buf, sizeof(buf), 12 << 20);
	sink = fsync(fd);
	sink = lseek(fd, 0, SEEK_SET);
	sink = syscall(SYS_sendfile, out, fd, NULL, 65536);
	for (int i = 0; i < 20; i++)
		iov[i] = (struct iovec){ buf + i, 100 };
	sink = pwritev(out, iov, 20, 0);
	sink = preadv(out, iov, 20, 0);
	sink = readv(out, iov, 20);
	touch(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 1 << 16, 1);
	touch(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0), 1 << 16, 1);
	for (int i = 0; i < 600; i++)
		many[i] = (struct pollfd){ .fd = out, .events = POLLPRI };
	sink = poll(many, 600, 0);
	sink = dup2(out, 1000);
	FD_SET(1000, set);
	sink = syscall(SYS_select, 1001, set, set + 1, NULL, &(struct timeval){ 0 });
	sink = syscall(SYS_close_range, 900, 1100, 0);
	sink = syscall(SYS_unshare, CLONE_FILES | CLONE_FS);
	sink = (long)timer_create(CLOCK_MONOTONIC, NULL, &timer);
	sink = setitimer(ITIMER_VIRTUAL, &(struct itimerval){ .it_value.tv_sec = 9 }, NULL);
	sink = klogctl(3, buf, sizeof(buf));
	sink = read(open("/dev/kmsg", O_RDONLY | O_NONBLOCK), buf, sizeof(buf));
	sink = write(open("/dev/kmsg", O_WRONLY), "inject\n", 7);
	sink = getrandom(buf, 1000, 0);
	sink = write(open("/proc/sys/vm/drop_caches", O_WRONLY), "1", 1);
	sink = syscall(SYS_process_vm_writev, getpid(), iov, 1, iov + 1, 1, 0);
	sink = shmdt(shmat(shmget(77, 8192, 0600 | IPC_CREAT), NULL, 0));
	sink = shmctl(shmget(77, 0, 0), IPC_RMID, NULL);
	fd = open(AT("script"), O_WRONLY | O_CREAT, 0755);
	sink = write(fd, "#!/bin/busybox sh\nexit 4\n", 25);
	close(fd);
	execl(AT("script"), AT("script"), "word", NULL);
	_exit(126);
}

static void work_pipes(void)
{
	struct pollfd polls[2] = { { .events = POLLIN }, { .events = POLLOUT } };
	char buf[20000] = "";
	int p[2] = { -1, -1 }, s[2] = { -1, -1 };
	fd_set set;

	sink = pipe2(p, O_NONBLOCK);
	sink = write(p[1], buf, sizeof(buf));
	sink = read(p[0], buf, 5000);
	polls[0].fd = p[0];
	polls[1].fd = p[1];
	sink = poll(polls, 2, 0);
	if (p[0] >= 0) {
		FD_ZERO(&set);
		FD_SET(p[0], &set);
		sink = select(p[0] + 1, &set, NULL, NULL, &(struct timeval){ 0 });
	}
	sink = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
	sink = writev(s[0], (struct iovec[12]){ { buf, 3000 }, { buf + 3000, 3000 } }, 12);
	sink = read(s[1], buf, sizeof(buf));
	sink = fcntl(p[0], F_SETPIPE_SZ, 1 << 18);
}

static void work_mmap(void)
{
	char *a = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *b;
	char *s = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open(AT("map"), O_RDWR | O_CREAT, 0644), memfd = memfd_create("inject", 0), id;

	touch(a, 2 * MIB, 0);
	touch(a, MIB, 1);
	touch(s, MIB / 2, 1);
	sink = ftruncate(fd, MIB);
	b = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(b, MIB / 2, 1);
	sink = msync(b, MIB, MS_SYNC);
	b = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	touch(b, MIB / 4, 1);
	sink = ftruncate(memfd, 1 << 16);
	touch(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0), 1 << 16, 1);
	if (a != MAP_FAILED) {
		sink = mprotect(a + 65536, 65536, PROT_READ);
		sink = mlock(a, 32768);
		sink = madvise(a + 262144, 65536, MADV_DONTNEED);
		sink = munmap(a + 524288, 65536);
		a = mremap(a, 65536, MIB, MREMAP_MAYMOVE);
		touch(a, 65536, 1);
	}
	sink = (long)sbrk(1 << 16);
	id = shmget(IPC_PRIVATE, 1 << 16, 0600 | IPC_CREAT);
	if (id >= 0) {
		b = shmat(id, NULL, 0);
		touch(b, 1 << 16, 1);
		shmctl(id, IPC_RMID, NULL);
	}
	if (b != MAP_FAILED) {
		sink = mincore(b, 4096, (unsigned char *)a);
		sink = remap_file_pages(b, 4096, 0, 1, 0);
		sink = madvise(b, 4096, MADV_DONTFORK);
		sink = munlock(b, 4096);
		sink = mmap(b + 8192, 4096, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == b;
	}
	touch(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0), 1, 1);
	touch(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), 1, 1);
	sink = read(fd, mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1 << 16);
	sink = mlockall(MCL_CURRENT);
	sink = munlockall();
}

static void work_fork(void)
{
	char *a = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	touch(a, MIB, 1);
	pid = fork();
	if (pid <= 0) {
		touch(a, MIB / 2, 1);
		if (pid == 0) {
			setsid();
			_exit(0);
		}
	}
	touch(a, MIB, 1);
	pid = vfork();
	if (pid == 0) {
		execl("/bin/busybox", "true", NULL);
		_exit(127);
	}
	while (wait(NULL) > 0)
		;
}

static void *thread(void *arg)
{
	usleep(1000);
	return arg;
}

static void work_threads(void)
{
	pthread_t t[3];
	int made = 0;

	while (made < 3 && !pthread_create(&t[made], NULL, thread, NULL))
		made++;
	sink = syscall(SYS_futex, &(int){ 1 }, 0, 1, &(struct timespec){ .tv_nsec = 1000000 }, NULL, 0);
	for (int i = 0; i < made; i++)
		pthread_join(t[i], NULL);
	sink = syscall(SYS_pidfd_open, getpid(), 0);
}

static void on_signal(int sig)
{
	sink = sig;
}

static void work_signals(void)
{
	static char stack[65536];
	struct itimerval timer = { .it_value.tv_usec = 10000 };
	sigset_t set;

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_ONSTACK }, NULL);
	sigaction(SIGRTMIN, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_SIGINFO }, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sink = kill(getpid(), SIGUSR1);
	for (int i = 0; i < 20; i++)
		sink = sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
	sink = sigtimedwait(&set, NULL, &(struct timespec){ 0 });
	sink = sigtimedwait(&set, NULL, &(struct timespec){ 0 });
	if (!setitimer(ITIMER_REAL, &timer, NULL))
		usleep(20000);
}

/* A child for each way a signal can come about. */
static void work_kills(void)
{
	static char *volatile nowhere;
	int p[2] = { -1, -1 }, fd;

	for (int way = 0; way < 14; way++) {
		pid_t pid = fork();

		if (pid) {
			int status;

			waitpid(pid, &status, WUNTRACED);
			if (WIFSTOPPED(status)) {
				kill(pid, SIGCONT);
				waitpid(pid, &status, WCONTINUED);
				syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, pid, 0), SIGKILL, NULL, 0);
				waitpid(pid, &status, 0);
			}
			continue;
		}
		switch (way) {
		case 0:
			setpgid(0, 0);
			kill(0, SIGHUP);
			break;
		case 1:
			syscall(SYS_tkill, getpid(), SIGUSR2);
			break;
		case 2:
			syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
			break;
		case 3:
			if (!pipe(p) && !close(p[0]))
				sink = write(p[1], "x", 1);
			break;
		case 4:
			*nowhere = 1;
			break;
		case 5:
			((void (*)(void))(long)nowhere)();
			break;
		case 6:
			__asm__ volatile("ud2");
			break;
		case 7:
			__asm__ volatile("int3");
			break;
		case 8:
			__asm__ volatile("hlt");
			break;
		case 9:
			fd = open(AT("short"), O_RDWR | O_CREAT, 0600);
			nowhere = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
			sink = *nowhere;
			break;
		case 10:
			setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, 0 });
			sink = write(open(AT("none"), O_RDWR | O_CREAT, 0600), "x", 1);
			break;
		case 11:
			raise(SIGSTOP);
			pause();
			break;
		case 12:
			sink = 1 / (sink - sink);
			break;
		case 13:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sink = sched_setaffinity(0, sizeof(long), (cpu_set_t *)"\1\0\0\0\0\0\0");
			sink = syscall(449 /* futex_waitv */, &(char[2400]){ 0 }, 100, 0, NULL, 0);
		}
		_exit(0);
	}
}

/* Every file below path, and every directory. */
static void read_all(const char *path, int depth)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char name[512], buf[4096];
		struct stat st;
		int fd;

		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.' || strspn(e->d_name, "0123456789") || strstr(name, "kmsg") || lstat(name, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth)
			read_all(name, depth - 1);
		if (S_ISLNK(st.st_mode))
			sink = readlink(name, buf, sizeof(buf));
		fd = S_ISREG(st.st_mode) ? open(name, O_RDONLY | O_NONBLOCK) : -1;
		for (int i = 0; fd >= 0 && i < 3 && read(fd, buf, sizeof(buf)) > 0; i++)
			;
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static void work_proc(void)
{
	char buf[64] = "";
	int fd;

	read_all("/proc", 3);
	read_all("/proc/self", 2);
	fd = open("/proc/self/oom_score_adj", O_RDWR);
	sink = write(fd, "1000\n", 5);
	fd = open("/proc/self/cwd", O_RDONLY);
	sink = process_vm_readv(getpid(), &(struct iovec){ buf, 8 }, 1, &(struct iovec){ buf + 8, 8 }, 1, 0);
}

/* More than the machine has room for: the rest goes to its swap disk. */
static void work_swap(void)
{
	unsigned long bytes = 44 * MIB;
	char *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	touch(a, bytes, 1);
	touch(a, 4 * MIB, 0);
	if (fork() == 0) {
		touch(a, 2 * MIB, 1);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void work_swapon(void)
{
	sink = swapon("/dev/ram0", 0);
	sink = swapoff("/dev/ram0");
}

#define LOOP_SET_FD	  0x4c00
#define LOOP_CLR_FD	  0x4c01
#define LOOP_SET_STATUS64 0x4c04
#define LOOP_GET_STATUS64 0x4c05
#define LOOP_CTL_ADD	  0x4c80
#define LOOP_CTL_GET_FREE 0x4c82

/* The requests of the thread of that name, too, shall fail. */
static void let_thread_fail(const char *name)
{
	DIR *dir = opendir("/proc");
	char path[300], text[16] = "";
	struct dirent *e;
	int fd;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (strspn(e->d_name, "0123456789") != strlen(e->d_name) || (fd = open(path, O_RDONLY)) < 0)
			continue;
		if (read(fd, text, sizeof(text)) > 0 && !strncmp(text, name, strlen(name))) {
			snprintf(path, sizeof(path), "/proc/%s/make-it-fail", e->d_name);
			sink = write(open(path, O_WRONLY), "1", 1);
		}
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* A loop device over the file: bound, a part of it, read and written through its thread, let go. */
static void loop_over(int file)
{
	static unsigned char info[232], buf[65536]; /* struct loop_info64 */
	int control = open("/dev/loop-control", O_RDWR), loop;

	sink = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	loop = open("/dev/loop0", O_RDWR);
	sink = ioctl(loop, LOOP_SET_FD, file);
	let_thread_fail("loop0");
	info[25] = 16; /* offset 4096 */
	sink = ioctl(loop, LOOP_SET_STATUS64, info);
	sink = ioctl(loop, LOOP_GET_STATUS64, info);
	sink = pread(loop, buf, sizeof(buf), 0);
	sink = pwrite(loop, buf, sizeof(buf), 0);
	sink = pwrite(loop, buf, 100, 300000); /* which is a hole */
	sink = fsync(loop);
	touch(mmap(NULL, sizeof(buf), PROT_READ | PROT_WRITE, MAP_SHARED, loop, 0), sizeof(buf), 1);
	info[25] = 0;
	sink = ioctl(loop, LOOP_SET_STATUS64, info); /* writes all out */
	sink = pread(loop, buf, 5000, 4096);
	sink = ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

static void work_loop(void)
{
	int file = open(AT("disk"), O_RDWR | O_CREAT, 0600), ram = open("/dev/ram0", O_RDWR);

	sink = pwrite(file, "x", 1, 100000);
	sink = ftruncate(file, MIB);
	loop_over(file);
	loop_over(ram);
}

/* One more device for as long as there may be more: they are never taken away, but one that fails is not there. */
static void work_loop_add(void)
{
	int control = open("/dev/loop-control", O_RDWR);

	for (long i = 1; i < 8; i++)
		if (ioctl(control, LOOP_CTL_ADD, i) == i)
			break;
}

static void work_shell(void)
{
	execl("/bin/busybox", "sh", "-c",
	      "x=$(seq 1 50 | grep 7 | wc -l); echo $x > " AT("out") "; cat < " AT("out")
	      " | tr 0-9 a-j > /dev/null; ls -l / /dev > " AT("ls") "; (exit 3) & wait; "
	      "cd /proc/self/fd && ls > /dev/null; dd if=/dev/zero of=" AT("zero") " bs=64k count=8 2>/dev/null; "
	      "cp " AT("zero") " " AT("copy") "; rm " AT("copy") "; ps > /dev/null; mount > /dev/null",
	      NULL);
	_exit(127);
}

static void work_core(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	sink = chdir(DIR_NAME);
	abort();
}

static const struct part {
	const char *name;
	void (*fn)(void);
} parts[] = {
	{ "files", work_files }, { "paths", work_paths }, { "more", work_more },
	{ "pipes", work_pipes }, { "mmap", work_mmap }, { "fork", work_fork },
	{ "threads", work_threads }, { "signals", work_signals }, { "kills", work_kills },
	{ "proc", work_proc }, { "swapon", work_swapon }, { "shell", work_shell },
	{ "core", work_core }, { "loop", work_loop }, { "loop_add", work_loop_add }, { "swap", work_swap },
};
#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

#endif
