/* SPDX-License-Identifier: MIT */
/*
 * One fuzz target, two ways to run it. The file that includes this defines
 *
 *	static size_t fuzz_seed(unsigned int n, unsigned char *to);	good input number n; its length (to FUZZ_MAX)
 *	static void fuzz_one(const unsigned char *data, size_t size);	must return; ASan and UBSan watch
 *
 * and a test that calls fuzz_loop(rounds). In `make test` good inputs are damaged at random (the seed of each run is
 * printed; TIDEMARK_SEED= repeats one). `make fuzz-parsers` gives the same functions to clang's libFuzzer, which looks
 * for new ways through the code.
 */
#ifndef TESTS_HOST_FUZZ_H
#define TESTS_HOST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FUZZ_MAX 8192

static size_t fuzz_seed(unsigned int n, unsigned char *to);
static void fuzz_one(const unsigned char *data, size_t size);

static unsigned long fuzz_state;

static inline unsigned int fuzz_random(void)
{
	fuzz_state = fuzz_state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned int)(fuzz_state >> 33);
}

/* Numbers at which checks go wrong. */
static inline unsigned int fuzz_number(void)
{
	static const unsigned int odd[] = { 0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 4096, 65536 };
	unsigned int n = fuzz_random();

	return n & 64 ? odd[n % (sizeof(odd) / sizeof(odd[0]))] : n >> (n & 31);
}

static inline size_t fuzz_damage(unsigned char *data, size_t size)
{
	for (unsigned int times = 1 + fuzz_random() % 4; times && size; times--) {
		size_t at = fuzz_random() % size;
		unsigned int number = fuzz_number();

		switch (fuzz_random() % 5) {
		case 0:
			data[at] = (unsigned char)number;
			break;
		case 1:
			data[at] ^= (unsigned char)(1 << number % 8);
			break;
		case 2: /* a whole field */
			at &= ~3UL;
			memcpy(data + at, &number, size - at < 4 ? size - at : 4);
			break;
		case 3: /* a piece appears twice */
			memmove(data + at, data + fuzz_random() % (at + 1), (size - at) / 2);
			break;
		default:
			if (fuzz_random() % 4 == 0)
				size = at;
		}
	}
	return size;
}

/* An exact copy, so that a byte read too much is noticed. */
static inline void fuzz_exactly(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	fuzz_one(copy, size);
	free(copy);
}

static inline void fuzz_loop(unsigned int rounds)
{
	const char *wish = getenv("TIDEMARK_SEED");
	unsigned long seed = wish ? strtoul(wish, NULL, 0) : (unsigned long)time(NULL);
	static unsigned char data[FUZZ_MAX];

	printf("TIDEMARK_SEED=%lu, %u rounds\n", seed, rounds);
	fflush(stdout);
	fuzz_state = seed;
	for (unsigned int i = 0; i < rounds; i++) {
		size_t size = fuzz_seed(i, data);

		fuzz_exactly(data, i % 64 ? fuzz_damage(data, size) : size);
	}
}

#ifdef LIBFUZZER
size_t LLVMFuzzerMutate(unsigned char *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t max, unsigned int seed);
/* Now and then it starts from a good input again, and half of the damage is ours. */
size_t LLVMFuzzerCustomMutator(unsigned char *data, size_t size, size_t max, unsigned int seed)
{
	fuzz_state = seed;
	if (fuzz_random() % 16 == 0 && max >= FUZZ_MAX)
		size = fuzz_seed(fuzz_random(), data);
	return fuzz_random() % 2 ? fuzz_damage(data, size) : LLVMFuzzerMutate(data, size, max);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	fuzz_one(data, size);
	return 0;
}
#endif

#endif
