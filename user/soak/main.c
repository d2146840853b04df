/* SPDX-License-Identifier: MIT */
/*
 * The master: starts the tasks, replaces those that the OOM killer took, counts the operations and judges.
 *
 * The tasks' shares add up to --ops; what a task has done stands in memory shared with the master, so one that
 * was killed is followed by another (with other draws) that does the rest. --mib is what all tasks together
 * hold at most, mostly about half of it (default: seven eighths of RAM and swap, at most five times RAM; with
 * --oom six times both). Without --oom a killed task is a failure. With --loss a task may die of a page that
 * the disk did not give back, but never see a wrong one; the master keeps its own pages in memory.
 */
#include "user/soak/soak.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/proc.h"

#define MAX_KILLS 1000 /* then it is the machine that does not get on */
#define MAX_FORKS 6000 /* refused in a row, ten milliseconds apart: the same */

static const char usage[] =
	"usage: soak [--ops N] [--tasks N] [--seed N] [--mib N] [--oom] [--loss] [--disk DEVICE] [--swapoff DEVICE]\n"
	"            [--policies]\n"
	"Tasks map, write, check, move and share memory at once; every page is checked.\n"
	"  --ops N           operations of all tasks together (10000)\n"
	"  --tasks N         tasks (4, at most 64)\n"
	"  --seed N          the same seed draws the same operations (1)\n"
	"  --mib N           what they hold together at most (follows from RAM and swap)\n"
	"  --oom             ask for more than there is: tasks may be killed, others go on for them\n"
	"  --loss            swap cannot be read now and then: SIGBUS for who touches such a page, others go on\n"
	"  --disk DEVICE     read, write and map blocks of this disk too; 1 MiB of it for each task\n"
	"  --swapoff DEVICE  switch this swap area off and on all the while, with changing priorities (up to 8)\n"
	"  --policies        switch vm.reclaim_policy all the while\n"
	"Exit status 0: every page held what it should; 1: not, or a task died; 2: usage.\n";

int oom_allowed, loss_allowed;
const char *disk;

static unsigned long nr_ops = 10000, seed = 1, mib;
static int nr_tasks = 4;

static struct {
	pid_t pid; /* 0: ended well */
	unsigned lives;
	unsigned long share;
} tasks[MAX_TASKS];
static unsigned long *done; /* operations of each task, in shared memory */
static pid_t switcher = -1;
static unsigned killed, bad;

/* => 0, or the exit status in *status */
static int parse(int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "ops", 1, 0, 'o' },	  { "tasks", 1, 0, 't' },   { "seed", 1, 0, 's' },
		{ "mib", 1, 0, 'm' },	  { "oom", 0, 0, 'k' },	    { "swapoff", 1, 0, 'w' },
		{ "exit", 0, 0, 'x' },	  { "help", 0, 0, 'h' },    { "loss", 0, 0, 'l' },
		{ "disk", 1, 0, 'd' },	  { "policies", 0, 0, 'p' }, { 0 },
	};
	int c;

	*status = 2;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'o': nr_ops = strtoul(optarg, NULL, 0); break;
		case 't': nr_tasks = atoi(optarg); break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 'm': mib = strtoul(optarg, NULL, 0); break;
		case 'k': oom_allowed = 1; break;
		case 'w': switch_area(optarg); break;
		case 'p': switch_policies(); break;
		case 'l': loss_allowed = 1; break;
		case 'd': disk = optarg; break;
		case 'x': *status = 0; return -1; /* what op_exec starts */
		case 'h': fputs(usage, stdout); *status = 0; return -1;
		default: fputs(usage, stderr); return -1;
		}
	}
	if (nr_tasks >= 1 && nr_tasks <= MAX_TASKS && optind == argc)
		return 0;
	fputs(usage, stderr);
	return -1;
}

static size_t default_mib(void)
{
	long ram = meminfo_kb("MemTotal") >> 10, all = ram + (meminfo_kb("SwapTotal") >> 10);

	if (oom_allowed)
		return (size_t)all * 6;
	return (size_t)(all * 7 / 8 < ram * 5 ? all * 7 / 8 : ram * 5);
}

/* => KiB of memory and swap in use, with all dropped that can be */
static long used_kb(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	if (fd < 0 || write(fd, "3", 1) != 1)
		fail("drop_caches");
	close(fd);
	return meminfo_kb("MemTotal") - meminfo_kb("MemFree") + meminfo_kb("SwapTotal") - meminfo_kb("SwapFree");
}

