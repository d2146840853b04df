/* SPDX-License-Identifier: MIT */
/* brk, mremap, madvise, mlock, mincore, stack growth. */
#include "tests/user/vm_check.h"

#include <sys/resource.h>

static unsigned long sys_brk(unsigned long to)
{
	return (unsigned long)syscall(SYS_brk, to);
}

static void heap(void)
{
	unsigned long start = sys_brk(0), end = start + 20 * PAGE;
	char *p = (char *)start;

	CHECK(start && sys_brk(end) == end);
	p = (char *)((start + PAGE - 1) & ~(PAGE - 1));
	memset(p, 5, 19 * PAGE);
	CHECK(sys_brk(start + 2 * PAGE) == start + 2 * PAGE);
	CHECK(touch_read(p + 10 * PAGE) == SIGSEGV);
	CHECK(sys_brk(end) == end && p[10 * PAGE] == 0 && p[0] == 5); /* comes back as zeroes */
	CHECK(sys_brk(1UL << 62) == end);			       /* refused: the old break */
	CHECK(sys_brk(start) == start);
}

static int holds(const char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		if (p[(size_t)i * PAGE] != (char)(i + 1))
			return 0;
	return 1;
}

static void remap(void)
{
	char *p = vm_anon(8 * PAGE, MAP_PRIVATE), *q, *room;

	for (int i = 0; i < 8; i++)
		p[(size_t)i * PAGE] = (char)(i + 1);
	q = mremap(p, 8 * PAGE, 4 * PAGE, 0);
	CHECK(q == p && holds(p, 4) && touch_read(p + 4 * PAGE) == SIGSEGV);
	q = mremap(p, 4 * PAGE, 700 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && holds(q, 4) && q[600 * PAGE] == 0);
	room = vm_anon(4 * PAGE, MAP_PRIVATE);
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	CHECK(p == room && holds(p, 4) && touch_read(q) == SIGSEGV && touch_read(q + 4 * PAGE) == 0);
	munmap(q + 4 * PAGE, 696 * PAGE);
	q = mmap(p + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q == p + 4 * PAGE)
		CHECK(mremap(p, 4 * PAGE, 8 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
	CHECK(mremap(p + 1, PAGE, PAGE, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mremap(p, PAGE, 0, 0) == MAP_FAILED && errno == EINVAL);
	munmap(p, 4 * PAGE);
	munmap(q, PAGE);
	CHECK(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
}

/* After a move both the parent's and the child's copies must still be found and be apart. */
static void remap_and_fork(void)
{
	char *p = vm_anon(4 * PAGE, MAP_PRIVATE);
	pid_t child;

	memset(p, 9, 4 * PAGE);
	p = mremap(p, 4 * PAGE, 600 * PAGE, MREMAP_MAYMOVE);
	child = fork();
	if (!child) {
		int ok = p[PAGE] == 9;

		p[PAGE] = 1;
		_exit(ok ? 0 : 1);
	}
	CHECK(vm_reap(child) == 0 && p[PAGE] == 9);
	munmap(p, 600 * PAGE);
}

static void advise(void)
{
	char *p = vm_anon(8 * PAGE, MAP_PRIVATE);
	pid_t child;

	memset(p, 4, 8 * PAGE);
	CHECK(!madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED));
	CHECK(p[0] == 4 && p[PAGE] == 0 && p[2 * PAGE] == 0 && p[3 * PAGE] == 4);
	CHECK(madvise(p, 8 * PAGE, 9999) == -1 && errno == EINVAL);
	CHECK(madvise(p + 1, PAGE, MADV_NORMAL) == -1 && errno == EINVAL);
	CHECK(!madvise(p, 8 * PAGE, MADV_SEQUENTIAL) && !madvise(p, 8 * PAGE, MADV_NORMAL));
	CHECK(!madvise(p, 8 * PAGE, MADV_WILLNEED));
	CHECK(!madvise(p, PAGE, 18));	      /* MADV_WIPEONFORK */
	CHECK(!madvise(p + 7 * PAGE, PAGE, MADV_DONTFORK));
	p[0] = 6;
	child = fork();
	if (!child)
		_exit(p[0] == 0 && p[3 * PAGE] == 4 && touch_read(p + 7 * PAGE) == SIGSEGV ? 0 : 1);
	CHECK(vm_reap(child) == 0 && p[0] == 6 && p[7 * PAGE] == 4);
	munmap(p + 2 * PAGE, PAGE);
	CHECK(madvise(p, 8 * PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM);
	munmap(p, 8 * PAGE);
}

static void lock(void)
{
	char *p = vm_anon(8 * PAGE, MAP_PRIVATE);
	unsigned char vec[8];

	CHECK(!mincore(p, 8 * PAGE, vec) && !(vec[0] & 1));
	CHECK(!mlock(p + PAGE, 3 * PAGE));
	CHECK(!mincore(p, 8 * PAGE, vec) && !(vec[0] & 1) && (vec[1] & 1) && (vec[3] & 1) && !(vec[4] & 1));
	CHECK(madvise(p + PAGE, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
	CHECK(!munlock(p, 8 * PAGE));
	CHECK(!madvise(p + PAGE, PAGE, MADV_DONTNEED));
	munmap(p, 8 * PAGE);
	CHECK(mlock(p, PAGE) == -1 && errno == ENOMEM);
	CHECK(mincore(p, PAGE, vec) == -1 && errno == ENOMEM);
	CHECK(!mlockall(MCL_CURRENT) && !munlockall());
	p = vm_anon(64 * PAGE, MAP_PRIVATE | MAP_POPULATE);
	CHECK(!mincore(p + 60 * PAGE, PAGE, vec) && (vec[0] & 1));
	munmap(p, 64 * PAGE);
}

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char frame[3000];

	memset((char *)frame, depth, sizeof(frame));
	if (depth == 0)
		return 1;
	return recurse(depth - 1) && frame[100] == (char)depth;
}

static void stack(void)
{
	pid_t child;

	CHECK(recurse(1000)); /* 3 MB */
	child = fork();
	if (!child) {
		struct rlimit limit = { 1 << 20, 1 << 20 };

		signal(SIGSEGV, SIG_DFL);
		setrlimit(RLIMIT_STACK, &limit);
		recurse(4000); /* beyond the 3 MB there are already */
		_exit(0);
	}
	CHECK(vm_reap(child) == 256 + SIGSEGV);
}

int main(void)
{
	vm_catch();
	heap();
	remap();
	remap_and_fork();
	advise();
	lock();
	stack();
	return vm_done("vm_move");
}
