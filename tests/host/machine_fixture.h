/* SPDX-License-Identifier: MIT */
/*
 * Tests on the whole machine (arch/host/machine.h): each runs in a child of the test program, as a machine
 * cannot be started twice in a process.
 *
 *	static void test_x(void) { ... host_touch(current->mm, ...) ... assert_int_equal(...) }
 *	MACHINE_TEST(test_x, .ram_mib = 16)
 *
 * A failed assertion leaves the machine for cmocka's report; the child then ends instead of starting the next
 * test, and the parent sees its status.
 */
#ifndef TESTS_HOST_MACHINE_FIXTURE_H
#define TESTS_HOST_MACHINE_FIXTURE_H

#include "arch/host/libc_machine.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/mman.h"
#include "mm/page.h"
#include "mm/vmstat.h"
#include "mm/zone.h"
#include "asm/pgtable.h"

#define MIB (1ULL << 20)

static int test_child; /* this process is one: it runs a single test */

static inline void machine_fn(void *fn)
{
	((void (*)(void))fn)();
}

static inline void end_child(void)
{
	if (test_child) {
		fflush(NULL);
		_exit(1);
	}
}

static inline void machine_test(void (*fn)(void), const struct host_machine *config)
{
	int status;
	pid_t pid;

	end_child();
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		test_child = 1;
		alarm(600); /* a machine that hangs */
		host_machine_run(config, machine_fn, fn);
		fflush(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("the machine ended with status 0x%x", status);
}

static inline int machine_group_end(void **state)
{
	(void)state;
	end_child();
	return 0;
}

#define MACHINE_TEST(name, ...)                                            \
	static void machine_##name(void **state)                           \
	{                                                                  \
		static const struct host_machine config = { __VA_ARGS__ }; \
		(void)state;                                               \
		machine_test(name, &config);                               \
	}
#define machine_unit_test(name) { #name, machine_##name, NULL, NULL, NULL }

/* ---- What programs do ---- */

/* => anonymous private memory of current */
static inline unsigned long map_anon(unsigned long bytes)
{
	unsigned long va = vm_mmap(NULL, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);

	assert_false(IS_ERR_VALUE(va));
	return va;
}

/* => the entry of va in current's tables, 0 if there is no table */
static inline pte_t entry_of(unsigned long va)
{
	pte_t *pte = mm_find_pte(current->mm, va, NULL);

	return pte ? ptep_get(pte) : __pte(0);
}

#define touch(va, write) host_touch(current->mm, va, write)
#define get(va)		 host_get(current->mm, va)
#define put(va, value)	 host_put(current->mm, va, value)

/* ---- Random numbers that can be had again ---- */

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
