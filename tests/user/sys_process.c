/* SPDX-License-Identifier: MIT */
/* fork, exec, exit, wait: what parents and children may rely on. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "check.h"

static char self[256];
static void *volatile volatile_8 = (void *)8; /* an address nothing is mapped at */
extern char **environ;

static void exit_3(void)
{
	_exit(3);
}

static void exit_256(void)
{
	_exit(256 + 9);
}

static void test_wait(void)
{
	struct rusage usage;
	siginfo_t info;
	int status;
	pid_t pid;

	CHECK(in_child(exit_3) == 3 << 8);
	CHECK(in_child(exit_256) == 9 << 8);
	CHECK_ERR(wait(&status), ECHILD);
	CHECK_ERR(waitpid(1, &status, 0), ECHILD);
	pid = fork();
	if (!pid) {
		usleep(20000);
		_exit(5);
	}
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	memset(&info, 1, sizeof(info));
	CHECK(!waitid(P_ALL, 0, &info, WEXITED) && info.si_pid == pid && info.si_code == CLD_EXITED &&
	      info.si_status == 5);
	pid = fork();
	if (!pid)
		_exit(6);
	CHECK(wait4(-1, &status, 0, &usage) == pid && WEXITSTATUS(status) == 6);
	CHECK_ERR(waitpid(-1, &status, 0x10000000), EINVAL);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(1);
	CHECK_ERR(waitpid(pid, &status, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void test_orphan(void)
{
	int fds[2], status;
	pid_t ids[2];

	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK(!pipe(fds));
	if (!fork()) { /* middle */
		if (!fork()) {
			while (getppid() != 1 && getppid() == getpgrp() + 0)
				;
			usleep(50000);
			ids[0] = getpid();
			ids[1] = getppid();
			CHECK(write(fds[1], ids, sizeof(ids)) == sizeof(ids));
			_exit(4);
		}
		_exit(0);
	}
	CHECK(wait(&status) > 0);
	CHECK(read(fds[0], ids, sizeof(ids)) == sizeof(ids));
	CHECK(ids[1] == getpid());
	CHECK(waitpid(ids[0], &status, 0) == ids[0] && WEXITSTATUS(status) == 4);
}

static void test_groups(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		CHECK(!setpgid(0, 0));
		CHECK(getpgrp() == getpid());
		CHECK_ERR(setsid(), EPERM);
		pause();
	}
	while (getpgid(pid) != pid)
		sched_yield();
	CHECK(waitpid(-pid, &status, WNOHANG) == 0);
	CHECK(!kill(-pid, SIGTERM));
	CHECK(waitpid(-pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM);
	pid = fork();
	if (!pid) {
		pid_t sid = setsid();

		CHECK(sid == getpid() && getsid(0) == sid && getpgrp() == sid);
		CHECK_ERR(setpgid(0, 0), EPERM);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK_ERR(setpgid(1, 0), ESRCH);
}

/* ---- exec ------------------------------------------------------------------------------------- */

static int run(const char *path, char *const argv[], char *const envp[])
{
	int status;
	pid_t pid = vfork();

	CHECK(pid >= 0);
	if (!pid) {
		execve(path, argv, envp);
		_exit(100 + (errno & 63));
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_exec(void)
{
	char *argv[] = { "prog", "--args", "two words", "", NULL }, *envp[] = { "A=1", "B=", NULL };

	CHECK(run(self, argv, envp) == 42);
	CHECK_ERR(open(self, O_WRONLY), ETXTBSY);
	CHECK(run("/nonexistent", argv, envp) == 100 + ENOENT);
	CHECK(run("/tmp", argv, envp) == 100 + EACCES);
	CHECK(run("/dev/null", argv, envp) == 100 + EACCES);
}

static void make_file(const char *path, const void *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len && !fchmod(fd, mode) && !close(fd));
}

static void test_scripts(void)
{
	char text[400], *argv[] = { "ignored", "x y", NULL }, *envp[] = { NULL };

	snprintf(text, sizeof(text), "#! %s  --script arg \n echo\n", self);
	make_file("/tmp/script1", text, strlen(text), 0755);
	CHECK(run("/tmp/script1", argv, envp) == 43);
	make_file("/tmp/script2", "#!/tmp/script1", 14, 0755);
	CHECK(run("/tmp/script2", argv, envp) == 44);
	make_file("/tmp/script3", "#!/tmp/script3\n", 15, 0755);
	CHECK(run("/tmp/script3", argv, envp) == 100 + ELOOP);
	make_file("/tmp/script4", "#!/nonexistent\n", 15, 0755);
	CHECK(run("/tmp/script4", argv, envp) == 100 + ENOENT);
	make_file("/tmp/script5", "echo", 4, 0755);
	CHECK(run("/tmp/script5", argv, envp) == 100 + ENOEXEC);
	make_file("/tmp/script5", "", 0, 0755);
	CHECK(run("/tmp/script5", argv, envp) == 100 + ENOEXEC);
	make_file("/tmp/script5", "echo", 4, 0644);
	CHECK(run("/tmp/script5", argv, envp) == 100 + EACCES);
	for (int i = 1; i <= 5; i++) {
		snprintf(text, sizeof(text), "/tmp/script%d", i);
		CHECK(!unlink(text));
	}
}

/* The headers of ourselves, spoilt one field at a time: an error or a dead child, never more. */
static void test_bad_elf(void)
{
	static unsigned char image[8192];
	char *argv[] = { "bad", "--exit", NULL }, *envp[] = { NULL };
	int fd = open(self, O_RDONLY);
	ssize_t len = read(fd, image, sizeof(image));

	CHECK(fd >= 0 && len > 500);
	make_file("/tmp/bad", image, 60, 0755);
	CHECK(run("/tmp/bad", argv, envp) == 100 + ENOEXEC);
	make_file("/tmp/bad", image, (size_t)len, 0755); /* segments beyond the end of the file */
	CHECK(run("/tmp/bad", argv, envp) != 45);
	for (int off = 16; off < 300; off += 1) {
		unsigned char old = image[off];

		image[off] = (unsigned char)~old;
		make_file("/tmp/bad", image, (size_t)len, 0755);
		run("/tmp/bad", argv, envp);
		image[off] = old;
	}
	CHECK(!unlink("/tmp/bad"));
}

static void test_big_args(void)
{
	enum { N = 300 };
	char *argv[N + 4], *envp[] = { NULL }, *big;

	argv[0] = "prog";
	argv[1] = "--count";
	big = malloc(4001);
	memset(big, 'x', 4000);
	big[4000] = '\0';
	for (int i = 0; i < N; i++)
		argv[2 + i] = big; /* 1.2 MB in all */
	argv[2 + N] = NULL;
	CHECK(run(self, argv, envp) == 46);
	big = malloc(131073);
	memset(big, 'x', 131072);
	big[131072] = '\0';
	argv[2] = big;
	CHECK(run(self, argv, envp) == 100 + E2BIG);
	big[131071] = '\0';
	for (int i = 0; i < N; i++)
		argv[2 + i] = big;
	CHECK(run(self, argv, envp) == 100 + E2BIG);
	argv[3] = NULL;
	argv[2] = NULL;
	CHECK_ERR(execve(self, (char **)volatile_8, envp), EFAULT);
	CHECK_ERR(execve((char *)volatile_8, argv, envp), EFAULT);
	argv[2] = (char *)volatile_8;
	CHECK_ERR(execve(self, argv, envp), EFAULT);
}

static void test_cloexec(void)
{
	char keep[16], *argv[] = { "prog", "--fds", keep, NULL }, *envp[] = { NULL };
	int gone = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = open("/dev/null", O_RDONLY);

	CHECK(gone == kept - 1);
	snprintf(keep, sizeof(keep), "%d", kept);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, (void (*)(int))exit_3);
	CHECK(run(self, argv, envp) == 47);
}

static void *exec_from_thread(void *unused)
{
	char pid[16], *argv[] = { "prog", "--pid", pid, NULL }, *envp[] = { NULL };

	(void)unused;
	snprintf(pid, sizeof(pid), "%d", getpid());
	execve(self, argv, envp);
	_exit(1);
}

static void *sleep_long(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void thread_exec(void)
{
	pthread_t t;

	for (int i = 0; i < 3; i++)
		CHECK(!pthread_create(&t, NULL, sleep_long, NULL));
	CHECK(!pthread_create(&t, NULL, exec_from_thread, NULL));
	sleep_long(NULL);
}

/* => members of the group that sleep and are not stopped */
static int sleepers_of(pid_t pgrp)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int n = 0;

	CHECK(dir);
	while ((d = readdir(dir))) {
		char path[300], text[256], state;
		int fd, ppid, group;
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		fd = *d->d_name >= '1' && *d->d_name <= '9' ? open(path, O_RDONLY) : -1;
		if (fd < 0)
			continue;
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = 0;
		if (len > 0 && sscanf(strrchr(text, ')'), ") %c %d %d", &state, &ppid, &group) == 3)
			n += group == pgrp && state == 'S';
	}
	closedir(dir);
	return n;
}

/* A signal for a group reaches also a child that one of it is just making. */
static void test_fork_and_group_signals(void)
{
	int status, round;
	pid_t maker = fork();

	if (!maker) {
		char *memory = malloc(2 << 20);

		CHECK(!setpgid(0, 0));
		memset(memory, 1, 2 << 20); /* makes fork take its time */
		for (;;) {
			pid_t child = fork();

			if (!child)
				for (;;)
					pause();
			CHECK(child > 0 && !kill(child, SIGKILL) && waitpid(child, &status, 0) == child);
		}
	}
	setpgid(maker, maker);
	for (round = 0; round < 100; round++) {
		usleep(1000 + round * 37 % 1000);
		CHECK(!kill(-maker, SIGSTOP));
		CHECK(waitpid(maker, &status, WUNTRACED) == maker && WIFSTOPPED(status));
		CHECK(sleepers_of(maker) == 0);
		CHECK(!kill(-maker, SIGCONT));
	}
	CHECK(!kill(-maker, SIGKILL) && waitpid(maker, &status, 0) == maker);
}

static void test_vfork_shares(void)
{
	volatile int shared = 0;
	int status;
	pid_t pid = vfork();

	if (!pid) {
		shared = 1;
		_exit(0);
	}
	CHECK(shared == 1 && waitpid(pid, &status, 0) == pid);
}

/* What may not leave a core file makes no copies that may; another program starts afresh. */
static void not_dumpable(void)
{
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
}

static void test_dumpable(void)
{
	char *argv[] = { "prog", "--dumpable", NULL }, *envp[] = { NULL };

	CHECK(prctl(PR_GET_DUMPABLE) == 1 && !prctl(PR_SET_DUMPABLE, 0));
	CHECK_CHILD(not_dumpable);
	CHECK(run(self, argv, envp) == 48);
	CHECK(!prctl(PR_SET_DUMPABLE, 1) && prctl(PR_GET_DUMPABLE) == 1);
}

static void promised(void)
{
	char *argv[] = { "prog", "--no-new-privs", NULL }, *envp[] = { NULL };

	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(run(self, argv, envp) == 49);
}

/* Promised once, by children and programs too. */
static void test_no_new_privs(void)
{
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
	CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_ERR(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK_CHILD(promised);
}

static int open_pagemap(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return open(path, O_RDONLY);
}

/* Who was somebody else may still have its secrets: not for others of the new user, unless it says so. */
static void test_changed_ids(void)
{
	int go[2], done[2], fd;
	char c = 'x';
	pid_t pid;

	CHECK(!pipe(go) && !pipe(done));
	CHECK(!setgid(1000) && !setuid(1000) && prctl(PR_GET_DUMPABLE) == 0);
	pid = fork();
	if (!pid) {
		CHECK(open_pagemap(getpid()) >= 0);
		CHECK(read(go[0], &c, 1) == 1 && !prctl(PR_SET_DUMPABLE, 1) && write(done[1], &c, 1) == 1);
		CHECK(read(go[0], &c, 1) == 1);
		_exit(0);
	}
	CHECK_ERR(open_pagemap(pid), EACCES);
	CHECK(write(go[1], &c, 1) == 1 && read(done[0], &c, 1) == 1);
	fd = open_pagemap(pid);
	CHECK(fd >= 0 && !close(fd) && write(go[1], &c, 1) == 1 && waitpid(pid, NULL, 0) == pid);
}

static void test_limits(void)
{
	struct rlimit r;

	CHECK(!getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = 8;
	CHECK(!setrlimit(RLIMIT_NOFILE, &r));
	while (dup(0) >= 0)
		;
	CHECK(errno == EMFILE);
	CHECK_ERR(getrlimit(99, &r), EINVAL);
	r.rlim_cur = r.rlim_max + 1;
	CHECK_ERR(setrlimit(RLIMIT_NOFILE, &r), EINVAL);
}

/* A stranger's limits are not for a user, a half stranger's neither. */
static void test_limits_of_others(void)
{
	struct rlimit r;
	int ready[2];
	pid_t pid;
	char c;

	CHECK(!pipe(ready));
	pid = fork();
	if (!pid) {
		CHECK(!setresuid(1000, 1000, 0) && write(ready[1], "r", 1) == 1);
		for (;;)
			pause();
	}
	CHECK(read(ready[0], &c, 1) == 1 && !prlimit(pid, RLIMIT_CORE, NULL, &r));
	CHECK(!kill(pid, 0) && !setresuid(1000, 1000, 0) && !prlimit(0, RLIMIT_CORE, NULL, &r));
	CHECK_ERR(prlimit(pid, RLIMIT_CORE, NULL, &r), EPERM);
	CHECK(!setresuid(0, 0, 0) && !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
}

/* Started by exec as another program: what it was given. */
static int helper(int argc, char **argv)
{
	if (!strcmp(argv[1], "--args"))
		return argc == 4 && !strcmp(argv[0], "prog") && !strcmp(argv[2], "two words") && !*argv[3] &&
		       !strcmp(environ[0], "A=1") && !strcmp(environ[1], "B=") && !environ[2] &&
		       getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) &&
		       !strcmp((char *)getauxval(AT_EXECFN), self) ? 42 : 1;
	if (!strcmp(argv[1], "--script arg")) {
		if (argc == 4 && !strcmp(argv[2], "/tmp/script1") && !strcmp(argv[3], "x y"))
			return 43;
		return argc == 5 && !strcmp(argv[2], "/tmp/script1") && !strcmp(argv[3], "/tmp/script2") &&
		       !strcmp(argv[4], "x y") ? 44 : 1;
	}
	if (!strcmp(argv[1], "--exit"))
		return 45;
	if (!strcmp(argv[1], "--dumpable"))
		return prctl(PR_GET_DUMPABLE) == 1 ? 48 : 1;
	if (!strcmp(argv[1], "--no-new-privs"))
		return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 49 : 1;
	if (!strcmp(argv[1], "--count")) {
		for (int i = 2; i < argc; i++) {
			if (strlen(argv[i]) != 4000)
				return 1;
		}
		return argc == 302 ? 46 : 1;
	}
	if (!strcmp(argv[1], "--fds")) {
		struct sigaction sa;
		int kept = atoi(argv[2]);

		CHECK_ERR(fcntl(kept - 1, F_GETFD), EBADF);
		CHECK(fcntl(kept, F_GETFD) == 0);
		CHECK(!sigaction(SIGUSR1, NULL, &sa) && sa.sa_handler == SIG_IGN);
		CHECK(!sigaction(SIGUSR2, NULL, &sa) && sa.sa_handler == SIG_DFL);
		return 47;
	}
	if (!strcmp(argv[1], "--pid"))
		return getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid() ? 0 : 1;
	return 1;
}

int main(int argc, char **argv)
{
	if (!realpath(argv[0], self) || argc > 1)
		snprintf(self, sizeof(self), "%s", (char *)getauxval(AT_EXECFN));
	if (argc > 1)
		return helper(argc, argv);
	CHECK_CHILD(test_wait);
	CHECK_CHILD(test_orphan);
	CHECK_CHILD(test_groups);
	CHECK_CHILD(test_exec);
	CHECK_CHILD(test_scripts);
	CHECK_CHILD(test_bad_elf);
	CHECK_CHILD(test_big_args);
	CHECK_CHILD(test_cloexec);
	CHECK_CHILD(thread_exec);
	CHECK_CHILD(test_fork_and_group_signals);
	CHECK_CHILD(test_vfork_shares);
	CHECK_CHILD(test_dumpable);
	CHECK_CHILD(test_no_new_privs);
	CHECK_CHILD(test_changed_ids);
	CHECK_CHILD(test_limits);
	CHECK_CHILD(test_limits_of_others);
	PASS("sys_process");
}