/* What a task's child started may outlive it by a little, so we look until nothing has gone for a while. */
static void print_books(long before)
{
	long now = used_kb();

	for (int idle = 0; idle < 5 && now > before; idle++) {
		long next;

		usleep(20000);
		next = used_kb();
		if (next < now) {
			now = next;
			idle = 0;
		}
	}
	printf("soak: used %ld KiB before, %ld KiB after, pswpin %ld, pswpout %ld\n", before, now,
	       vmstat_number("pswpin"), vmstat_number("pswpout"));
}

/* The heuristic of overcommit refuses a fork while the machine is full: the others will give way. */
static pid_t patient_fork(void)
{
	pid_t pid = fork();

	for (int tries = 0; pid < 0 && errno == ENOMEM && tries < MAX_FORKS; tries++) {
		usleep(10000);
		pid = fork();
	}
	if (pid < 0)
		fail("fork");
	return pid;
}

/* The master is spared, by the killer and by failing allocations; its tasks are not. */
static void set_oom_score_adj(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail("oom_score_adj");
	close(fd);
}

static void start_task(int i)
{
	pid_t pid = patient_fork();

	if (!pid) {
		set_oom_score_adj("0");
		draw_from(seed, (uint64_t)i + MAX_TASKS * (uint64_t)tasks[i].lives);
		run_task(i, tasks[i].share, &done[i]);
	}
	tasks[i].pid = pid;
	tasks[i].lives++;
}

static void start_switching(void)
{
	static unsigned lives;

	lives++;
	switcher = patient_fork();
	if (switcher)
		return;
	set_oom_score_adj("0");
	draw_from(seed, MAX_TASKS * (uint64_t)MAX_KILLS + lives);
	run_switcher();
}

/* => 1 if the process was a task that has done its share, or never will */
static int ended(pid_t pid, int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0, i = 0;
	int excused = (signal == SIGKILL && oom_allowed) || (signal == SIGBUS && loss_allowed);

	if (pid == switcher && signal == SIGKILL) {
		areas_on(); /* perhaps it was killed between the two */
		start_switching();
		return 0;
	}
	while (i < nr_tasks && tasks[i].pid != pid)
		i++;
	killed += signal == SIGKILL || signal == SIGBUS;
	if (i < nr_tasks && excused && killed < MAX_KILLS) {
		start_task(i);
		return 0;
	}
	if (status) {
		printf("soak: FAIL pid %d ended with %#x\n", (int)pid, status);
		bad++;
	}
	if (i < nr_tasks)
		tasks[i].pid = 0;
	return i < nr_tasks;
}

int main(int argc, char **argv)
{
	unsigned long sum = 0;
	long before;
	int status;

	self.number = -1;
	self.doing = "start";
	if (parse(argc, argv, &status))
		return status;
	if (!mib)
		mib = default_mib();
	printf("soak: %lu ops, %d tasks, %lu MiB, seed %lu\n", nr_ops, nr_tasks, mib, seed);
	fflush(stdout);
	set_oom_score_adj("-1000");
	if (disk)
		disk_check_size(nr_tasks);
	if (loss_allowed && mlockall(MCL_CURRENT | MCL_FUTURE))
		fail("mlockall");
	before = used_kb();
	if (!loss_allowed) /* a common page that cannot be read back would be the end of every task */
		common_make();
	done = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		fail("mmap");
	self.budget = mib * 256 / (unsigned)nr_tasks;
	for (int i = 0; i < nr_tasks; i++) {
		tasks[i].share = nr_ops / (unsigned)nr_tasks + ((unsigned)i < nr_ops % (unsigned)nr_tasks);
		start_task(i);
	}
	if (anything_to_switch())
		start_switching();
	for (int left = nr_tasks; left;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0)
			fail("waitpid");
		left -= ended(pid, status);
	}
	if (switcher > 0 && (kill(switcher, SIGKILL) || waitpid(switcher, &status, 0) < 0))
		fail("switcher");
	for (int i = 0; i < nr_tasks; i++)
		sum += done[i];
	bad += sum != nr_ops;
	common_drop();
	print_books(before);
	printf("soak: seed %lu: %d tasks, %u killed, %lu operations: %s\n", seed, nr_tasks, killed, sum,
	       bad ? "FAIL" : "every page right");
	return bad != 0;
}
