/* SPDX-License-Identifier: MIT */
/*
 * sysfuzz: random system calls with random arguments (sysfuzz_values.h), in processes of their own.
 *
 *	sysfuzz [--calls N] [--seed N] [--jobs N] [--as root|user] [--verbose]
 *
 *	supervisor -- keepers: hold memory, files, pipes with known contents and say at the end whether they still do
 *		   `- workers (sysfuzz_worker.h), JOBS at a time: a batch of calls each, as root and as user 1000
 *
 * A worker that makes no progress is interrupted by a signal, then killed; one that does not die is a failure, and
 * so is a keeper whose data changed, memory or kernel objects that are gone when everything is cleaned up, and what
 * the kernel itself says: the test looks for it in the log. A batch's calls follow from its number and the
 * seed; how the workers mix is the machine's business.
 *
 * Exit status 0: all is well; 1: not; 2: usage.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "sysfuzz_worker.h"
#include "sysfuzz_keep.h"
#include "sysfuzz_sweep.h"

#define MAX_JOBS      16
#define POLLS_NUDGE   2	   /* polls (of a tick each) without progress before a signal */
#define POLLS_KILL    5	   /* before SIGKILL */
#define POLLS_DEAD    6000 /* after it: the process cannot be killed */
#define SWEEP_BATCHES 48   /* after so many all that workers left behind goes */
#define WARM_UP	      3000UL

static struct job {
	pid_t pid;
	unsigned long seen;
	int idle;
} jobs[MAX_JOBS];

static struct slot *slots;
static unsigned long target = 20000, next_batch, killed;
static uint64_t seed;
static int nr_jobs = 4, only_as = -1, verbose, tmp_fd, root_fd, failures;

static void fail(const char *what, long a, long b)
{
	printf("FAIL sysfuzz: %s (%ld, %ld)\n", what, a, b);
	failures++;
}

static unsigned long total_calls(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < nr_jobs; i++)
		sum += slots[i].calls;
	return sum;
}

/* ---- Workers ---------------------------------------------------------------------------------- */

static void start_job(int i)
{
	char dir[32];
	unsigned long number = next_batch++;

	/* What root may have changed on the way. */
	fchmod(root_fd, 0755);
	fchmod(tmp_fd, 0777);
	snprintf(dir, sizeof(dir), "%d-%lu", i, number / SWEEP_BATCHES);
	mkdirat(tmp_fd, dir, 0777);
	fchmodat(tmp_fd, dir, 0777, 0);
	batch.slot = &slots[i];
	batch.seed = seed * 1000003 + number;
	batch.as_root = only_as >= 0 ? only_as : (int)(number % 2);
	batch.threads = number % 3 == 2 ? 2 : 0;
	batch.verbose = verbose ? 1 : 0;
	batch.last_protected = keepers_last_pid();
	jobs[i].seen = slots[i].calls;
	jobs[i].idle = 0;
	jobs[i].pid = fork();
	if (jobs[i].pid < 0) {
		jobs[i].pid = 0; /* no memory now: the next poll tries again */
		return;
	}
	if (jobs[i].pid)
		return;
	fchdir(tmp_fd);
	if (chdir(dir))
		_exit(9);
	move_fd(verbose ? dup(1) : open("/dev/null", O_RDWR), FD_LOG);
	if (!verbose) {
		dup2(FD_LOG, 0);
		dup2(FD_LOG, 1);
		dup2(FD_LOG, 2);
	}
	worker_main();
}

static void report_stuck(int i)
{
	const struct call_row *row = row_of((int)slots[i].nr);

	printf("FAIL sysfuzz: process %d does not die in %s(%lx, %lx, %lx, %lx, %lx, %lx)\n", jobs[i].pid,
	       row ? row->name : "?", slots[i].args[0], slots[i].args[1], slots[i].args[2], slots[i].args[3],
	       slots[i].args[4], slots[i].args[5]);
	failures++;
}

/* One look at a running job. => false: it is stuck for good */
static int poll_job(int i)
{
	struct job *job = &jobs[i];

	if (slots[i].calls != job->seen && job->idle < POLLS_KILL) {
		job->seen = slots[i].calls;
		job->idle = 0;
		return 1;
	}
	job->idle++;
	if (job->idle >= POLLS_NUDGE && job->idle < POLLS_KILL)
		kill(job->pid, SIGUSR1);
	if (job->idle == POLLS_KILL) {
		kill(job->pid, SIGKILL);
		killed++;
	}
	if (job->idle == POLLS_DEAD)
		report_stuck(i);
	return job->idle < POLLS_DEAD;
}

static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (int i = 0; i < nr_jobs; i++) {
			if (jobs[i].pid == pid)
				jobs[i].pid = 0;
		}
		if (keepers_have(pid))
			fail("a keeper is dead", pid, 0);
	}
}

static void tick(void)
{
	struct timespec ts = { 0, 10000000 };

	nanosleep(&ts, NULL);
}

/* ---- Cleaning up ------------------------------------------------------------------------------ */

/* The kernel starts threads of its own while we run: nobody's child, and not init. */
static int is_kthread(int pid)
{
	char name[32], text[256];

	snprintf(name, sizeof(name), "%d/stat", pid);
	read_all(sweep.proc, name, text, sizeof(text));
	return strstr(text, ") ") && atoi(strrchr(text, ')') + 4) == 0;
}

