/* SPDX-License-Identifier: MIT */
/* Threads and futexes: join, mutexes, conditions, time-outs, shared words between processes, dying owners. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "check.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_BITSET_MATCH_ANY 0xffffffff

#define THREADS 4
#define ROUNDS	2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;
static int turn;
static __thread int mine = 5;

static long futex(volatile uint32_t *addr, int op, uint32_t val, const struct timespec *timeout)
{
	return syscall(SYS_futex, addr, op, val, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void *add(void *arg)
{
	CHECK(mine == 5);
	mine = (int)(long)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	CHECK(mine == (int)(long)arg && getpid() != (pid_t)syscall(SYS_gettid));
	return (void *)((long)arg * 2);
}

static void test_join(void)
{
	pthread_t t[THREADS];
	void *ret;

	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&t[i], NULL, add, (void *)i));
	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_join(t[i], &ret) && (long)ret == i * 2);
	CHECK(counter == THREADS * ROUNDS && mine == 5);
}

static void *take_turns(void *arg)
{
	int me = (int)(long)arg;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < 100; i++) {
		while (turn % THREADS != me)
			pthread_cond_wait(&cond, &lock);
		turn++;
		pthread_cond_broadcast(&cond);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* No address: as the base of a new thread's data it must be refused, not loaded. */
static void test_bad_tls(void)
{
	static const unsigned long bad[] = { 1UL << 63, 1UL << 47, -1UL, 0xffff888000000000UL };
	const unsigned long flags = CLONE_VM | CLONE_SETTLS | SIGCHLD;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ERR(syscall(SYS_clone, flags, 0UL, 0UL, 0UL, bad[i]), EPERM);
}

static void test_cond(void)
{
	pthread_t t[THREADS];

	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&t[i], NULL, take_turns, (void *)i));
	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_join(t[i], NULL));
	CHECK(turn == 100 * THREADS);
}

static void test_futex_errors(void)
{
	uint32_t word = 1, *volatile unmapped = (uint32_t *)4096;
	struct timespec ts = { 0, 30 * 1000 * 1000 }, bad = { 0, 2000000000 }, t0, t1;

	CHECK_ERR(futex(&word, FUTEX_WAIT, 2, NULL), EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	CHECK_ERR(futex(&word, FUTEX_WAIT, 1, &ts), ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CHECK((t1.tv_sec - t0.tv_sec) * 1000000000L + t1.tv_nsec - t0.tv_nsec >= ts.tv_nsec);
	CHECK_ERR(futex(&word, FUTEX_WAIT, 1, &bad), EINVAL);
	CHECK_ERR(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 1, &ts), EINVAL);
	CHECK_ERR(futex(unmapped, FUTEX_WAIT, 1, &ts), EFAULT);
	CHECK_ERR(futex(&word, 99, 1, &ts), ENOSYS);
	CHECK(futex(&word, FUTEX_WAKE, 1, NULL) == 0);
}

struct waitv {
	uint64_t val, addr;
	uint32_t flags, reserved;
};

static volatile uint32_t words[3];

static void *wake_second(void *arg)
{
	usleep(20000);
	words[1] = 1;
	futex(&words[1], FUTEX_WAKE, 1, NULL);
	return arg;
}

static void test_waitv(void)
{
	struct waitv v[3];
	struct timespec now;
	pthread_t t;
	long ret;

	for (int i = 0; i < 3; i++)
		v[i] = (struct waitv){ 0, (uint64_t)&words[i], 2 | 128, 0 };
	CHECK(!pthread_create(&t, NULL, wake_second, NULL));
	words[0] = words[1] = 0;
	v[1].flags = 2; /* woken through its shared key below */
	ret = syscall(449, v, 3, 0, NULL, 0);
	CHECK(ret == 1);
	CHECK_ERR(syscall(449, v, 3, 0, NULL, 0), EAGAIN);
	words[1] = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	CHECK_ERR(syscall(449, v, 3, 0, &now, CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK_ERR(syscall(449, v, 129, 0, NULL, 0), EINVAL);
	v[0].flags = 1;
	CHECK_ERR(syscall(449, v, 1, 0, NULL, 0), EINVAL);
	CHECK(!pthread_join(t, NULL));
}

/* The same page at two addresses, in two processes. */
static void test_shared_futex(void)
{
	volatile uint32_t *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	CHECK(word != MAP_FAILED);
	pid = fork();
	if (!pid) {
		volatile uint32_t *moved = mremap((void *)word, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED,
						  (char *)word + (1UL << 30));

		if (moved == MAP_FAILED)
			moved = word;
		while (!*moved)
			futex(moved, FUTEX_WAIT, 0, NULL);
		_exit(*moved == 7 ? 0 : 1);
	}
	usleep(30000);
	*word = 7;
	futex(word, FUTEX_WAKE, 1, NULL);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
}

static void test_robust(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	CHECK(!pthread_mutex_init(m, &attr));
	if (!fork()) {
		pthread_mutex_lock(m);
		_exit(0);
	}
	CHECK(wait(NULL) > 0);
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD);
	CHECK(!pthread_mutex_consistent(m) && !pthread_mutex_unlock(m));
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *exit_process(void *arg)
{
	usleep(20000);
	exit((int)(long)arg);
}

static void group_exit(void)
{
	pthread_t t;

	for (int i = 0; i < 3; i++)
		CHECK(!pthread_create(&t, NULL, sleep_for_ever, NULL));
	CHECK(!pthread_create(&t, NULL, exit_process, (void *)9L));
	sleep_for_ever(NULL);
}

static void leader_first(void)
{
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, exit_process, (void *)11L));
	pthread_exit(NULL);
}

static void kill_all_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 3; i++)
		CHECK(!pthread_create(&t, NULL, sleep_for_ever, NULL));
	kill(getpid(), SIGTERM);
	sleep_for_ever(NULL);
}

