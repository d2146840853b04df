/* SPDX-License-Identifier: MIT */
/*
 * In-kernel tests of the architecture (boot word `selftest`). They use nothing of mm: the pages
 * they map are static ones of the image, seen through a spare page of the fixmap.
 */
#include "kernel/base/preempt.h"
#include "kernel/base/selftest.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "arch/thread.h"
#include "arch/time.h"
#include "arch/uaccess.h"
#include "arch/x86_64/internal.h"
#include "asm/irqflags.h"

static u64 page_a[PTRS_PER_PTE] __aligned(PAGE_SIZE), page_b[PTRS_PER_PTE] __aligned(PAGE_SIZE);

/* ---- W^X ------------------------------------------------------------------------------------- */

#define MAX_EXEC_PAGES 2048
static u32 exec_pfns[MAX_EXEC_PAGES];
static unsigned nr_exec, nr_both, nr_alias, nr_outside;

static bool is_exec_pfn(unsigned long pfn, unsigned long pages)
{
	for (unsigned i = 0; i < nr_exec; i++)
		if (exec_pfns[i] >= pfn && exec_pfns[i] < pfn + pages)
			return true;
	return false;
}

/* pass 0 gathers the executable frames, pass 1 looks for a way to write them */
static void check_leaf(u64 entry, int shift, int pass)
{
	unsigned long pfn = (entry & PTE_PFN_MASK) >> PAGE_SHIFT,
		      pages = 1UL << (shift - PAGE_SHIFT);

	if (pass == 0 && !(entry & _PAGE_NX)) {
		nr_both += !!(entry & _PAGE_RW);
		nr_outside += pages != 1 || nr_exec == MAX_EXEC_PAGES;
		if (nr_exec < MAX_EXEC_PAGES)
			exec_pfns[nr_exec++] = pfn;
	}
	if (pass == 1 && (entry & _PAGE_RW))
		nr_alias += is_exec_pfn(pfn, pages);
}

static void walk_table(const u64 *table, int first, int shift, int pass)
{
	for (int i = first; i < PTRS_PER_PTE; i++) {
		u64 e = READ_ONCE(table[i]);

		if (!(e & _PAGE_PRESENT))
			continue;
		if (shift == PAGE_SHIFT || (e & _PAGE_PSE && shift < PGDIR_SHIFT))
			check_leaf(e, shift, pass);
		else
			walk_table(__va(e & PTE_PFN_MASK), 0, shift - 9, pass);
	}
}

SELFTEST(arch_wx)
{
	nr_exec = nr_both = nr_alias = nr_outside = 0;
	for (int pass = 0; pass < 2; pass++)
		walk_table(&swapper_pg_dir[0].pgd, KERNEL_PGD_BOUNDARY, PGDIR_SHIFT, pass);
	EXPECT(nr_exec > 0);
	EXPECT_EQ(nr_both, 0);	  /* writable and executable in one entry */
	EXPECT_EQ(nr_alias, 0);	  /* ... through two addresses */
	EXPECT_EQ(nr_outside, 0); /* executable large pages */
	for (int i = 0; i < KERNEL_PGD_BOUNDARY; i++)
		EXPECT(pgd_none(swapper_pg_dir[i])); /* the identity map is gone */
}

/* ---- Faults ---------------------------------------------------------------------------------- */

SELFTEST(arch_fixup)
{
	u64 word = 1;
	int err;

	EXPECT_EQ(copy_from_kernel_nofault(&word, (void *)VMEMMAP_END - 8, sizeof(word)), -EFAULT);
	page_a[0] = 42;
	EXPECT_EQ(copy_from_kernel_nofault(&word, page_a, sizeof(word)), 0);
	EXPECT_EQ(word, 42);
	/* Kernel addresses are no user memory, whatever is mapped there. */
	EXPECT_EQ(copy_from_user(&word, page_a, sizeof(word)), sizeof(word));
	EXPECT_EQ(copy_to_user(page_a, &word, sizeof(word)), sizeof(word));
	EXPECT_EQ(clear_user((void *)(TASK_SIZE - 4), 8), 8);
	err = get_user(word, page_a);
	EXPECT_EQ(err, -EFAULT);
	EXPECT_EQ(put_user(word, page_a), -EFAULT);
	/* This thread has no user memory. */
	EXPECT_EQ(copy_from_user(&word, (void *)0x10000, sizeof(word)), sizeof(word));
	EXPECT_EQ(strncpy_from_user((char *)page_b, (char *)0x10000, 16), -EFAULT);
	EXPECT_EQ(strnlen_user((char *)0x10000, 16), 0);
}

/* ---- Calls between CPUs ---------------------------------------------------------------------- */

