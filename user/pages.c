/* SPDX-License-Identifier: MIT */
/*
 * pages: fills memory with data that can be recomputed and reads all of it back.
 *
 *   pages [--mib N] [--rounds N] [--order seq|random] [--seed N] [--rewrite] [--progress N] [--quiet]
 *
 * Every 8-byte word of every page depends on page number, round and seed, so a page that comes back
 * zeroed, stale, or from a neighbour is noticed. Each round reads and checks every page; with --rewrite
 * it also writes the next round's pattern. Exit status 0: all words were right; 1: some were not (the
 * first few are printed); 2: usage or no memory.
 */
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	   4096UL
#define WORDS	   (PAGE / sizeof(uint64_t))
#define MAX_SHOWN  5

static uint64_t seed = 1;
static int quiet;
static unsigned long progress; /* print where we are every so many pages; 0: never */

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

static unsigned long round_of(uint64_t *memory, uint64_t pages, uint64_t round, int random, int rewrite)
{
	unsigned long wrong_pages = 0;
	uint64_t power = 1;

	while (power < pages)
		power <<= 1;
	for (uint64_t i = 0; i < power; i++) {
		uint64_t page = random ? nth(i, power, round) : i;
		uint64_t pattern = rewrite ? round : 0;

		if (page >= pages)
			continue;
		if (progress && i % progress == 0) {
			printf("pages: round %lu at page %lu\n", round, page);
			fflush(stdout);
		}
		if (check(memory, page, pattern) && ++wrong_pages == MAX_SHOWN)
			return wrong_pages;
		if (rewrite)
			fill(memory, page, round + 1);
	}
	return wrong_pages;
}

static int usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: pages [--mib N] [--rounds N] [--order seq|random] [--seed N] [--rewrite]\n"
		"             [--progress N] [--quiet]\n"
		"Fills N MiB (64) with known data and checks every word of it in N rounds (2).\n");
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mib", 1, 0, 'm' },	  { "rounds", 1, 0, 'r' }, { "order", 1, 0, 'o' },
		{ "seed", 1, 0, 's' },	  { "rewrite", 0, 0, 'w' }, { "quiet", 0, 0, 'q' },
		{ "progress", 1, 0, 'p' },
		{ "help", 0, 0, 'h' },	  { 0 },
	};
	unsigned long mib = 64, rounds = 2;
	int random = 0, rewrite = 0, c;
	uint64_t *memory, pages;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm': mib = strtoul(optarg, NULL, 0); break;
		case 'r': rounds = strtoul(optarg, NULL, 0); break;
		case 'o': random = !strcmp(optarg, "random"); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'w': rewrite = 1; break;
		case 'q': quiet = 1; break;
		case 'p': progress = strtoul(optarg, NULL, 0); break;
		case 'h': return usage(0);
		default: return usage(2);
		}
	}
	pages = mib * (1048576 / PAGE);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!pages || memory == MAP_FAILED) {
		perror("pages: mmap");
		return 2;
	}
	for (uint64_t page = 0; page < pages; page++)
		fill(memory, page, 0);
	for (unsigned long round = 0; round < rounds; round++) {
		unsigned long wrong = round_of(memory, pages, round, random, rewrite);

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
