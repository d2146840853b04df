/* SPDX-License-Identifier: MIT */
/* exec: what the new program is given and what not; scripts; files that are none. It starts itself with a word. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "check.h"

static char self[256];
static void *volatile volatile_8 = (void *)8; /* an address nothing is mapped at */
extern char **environ;

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

static void a_handler(int signal)
{
	(void)signal;
}

static void test_cloexec(void)
{
	char keep[16], *argv[] = { "prog", "--fds", keep, NULL }, *envp[] = { NULL };
	int gone = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = open("/dev/null", O_RDONLY);

	CHECK(gone == kept - 1);
	snprintf(keep, sizeof(keep), "%d", kept);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, a_handler);
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
	CHECK_CHILD(test_exec);
	CHECK_CHILD(test_scripts);
	CHECK_CHILD(test_bad_elf);
	CHECK_CHILD(test_big_args);
	CHECK_CHILD(test_cloexec);
	CHECK_CHILD(thread_exec);
	CHECK_CHILD(test_dumpable);
	CHECK_CHILD(test_no_new_privs);
	PASS("sys_exec");
}
