/* SPDX-License-Identifier: MIT */
/*
 * Arguments for sysfuzz, drawn by kind (syscall_kinds.h): the row's valid value as often as not, else one that looks
 * right, or one nobody would pass. What a drawn number is depends on the state of the generator alone.
 */
#ifndef TESTS_USER_SYSFUZZ_VALUES_H
#define TESTS_USER_SYSFUZZ_VALUES_H

#include <limits.h>
#include <stdint.h>

#include "syscall_area.h"
#include "tests/user/loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FD_LOG	 10 /* a worker's output */
#define FD_MORE	 29 /* kinds beyond those of the rows: sysfuzz opens them */
#define FD_LOOP_CONTROL 46
#define FD_LOOP	 47 /* and one more */
#define FD_AFTER 50

#define FUZZ_NAMES   STRUCT(16)	/* names: every 64 bytes up to OUT's end is free */
#define LONG_NAME    (AREA + 0xf000)	/* a page without NUL; the next begins with one */
#define UNTERMINATED (AREA + 0x1f000 - 64) /* runs into a page without access */
#define NO_ACCESS    (AREA + 0x1f000)
#define READ_ONLY    (AREA + 0x1e000)
#define VECTORS	     (AREA + 0x12000)	/* iovecs drawn for one call */

/* Further good arguments, for what a call does beside what its first row asks for. */
#define TEXTS	     (AREA + 0xc000)
#define T_PROGRAM    TEXTS
#define T_TMPFS	     (TEXTS + 64)
#define S_ARGV	     (TEXTS + 128)
#define S_TIMER	     (TEXTS + 192)
#define WORD	     (IN + 0x800)	/* a zero that nobody writes to */
#define SHM_AT	     (MAP + 0x10000)
#define FILE_AT	     (MAP + 0x8000)

static const struct call_row more_rows[] = {
	ROW(shmat, "haG", 0, SHM_OURS, SHM_AT, 040000),
	ROW(shmdt, "a", 0, SHM_AT),
	ROW(mmap, "alGGfx", 0, FILE_AT, 16384, 3, 0x11, FD_FILE, 0),
	ROW(mmap, "alGGfx", 0, FILE_AT, 16384, 3, 0x12, FD_FILE, 4096),
	ROW(mmap, "alGGfx", 0, FILE_AT, 16384, 3, 0x8011, FD_MEMFD, 0),
	ROW(mmap, "alGGfx", 0, MAP, 32768, 3, 0x32, -1, 0),
	ROW(mmap, "alGGfx", 0, MAP, 32768, 0, 0x132, -1, 0),
	ROW(mmap, "alGGfx", 0, 0x30000000, 0x200000, 3, 0x8032, -1, 0),
	ROW(remap_file_pages, "alxxG", 0, FILE_AT, 4096, 0, 2, 0),
	ROW(mremap, "allga", 0, FILE_AT, 8192, 16384, 3, 0x30000000),
	ROW(mremap, "allga", 0, MAP, 8192, 8192, 5, 0),
	ROW(futex, "iexI*x", 0, WORD, 129, 5, 0, 0, 0),
	ROW(futex, "iexI*x", 0, WORD, 0, 0, S_TIMER, 0, 0),
	ROW(futex, "iexI*x", 0, WORD, 4, 1, 5, OUT2, 0),
	ROW(execve, "sII", ENDS, T_PROGRAM, S_ARGV, IN),
	ROW(clone, "Gx**x", ENDS, 0x4111, 0, 0, 0, 0),
	ROW(clone, "Gx**x", ENDS, 0x1200011, 0, 0, OUT, 0),
	ROW(wait4, "pOgO", 0, -1, OUT, 1, OUT2),
	ROW(setitimer, "eIO", 0, 0, S_TIMER, OUT),
	ROW(setitimer, "eIO", 0, 2, S_TIMER, OUT),
	ROW(kill, "pk", 0, PID_OURS, 10),
	ROW(tgkill, "ppk", 0, PID_OURS, PID_OURS, 10),
	ROW(mount, "SsSG*", 0, P_FILE, P_DIR, T_TMPFS, 0, 0),
	ROW(ioctl, "feo", 0, 36, 0x5401, OUT),
	ROW(ioctl, "fex", 0, FD_LOOP_CONTROL, LOOP_CTL_GET_FREE, 0),
	ROW(ioctl, "fex", 0, FD_LOOP_CONTROL, LOOP_CTL_ADD, 1),
	ROW(ioctl, "fef", 0, FD_LOOP, LOOP_SET_FD, FD_OTHER),
	ROW(ioctl, "fef", 0, FD_LOOP + 1, LOOP_SET_FD, FD_FILE),
	ROW(ioctl, "feI", 0, FD_LOOP, LOOP_SET_STATUS64, IN),
	ROW(ioctl, "feO", 0, FD_LOOP, LOOP_GET_STATUS64, OUT),
	ROW(ioctl, "fex", 0, FD_LOOP, LOOP_CLR_FD, 0),
	ROW(pwrite64, "frnx", 0, FD_LOOP, IN, 8192, 4096),
	ROW(pread64, "fwnx", 0, FD_LOOP, OUT, 8192, 0),
	ROW(fsync, "f", 0, FD_LOOP),
	ROW(fallocate, "fGxx", 0, FD_MEMFD, 0, 0, 65536),
	ROW(fallocate, "fGxx", 0, FD_FILE, 3, 4096, 8192),
	ROW(fcntl, "feb", 0, FD_FILE, 6, OUT),
	ROW(fcntl, "feb", 0, FD_PIPE_OUT, 1031, 65536),
	ROW(writev, "fVc", 0, FD_MEMFD, S_IOV_IN, 1),
	ROW(sendfile, "ffBn", 0, FD_PIPE_OUT, FD_FILE, IN, 8192),
	ROW(madvise, "ale", 0, FILE_AT, 16384, 9),
	ROW(madvise, "ale", 0, MAP, 32768, 4),
};

