/* SPDX-License-Identifier: MIT */
/*
 * vm_model [seed] [steps] [processes]: random calls on a window of address space, beside a model of it.
 *
 * The model knows of each page of the window whether it is mapped, its rights and the number written to it. After
 * each step some pages, after each fork all pages are compared: values, and the signals of forbidden accesses.
 */
#include "tests/user/vm_check.h"

#include <sys/mman.h>

#define WINDOW 512UL /* pages */

struct page {
	uint8_t mapped, prot, locked;
	uint64_t value;
};

static struct page model[WINDOW];
static char *window;
static uint64_t state, next_value = 1;

static uint64_t rnd(uint64_t below)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 33) % below;
}

static volatile uint64_t *at(unsigned long page)
{
	return (volatile uint64_t *)(window + page * PAGE + 16);
}

static int check_page(unsigned long i)
{
	struct page *p = &model[i];
	int want_read = !p->mapped || p->prot == PROT_NONE ? SIGSEGV : 0;
	int want_write = want_read || !(p->prot & PROT_WRITE) ? SIGSEGV : 0;

	if (touch_read(at(i)) != want_read)
		return printf("page %lu: read gave %d, not %d\n", i, vm_signal, want_read), 1;
	if (!want_read && *at(i) != p->value)
		return printf("page %lu: %lu, not %lu\n", i, *at(i), p->value), 1;
	if (want_write && touch_write(at(i)) != want_write)
		return printf("page %lu: write gave %d, not %d\n", i, vm_signal, want_write), 1;
	return 0;
}

static int check_all(void)
{
	int bad = 0;

	for (unsigned long i = 0; i < WINDOW && bad < 5; i++)
		bad += check_page(i);
	return bad;
}

static void write_some(unsigned long first, unsigned long n)
{
	for (unsigned long i = first; i < first + n; i++)
		if (model[i].mapped && (model[i].prot & PROT_WRITE))
			*at(i) = model[i].value = next_value++;
}

static void set(unsigned long first, unsigned long n, struct page to)
{
	for (unsigned long i = first; i < first + n; i++)
		model[i] = to;
}

static int range_is(unsigned long first, unsigned long n, int mapped)
{
	for (unsigned long i = first; i < first + n; i++)
		if (model[i].mapped != mapped)
			return 0;
	return 1;
}

static void do_map(unsigned long first, unsigned long n)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };
	int prot = prots[rnd(4)], populate = rnd(4) ? 0 : MAP_POPULATE;

	CHECK(mmap(window + first * PAGE, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | populate, -1,
		   0) == window + first * PAGE);
	set(first, n, (struct page){ 1, (uint8_t)prot, 0, 0 });
}

static void do_protect(unsigned long first, unsigned long n)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };
	int prot = prots[rnd(3)], whole = range_is(first, n, 1);

	CHECK((mprotect(window + first * PAGE, n * PAGE, prot) == 0) == whole);
	for (unsigned long i = first; i < first + n && model[i].mapped; i++)
		model[i].prot = (uint8_t)prot;
}

static void do_move(unsigned long first, unsigned long n)
{
	unsigned long to = rnd(WINDOW - n), m = 1 + rnd(WINDOW / 8);
	struct page copy[WINDOW];

	if (to + m > WINDOW || (to < first + n && first < to + m))
		return;
	if (!range_is(first, n, 1))
		return;
	for (unsigned long i = first; i < first + n; i++) /* one area: equal rights */
		if (model[i].prot != model[first].prot || model[i].locked)
			return;
	memcpy(copy, model, sizeof(copy));
	if (mremap(window + first * PAGE, n * PAGE, m * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   window + to * PAGE) == MAP_FAILED) {
		CHECK(errno == EFAULT); /* areas born apart need not have merged; what is gone depends: make it sure */
		CHECK(!munmap(window + to * PAGE, m * PAGE) && !munmap(window + first * PAGE, n * PAGE));
		set(to, m, (struct page){ 0, 0, 0, 0 });
		set(first, n, (struct page){ 0, 0, 0, 0 });
		return;
	}
	set(first, n, (struct page){ 0, 0, 0, 0 });
	set(to, m, (struct page){ 1, copy[first].prot, 0, 0 });
	memcpy(&model[to], &copy[first], (n < m ? n : m) * sizeof(struct page));
}

static void do_fork(void)
{
	pid_t child = fork();

	if (!child) {
		int bad = check_all();

		write_some(0, WINDOW);
		_exit(bad || check_all() ? 1 : 0);
	}
	CHECK(child > 0);
	write_some(rnd(WINDOW / 2), WINDOW / 2);
	CHECK(vm_reap(child) == 0);
	CHECK(!check_all());
}

static void step(void)
{
	unsigned long first = rnd(WINDOW), n = 1 + rnd(rnd(4) ? 16 : WINDOW);

	if (first + n > WINDOW)
		n = WINDOW - first;
	switch (rnd(16)) {
	case 0 ... 2:
		do_map(first, n);
		break;
	case 3 ... 4:
		CHECK(!munmap(window + first * PAGE, n * PAGE));
		set(first, n, (struct page){ 0, 0, 0, 0 });
		break;
	case 5 ... 6:
		do_protect(first, n);
		break;
	case 7 ... 8:
		do_move(first, n);
		break;
	case 9:
		CHECK((madvise(window + first * PAGE, n * PAGE, MADV_DONTNEED) == 0) == range_is(first, n, 1));
		for (unsigned long i = first; i < first + n; i++)
			model[i].value = 0;
		break;
	case 10:
		mlock(window + first * PAGE, n * PAGE);
		CHECK(!munlock(window, 0));
		for (unsigned long i = 0; i < WINDOW; i++)
			munlock(window + i * PAGE, PAGE);
		break;
	case 11:
		if (!rnd(8))
			do_fork();
		break;
	default:
		write_some(first, n);
	}
	for (int i = 0; i < 8; i++)
		CHECK(!check_page(rnd(WINDOW)));
}

static int run(uint64_t seed, unsigned long steps)
{
	state = seed;
	window = mmap(NULL, WINDOW * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(window != MAP_FAILED && !munmap(window, WINDOW * PAGE));
	for (unsigned long i = 0; i < steps && !vm_failures; i++)
		step();
	CHECK(!check_all());
	return vm_failures != 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
	int processes = argc > 3 ? atoi(argv[3]) : 1;

	vm_catch();
	for (int i = 1; i < processes; i++)
		if (!fork())
			_exit(run(seed + (uint64_t)i, steps));
	run(seed, steps);
	for (int i = 1; i < processes; i++)
		CHECK(vm_reap(-1) == 0);
	return vm_done("vm_model");
}
