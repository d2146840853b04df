/* SPDX-License-Identifier: MIT */
/*
 * The process in which sysfuzz calls: it draws batch after batch of calls from a seed and makes them, alone or with
 * two threads that share its memory, as root or as user 1000. Whatever happens to it is its own affair.
 *
 * What is never called, or not with these arguments, each because it would end the run and not because the kernel
 * cannot bear it:
 *	reboot with its magic numbers		switches the machine off
 *	root: a process that is not the worker's	-1 and the keepers; user 1000 may try, and must fail
 *	root: syslog 6, 7, 8			the console would hide what goes wrong
 *	root: vhangup				the console is where the verdict goes
 *	root: mknod of devices			a disk with a swap area could be written to
 */
#ifndef TESTS_USER_SYSFUZZ_WORKER_H
#define TESTS_USER_SYSFUZZ_WORKER_H

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sysfuzz_values.h"

#define BATCH	     200 /* calls of a worker */
#define CHILDS_CALLS 8	 /* calls of what a worker forks */
#define USER_ID	     1000

/* Of one worker, in memory it shares with the supervisor. */
struct slot {
	volatile unsigned long calls, good; /* all its workers' */
	volatile long nr, args[6];	    /* the call being made */
};

struct batch {
	struct slot *slot;
	uint64_t seed;
	int as_root, threads, verbose, last_protected; /* the highest pid root keeps off */
};

static struct batch batch;
static unsigned nr_names;
static pid_t worker_pid;
static __thread sigjmp_buf after_fault;

static void on_fault(int sig)
{
	siglongjmp(after_fault, sig);
}

static void on_nudge(int sig)
{
	(void)sig;
}

/* ---- What there is to work with --------------------------------------------------------------- */

static void fill_names(void)
{
	static const char *const names[] = {
		".", "..", "", "dir/x", "dir/empty", "other", "fifo", "loop", "file/x", "dir/../link", "nosuch/x",
		"/", "/proc/self/maps", "/proc/self/fd/20", "/proc/self/status", "/proc/self/comm", "/proc/self/exe",
		"/proc/self/pagemap", "/proc/meminfo", "/proc/zoneinfo", "/proc/slabinfo", "/proc/self", "/proc",
		"/dev/zero", "/dev/null", "/dev/full", "/dev/urandom", "/dev/fd/22", "/dev", "tmpfs", "proc",
		"/proc/sys/vm/drop_caches", "/proc/sys/vm/compact_memory", "/sys/kernel/debug",
		/* for user 1000 only: */
		"/bin/busybox", "/dev/kmsg", "/dev/ttyS0", "/dev/ram0", "/proc/sysrq-trigger", "/proc/1/mem", "/tmp",
		"/proc/sys/vm/overcommit_memory", "/proc/1/oom_score_adj", "/proc/1/fd/0", "/proc/1/maps",
	};

	nr_names = COUNT(names) - (batch.as_root ? 11 : 0);
	for (unsigned i = 0; i < nr_names; i++)
		strcpy((char *)FUZZ_NAMES + 64 * i, names[i]);
	memset((char *)LONG_NAME, 'n', AREA_PAGE);
	memset((char *)UNTERMINATED, 'u', 64);
}

static void fill_area(void)
{
	uint32_t *word = (uint32_t *)OUT;

	if (area_map())
		_exit(9);
	for (unsigned i = 0; i < 0x4000 / sizeof(*word); i++)
		word[i] = below(3) ? below(64) : (uint32_t)draw_wild();
	for (unsigned i = 12; i < 16; i++) { /* structures of pointers */
		for (unsigned j = 0; j < 32; j++)
			((uint64_t *)STRUCT(i))[j] = draw_pointer();
	}
	fill_names();
	fill_more();
	mprotect((void *)READ_ONLY, AREA_PAGE, PROT_READ);
	mprotect((void *)NO_ACCESS, AREA_PAGE, PROT_NONE);
}

static void open_more(void)
{
	int fd = FD_MORE, two[2];

	mkfifo("fifo", 0666);
	(void)!symlink("loop", "loop");
	if (!pipe(two)) {
		move_fd(two[0], fd++);
		move_fd(two[1], fd++);
	}
	move_fd(open("/proc/self/maps", O_RDONLY), fd++);
	move_fd(open("/proc", O_RDONLY | O_DIRECTORY), fd++);
	move_fd(open("/dev/zero", O_RDWR), fd++);
	move_fd(open("/dev/null", O_RDWR), fd++);
	move_fd(open("/dev/urandom", O_RDWR), fd++);
	move_fd(open("/dev/full", O_RDWR), fd++);
	move_fd(open("/dev/tty", O_RDONLY | O_NONBLOCK), fd++);
	move_fd(open("/dev/console", O_RDONLY | O_NONBLOCK | O_NOCTTY), fd++);
	move_fd(open("file", O_PATH), fd++);
	move_fd(open("other", O_WRONLY | O_APPEND), fd++);
	move_fd(open("fifo", O_RDWR | O_NONBLOCK), fd++);
	move_fd(open("/dev/ram0", O_RDWR), fd++);
	move_fd(open("/proc/self/pagemap", O_RDONLY), fd++);
	move_fd(open("/proc/self/comm", O_RDWR), fd++);
	move_fd(open("/dev/kmsg", O_RDONLY | O_NONBLOCK), fd++);
	move_fd(open("/dev/loop-control", O_RDWR), fd++);
	move_fd(open("/dev/loop0", O_RDWR), fd++);
	move_fd(open("/dev/loop1", O_RDWR), fd++);
	fd = open("gone", O_RDWR | O_CREAT, 0600);
	unlink("gone");
	move_fd(fd, FD_AFTER - 1);
}

