/* SPDX-License-Identifier: MIT */
/*
 * Every system call with arguments nobody would pass: the kernel must answer or kill the caller, never fall.
 * Calls that end the caller, sleep for ever, signal everybody or switch the machine off are left out. Argument: seed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "check.h"

#define ROUNDS 40
#define CALLS  451

static const int left_out[] = { SYS_rt_sigreturn, SYS_pause, SYS_fork, SYS_vfork, SYS_clone, SYS_exit,
				SYS_exit_group, SYS_kill, SYS_tkill, SYS_tgkill, SYS_reboot, SYS_rt_sigsuspend,
				SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_umount2, SYS_mount, SYS_chroot,
				SYS_swapon, SYS_swapoff, SYS_setpgid, SYS_setsid, SYS_select, SYS_poll, SYS_ppoll,
				SYS_pselect6, SYS_nanosleep, SYS_clock_nanosleep, SYS_futex, SYS_unlink,
				SYS_rmdir, SYS_clock_settime, SYS_settimeofday, 435 /* clone3 */ };

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static char *memory;

static unsigned long wild(void)
{
	static const unsigned long odd[] = { 0, 1, 2, 3, 8, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
					     0x7ffffffff000, 0x7fffffffefff, 0x800000000000,
					     0xffff888000000000, 0xffffffff80000000, 0xffffffffffffffff,
					     0xfffffffffffff000, 0x8000000000000000, 100, 64 };
	uint64_t r = next();

	switch (r % 6) {
	case 5:
		return (r >> 8) % 12;
	case 0:
		return (unsigned long)memory + (r >> 8) % 8192; /* readable, at its end not */
	case 3:
		return (unsigned long)memory + 1024 * (1 + (r >> 8) % 5); /* a name */
	case 1:
		return r >> 8 & 0xff;
	case 2:
		return next();
	default:
		return odd[(r >> 8) % (sizeof(odd) / sizeof(odd[0]))];
	}
}

static int skipped(int nr)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		if (left_out[i] == nr)
			return 1;
	}
	return 0;
}

static int the_call;

static const char *const names[] = { "/tmp", "/tmp/wild", "/dev/null", "/proc/self/maps", "/proc/self/exe" };

/* Descriptors 0 to 9: one of each kind. */
static void open_all(void)
{
	int fds[2];

	for (int fd = 0; fd < 3; fd++)
		close(fd);
	open("/tmp", O_RDONLY | O_DIRECTORY);
	open("/tmp/wild", O_RDWR | O_CREAT, 0600);
	open("/dev/zero", O_RDWR);
	open("/dev/null", O_RDWR);
	if (!pipe2(fds, O_NONBLOCK))
		(void)!write(fds[1], "text", 4);
	open("/proc/self/stat", O_RDONLY);
	open("/proc", O_RDONLY | O_DIRECTORY);
	open("/dev/urandom", O_RDONLY);
	open("/tmp/wild", O_PATH);
}

static void one_call(void)
{
	struct rlimit cpu = { 2, 3 };

	memory = mmap(NULL, 4096 * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED && !mprotect(memory + 8192, 4096, PROT_NONE));
	setrlimit(RLIMIT_CPU, &cpu);
	open_all();
	for (int i = 0; i < 4096 * 2; i++)
		memory[i] = (char)next();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		strcpy(memory + 1024 * (i + 1), names[i]);
	alarm(2);
	for (int round = 0; round < ROUNDS; round++)
		syscall(the_call, wild(), wild(), wild(), wild(), wild(), wild());
}

int main(int argc, char **argv)
{
	state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	state = state * 0x9e3779b97f4a7c15 + 1;
	for (the_call = 0; the_call < CALLS; the_call++) {
		if (skipped(the_call))
			continue;
		in_child(one_call);
		next();
	}
	PASS("sys_wild");
}
