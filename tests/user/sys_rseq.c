/* SPDX-License-Identifier: MIT */
/* Restartable sequences: the CPU number follows a migration, and a sequence the scheduler interrupts is aborted. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "check.h"

#define SIG 0x53053053

struct rseq {
	volatile uint32_t cpu_id_start, cpu_id;
	volatile uint64_t cs;
	uint32_t flags, node_id, mm_cid, pad;
};

static struct rseq area __attribute__((aligned(32)));

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set));
}

static long reg(int flags, unsigned int sig)
{
	return syscall(SYS_rseq, &area, sizeof(area), flags, sig);
}

/* Loops inside a sequence: only its abort gets out. */
static void loop_until_aborted(void)
{
	__asm__ volatile(".pushsection .data; .balign 32; 3: .long 0, 0; .quad 1f, 2f - 1f, 4f; .popsection;"
			 "lea 3b(%%rip), %%rax; mov %%rax, %0; 1: jmp 1b; nop; 2: ud2; .long 0x53053053; 4:"
			 : "=m"(area.cs) : : "rax", "memory");
}

static void wild_area(void)
{
	area.cs = 8; /* no memory there */
	for (;;)
		usleep(1000);
}

int main(void)
{
	pid_t rival;

	area.cpu_id = (uint32_t)-1;
	CHECK(!reg(0, SIG));
	CHECK_ERR(reg(0, SIG), EBUSY);
	CHECK_ERR(reg(0, SIG + 1), EPERM);
	CHECK_ERR(reg(2, SIG), EINVAL);
	CHECK((int)area.cpu_id == sched_getcpu());
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		for (int i = 0; i < 10; i++) {
			pin(i % 2);
			CHECK(area.cpu_id == (uint32_t)(i % 2) && area.cpu_id_start == area.cpu_id);
		}
	}
	pin(0);
	rival = fork();
	if (!rival) {
		for (;;)
			;
	}
	for (int i = 0; i < 3; i++) {
		loop_until_aborted();
		CHECK(!area.cs);
	}
	CHECK(!kill(rival, SIGKILL) && wait(NULL) == rival);
	CHECK(WTERMSIG(in_child(wild_area)) == SIGSEGV);
	CHECK_ERR(reg(1, SIG + 1), EPERM);
	CHECK(!reg(1, SIG) && area.cpu_id == (uint32_t)-1);
	CHECK_ERR(reg(1, SIG), EINVAL);
	PASS("sys_rseq");
}
