/* SPDX-License-Identifier: MIT */
/*
 * Processes for the OOM killer to choose among, each an argument, all waiting until they are killed:
 *
 *	threads		its leader has ended, two threads live on with the memory
 *	shared		a child of it shares its memory (CLONE_VM) without being a thread
 *	shared-immune	the same, but the child's oom_score_adj is -1000
 *	vfork		its child has its memory and it waits for the child's end
 *	family		two children with memory of their own, 4 and 8 MiB
 *	user		no root: without CAP_SYS_ADMIN
 *
 * Each has MIB (8) of anonymous memory. Prints "cast NAME PID [OTHER ...]" when all stands. Without an argument it only
 * checks that each can be made, and ends them.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "tests/user/check.h"

static volatile int ready;

static void take(unsigned long mib)
{
	char *at = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	memset(at, 1, mib << 20);
}

static int wait_for_ever(void *unused)
{
	(void)unused;
	ready++;
	for (;;)
		pause();
	return 0;
}

static void *thread(void *unused)
{
	wait_for_ever(unused);
	return NULL;
}

static void set_adj(const char *text)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "w");

	CHECK(f && fputs(text, f) >= 0 && !fclose(f));
}

static int immune(void *unused)
{
	set_adj("-1000");
	return wait_for_ever(unused);
}

static void wait_ready(int n)
{
	while (ready < n)
		usleep(1000);
}

static void threads(void)
{
	pthread_t one, other;

	CHECK(!pthread_create(&one, NULL, thread, NULL) && !pthread_create(&other, NULL, thread, NULL));
	wait_ready(2);
	printf("cast threads %d\n", getpid());
	fflush(stdout);
	pthread_exit(NULL);
}

static void shared(int (*fn)(void *), const char *name)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t other = clone(fn, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

	CHECK(other > 0);
	wait_ready(1);
	printf("cast %s %d %d\n", name, getpid(), other);
	fflush(stdout);
}

static pid_t vfork_parent;

static int vfork_child(void *unused)
{
	printf("cast vfork %d %d\n", vfork_parent, getpid());
	fflush(stdout);
	return wait_for_ever(unused);
}

/* Comes back when the child has ended. */
static void vforked(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	vfork_parent = getpid();
	CHECK(clone(vfork_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL) > 0);
}

static pid_t child(unsigned long mib)
{
	int done[2];
	pid_t pid;
	char c = 0;

	CHECK(!pipe(done));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		take(mib);
		CHECK(write(done[1], &c, 1) == 1);
		wait_for_ever(NULL);
	}
	CHECK(read(done[0], &c, 1) == 1);
	return pid;
}

/* The children first: they shall not have the parent's. */
static void family(unsigned long mib)
{
	pid_t small = child(4), large = child(8);

	take(mib);
	printf("cast family %d %d %d\n", getpid(), small, large);
	fflush(stdout);
}

static void play(const char *name, unsigned long mib)
{
	if (!strcmp(name, "family"))
		family(mib);
	else
		take(mib);
	if (!strcmp(name, "threads"))
		threads();
	else if (!strcmp(name, "shared"))
		shared(wait_for_ever, name);
	else if (!strcmp(name, "shared-immune"))
		shared(immune, name);
	else if (!strcmp(name, "vfork"))
		vforked();
	else if (!strcmp(name, "user")) {
		CHECK(!setuid(1000));
		printf("cast user %d\n", getpid());
		fflush(stdout);
	}
	wait_for_ever(NULL);
}

static void rehearse(const char *name)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		alarm(1);
		play(name, 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	kill(-pid, SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		play(argv[1], argc > 2 ? strtoul(argv[2], NULL, 0) : 8);
	rehearse("threads");
	rehearse("shared");
	rehearse("family");
	rehearse("user");
	PASS("oom_cast");
}
