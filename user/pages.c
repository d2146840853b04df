/* SPDX-License-Identifier: MIT */
/*
 * pages: fills memory with data that can be recomputed and reads all of it back.
 *
 * Every 8-byte word of every page depends on page number, round and seed, so a page that comes back
 * zeroed, stale, or from a neighbour is noticed. Each round reads and checks every page; with --rewrite
 * it also writes the next round's pattern. Exit status 0: all words were right; 1: some were not (the
 * first few are printed); 2: usage or no memory.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "user/options.h"

#define PAGE	   4096UL
#define WORDS	   (PAGE / sizeof(uint64_t))
#define MAX_SHOWN  5

static unsigned long seed = 1, mib = 64, rounds = 2;
static int quiet, rewrite, order;
static unsigned long progress; /* print where we are every so many pages; 0: never */

static const struct option_row rows[] = {
	{ "mib", OPTION_NUMBER, &mib, 1, 1 << 24, "MIB", "how much memory (64)" },
	{ "rounds", OPTION_NUMBER, &rounds, 0, 1UL << 40, "N", "how often all of it is read and checked (2)" },
	{ "order", OPTION_CHOICE, &order, 0, 0, "ORDER", "seq or random (seq)", "seq|random" },
	{ "seed", OPTION_NUMBER, &seed, 0, ~0UL, "N", "of the data and of the random order (1)" },
	{ "rewrite", OPTION_FLAG, &rewrite, 0, 0, NULL, "each round also writes new data" },
	{ "progress", OPTION_NUMBER, &progress, 0, ~0UL, "PAGES", "a line every so many pages (none)" },
	{ "quiet", OPTION_FLAG, &quiet, 0, 0, NULL, "no line for each round" },
	{ 0 },
};

static const struct manual manual = {
	.program = "pages", .operands = "", .rows = rows,
	.what = "Fills memory with data that can be recomputed and checks every word of it, round after round:\n"
		"with more than there is RAM, everything must come back from swap as it was.",
	.example = "pages --mib 300 --order random",
	.statuses = "0: every word was right; 1: some were not; 2: usage, or no memory",
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdUL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53UL;
	return x ^ x >> 33;
}

static uint64_t word(uint64_t page, uint64_t i, uint64_t round)
{
	return mix(seed * 0x9e3779b97f4a7c15UL + page * 2654435761UL + round) + i * 0x100000001b3UL;
}

static void fill(uint64_t *memory, uint64_t page, uint64_t round)
{
	uint64_t first = word(page, 0, round), *to = memory + page * WORDS;

	for (uint64_t i = 0; i < WORDS; i++)
		to[i] = first + i * 0x100000001b3UL;
}

/* => number of wrong words of the page */
static unsigned long check(const uint64_t *memory, uint64_t page, uint64_t round)
{
	uint64_t first = word(page, 0, round);
	const uint64_t *from = memory + page * WORDS;
	unsigned long wrong = 0;

	for (uint64_t i = 0; i < WORDS; i++) {
		uint64_t want = first + i * 0x100000001b3UL;

		if (from[i] == want)
			continue;
		if (wrong++ < 1)
			printf("pages: page %lu word %lu: expected %016lx, found %016lx\n", page, i,
			       want, from[i]);
	}
	return wrong;
}

/* A permutation of 0..n-1 without memory: walk a power of two with an odd stride, skip what is beyond. */
static uint64_t nth(uint64_t i, uint64_t power, uint64_t round)
{
	return (i * (2 * mix(seed + round) + 1) + mix(seed ^ round)) & (power - 1);
}

static unsigned long round_of(uint64_t *memory, uint64_t pages, uint64_t round, int random, int rewriting)
{
	unsigned long wrong_pages = 0;
	uint64_t power = 1;

	while (power < pages)
		power <<= 1;
	for (uint64_t i = 0; i < power; i++) {
		uint64_t page = random ? nth(i, power, round) : i;
		uint64_t pattern = rewriting ? round : 0;

		if (page >= pages)
			continue;
		if (progress && i % progress == 0) {
			printf("pages: round %lu at page %lu\n", round, page);
			fflush(stdout);
		}
		if (check(memory, page, pattern) && ++wrong_pages == MAX_SHOWN)
			return wrong_pages;
		if (rewriting)
			fill(memory, page, round + 1);
	}
	return wrong_pages;
}

int main(int argc, char **argv)
{
	uint64_t *memory, pages;

	parse_options(&manual, argc, argv);
	pages = mib * (1048576 / PAGE);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		perror("pages: mmap");
		return 2;
	}
	for (uint64_t page = 0; page < pages; page++)
		fill(memory, page, 0);
	for (unsigned long round = 0; round < rounds; round++) {
		unsigned long wrong = round_of(memory, pages, round, order, rewrite);

		if (wrong) {
			printf("pages: %lu or more wrong pages in round %lu\n", wrong, round);
			return 1;
		}
		if (!quiet)
			printf("pages: round %lu of %lu: %lu pages, every word right\n", round + 1, rounds,
			       pages);
		fflush(stdout);
	}
	return 0;
}
