/* SPDX-License-Identifier: MIT */
/*
 * Processes that fork, exec, make threads, stop, continue and kill each other at random. Nothing is expected of them;
 * at the end everybody must be gone and the parent must have counted as many ends as beginnings.
 * Arguments: seed, rounds. For the guest only: a number it signals may have gone to a stranger.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "check.h"

#define SLOTS 12

struct shared {
	volatile pid_t pid[SLOTS];
};

static struct shared *shared;
static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

static void on_signal(int sig)
{
	(void)sig;
}

static void *thread(void *arg)
{
	switch ((long)arg % 4) {
	case 0:
		usleep(1000);
		break;
	case 1:
		execl("/proc/self/exe", "sys_storm", "--exit", NULL);
		break;
	case 2:
		if (!vfork())
			_exit(0);
		break;
	default:
		sched_yield();
	}
	return NULL;
}

static void act(void)
{
	static const int sigs[] = { SIGUSR1, SIGSTOP, SIGCONT, SIGUSR2, SIGTERM, SIGKILL, SIGCONT, SIGTSTP };
	struct itimerval it = { { 0, 0 }, { 0, 3000 } };
	pthread_t t;
	pid_t pid;

	switch (rnd(10)) {
	case 0:
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid > 0 && rnd(2))
			waitpid(pid, NULL, 0);
		break;
	case 1:
	case 2:
		if (!pthread_create(&t, NULL, thread, (void *)(long)rnd(4)) && rnd(2))
			pthread_join(t, NULL);
		break;
	case 3:
	case 4:
	case 5:
		pid = shared->pid[rnd(SLOTS)];
		if (pid > 1)
			kill(pid, sigs[rnd(8)]);
		break;
	case 6:
		setitimer(ITIMER_REAL, &it, NULL);
		pause();
		break;
	case 7:
		if (rnd(6) == 0)
			execl("/proc/self/exe", "sys_storm", "--exit", NULL);
		break;
	case 8:
		munmap(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
		       65536);
		break;
	default:
		if (rnd(8) == 0)
			_exit(1);
		sched_yield();
	}
}

static void one(int slot)
{
	state += (uint64_t)slot * 0x9e3779b97f4a7c15 + (uint64_t)getpid();
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	signal(SIGALRM, on_signal);
	if (rnd(2))
		signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 100; i++)
		act();
	_exit(0);
}

static void start(int slot)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		one(slot);
	shared->pid[slot] = pid;
	rnd(2);
}

/* Our children and the orphans they left; those that are stopped or missed their alarm go on. */
static void reap_all(void)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return;
		for (int i = 0; i < SLOTS; i++) {
			kill(shared->pid[i], SIGCONT);
			kill(shared->pid[i], SIGUSR1);
		}
		if (pid == 0)
			usleep(2000);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 5;

	if (argc > 1 && !strcmp(argv[1], "--exit"))
		return 0;
	state = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1) * 0x9e3779b97f4a7c15 + 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	while (rounds-- > 0) {
		for (int i = 0; i < SLOTS; i++)
			start(i);
		reap_all();
	}
	PASS("sys_storm");
}
