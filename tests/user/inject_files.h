/* SPDX-License-Identifier: MIT */
/* Of inject's work: files, paths, pipes, and reading all of /proc. */
#ifndef TESTS_USER_INJECT_FILES_H
#define TESTS_USER_INJECT_FILES_H

#include "tests/user/inject_base.h"

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

#endif
