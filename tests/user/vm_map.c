/* SPDX-License-Identifier: MIT */
/* mmap, munmap, mprotect: which addresses exist, and what may be done with them. */#include "tests/user/vm_check.h"

static int areas_between(unsigned long start, unsigned long end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[300];
	int n = 0;

	if (!maps)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < end && to > start)
			n++;
	}
	fclose(maps);
	return n;
}

static void holes(void)
{
	char *p = vm_anon(9 * PAGE, MAP_PRIVATE);

	memset(p, 1, 9 * PAGE);
	CHECK(!munmap(p + 3 * PAGE, 2 * PAGE));
	CHECK(touch_read(p + 2 * PAGE) == 0);
	CHECK(touch_read(p + 3 * PAGE) == SIGSEGV && vm_code == SEGV_MAPERR && vm_addr == p + 3 * PAGE);
	CHECK(touch_write(p + 4 * PAGE) == SIGSEGV);
	CHECK(touch_read(p + 5 * PAGE) == 0 && p[5 * PAGE] == 1);
	CHECK(!munmap(p, 9 * PAGE)); /* with the hole in it */
	CHECK(touch_read(p) == SIGSEGV && touch_read(p + 8 * PAGE) == SIGSEGV);
	CHECK(!munmap(p, PAGE)); /* nothing there: fine */
	CHECK(munmap(p + 1, PAGE) == -1 && errno == EINVAL);
	CHECK(munmap(p, 0) == -1 && errno == EINVAL);
}

static void fixed(void)
{
	char *p = vm_anon(8 * PAGE, MAP_PRIVATE), *q;

	memset(p, 2, 8 * PAGE);
	q = mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + 2 * PAGE && *q == 0);
	CHECK(p[PAGE] == 2 && p[3 * PAGE] == 2);
	CHECK(touch_write(q) == SIGSEGV && vm_code == SEGV_ACCERR);
	q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(q == MAP_FAILED && errno == EEXIST);
	q = mmap(p + 5 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED && q != p + 5 * PAGE); /* a hint that is taken is no order */
	munmap(q, PAGE);
	CHECK(mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	CHECK(mmap(NULL, 1UL << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == ENOMEM);
	munmap(p, 8 * PAGE);
}

static void rights(void)
{
	char *p = vm_anon(6 * PAGE, MAP_PRIVATE);
	unsigned long at = (unsigned long)p;

	memset(p, 3, 6 * PAGE);
	CHECK(!mprotect(p + PAGE, 2 * PAGE, PROT_READ));
	CHECK(touch_read(p + PAGE) == 0 && touch_write(p + PAGE) == SIGSEGV && vm_code == SEGV_ACCERR);
	CHECK(touch_write(p) == 0 && touch_write(p + 3 * PAGE) == 0);
	CHECK(!mprotect(p + PAGE, PAGE, PROT_NONE));
	CHECK(touch_read(p + PAGE) == SIGSEGV && vm_code == SEGV_ACCERR);
	CHECK(!mprotect(p, 6 * PAGE, PROT_READ | PROT_WRITE));
	CHECK(touch_write(p + PAGE) == 0 && p[PAGE] == 3 && p[2 * PAGE] == 3);
	CHECK(areas_between(at, at + 6 * PAGE) <= 1); /* one area again */
	CHECK(syscall(SYS_mprotect, p + 1, PAGE, PROT_READ) == -1 && errno == EINVAL);
	munmap(p + 2 * PAGE, PAGE);
	CHECK(mprotect(p, 6 * PAGE, PROT_READ) == -1 && errno == ENOMEM);
	munmap(p, 6 * PAGE);
}

/* Code that is written, made executable and called. */
static void execute(void)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
	int (*fn)(void);
	char *p = vm_anon(PAGE, MAP_PRIVATE);

	memcpy(p, code, sizeof(code));
	fn = (int (*)(void))(uintptr_t)p;
	vm_signal = 0;
	if (!sigsetjmp(vm_jump, 1))
		fn();
	CHECK(vm_signal == SIGSEGV && vm_code == SEGV_ACCERR);
	CHECK(!mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	CHECK(fn() == 42);
	CHECK(touch_write(p) == SIGSEGV);
	munmap(p, PAGE);
}

/* Many areas, freed in another order; holes are found again. */
static void many(void)
{
	static char *p[500];

	for (int i = 0; i < 500; i++) {
		p[i] = mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(p[i] != MAP_FAILED);
		if (!(i & 1))
			p[i][0] = (char)i;
	}
	for (int i = 0; i < 500; i += 3)
		CHECK(!munmap(p[i], PAGE));
	for (int i = 0; i < 500; i++) {
		if (i % 3 == 0)
			p[i] = vm_anon(PAGE, MAP_PRIVATE);
		else if (!(i & 1))
			CHECK(p[i][0] == (char)i);
	}
	for (int i = 0; i < 500; i++)
		CHECK(!munmap(p[i], PAGE));
}

int main(void)
{
	vm_catch();
	CHECK(touch_read((void *)8) == SIGSEGV && vm_addr == (void *)8);
	CHECK(touch_read((void *)0xffff888000000000UL) == SIGSEGV);
	holes();
	fixed();
	rights();
	execute();
	many();
	return vm_done("vm_map");
}
