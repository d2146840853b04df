/* SPDX-License-Identifier: MIT */
/*
 * exec_mutant [ROUNDS [SEED]]: runs damaged copies of itself: headers, program headers and now and then the contents,
 * changed at random. Each must be refused, end or be killed; a copy that runs on is killed by its alarm. Afterwards
 * our own data and a neighbour's are intact, and the memory is back.
 *
 * The copies run as nobody, with little memory and time: what random code asks for must hurt nobody else.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

#define SLACK_KIB 1024 /* what per-CPU lists and slabs may keep */
#define GUARD	  (256 << 10)
#define NOBODY	  65534

static unsigned char good[1 << 20], image[1 << 20];
static size_t good_size, size;
static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = { 0, 1, 7, 0xfff, 0x1000, 0x1001, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
					0xffffffff, 0x400000, 0x401000, 0x7ffffffff000, 0x7fff00000000, 0x800000000000,
					0xffff888000000000, 0xffffffff80000000, 0xfffffffffffff000, ~0ULL, 1ULL << 63 };
	uint64_t r = next();

	return r % 4 ? odd[(r >> 8) % (sizeof(odd) / sizeof(odd[0]))] : r >> (r >> 58);
}

static void set(size_t at, size_t width, uint64_t value)
{
	if (at + width <= size)
		memcpy(image + at, &value, width);
}

/* One field of the ELF header or of a program header. */
static void damage_field(void)
{
	static const unsigned char eh[][2] = { { 0, 4 },  { 4, 1 },  { 16, 2 }, { 18, 2 },
					       { 24, 8 }, { 32, 8 }, { 54, 2 }, { 56, 2 } };
	Elf64_Ehdr *e = (void *)good;
	unsigned int pick = (unsigned int)(next() % 8);

	if (pick == 0) {
		unsigned int f = (unsigned int)(next() % 8);

		set(eh[f][0], eh[f][1], odd_number());
	} else {
		size_t at = e->e_phoff + next() % e->e_phnum * sizeof(Elf64_Phdr), field = next() % 8;
		uint64_t old = 0;

		if (field < 2) {
			set(at + field * 4, 4, field ? next() % 8 : odd_number());
			return;
		}
		memcpy(&old, image + at + (field - 1) * 8, 8);
		old += (next() % 3 - 1) * (next() % 2 ? 4096 : next() % 64);
		set(at + (field - 1) * 8, 8, next() % 2 ? odd_number() : old);
	}
}

static void mutate(void)
{
	memcpy(image, good, good_size);
	size = good_size;
	for (int n = 1 + (int)(next() % 3); n; n--) {
		switch (next() % 10) {
		case 0:
			set(next() % 64, 1, next());
			break;
		case 1:
			set(next() % size, 8, next()); /* the contents: random code */
			break;
		case 2:
			size = next() % 4 ? size : next() % size + 1;
			break;
		default:
			damage_field();
		}
	}
}

static long mem_free_kib(void)
{
	char text[512] = "", *at;
	int fd = open("/proc/meminfo", O_RDONLY);

	CHECK(fd >= 0);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strstr(text, "MemFree:");
	CHECK(at);
	return atol(at + 8);
}

static void limit(int what, rlim_t value)
{
	struct rlimit r = { value, value };

	CHECK(setrlimit(what, &r) == 0);
}

static void run_mutant(void)
{
	char *argv[] = { "mutant", "child", NULL };
	struct itimerval timer = { { 0, 0 }, { 0, 200000 } };
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	limit(RLIMIT_AS, 64 << 20);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_NPROC, 4);
	CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	execve("/tmp/mutant", argv, argv + 2);
	_exit(99); /* refused: the caller lives */
}

static void one_round(int counts[4])
{
	int fd = open("/tmp/mutant", O_WRONLY | O_CREAT | O_TRUNC, 0755), status;
	pid_t pid;

	CHECK(fd >= 0 && write(fd, image, size) == (ssize_t)size);
	close(fd);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		run_mutant();
	CHECK(waitpid(pid, &status, 0) == pid);
	counts[WIFSIGNALED(status) ? WTERMSIG(status) == SIGALRM ? 3 : 2 : WEXITSTATUS(status) == 99]++;
	unlink("/tmp/mutant");
}

static uint64_t pattern(size_t i)
{
	return i * 0x9e3779b97f4a7c15ULL ^ 0x5bd1e995;
}

static void fill(uint64_t *guard)
{
	for (size_t i = 0; i < GUARD / 8; i++)
		guard[i] = pattern(i);
}

static void check(const uint64_t *guard)
{
	for (size_t i = 0; i < GUARD / 8; i++)
		CHECK(guard[i] == pattern(i));
}

/* A process with private memory of its own that lives through it all. => the end of the pipe that wakes it */
static int start_neighbour(pid_t *pid)
{
	int ends[2];
	char byte;

	CHECK(pipe(ends) == 0);
	*pid = fork();
	CHECK(*pid >= 0);
	if (!*pid) {
		uint64_t *own = malloc(GUARD);

		CHECK(own);
		fill(own);
		close(ends[1]);
		CHECK(read(ends[0], &byte, 1) == 0); /* until the other end is closed */
		check(own);
		_exit(0);
	}
	close(ends[0]);
	CHECK(fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
	return ends[1];
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 250, counts[4] = { 0 };
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	uint64_t *guard;
	long before, after;
	int fd, neighbour, status;
	pid_t pid;

	if (argc > 1 && !strcmp(argv[1], "child"))
		return 0;
	printf("exec_mutant %d %llu\n", rounds, (unsigned long long)seed);
	fflush(stdout);
	state = seed | 1ULL << 62;
	fd = open("/proc/self/exe", O_RDONLY);
	CHECK(fd >= 0);
	good_size = (size_t)read(fd, good, sizeof(good));
	close(fd);
	guard = mmap(NULL, GUARD, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(guard != MAP_FAILED);
	fill(guard);
	neighbour = start_neighbour(&pid);
	for (int i = 0; i < 10; i++) { /* so that the slabs have what they need */
		mutate();
		one_round(counts);
	}
	before = mem_free_kib();
	for (int i = 0; i < rounds; i++) {
		mutate();
		one_round(counts);
	}
	after = mem_free_kib();
	check(guard);
	close(neighbour);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	printf("ended %d, refused %d, killed %d, ran on %d; free before %ld KiB, after %ld KiB\n", counts[0], counts[1],
	       counts[2], counts[3], before, after);
	fflush(stdout);
	CHECK(counts[0] && counts[1] && counts[2]);
	CHECK(after + SLACK_KIB >= before);
	PASS("exec_mutant");
}
