/* SPDX-License-Identifier: MIT */
/*
 * bench: what system calls and faults cost a program, in instructions (scripts/bench starts the machine with one
 * instruction to the nanosecond). Lines: bench NAME VALUE
 *
 *   as process 1       boot: instructions since power-on until the first of ours; then powers off
 *   bench user         user.*
 *   bench swap MIB [ROUNDS]  reclaim.*: MIB of memory filled, then written in order twice (ROUNDS times) while
 *                      most of it is swapped
 */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sched.h>
#include <time.h>

#include "boot/exit_status.h"
#include "user/options.h"
#include "user/proc.h"

#define PAGE 4096UL

static uint64_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void report(const char *name, uint64_t total, uint64_t per)
{
	printf("bench %s %lu\n", name, (total + per / 2) / per);
	fflush(stdout);
}

static char *map(unsigned long bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("bench: mmap");
		exit(2);
	}
	return memory;
}

static void touch(char *memory, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		((volatile char *)memory)[i * PAGE] = 1;
}

static void look(char *memory, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		(void)((volatile char *)memory)[i * PAGE];
}

/* Each figure: the second of two rounds. */
#define MEASURE(name, per, prepare, body, after)                                                   \
	do {                                                                                       \
		uint64_t total = 0;                                                                \
		for (int round = 0; round < 2; round++) {                                          \
			uint64_t start;                                                            \
			prepare;                                                                   \
			start = tsc();                                                             \
			body;                                                                      \
			total = tsc() - start;                                                     \
			after;                                                                     \
		}                                                                                  \
		report(name, total, per);                                                          \
	} while (0)

static void fork_once(void)
{
	pid_t pid = fork();

	if (!pid)
		syscall(SYS_exit_group, 0);
	waitpid(pid, NULL, 0);
}

static void bench_faults(void)
{
	const unsigned long pages = 4096;
	char *m = NULL;

	MEASURE("user.first_touch", pages, m = map(pages * PAGE), touch(m, pages), munmap(m, pages * PAGE));
	MEASURE("user.zero_read", pages, m = map(pages * PAGE), look(m, pages), munmap(m, pages * PAGE));
	MEASURE("user.munmap_page", pages, m = map(pages * PAGE); touch(m, pages), munmap(m, pages * PAGE), );
	MEASURE("user.mprotect_page", pages, m = map(pages * PAGE); touch(m, pages),
		mprotect(m, pages * PAGE, PROT_READ), munmap(m, pages * PAGE));
	MEASURE("user.mmap_munmap", 1000, , for (int i = 0; i < 1000; i++) munmap(map(64 * PAGE), 64 * PAGE), );
}

static void bench_calls(void)
{
	MEASURE("user.getppid", 10000, , for (int i = 0; i < 10000; i++) syscall(SYS_getppid), );
	MEASURE("user.sched_yield", 1000, , for (int i = 0; i < 1000; i++) sched_yield(), );
	MEASURE("user.brk", 1000, char *top = (char *)syscall(SYS_brk, 0),
		for (int i = 0; i < 1000; i++) { syscall(SYS_brk, top + 65536); syscall(SYS_brk, top); }, );
}

static void bench_pipe(void)
{
	int there[2], back[2];
	char byte = 0;
	pid_t pid;

	if (pipe(there) || pipe(back))
		exit(2);
	pid = fork();
	if (!pid) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1)
			if (write(back[1], &byte, 1) != 1)
				break;
		_exit(0);
	}
	MEASURE("user.pipe_roundtrip", 1000, ,
		for (int i = 0; i < 1000; i++)
			if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) exit(2), );
	close(there[1]);
	waitpid(pid, NULL, 0);
}

static void bench_fork(void)
{
	const unsigned long pages = 1024;
	char *m = map(64UL << 20);

	MEASURE("user.fork_small", 100, , for (int i = 0; i < 100; i++) fork_once(), );
	touch(m, (64UL << 20) / PAGE);
	MEASURE("user.fork_64m", 4, , for (int i = 0; i < 4; i++) fork_once(), );
	munmap(m, 64UL << 20);
	m = map(pages * PAGE);
	touch(m, pages);
	/* The child lives while the parent writes: each write copies; then it is alone and writes again. */
	MEASURE("user.cow_copy", pages, pid_t pid = fork(); if (!pid) for (;;) pause(), touch(m, pages),
		kill(pid, SIGKILL); waitpid(pid, NULL, 0));
	MEASURE("user.cow_reuse", pages, fork_once(), touch(m, pages), );
}

/* Instructions of the kernel per page that goes out and another that comes in. */
static void bench_swap(unsigned long mib, int rounds)
{
	unsigned long pages = (mib << 20) / PAGE, resident = 1024;
	char *m = map(mib << 20);
	uint64_t own, start, total = 0;
	long in = 0;

	touch(m, resident);
	look(m, resident);
	start = tsc();
	touch(m, resident);
	own = (tsc() - start) / resident;
	touch(m, pages);
	for (int round = 0; round < rounds; round++) {
		in = vmstat_number("pswpin");
		start = tsc();
		touch(m, pages);
		total = tsc() - start;
		in = vmstat_number("pswpin") - in;
	}
	printf("bench reclaim.pages_in %ld\n", in);
	if (in > 0)
		report("reclaim.swap_page", total - own * pages, (uint64_t)in);
}

static unsigned long mib, rounds = 2;
static const struct option_row swap_mib = { "MIB", OPTION_NUMBER, &mib, 1, 1 << 24, NULL, NULL, NULL };
static const struct option_row swap_rounds = { "ROUNDS", OPTION_NUMBER, &rounds, 1, 1000, NULL, NULL, NULL };
static const struct option_row rows[] = { { 0 } };

static const struct manual manual = {
	.program = "bench", .operands = "user | swap MIB [ROUNDS]", .rows = rows, .max_operands = 3,
	.what = "What system calls and faults (user) or swapping MIB of memory (swap) cost,\n"
		"one line `bench NAME VALUE` each, in ticks of the time stamp counter;\n"
		"with scripts/run --icount these are instructions.",
	.example = "bench user",
	.statuses = "0: measured; 2: usage",
};

int main(int argc, char **argv)
{
	uint64_t booted = tsc();
	int first;

	if (getpid() == 1) {
		printf("bench boot %lu\n", booted);
		fflush(stdout);
		syscall(SYS_reboot, 0xfee1dead, 672274793, RB_POWER_OFF, REBOOT_ARG(0));
	}
	first = parse_options(&manual, argc, argv);
	if (argc - first == 1 && !strcmp(argv[first], "user")) {
		bench_calls();
		bench_faults();
		bench_pipe();
		bench_fork();
	} else if (argc - first >= 2 && !strcmp(argv[first], "swap")) {
		set_number(&manual, &swap_mib, argv[first + 1]);
		if (argc - first > 2)
			set_number(&manual, &swap_rounds, argv[first + 2]);
		bench_swap(mib, (int)rounds);
	} else {
		wrong_usage(&manual, "wanted is `user` or `swap MIB [ROUNDS]`", first < argc ? argv[first] : "nothing");
	}
	return 0;
}