static void set_limits(void)
{
	struct rlimit processes = { 100, 100 }, size = { 64 << 20, 64 << 20 }, none = { 0, 0 };

	setrlimit(RLIMIT_NPROC, &processes);
	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_CORE, &none);
}

static void set_handlers(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < COUNT(faults); i++)
		sigaction(faults[i], &act, NULL);
	act.sa_handler = on_nudge;
	act.sa_flags = below(2) ? SA_RESTART : 0;
	sigaction(SIGUSR1, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* ---- Calls ------------------------------------------------------------------------------------ */

static int is_protected(long pid)
{
	int p = (int)pid;

	return batch.as_root && (p == -1 || (p && abs(p) <= batch.last_protected));
}

/* Takes out of a drawn call what the list at the top says. */
static void tame(const struct call_row *row, long a[6])
{
	for (int i = 0; row->kinds[i]; i++) {
		if (row->kinds[i] == 'p' && is_protected(a[i]))
			a[i] = worker_pid;
	}
	if (row->nr == NR_reboot)
		a[0] &= 0xffff;
	if (!batch.as_root)
		return;
	if (row->nr == NR_syslog && (int)a[0] >= 6 && (int)a[0] <= 8)
		a[0] = 9;
	if (row->nr == NR_mknod)
		a[1] &= ~060000L;
	if (row->nr == NR_mknodat)
		a[2] &= ~060000L;
}

static const struct call_row *draw_row(void)
{
	const struct call_row *row;
	int tries = 0;

	do
		row = below(4) ? &call_rows[below(NR_ROWS)] : &PICK(more_rows);
	while ((row->flags & (ENDS | BLOCKS)) && below(12) && ++tries < 3);
	return row->nr == NR_vhangup && batch.as_root ? row_of(NR_sched_yield) : row;
}

static void show_call(const struct call_row *row, const long a[6], long ret)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "%d %s(%lx, %lx, %lx, %lx, %lx, %lx) = %ld\n", (int)worker_pid, row->name,
			 a[0], a[1], a[2], a[3], a[4], a[5], ret);

	(void)!write(batch.verbose, line, (size_t)n);
}

static void one_call(void)
{
	const struct call_row *row = draw_row();
	unsigned strange = below(4); /* of four arguments so many are not the valid ones */
	struct slot *slot = batch.slot;
	long a[6], ret;

	for (int i = 0; i < 6; i++)
		a[i] = below(4) < strange ? (long)draw() : 0;
	for (int i = 0; row->kinds[i]; i++)
		a[i] = below(4) < strange ? (long)draw_kind(row->kinds[i], row->nr, nr_names) : valid_argument(row, i);
	tame(row, a);
	slot->nr = row->nr;
	for (int i = 0; i < 6; i++)
		slot->args[i] = a[i];
	if (batch.verbose)
		show_call(row, a, -9999);
	ret = raw_call(row->nr, a);
	__atomic_add_fetch(&slot->calls, 1, __ATOMIC_RELAXED);
	if (ret >= 0 || ret < -4095)
		__atomic_add_fetch(&slot->good, 1, __ATOMIC_RELAXED);
	if (batch.verbose)
		show_call(row, a, ret);
}

static void calls(int n, uint64_t seed)
{
	volatile int done = 0;
	volatile int left = n;

	draw_seed(seed);
	if (sigsetjmp(after_fault, 0)) {
		area_map();
		if (++done > 16) /* of faults */
			return;
	}
	while (left-- > 0) {
		if (!below(32))
			area_refill();
		if (!below(64))
			fill_area();
		one_call();
		if (syscall(SYS_getpid) != worker_pid) { /* a child of a drawn fork */
			worker_pid = (pid_t)syscall(SYS_getpid);
			left = left < CHILDS_CALLS ? left : CHILDS_CALLS;
			batch.threads = -1;
		}
	}
}

static void *thread_calls(void *number)
{
	calls(BATCH / 4, batch.seed * 7 + (uint64_t)(uintptr_t)number);
	return NULL;
}

/* => does not return */
static void worker_main(void)
{
	struct sched_param normal = { .sched_priority = 0 };
	pthread_t thread;

	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	(void)!write(fd, "500", 3); /* this and the policy are the supervisor's, not to be inherited */
	close(fd);
	/* The supervisor's: drawn messages pass descriptors on, and a keeper asked by a worker waits for ever. */
	syscall(SYS_close_range, 3U, FD_LOG - 1U, 0);
	syscall(SYS_close_range, FD_LOG + 1U, ~0U, 0);
	worker_pid = getpid();
	syscall(NR_sched_setscheduler, 0, SCHED_OTHER, &normal);
	setsid();
	draw_seed(batch.seed);
	set_limits();
	if (!batch.as_root && (setgid(USER_ID) || setuid(USER_ID)))
		_exit(9);
	area_open();
	open_more();
	fill_area();
	set_handlers();
	for (long i = 1; i <= batch.threads; i++)
		pthread_create(&thread, NULL, thread_calls, (void *)i);
	calls(BATCH, batch.seed);
	for (;;) /* a drawn clone may share this stack: who returns here is not always who called */
		syscall(SYS_exit_group, 0);
}

#endif