static inline void fill_more(void)
{
	strcpy((char *)T_PROGRAM, "/bin/busybox");
	strcpy((char *)T_TMPFS, "tmpfs");
	PUT(S_ARGV, S_ARGV + 16, 0, 0x65757274 /* "true" */);
	PUT(S_TIMER, 0, 0, 0, 20000);
}

static __thread uint64_t draw_state;

static inline uint64_t draw(void)
{
	draw_state ^= draw_state << 13;
	draw_state ^= draw_state >> 7;
	draw_state ^= draw_state << 17;
	return draw_state * 0x2545f4914f6cdd1dULL;
}

static inline unsigned below(unsigned n)
{
	return (unsigned)((draw() >> 32) % n);
}

static inline void draw_seed(uint64_t seed)
{
	draw_state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	if (!draw_state)
		draw_state = 1;
	for (int i = 0; i < 4; i++)
		draw();
}

#define PICK(array) ((array)[below(COUNT(array))])

static inline unsigned long draw_wild(void)
{
	static const unsigned long odd[] = {
		0, 1, 7, 8, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff, 0x7ffffffff000, 0x7fffffffefff,
		0x7ffffffffff8, 0x800000000000, 0xffff888000000000, 0xffff888000100000, 0xffffea0000000000,
		0xffffc90000000000, 0xffffffff80000000, 0xffffffff80100000, 0xffffffffff600000, 0xfffffffffffff000,
		0xffffffffffffffff, 0x8000000000000000, 0x7fffffffffffffff, 0xdead000000000000,
	};

	switch (below(5)) {
	case 0:
		return draw();
	case 1:
		return draw() >> below(64);
	case 2:
		return 1UL << below(64);
	default:
		return PICK(odd);
	}
}

/* An address in the area, aligned or not; at times one that is not to be had. */
static inline unsigned long draw_pointer(void)
{
	switch (below(12)) {
	case 0:
		return draw_wild();
	case 1:
		return 0;
	case 2:
		return NO_ACCESS - below(300);
	case 3:
		return READ_ONLY + below(4096);
	case 4:
		return AREA + below(AREA_PAGES * AREA_PAGE);
	case 5:
		return MAP + below(8) * AREA_PAGE + below(32) * 8;
	default:
		return (below(2) ? OUT : STRUCTS) + below(512) * 8;
	}
}

static inline unsigned long draw_name(unsigned names)
{
	switch (below(10)) {
	case 0:
		return draw_pointer();
	case 1:
		return PICK(((unsigned long[]){ LONG_NAME, LONG_NAME + 2048, LONG_NAME + 3840, UNTERMINATED }));
	case 2:
	case 3:
		return NAME(below(7));
	default:
		return FUZZ_NAMES + 64 * below(names);
	}
}

