/* SPDX-License-Identifier: MIT */
/*
 * Random programs against a model: areas, rights and contents of a few address spaces that fork from each
 * other, with and without a swap disk under pressure. The seed is printed; TIDEMARK_SEED=n repeats a run.
 */
#include "tests/host/machine_fixture.h"

#define NR_MMS 3
#define BASE   0x20000000UL

struct model {
	unsigned int nr_pages;
	struct mm_struct *mm[NR_MMS];
	u64 *value[NR_MMS];	/* first word of each page */
	u8 *prot[NR_MMS];	/* PROT_*; NOT_MAPPED */
	int at;			/* mm[at] is current's */
};

#define NOT_MAPPED 0x80

static struct model m;

static unsigned long va_of(unsigned int page)
{
	return BASE + page * PAGE_SIZE;
}

/* One page seen by the program must be what the model says. */
static void check_page(unsigned int page)
{
	u8 prot = m.prot[m.at][page];
	u64 value = 0;
	int signal = host_read(current->mm, va_of(page), &value, sizeof(value));

	if (signal != (prot == NOT_MAPPED || prot == PROT_NONE ? SIGSEGV : 0))
		fail_msg("mm %d page %u prot %x: reading gives signal %d", m.at, page, prot, signal);
	if (!signal && value != m.value[m.at][page])
		fail_msg("mm %d page %u is %llx, not %llx", m.at, page, value, m.value[m.at][page]);
}

static void write_page(unsigned int page)
{
	u8 prot = m.prot[m.at][page];
	u64 value = random_u64();
	int signal = host_write(current->mm, va_of(page), &value, sizeof(value));

	if (signal != (prot != NOT_MAPPED && (prot & PROT_WRITE) ? 0 : SIGSEGV))
		fail_msg("mm %d page %u prot %x: writing gives signal %d", m.at, page, prot, signal);
	if (!signal)
		m.value[m.at][page] = value;
}

static bool all_mapped(unsigned int page, unsigned int nr)
{
	while (nr--)
		if (m.prot[m.at][page++] == NOT_MAPPED)
			return false;
	return true;
}

static void change_areas(unsigned int page, unsigned int nr)
{
	static const u8 prots[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE };
	u8 prot = prots[random_below(ARRAY_SIZE(prots))];
	unsigned long len = nr * PAGE_SIZE;

	switch (random_below(4)) {
	case 0:
		assert_int_equal(vm_munmap(va_of(page), len), 0);
		memset(m.prot[m.at] + page, NOT_MAPPED, nr);
		break;
	case 1:
		assert_int_equal(vm_mmap(NULL, va_of(page), len, prot,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, 0),
				 va_of(page));
		memset(m.prot[m.at] + page, prot, nr);
		memset(m.value[m.at] + page, 0, nr * sizeof(u64));
		break;
	case 2:
		if (!all_mapped(page, nr))
			break;
		assert_int_equal(do_mprotect(va_of(page), len, prot), 0);
		memset(m.prot[m.at] + page, prot, nr);
		break;
	case 3:
		if (!all_mapped(page, nr))
			break;
		assert_int_equal(do_madvise(va_of(page), len, MADV_DONTNEED), 0);
		memset(m.value[m.at] + page, 0, nr * sizeof(u64));
		break;
	}
}

/* Another address space becomes a copy of this one. */
static void fork_over(void)
{
	int to = (m.at + 1 + (int)random_below(NR_MMS - 1)) % NR_MMS;

	if (m.mm[to])
		mmput(m.mm[to]);
	m.mm[to] = dup_mm(current->mm);
	assert_non_null(m.mm[to]);
	memcpy(m.value[to], m.value[m.at], m.nr_pages * sizeof(u64));
	memcpy(m.prot[to], m.prot[m.at], m.nr_pages);
}

