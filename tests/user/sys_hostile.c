/* SPDX-License-Identifier: MIT */
/*
 * Every call of the kernel's table with one bad argument at a time: a row of syscall_kinds.h gives arguments with which
 * the call is valid, so the answer is about the spoiled one. Passes on Linux too (as root).
 *
 *	pointer	   nothing mapped, kernel memory, no address at all, PROT_NONE, read-only for what is written, an
 *		   object that runs out of the mapping: EFAULT. Misaligned: as good as aligned, or EINVAL.
 *	length	   huge, negative, more than there is: refused or done in part, never beyond
 *	descriptor not open, negative, huge: EBADF	 flags: unknown ones EINVAL
 *
 * One child per call and argument, so that a call may do to its process what it does. The page behind each buffer
 * and a page whose address in the kernel's direct map is among the pointers hold a pattern that nobody may change.
 * On the way back in a child, all other memory of it is as it was: it runs on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "check.h"
#include "syscall_area.h"

#define PATTERN	  0x5a
#define BAD	  (AREA + 0x30000)	/* three pages: no access, readable, nothing mapped */
#define NO_ACCESS BAD
#define READ_ONLY (BAD + AREA_PAGE)
#define HOLE	  (BAD + 2 * AREA_PAGE)
#define LAST	  (AREA + 0x3f000)	/* writable, a hole behind it */
#define LAST_BYTE (LAST + AREA_PAGE - 1)
#define PINNED	  (AREA + 0x38000)	/* its frame's address in the direct map is tried */
#define BEYOND	  (AREA + AREA_PAGES * AREA_PAGE)
#define DIRECT_MAP 0xffff888000000000UL

enum { NOT_FOR_READING = 1, PARTLY = 2, NULL_POINTER = 4, STACK_TOP = 8 /* may be a mapped zero */ };

struct bad_pointer {
	const char *what;
	unsigned long value;
	int how;
};

static struct bad_pointer bad_pointers[] = {
	{ "NULL", 0, NULL_POINTER },
	{ "1", 1, 0 },
	{ "below the first mapping", 0x8000, 0 },
	{ "a hole", HOLE, 0 },
	{ "no access", NO_ACCESS, 0 },
	{ "read-only", READ_ONLY, NOT_FOR_READING },
	{ "the kernel's text seen as data", READ_ONLY + 8, NOT_FOR_READING },
	{ "the last byte before a hole", LAST_BYTE, PARTLY },
	{ "the end of user addresses", 0x7fffffffefff, PARTLY | STACK_TOP },
	{ "just behind it", 0x7ffffffff000, 0 },
	{ "the last canonical byte", 0x7fffffffffff, 0 },
	{ "not canonical", 0x800000000000, 0 },
	{ "poison", 0xdead000000000100, 0 },
	{ "our own page in the direct map", DIRECT_MAP, 0 }, /* filled in */
	{ "the start of the direct map", DIRECT_MAP + 0x1000, 0 },
	{ "vmalloc", 0xffffc90000000000, 0 },
	{ "vmemmap", 0xffffea0000000000, 0 },
	{ "the kernel's text", 0xffffffff80100000, 0 },
	{ "vsyscall", 0xffffffffff600000, 0 },
	{ "the last page", 0xfffffffffffff000, 0 },
	{ "the last byte of all", 0xffffffffffffffff, 0 },
};
#define NR_BAD (sizeof(bad_pointers) / sizeof(bad_pointers[0]))

static const struct call_row *row;
static int argument;
static int *bad_answers; /* shared with the children */
static unsigned long *checks;

static void complain(const char *what, long answer)
{
	printf("FAIL %s, argument %d (%c): %s: answers %ld\n", row->name, argument + 1, row->kinds[argument],
	       what, answer);
	(*bad_answers)++;
}

static void pattern(unsigned long page)
{
	memset((void *)page, PATTERN, AREA_PAGE);
}

static void check_pattern(unsigned long page, const char *what)
{
	for (unsigned long i = 0; i < AREA_PAGE; i++) {
		if (((unsigned char *)page)[i] == PATTERN)
			continue;
		complain(what, (long)i);
		pattern(page);
		return;
	}
}

/* ---- One call ----------------------------------------------------------------------------------- */

/* What a call takes away is put back before the next: a dead child, data in the pipes. */
static void make_ready(void)
{
	pid_t pid;

	area_fill();
	area_refill();
	if (row->nr != NR_wait4 && row->nr != NR_waitid)
		return;
	pid = fork();
	if (!pid)
		_exit(0);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
}