/* Kills every process younger than the keepers. => how many there are */
static int kill_strays(int *example)
{
	DIR *dir = fdopendir(openat(sweep.proc, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (pid > keepers_last_pid() && !is_kthread(pid)) {
			kill(pid, SIGKILL);
			*example = pid;
			n++;
		}
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Where it is, as far as /proc tells, and what the jobs called last. */
static void report_undead(int left, int pid)
{
	fail("processes that do not die", left, pid);
	for (int i = 0; i < nr_jobs; i++)
		report_stuck(i);
	show_process(sweep.proc, pid);
	exit(1);
}

static void clean_up(void)
{
	int left = 0, example = 0;

	for (int polls = 0; (left = kill_strays(&example)) && polls < POLLS_DEAD; polls++) {
		tick();
		reap();
	}
	if (left)
		report_undead(left, example);
	memset(jobs, 0, sizeof(jobs));
	remove_mounts();
	unbind_loops();
	remove_files();
	remove_segments();
	reap();
}

/* ---- The run ------------------------------------------------------------------------------------ */

static void run_until(unsigned long calls)
{
	unsigned long swept = next_batch;
	int running = 1;

	while (running && !failures) {
		int more = total_calls() < calls;

		running = more;
		for (int i = 0; i < nr_jobs; i++) {
			if (!jobs[i].pid && more && next_batch - swept < SWEEP_BATCHES)
				start_job(i);
			else if (jobs[i].pid && !poll_job(i))
				return;
			running |= jobs[i].pid != 0;
		}
		tick();
		reap();
		if (next_batch - swept >= SWEEP_BATCHES) {
			clean_up();
			swept = next_batch;
		}
	}
	clean_up();
}

/* Nobody else's priority is as high, so that a worker with a real-time policy can be killed. */
static void prepare(void)
{
	struct sched_param param = { .sched_priority = 99 };
	int fd = -1;

	/* Only then is it spared when allocations are made to fail: until then any call may. */
	for (int tries = 0; tries < 100 && (fd < 0 || write(fd, "-1000", 5) != 5); tries++)
		fd = fd < 0 ? open("/proc/self/oom_score_adj", O_WRONLY) : fd;
	close(fd);
	/* A disk's flusher comes with its first writer, and stays. */
	for (int tries = 0; tries < 100 && (fd = open("/dev/ram0", O_RDWR)) < 0 && errno != ENOENT; tries++)
		;
	close(fd);
	mkdir("/tmp/sysfuzz", 0777);
	root_fd = open("/", O_RDONLY | O_DIRECTORY);
	tmp_fd = open("/tmp/sysfuzz", O_RDONLY | O_DIRECTORY);
	slots = mmap(NULL, sizeof(*slots) * MAX_JOBS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (root_fd < 0 || tmp_fd < 0 || slots == MAP_FAILED || area_map()) {
		printf("FAIL sysfuzz: cannot start: %s\n", strerror(errno));
		exit(1);
	}
	area.shm = shmget(IPC_PRIVATE, 2 * AREA_PAGE, 0666);
	keepers_start();
	sweep_prepare();
	syscall(NR_sched_setscheduler, 0, SCHED_FIFO, &param);
}

static int usage(void)
{
	fprintf(stderr, "usage: sysfuzz [--calls N] [--seed N] [--jobs N] [--as root|user] [--verbose]\n");
	return 2;
}

static int parse(int argc, char **argv)
{
	static const struct option options[] = { { "calls", 1, NULL, 'c' },   { "seed", 1, NULL, 's' },
						 { "jobs", 1, NULL, 'j' },    { "as", 1, NULL, 'a' },
						 { "verbose", 0, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'c')
			target = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'j')
			nr_jobs = atoi(optarg);
		else if (c == 'a')
			only_as = !strcmp(optarg, "root");
		else if (c == 'v')
			verbose = 1;
		else
			return 2;
	}
	return optind < argc || nr_jobs < 1 || nr_jobs > MAX_JOBS ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct holdings before, after;
	unsigned long good = 0;
	struct termios tty;
	int has_tty;

	seed = (uint64_t)time(NULL);
	if (parse(argc, argv))
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("sysfuzz: seed %llu, %lu calls\n", (unsigned long long)seed, target);
	if (rows_missing())
		return 1;
	has_tty = !tcgetattr(0, &tty);
	prepare();
	run_until(WARM_UP);
	take_holdings(sweep.proc, &before);
	run_until(WARM_UP + target);
	take_holdings(sweep.proc, &after);
	if (has_tty) {
		tcsetattr(0, TCSANOW, &tty);
		tcflow(1, TCOON);
	}
	failures += compare_holdings(&before, &after);
	failures += keepers_check(sweep.proc);
	for (int i = 0; i < nr_jobs; i++)
		good += slots[i].good;
	printf("sysfuzz: %lu calls, %lu succeeded, %lu batches, %lu workers killed while waiting\n", total_calls(),
	       good, next_batch, killed);
	printf(failures ? "FAIL sysfuzz: seed %llu\n" : "PASS sysfuzz: seed %llu\n", (unsigned long long)seed);
	return failures != 0;
}