static void go_elsewhere(void)
{
	int to = (int)random_below(NR_MMS);

	if (!m.mm[to])
		return;
	m.at = to;
	host_use_mm(m.mm[to]);
}

static void start_model(unsigned int nr_pages)
{
	m.nr_pages = nr_pages;
	for (int i = 0; i < NR_MMS; i++) {
		m.value[i] = calloc(nr_pages, sizeof(u64));
		m.prot[i] = malloc(nr_pages);
		memset(m.prot[i], NOT_MAPPED, nr_pages);
	}
	m.mm[0] = current->mm;
}

/* No two neighbours that could be one area; every page of an area mapped in the model. */
static void check_areas(void)
{
	unsigned int pages = 0, expected = 0;

	for (unsigned int i = 0; i < m.nr_pages; i++)
		expected += m.prot[m.at][i] != NOT_MAPPED;
	for (struct vm_area_struct *vma = current->mm->mmap; vma; vma = vma->vm_next) {
		assert_true(vma->vm_start < vma->vm_end);
		assert_true(!vma->vm_next || vma->vm_end <= vma->vm_next->vm_start);
		assert_ptr_equal(find_vma(current->mm, vma->vm_start), vma);
		pages += vma_pages(vma);
	}
	assert_int_equal(pages, expected);
	assert_int_equal(current->mm->total_vm, expected);
}

/* The first address space is the task's own and ends with it. */
static void end_model(void)
{
	for (m.at = 0; m.at < NR_MMS; m.at++) {
		if (!m.mm[m.at])
			continue;
		host_use_mm(m.mm[m.at]);
		check_areas();
		for (unsigned int i = 0; i < m.nr_pages; i++)
			check_page(i);
	}
	for (int i = 0; i < NR_MMS; i++) {
		if (m.mm[i] && m.mm[i] != current->mm)
			mmput(m.mm[i]);
		free(m.value[i]);
		free(m.prot[i]);
	}
}

static void run_model(unsigned int steps, unsigned int longest)
{
	for (unsigned int i = 0; i < steps; i++) {
		unsigned int page = (unsigned int)random_below(m.nr_pages);
		unsigned int nr = 1 + (unsigned int)random_below(min(longest, m.nr_pages - page));
		unsigned long what = random_below(1000);

		if (what < 500)
			write_page(page);
		else if (what < 900)
			check_page(page);
		else if (what < 970)
			change_areas(page, nr);
		else if (what < 997)
			go_elsewhere();
		else
			fork_over();
		if (i % 256 == 0)
			check_areas();
	}
}

static void random_areas(void)
{
	seed_random("test_vma: random_areas");
	start_model(64);
	run_model(20000, 16);
	end_model();
}
MACHINE_TEST(random_areas, .ram_mib = 32, .lowmem_mib = 24)

/* The same where three times 8000 pages meet 24 MiB of RAM. */
static void random_areas_and_swap(void)
{
	seed_random("test_vma: random_areas_and_swap");
	swap_on("swap0", 16384);
	start_model(8000);
	assert_int_equal(vm_mmap(NULL, BASE, 8000 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, 0),
			 BASE);
	memset(m.prot[0], PROT_READ | PROT_WRITE, 8000);
	for (unsigned int i = 0; i < 8000; i++)
		write_page(i);
	run_model(60000, 8);
	end_model();
	assert_true(event(PSWPOUT) > 0 && event(PSWPIN) > 0);
	assert_int_equal(vm_munmap(BASE, 8000 * PAGE_SIZE), 0);
	host_sleep(300);
	/* a page that was locked when its last use went stays in the cache until reclaim meets it */
	assert_int_equal(get_nr_swap_pages() + (long)total_swapcache_pages(), 16383);
	assert_true(total_swapcache_pages() < 100);
}
MACHINE_TEST(random_areas_and_swap, .ram_mib = 24, .dma_mib = 4, .lowmem_mib = 16)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(random_areas),
		machine_unit_test(random_areas_and_swap),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