static long call_with(long value)
{
	long a[6];

	make_ready();
	for (int i = 0; i < 6; i++)
		a[i] = valid_argument(row, i);
	a[argument] = value;
	(*checks)++;
	return raw_call(row->nr, a);
}

/* An iovec that is good, whose piece is not. */
static long call_with_piece(unsigned long base, unsigned long len)
{
	make_ready();
	PUT(STRUCT(12), base, len);
	return call_with((long)STRUCT(12));
}

/* ---- Pointers ----------------------------------------------------------------------------------- */

static void try_pointer(const struct bad_pointer *p, char kind)
{
	int may_be_null = strchr("IOBS", kind) != NULL, partly = strchr("rw", kind) != NULL;
	long answer;

	if ((p->how & NULL_POINTER) && may_be_null)
		return;
	if ((p->how & NOT_FOR_READING) && strchr("iIsSrVv", kind))
		return;
	if ((p->how & STACK_TOP) && strchr("sS", kind))
		return;
	if (kind == 's' || kind == 'S')
		memset((void *)LAST, 'n', AREA_PAGE); /* no NUL in sight */
	answer = call_with((long)p->value);
	if (kind == '*' || answer == -EFAULT)
		return;
	if ((p->how & PARTLY) && partly && (answer == 1 || answer == -EINVAL))
		return;
	if ((p->how & NULL_POINTER) && (row->flags & NULL_EINVAL) && answer == -EINVAL)
		return;
	if (answer == -EINVAL && (row->nr == NR_futex || row->nr == NR_rseq) && p->value % 32)
		return; /* they look at the alignment first */
	complain(p->what, answer);
}

static void try_pieces(char kind)
{
	for (size_t i = 0; i < NR_BAD; i++) {
		const struct bad_pointer *p = &bad_pointers[i];
		long answer;

		if ((p->how & NOT_FOR_READING) && kind == 'V')
			continue;
		answer = call_with_piece(p->value, 64);
		if (answer != -EFAULT && !((p->how & PARTLY) && answer == 1))
			complain(p->what, answer);
	}
	if (call_with_piece(OUT, ULONG_MAX) != -EINVAL)
		complain("a piece of negative length", call_with_piece(OUT, ULONG_MAX));
	if (call_with_piece(OUT, 0))
		complain("an empty piece", call_with_piece(OUT, 0));
}

/* The same contents at an odd address are as good, unless the call wants them aligned. */
static void try_misaligned(char kind)
{
	long answer;

	if (strchr("vV*", kind) || (row->flags & (BLOCKS | ENDS)))
		return;
	memset((void *)(OUT2 + 0x1000), 0, AREA_PAGE);
	if (valid_argument(row, argument))
		memcpy((void *)(OUT2 + 0x1003), (void *)valid_argument(row, argument), 256);
	answer = call_with(OUT2 + 0x1003);
	if (answer == -EFAULT)
		complain("misaligned", answer);
}

static void bad_pointers_child(void)
{
	char kind = row->kinds[argument];

	pattern(PINNED);
	for (size_t i = 0; i < NR_BAD; i++)
		try_pointer(&bad_pointers[i], kind);
	if (kind == 'v' || kind == 'V')
		try_pieces(kind);
	check_pattern(PINNED, "wrote through the direct map");
	try_misaligned(kind);
}

/* ---- Lengths, descriptors, flags ------------------------------------------------------------------ */

/* A length may only lead to an error or to less than a page, and nothing behind what it stood for changes. */
static void lengths_child(void)
{
	static const unsigned long lengths[] = { 0, 1, 0x10000000, INT_MAX, UINT_MAX, 0x7ffff000, 1UL << 47, LONG_MAX,
						 1UL << 63, ULONG_MAX - 4096, ULONG_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		long answer = call_with((long)lengths[i]);

		if (answer == -ENOSYS || (row->kinds[argument] == 'n' && answer > (long)(BEYOND - AREA)))
			complain("a wild length", answer);
	}
}

static void bad_counts_child(void)
{
	static const unsigned long counts[] = { 1025, UINT_MAX / 2, UINT_MAX, 1UL << 60, ULONG_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		long answer = call_with((long)counts[i]);

		if (answer == -ENOSYS)
			complain("a wild count", answer);
		if (argument && strchr("vV", row->kinds[argument - 1]) && (unsigned)counts[i] && answer != -EINVAL)
			complain("more pieces than there may be", answer);
	}
}