static inline unsigned long draw_length(void)
{
	static const unsigned long lengths[] = { 0, 1, 8, 16, 64, 4095, 4096, 4097, 65536, 0x10000000, INT_MAX,
						 UINT_MAX, LONG_MAX, ULONG_MAX, ULONG_MAX - 4095, 1UL << 46 };

	return below(3) ? below(9000) : PICK(lengths);
}

/* The length of a mapping: whole pages, mostly few. */
static inline unsigned long draw_span(void)
{
	return below(5) ? AREA_PAGE * (1 + below(24)) : draw_length();
}

static inline unsigned long draw_address(void)
{
	switch (below(8)) {
	case 0:
		return draw_pointer();
	case 1:
		return 0x30000000 + AREA_PAGE * below(64);
	case 2:
		return 0;
	default:
		return MAP + AREA_PAGE * below(32);
	}
}

static inline unsigned long draw_vector(void)
{
	unsigned long at = VECTORS + 16 * below(64);
	uint64_t *v = (uint64_t *)at;

	for (unsigned i = 0; i < 4; i++) {
		v[2 * i] = draw_pointer();
		v[2 * i + 1] = below(8) ? below(6000) : draw_length();
	}
	return below(10) ? at : draw_pointer();
}

static inline unsigned long draw_fd(void)
{
	static const int odd[] = { -1, INT_MAX, INT_MIN, 0, 1023, 1024, 1 << 20, -100, 63, 64 };

	return (unsigned long)(long)(below(10) ? FD_FIRST + (int)below(FD_AFTER - FD_FIRST) : PICK(odd));
}

static inline unsigned long draw_flags(void)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return 1UL << below(32);
	case 2:
		return below(256);
	default:
		return 1UL << below(24) | 1UL << below(24) | below(16);
	}
}

/* Numbers that a call's command takes beside small ones. */
static inline unsigned long draw_command(int nr)
{
	static const int fcntls[] = { 1030, 1031, 1032, 1033, 1034 };
	static const int prctls[] = { 1, 2, 3, 4, 15, 16, 22, 23, 24, 36, 37, 38, 39, 0x53564d41 };
	static const int signals[] = { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

	if (nr == NR_ioctl && below(4))
		return below(3) ? below(2) ? 0x5401 + below(0x60) : 0x1260 + below(32) :
				  (below(3) ? LOOP_SET_FD : LOOP_CTL_ADD) + below(8);
	if (nr == NR_fcntl && below(2))
		return (unsigned long)PICK(fcntls);
	if (nr == NR_prctl && below(4))
		return (unsigned long)PICK(prctls);
	if (nr == NR_arch_prctl && below(4))
		return 0x1001 + below(4);
	if (nr == NR_rt_sigprocmask && below(4))
		return (unsigned long)PICK(signals);
	if (nr == NR_futex)
		return below(14) | (below(2) ? 128 : 0) | (below(4) ? 0 : 256);
	return below(8) ? below(26) : draw_wild();
}

static inline unsigned long draw_small(void)
{
	static const unsigned long counts[] = { 1024, 1025, 4096, INT_MAX, UINT_MAX, ULONG_MAX, 1UL << 60 };

	return below(6) ? below(10) : PICK(counts);
}

/* => one value of a kind. names: how many FUZZ_NAMES there are; pid: one to spare is nobody's */
static inline unsigned long draw_kind(char kind, int nr, unsigned names)
{
	switch (kind) {
	case 'i': case 'o': case 'b': case 'r': case 'w': case '*': case 'I': case 'O': case 'B':
		return draw_pointer();
	case 's': case 'S':
		return draw_name(names);
	case 'v': case 'V':
		return draw_vector();
	case 'a':
		return draw_address();
	case 'l':
		return draw_span();
	case 'n':
		return draw_length();
	case 'c':
		return draw_small();
	case 'f':
		return draw_fd();
	case 'd':
		return below(2) ? (unsigned long)HERE : draw_fd();
	case 'k':
		return below(8) ? below(66) : draw_wild();
	case 'u':
		return below(4) ? PICK(((unsigned long[]){ 0, 1000, 1001, ULONG_MAX })) : draw_wild();
	case 'm':
		return below(2) ? below(010000) : draw_wild();
	case 'h':
		return below(2) ? (unsigned long)area.shm : below(64);
	case 'g': case 'G':
		return below(10) ? draw_flags() : draw_wild();
	case 'e':
		return draw_command(nr);
	case 't':
		return below(2) ? below(20) : draw_wild();
	}
	return below(3) ? below(5000) : draw_wild();
}

#endif
