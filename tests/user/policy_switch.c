/* SPDX-License-Identifier: MIT */
/*
 * policy_switch MIB ROUNDS NAME...: two processes work on MIB MiB of anonymous memory and a file in /tmp, every
 * word checked, while a third changes vm.reclaim_policy from one NAME to the next, ROUNDS changes in all, each
 * after a share of the work. Ends with status 0 if no word was wrong and every change took.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>

#include "tests/user/check.h"

#define KNOB "/proc/sys/vm/reclaim_policy"
#define PAGE  4096UL
#define WORDS 512

static void *map(size_t bytes, int flags)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static volatile uint64_t *steps; /* shared: what the workers have done; [0] and [1], [2]: stop */

static uint64_t value(uint64_t page, uint64_t word, uint64_t version)
{
	return (page * WORDS + word) * 0x9e3779b97f4a7c15UL + version * 0xbf58476d1ce4e5b9UL;
}

static void fill(uint64_t *at, uint64_t page, uint64_t version)
{
	for (uint64_t w = 0; w < WORDS; w++)
		at[w] = value(page, w, version);
}

static void check(const uint64_t *at, uint64_t page, uint64_t version)
{
	for (uint64_t w = 0; w < WORDS; w++) {
		if (at[w] == value(page, w, version))
			continue;
		printf("FAIL page %lu word %lu version %lu\n", page, w, version);
		fflush(stdout);
		_exit(1);
	}
}

/* Half of the pages in order, half by chance, one in eight written anew; a file page now and then. */
static void work(unsigned int who, uint64_t pages)
{
	uint64_t *base = map(pages * PAGE, MAP_PRIVATE), random = who * 77 + 1;
	uint8_t *version = calloc(pages, 1);
	uint64_t buf[WORDS];
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/tmp/policy%u", who);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(version && fd >= 0);
	for (uint64_t i = 0; !steps[2]; i++) {
		uint64_t page;

		random = random * 6364136223846793005UL + 1442695040888963407UL;
		page = i & 1 ? (random >> 33) % pages : i / 2 % pages;
		if (version[page])
			check(base + page * WORDS, page, version[page]);
		if (!version[page] || random >> 40 & 7) {
			version[page] = (uint8_t)(version[page] % 250 + 1);
			fill(base + page * WORDS, page, version[page]);
		}
		if (i % 16 == 0) {
			uint64_t block = i / 16 % 256;

			if (i / 16 >= 256) {
				CHECK(pread(fd, buf, sizeof(buf), (off_t)(block * sizeof(buf))) == sizeof(buf));
				check(buf, block, i / 16 / 256 - 1);
			}
			fill(buf, block, i / 16 / 256);
			CHECK(pwrite(fd, buf, sizeof(buf), (off_t)(block * sizeof(buf))) == sizeof(buf));
		}
		steps[who]++;
	}
	for (uint64_t page = 0; page < pages; page++)
		if (version[page])
			check(base + page * WORDS, page, version[page]);
	_exit(0);
}

static void set_policy(const char *name)
{
	char now[32] = "";
	int fd = open(KNOB, O_RDWR);

	CHECK(fd >= 0);
	CHECK(write(fd, name, strlen(name)) == (ssize_t)strlen(name));
	CHECK(pread(fd, now, sizeof(now) - 1, 0) > 0);
	now[strcspn(now, "\n")] = 0;
	CHECK(!strcmp(now, name));
	close(fd);
}

int main(int argc, char **argv)
{
	uint64_t pages, rounds, share;
	pid_t child[2];
	int fd;

	CHECK(argc > 3);
	pages = strtoul(argv[1], NULL, 0) * 128; /* for each of the two */
	rounds = strtoul(argv[2], NULL, 0);
	share = pages / 4;
	steps = map(PAGE, MAP_SHARED);
	fd = open(KNOB, O_RDWR);
	CHECK(fd >= 0);
	CHECK_ERR(write(fd, "no-such-policy\n", 15), EINVAL);
	CHECK_ERR(write(fd, "\n", 1), EINVAL);
	close(fd);
	for (unsigned int i = 0; i < 2; i++) {
		child[i] = fork();
		CHECK(child[i] >= 0);
		if (!child[i])
			work(i, pages);
	}
	for (uint64_t round = 0; round < rounds; round++) {
		uint64_t until = steps[0] + steps[1] + (round ? share : 2 * pages);

		while (steps[0] + steps[1] < until) {
			int status;

			CHECK(waitpid(-1, &status, WNOHANG) == 0); /* a worker ended: it has said why */
			sched_yield();
			usleep(1000);
		}
		set_policy(argv[3 + round % (uint64_t)(argc - 3)]);
	}
	steps[2] = 1;
	for (unsigned int i = 0; i < 2; i++) {
		int status;

		CHECK(waitpid(child[i], &status, 0) == child[i] && status == 0);
	}
	printf("%lu changes of policy, %lu steps\n", rounds, steps[0] + steps[1]);
	PASS("policy_switch");
}