static volatile pid_t handler_tid;

static void on_usr1(int sig)
{
	(void)sig;
	handler_tid = (pid_t)syscall(SYS_gettid);
}

static void *wait_usr1(void *tid)
{
	*(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
	while (!handler_tid)
		usleep(1000);
	return NULL;
}

static void test_tgkill(void)
{
	volatile pid_t tid = 0;
	pthread_t t;

	signal(SIGUSR1, on_usr1);
	CHECK(!pthread_create(&t, NULL, wait_usr1, (void *)&tid));
	while (!tid)
		sched_yield();
	CHECK(!syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	CHECK(!pthread_join(t, NULL));
	CHECK(handler_tid == tid);
	while (!syscall(SYS_tgkill, getpid(), tid, 0)) /* joined is a little earlier than gone */
		usleep(1000);
	CHECK(errno == ESRCH);
}

static volatile int taken_value, take_now;

static void *take_late(void *tid)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	*(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
	while (!take_now)
		sched_yield();
	CHECK(sigtimedwait(&set, &info, &(struct timespec){ 10, 0 }) == SIGRTMIN);
	taken_value = info.si_value.sival_int;
	return NULL;
}

static void send_value(pid_t tid, int value)
{
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	info.si_value.sival_int = value;
	CHECK(!syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGRTMIN, &info));
}

/* Ignoring a signal throws away what waits of it, with its siginfo, in every thread. */
static void test_ignore_others(void)
{
	volatile pid_t tid = 0;
	pthread_t t;

	CHECK(!pthread_create(&t, NULL, take_late, (void *)&tid));
	while (!tid)
		sched_yield();
	send_value(tid, 1);
	send_value(tid, 2);
	signal(SIGRTMIN, SIG_IGN);
	signal(SIGRTMIN, on_usr1);
	send_value(tid, 3);
	take_now = 1;
	CHECK(!pthread_join(t, NULL));
	CHECK(taken_value == 3);
}

static void *nothing(void *arg)
{
	return arg;
}

static void test_many(void)
{
	pthread_t t;

	for (int i = 0; i < 500; i++)
		CHECK(!pthread_create(&t, NULL, nothing, NULL) && !pthread_join(t, NULL));
}

int main(void)
{
	CHECK_CHILD(test_join);
	CHECK_CHILD(test_bad_tls);
	CHECK_CHILD(test_cond);
	CHECK_CHILD(test_futex_errors);
	CHECK_CHILD(test_waitv);
	CHECK_CHILD(test_shared_futex);
	CHECK_CHILD(test_robust);
	CHECK(in_child(group_exit) == 9 << 8);
	CHECK(in_child(leader_first) == 11 << 8);
	CHECK(WTERMSIG(in_child(kill_all_threads)) == SIGTERM);
	CHECK_CHILD(test_tgkill);
	CHECK_CHILD(test_ignore_others);
	CHECK_CHILD(test_many);
	PASS("sys_thread");
}
