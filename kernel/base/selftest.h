/* SPDX-License-Identifier: MIT */
/*
 * Tests that run inside the kernel, on the boot word `selftest` (all) or `selftest=PREFIX`.
 *
 *	SELFTEST(buddy_merges_neighbours)
 *	{
 *		EXPECT(free == before);
 *		EXPECT_EQ(order, 3);
 *	}
 *
 * => a test runs in a kernel thread, may sleep, and leaves everything as it found it
 * => a failed EXPECT is printed and counted; the test goes on. REQUIRE returns from the test.
 */
#ifndef KERNEL_BASE_SELFTEST_H
#define KERNEL_BASE_SELFTEST_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct selftest {
	const char *name;
	void (*fn)(void);
};

extern const struct selftest __start_selftests[], __stop_selftests[]; /* linker.ld */

#define SELFTEST(name)                                                                \
	static void selftest_##name(void);                                            \
	static const struct selftest __selftest_##name __used __section("selftests") \
		__aligned(8) = {#name, selftest_##name};                              \
	static void selftest_##name(void)

void selftest_fail(const char *file, int line, const char *what, long got, long want);
/* => marks the running test as skipped, with a reason */
void selftest_skip(const char *why);

#define EXPECT(c)                                                    \
	do {                                                         \
		if (!(c))                                            \
			selftest_fail(__FILE__, __LINE__, #c, 0, 0); \
	} while (0)
#define EXPECT_EQ(a, b)                                                                 \
	do {                                                                            \
		long __got = (long)(a), __want = (long)(b);                             \
		if (__got != __want)                                                    \
			selftest_fail(__FILE__, __LINE__, #a " == " #b, __got, __want); \
	} while (0)
#define REQUIRE(c)                                                   \
	do {                                                         \
		if (!(c)) {                                          \
			selftest_fail(__FILE__, __LINE__, #c, 0, 0); \
			return;                                      \
		}                                                    \
	} while (0)

/* => runs the tests whose names start with prefix (NULL: all), prints a line each and the sum,
 * returns the number that failed */
int selftest_run(const char *prefix);
/* => true if the command line asks for tests; *prefix is what follows `selftest=` or NULL */
bool selftest_wanted(const char **prefix);

#endif
