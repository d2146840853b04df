/* SPDX-License-Identifier: MIT */
/*
 * memcheck: writes test patterns to memory, reads them back, and names each bad address and its frame.
 *
 *   ones zeros checker   the same word everywhere, then its complement: cells that stick
 *   address              each word is its own address: lines that are mixed up, pages that are swapped
 *   walking              one bit, at another place in each word: neighbours that influence each other
 *   random               nothing repeats
 *
 * The frame is read from /proc/self/pagemap, which only root may.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/options.h"

#define PAGE	  4096UL
#define MAX_SHOWN 10

static unsigned long mib = 64, rounds = 1, seed = 1, plant = ~0UL;
static int lock;

static const struct option_row rows[] = {
	{ "mib", OPTION_NUMBER, &mib, 1, 1 << 24, "MIB", "how much memory (64)" },
	{ "rounds", OPTION_NUMBER, &rounds, 1, 1UL << 40, "N", "how often all patterns (1)" },
	{ "lock", OPTION_FLAG, &lock, 0, 0, NULL, "keep it in RAM: the same frames all the time (mlock)" },
	{ "seed", OPTION_NUMBER, &seed, 0, ~0UL, "N", "of the random pattern (1)" },
	{ "plant", OPTION_NUMBER, &plant, 0, ~0UL, "BYTE", "turn a bit round there before reading: must be found" },
	{ 0 },
};

static const struct manual manual = {
	.program = "memcheck", .operands = "", .rows = rows,
	.what = "Writes six test patterns to its memory, reads them back and names every address that is wrong.",
	.example = "memcheck --mib 100 --lock",
	.statuses = "0: no fault found; 1: wrong words were found; 2: usage, or no memory",
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdUL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53UL;
	return x ^ x >> 33;
}

static uint64_t ones(uint64_t at) { return at | ~0UL; }
static uint64_t zeros(uint64_t at) { return at & 0; }
static uint64_t checker(uint64_t at) { return at & 8 ? 0x5555555555555555UL : 0xaaaaaaaaaaaaaaaaUL; }
static uint64_t address(uint64_t at) { return at; }
static uint64_t walking(uint64_t at) { return 1UL << (at >> 3 & 63); }
static uint64_t scatter(uint64_t at) { return mix(at ^ seed * 0x9e3779b97f4a7c15UL); }

static const struct {
	const char *name;
	uint64_t (*word)(uint64_t at);
} patterns[] = {
	{ "ones", ones }, { "zeros", zeros }, { "checker", checker },
	{ "address", address }, { "walking", walking }, { "random", scatter },
};

/* => page frame number, 0 if it is not to be known */
static uint64_t frame_of(const volatile void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, 8, (off_t)((uintptr_t)at / PAGE * 8)) != 8)
		entry = 0;
	close(fd);
	return entry >> 63 ? entry & ((1UL << 55) - 1) : 0;
}

static unsigned long verify(const char *name, volatile uint64_t *memory, uint64_t bytes, uint64_t (*word)(uint64_t))
{
	unsigned long wrong = 0;

	for (uint64_t at = 0; at < bytes; at += 8) {
		uint64_t found = memory[at / 8], want = word(at);

		if (found == want)
			continue;
		if (wrong++ < MAX_SHOWN)
			printf("memcheck: %s: address %p (offset %#lx, frame %#lx): expected %016lx, found %016lx\n",
			       name, (void *)&memory[at / 8], at, frame_of(&memory[at / 8]), want, found);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	unsigned long wrong = 0;
	volatile uint64_t *memory; /* what was written is to be read, not known */
	uint64_t bytes;

	parse_options(&manual, argc, argv);
	bytes = mib << 20;
	if (plant != ~0UL && plant >= bytes)
		wrong_usage(&manual, "lies beyond the memory", "--plant");
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED || (lock && mlock((void *)memory, bytes))) {
		perror("memcheck: no memory");
		return 2;
	}
	for (unsigned long round = 1; round <= rounds; round++) {
		for (unsigned i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
			for (uint64_t at = 0; at < bytes; at += 8)
				memory[at / 8] = patterns[i].word(at);
			if (plant != ~0UL)
				((volatile char *)memory)[plant] ^= 1;
			wrong += verify(patterns[i].name, memory, bytes, patterns[i].word);
		}
		printf("memcheck: round %lu of %lu: %lu MiB, 6 patterns, %lu wrong words\n", round, rounds, mib, wrong);
		fflush(stdout);
	}
	return wrong != 0;
}
