/* SPDX-License-Identifier: MIT */
/* Random numbers that can be had again: TIDEMARK_SEED=n. The fixtures include it. */
#ifndef TESTS_HOST_RANDOM_H
#define TESTS_HOST_RANDOM_H

static u64 random_state;

static inline u64 random_u64(void) /* xorshift64* */
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}

static inline unsigned long random_below(unsigned long n)
{
	return (unsigned long)((random_u64() >> 11) % n);
}

static inline void seed_random(const char *test)
{
	const char *given = getenv("TIDEMARK_SEED");

	random_state = given ? strtoull(given, NULL, 0) : (u64)time(NULL) * 2654435761u + 1;
	print_message("%s: TIDEMARK_SEED=%llu\n", test, random_state);
	random_state |= 1ULL << 63;
}

#endif