static void count_call(void *arg)
{
	__atomic_fetch_add((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static void check_percpu(void *arg)
{
	if (!irqs_disabled() ||
	    per_cpu_ptr(&cpu_number, smp_processor_id()) != this_cpu_ptr(&cpu_number))
		count_call(arg);
}

SELFTEST(arch_ipi)
{
	int calls = 0, bad = 0;

	for (int i = 0; i < 100; i++)
		on_each_cpu(count_call, &calls, true);
	EXPECT_EQ(calls, 100 * num_online_cpus());
	on_each_cpu(check_percpu, &bad, true);
	EXPECT_EQ(bad, 0);
	calls = 0;
	for (int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_online(cpu))
			EXPECT_EQ(smp_call_function_single(cpu, count_call, &calls, true), 0);
	EXPECT_EQ(calls, num_online_cpus());
}

struct shootdown {
	const volatile u64 *window;
	u64 want;
	int wrong;
};

static void read_window(void *arg)
{
	struct shootdown *s = arg;

	if (*s->window != s->want)
		count_call(&s->wrong);
}

SELFTEST(arch_tlb_shootdown)
{
	struct shootdown s = {.window = (const u64 *)fix_to_virt(FIX_TEST)};

	for (u64 i = 0; i < 50; i++) {
		u64 *page = i & 1 ? page_b : page_a;

		page[0] = s.want = i;
		set_pte(&fixmap_ptes[FIX_TEST],
			pfn_pte(__pa_symbol(page) >> PAGE_SHIFT, PAGE_KERNEL));
		flush_tlb_kernel_range(fix_to_virt(FIX_TEST), fix_to_virt(FIX_TEST + 1));
		on_each_cpu(read_window, &s, true);
	}
	EXPECT_EQ(s.wrong, 0);
	set_pte(&fixmap_ptes[FIX_TEST], __pte(0));
	flush_tlb_all();
	EXPECT_EQ(copy_from_kernel_nofault(&s.want, (void *)s.window, sizeof(u64)), -EFAULT);
}

/* ---- Floating point across switches ---------------------------------------------------------- */

static struct task_struct fpu_task;
static u64 fpu_stack[256];
static struct task_struct *fpu_caller;

static void set_xmm7(u64 v)
{
	asm volatile("movq %0, %%xmm7" : : "r"(v));
}

static u64 get_xmm7(void)
{
	u64 v;

	asm volatile("movq %%xmm7, %0" : "=r"(v));
	return v;
}

static void __noreturn fpu_other(void)
{
	for (;;) {
		set_xmm7(get_xmm7() + 1); /* its own state: counts its turns */
		switch_to(&fpu_task, fpu_caller);
	}
}

SELFTEST(arch_fpu)
{
	bool had_fpu = current->thread.user_fpu;
	unsigned long flags;
	u64 mine, others = 0;

	memset(&fpu_task, 0, sizeof(fpu_task));
	arch_fpu_init(&fpu_task);
	fpu_stack[254] = (u64)fpu_other; /* above the six registers of __switch_to_asm */
	fpu_task.thread.sp = (u64)&fpu_stack[248];
	fpu_task.thread.sp0 = current->thread.sp0;

	local_irq_save(flags);
	fpu_caller = current;
	current->thread.user_fpu = true;
	set_xmm7(0x1234567890abcdefULL);
	for (int i = 0; i < 10; i++)
		switch_to(current, &fpu_task);
	mine = get_xmm7();
	current->thread.user_fpu = had_fpu;
	local_irq_restore(flags);
	memcpy(&others, fpu_task.thread.fpu + 160 + 7 * 16, sizeof(others));
	EXPECT_EQ(mine, 0x1234567890abcdefULL);
	EXPECT_EQ(others, 10);
}

SELFTEST(arch_page_copy)
{
	u64 sum = 0;

	for (int i = 0; i < PTRS_PER_PTE; i++)
		page_a[i] = i * 0x9e3779b97f4a7c15ULL;
	copy_page(page_b, page_a);
	EXPECT_EQ(memcmp(page_a, page_b, PAGE_SIZE), 0);
	set_xmm7(99);
	clear_page(page_b);
	EXPECT_EQ(get_xmm7(), 99);
	for (int i = 0; i < PTRS_PER_PTE; i++)
		sum |= page_b[i];
	EXPECT_EQ(sum, 0);
}

/* ---- Time ------------------------------------------------------------------------------------ */

struct clock_check {
	u64 last;
	int backwards;
};

static void check_clock(void *arg)
{
	struct clock_check *c = arg;
	u64 now = arch_clock_ns();

	if (now < c->last)
		c->backwards++;
	c->last = now;
}

SELFTEST(arch_clock)
{
	struct clock_check c = {0, 0};
	u64 start;

	for (int i = 0; i < 1000; i++)
		smp_call_function_single(i % nr_cpu_ids, check_clock, &c, true);
	EXPECT_EQ(c.backwards, 0);
	start = arch_clock_ns();
	udelay(100);
	EXPECT(arch_clock_ns() - start >= 99 * 1000);
}
