/* SPDX-License-Identifier: MIT */
/*
 * walk: touches memory in a pattern and counts the faults that cost.
 *
 *   seq      0 1 2 3 ...             random   each page equally likely
 *   stride   0 s 2s ... 1 s+1 ...    zipf     page k with weight 1/(k+1): few pages get most touches
 *   hot      nine of ten touches go to the hot tenth of the pages
 *
 * Which pages stay in RAM under pressure follows from the pattern: compare the major faults of two patterns with
 * more memory than there is RAM. The same seed gives the same touches. Every touch checks what the last one wrote.
 */
#include <math.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "user/options.h"

#define PAGE 4096UL

enum pattern { SEQ, RANDOM, STRIDE, ZIPF, HOT };

static unsigned long mib = 64, touches, rounds = 1, stride = 16, hot = 10, writes = 100, seed = 1;
static int pattern;

static const struct option_row rows[] = {
	{ "mib", OPTION_NUMBER, &mib, 1, 1 << 24, "MIB", "how much memory (64)" },
	{ "pattern", OPTION_CHOICE, &pattern, 0, 0, "PATTERN", "seq, random, stride, zipf or hot (seq)",
	  "seq|random|stride|zipf|hot" },
	{ "touches", OPTION_NUMBER, &touches, 0, 1UL << 40, "N", "how many in a round; 0: as many as pages (0)" },
	{ "rounds", OPTION_NUMBER, &rounds, 1, 1UL << 40, "N", "how many rounds, a line for each (1)" },
	{ "stride", OPTION_NUMBER, &stride, 1, 1UL << 40, "PAGES", "for stride (16)" },
	{ "hot", OPTION_NUMBER, &hot, 1, 99, "PERCENT", "how much of the memory is hot (10)" },
	{ "writes", OPTION_NUMBER, &writes, 0, 100, "PERCENT", "how many touches write; the others read (100)" },
	{ "seed", OPTION_NUMBER, &seed, 0, ~0UL, "N", "of all random choices (1)" },
	{ 0 },
};

static const struct manual manual = {
	.program = "walk", .operands = "", .rows = rows,
	.what = "Touches pages of its memory in a pattern and reports the faults:\n"
		"minor (no disk) and major (swapped in).\n"
		"A page's first touch reads it and then writes it: two minor faults.",
	.example = "walk --mib 300 --pattern zipf --rounds 4",
	.statuses = "0: every page held what was written to it; 1: one did not; 2: usage, or no memory",
};

static uint64_t state;

static uint64_t draw(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15UL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

/* Rank k of n with a weight of about 1/(k+1): the logarithm of the rank is uniform. */
static uint64_t zipf(uint64_t n)
{
	double u = (double)(draw() >> 11) / 9007199254740992.0;

	return (uint64_t)exp(u * log((double)n + 1)) - 1;
}

static uint64_t next_page(uint64_t touch, uint64_t pages)
{
	uint64_t hot_pages = pages * hot / 100 ? pages * hot / 100 : 1, per_lap = (pages + stride - 1) / stride;
	uint64_t page;

	switch (pattern) {
	case RANDOM:
		return draw() % pages;
	case STRIDE:
		page = touch % per_lap * stride + touch / per_lap % stride;
		return page < pages ? page : touch % pages;
	case ZIPF: /* ranks scattered over the memory, so that neighbours are not equally hot */
		page = zipf(pages);
		return page * 0x9e3779b1UL % pages;
	case HOT:
		return draw() % 10 ? draw() % hot_pages : draw() % pages;
	default:
		return touch % pages;
	}
}

/* => 0, or 1 when a page did not hold what was written */
static int one_round(char *memory, uint32_t *written, uint64_t pages, unsigned long round)
{
	uint64_t count = touches ? touches : pages;
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (uint64_t touch = 0; touch < count; touch++) {
		uint64_t page = next_page(touch, pages);
		uint32_t *word = (uint32_t *)(memory + page * PAGE);

		if (*word != written[page]) {
			printf("walk: page %lu: expected %u, found %u\n", page, written[page], *word);
			return 1;
		}
		if (draw() % 100 < writes)
			*word = ++written[page];
	}
	getrusage(RUSAGE_SELF, &after);
	printf("walk: round %lu: %lu touches of %lu pages, %ld minor faults, %ld major\n", round, count, pages,
	       after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t pages;
	uint32_t *written;
	char *memory;

	parse_options(&manual, argc, argv);
	pages = mib * (1048576 / PAGE);
	state = seed;
	written = calloc(pages, sizeof(*written));
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!written || memory == MAP_FAILED) {
		perror("walk: mmap");
		return 2;
	}
	for (unsigned long round = 1; round <= rounds; round++)
		if (one_round(memory, written, pages, round))
			return 1;
	return 0;
}
