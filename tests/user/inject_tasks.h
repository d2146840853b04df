/* SPDX-License-Identifier: MIT */
/* Of inject's work: memory, processes, threads, signals, kills; a shell and a core file. */
#ifndef TESTS_USER_INJECT_TASKS_H
#define TESTS_USER_INJECT_TASKS_H

#include "tests/user/inject_base.h"

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

#endif