static void bad_fds_child(void)
{
	static const int fds[] = { -1, 61, 1023, 1 << 20, INT_MAX, INT_MIN };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		long answer = call_with(fds[i]);

		if (answer == -EBADF || (row->nr == NR_mmap && answer > 0) ||
		    ((row->nr == NR_dup2 || row->nr == NR_dup3) && argument == 1 && answer == fds[i]))
			continue;
		complain("no descriptor", answer);
	}
}

static void bad_flags_child(void)
{
	long answer = call_with(0x7fffffff & ~0x40);

	if (answer != -EINVAL)
		complain("flags there are none of", answer);
}

static void wild_numbers_child(void)
{
	static const long numbers[] = { -1, INT_MAX, INT_MIN, 0x7fffffffffffffff, LONG_MIN, 0x7ffffffff000,
					(long)0xffff888000000000, 1L << 32 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strchr("pk", row->kinds[argument]) && (int)numbers[i] == -1)
			continue; /* everybody */
		if (call_with(numbers[i]) == -EFAULT && !strchr("ea", row->kinds[argument]))
			complain("a wild number", -EFAULT);
	}
}

/* => what to do with one argument; NULL: nothing */
static void (*test_for(char kind))(void)
{
	if (strchr("ioIObBsSrwvV*", kind))
		return bad_pointers_child;
	if (strchr("nl", kind))
		return lengths_child;
	if (kind == 'c')
		return bad_counts_child;
	if (kind == 'f')
		return bad_fds_child;
	if (kind == 'g')
		return bad_flags_child;
	return wild_numbers_child;
}

/* ---- All ---------------------------------------------------------------------------------------- */

/* The valid call is not refused for its pointers: else the rest would prove nothing. */
static void valid_child(void)
{
	long answer;

	argument = 0;
	answer = call_with(valid_argument(row, 0));
	if (answer == -EFAULT || answer == -ENOSYS)
		complain("the valid call", answer);
}

static void (*test)(void);

static void child_main(void)
{
	struct rlimit size = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_FSIZE, &size); /* what a wild length may make of a file */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	area_open();
	test();
}

static void run(void (*fn)(void))
{
	int status;

	test = fn;
	status = in_child(child_main);
	if (status) {
		printf("FAIL %s, argument %d: the process ended with status %x\n", row->name, argument + 1,
		       (unsigned)status);
		(*bad_answers)++;
	}
}

static void test_row(void)
{
	if (!(row->flags & (BLOCKS | ENDS)))
		run(valid_child);
	for (argument = 0; row->kinds[argument]; argument++) {
		if ((row->flags & ENDS) && row->nr != NR_clone)
			continue;
		if (row->nr == NR_clone || (row->flags & BLOCKS && !strchr("io", row->kinds[argument])))
			continue; /* sys_process and sys_exec have these */
		run(test_for(row->kinds[argument]));
	}
}

/* => our page's address in the direct map, if it has one there; ours to see as root */
static unsigned long direct_address(unsigned long page)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	pattern(page);
	(void)!pread(fd, &entry, sizeof(entry), (off_t)(page / AREA_PAGE * 8));
	close(fd);
	return DIRECT_MAP + (entry & ((1ULL << 55) - 1)) * AREA_PAGE;
}

static void prepare(void)
{
	char dir[] = "/tmp/hostile.XXXXXX";
	void *shared = mmap(NULL, AREA_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(shared != MAP_FAILED && mkdtemp(dir) && !chdir(dir) && !area_map());
	bad_answers = shared;
	checks = (unsigned long *)shared + 1;
	CHECK(!munmap((void *)BEYOND, 16 * AREA_PAGE));
	CHECK(!mprotect((void *)NO_ACCESS, AREA_PAGE, PROT_NONE) && !mprotect((void *)READ_ONLY, AREA_PAGE, PROT_READ));
	CHECK(!munmap((void *)HOLE, AREA_PAGE));
	bad_pointers[13].value = direct_address(PINNED);
}

int main(int argc, char **argv)
{
	if (rows_missing())
		return 1;
	prepare();
	for (size_t i = 0; i < NR_ROWS; i++) {
		row = &call_rows[i];
		if (argc < 2 || !strcmp(argv[1], row->name))
			test_row();
	}
	shmctl(area.shm, IPC_RMID, NULL);
	printf("sys_hostile: %zu calls of the table, %lu made\n", NR_ROWS, *checks);
	if (*bad_answers)
		return 1;
	PASS("sys_hostile");
}
