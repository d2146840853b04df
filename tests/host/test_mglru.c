/* SPDX-License-Identifier: MIT */
/* mglru does as its two files say: generations, the walk of the page tables, tiers of file pages, history. */
#include "tests/host/machine_fixture.h"

#include "tests/host/policy_fixture.h"

#include "arch/mmu.h"
#include "mm/mglru.h"
#include "mm/mm.h"
#include "tests/host/file_fixture.h"

/* A hot quarter of the memory touched now and then stays while three times the memory runs through once. */
static void resists_a_scan(void)
{
	unsigned long nr_hot = LOW_PAGES / 4, nr_cold = 3 * LOW_PAGES, hot, cold, lost = 0;

	swap_on("swap0", 32768);
	use("mglru");
	hot = fill(nr_hot);
	cold = map_anon(nr_cold * PAGE_SIZE);
	for (unsigned long i = 0; i < nr_cold; i++) {
		put(cold + i * PAGE_SIZE, i + 1);
		if (i % 256)
			continue;
		lost += count_out(hot, 0, nr_hot);
		verify(hot, nr_hot);
	}
	assert_true(event(PSWPOUT) > 2 * LOW_PAGES);
	if (lost > nr_hot / 90) /* 180 of 16384 */
		fail_msg("%lu times a page of the hot %lu was out", lost, nr_hot);
	verify(cold, nr_cold);
	lru_add_drain();
	check_lists(normal());
}
MACHINE_TEST(resists_a_scan, LOW)

static unsigned int gen_of(unsigned long va)
{
	assert_true(PageLRU(page_at(va)));
	return page_lru_gen(page_at(va));
}

/* The touch that brings a page in is no use; the next one in a generation makes it the youngest. */
static void tells_use_from_the_first_touch(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long va, seq;

	swap_on("swap0", 16384);
	use("mglru");
	assert_int_equal(z->max_seq, 3);
	va = fill(3);
	lru_add_drain();
	seq = z->max_seq - 1;
	assert_int_equal(gen_of(va), mglru_gen(seq));
	assert_int_equal(page_lru_tier(page_at(va)), MGLRU_FRESH);
	assert_true(mglru_age_ask(true));
	assert_int_equal(z->max_seq, 4);
	assert_int_equal(gen_of(va), mglru_gen(seq)); /* older by one, not moved */
	assert_int_equal(page_lru_tier(page_at(va)), 0);
	assert_false(pte_young(entry_of(va)));
	assert_int_equal(get(va + PAGE_SIZE), 2);
	mglru_count_victims(LOW_PAGES);
	assert_true(mglru_age_ask(true));
	assert_int_equal(gen_of(va), mglru_gen(seq));
	assert_int_equal(gen_of(va + PAGE_SIZE), mglru_gen(4)); /* the youngest when it was seen */
	assert_true(zone_page_state_snapshot(normal(), NR_ACTIVE_ANON) >= 1);
	assert_false(mglru_age_ask(true)); /* nothing was taken in this generation */
	check_lists(normal());
}
MACHINE_TEST(tells_use_from_the_first_touch, LOW)

/* A fourth generation's lists are those of the oldest: what is still there goes one up. */
static void folds_the_oldest(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long va;

	use("mglru");
	va = fill(200);
	lru_add_drain();
	for (int i = 0; i < 6; i++) {
		mglru_count_victims(LOW_PAGES);
		assert_true(mglru_age_ask(true));
		check_lists(normal());
		assert_true(z->max_seq - z->min_seq[0] < MGLRU_MAX_GENS && z->max_seq - z->min_seq[1] < MGLRU_MAX_GENS);
	}
	assert_int_equal(gen_of(va), mglru_gen(z->min_seq[0]));
	verify(va, 200);
}
MACHINE_TEST(folds_the_oldest, LOW)

/* A note comes back within a generation: the page was evicted too early and is the youngest now. */
static void remembers(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	struct page *page;
	u32 note;

	use("mglru");
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	__SetPageSwapBacked(page);
	note = policy_shadow(reclaim_policy, page_zone(page), page);
	assert_int_equal(note >> SHADOW_BITS, reclaim_policy->id);
	lru_refault(page, note);
	assert_true(PageActive(page));
	ClearPageActive(page);
	z->min_seq[0] += 2;
	lru_refault(page, note);
	assert_false(PageActive(page)); /* too long ago */
	z->min_seq[0] -= 2;
	use("clock");
	lru_refault(page, note);
	assert_false(PageActive(page)); /* another policy's */
	__ClearPageSwapBacked(page);
	put_page(page);
}
MACHINE_TEST(remembers, LOW)

/* ---- The walk ---- */

/* A generation begins, as if enough had been taken in the last one. */
static void next_generation(void)
{
	mglru_count_victims(LOW_PAGES);
	assert_true(mglru_age_ask(true));
}

struct owner {
	unsigned long va;
	struct page *page;
	bool ready, over;
};

static void own_a_page(void *arg)
{
	struct owner *me = arg;

	me->va = map_anon(PAGE_SIZE);
	put(me->va, me->va);
	me->page = page_at(me->va);
	me->ready = true;
	while (!me->over)
		host_sleep(2);
}

static struct task_struct *spawn_owner(struct owner *owner)
{
	struct task_struct *task = host_spawn("owner", NULL, own_a_page, owner);

	assert_non_null(task);
	while (!owner->ready)
		host_sleep(1);
	return task;
}

/* More address spaces than the walk holds at a time, and one that two processes share: it sees each. */
static void walks_every_space(void)
{
	enum { NR = 300 };
	static struct owner owners[NR];

	use("mglru");
	for (int i = 0; i < NR; i++)
		spawn_owner(&owners[i]);
	lru_add_drain();
	for (int i = 0; i < NR; i++)
		assert_int_equal(page_lru_tier(owners[i].page), MGLRU_FRESH);
	next_generation();
	for (int i = 0; i < NR; i++)
		assert_int_equal(page_lru_tier(owners[i].page), 0);
	for (int i = 0; i < NR; i++)
		owners[i].over = true;
	while (host_tasks() > 1)
		host_sleep(1);
}
MACHINE_TEST(walks_every_space, .ram_mib = 48, .dma_mib = 1)

static void leave_memory(void *arg)
{
	struct owner *me = arg;
	struct mm_struct *mm = current->mm;

	host_use_mm(NULL);
	mmput(mm);
	me->ready = true;
	while (!me->over)
		host_sleep(2);
}

/* A process lives on when its first thread has ended: that thread's place on the list has no memory. */
static void walks_for_other_threads(void)
{
	static struct owner first, second;
	struct task_struct *leader, *thread;

	use("mglru");
	leader = host_spawn("leader", NULL, leave_memory, &first);
	thread = spawn_owner(&second);
	lru_add_drain();
	write_lock_irq(&tasklist_lock);
	list_del_init(&thread->tasks);
	list_del(&thread->thread_node);
	list_add_tail(&thread->thread_node, &leader->signal->threads);
	write_unlock_irq(&tasklist_lock);
	assert_true(first.ready);
	next_generation();
	assert_int_equal(page_lru_tier(second.page), 0);
	write_lock_irq(&tasklist_lock);
	list_del(&thread->thread_node);
	list_add_tail(&thread->thread_node, &thread->signal->threads);
	list_add_tail(&thread->tasks, &init_task.tasks);
	write_unlock_irq(&tasklist_lock);
	first.over = second.over = true;
	while (host_tasks() > 1)
		host_sleep(1);
}
MACHINE_TEST(walks_for_other_threads, LOW)

/* Whose areas are being changed is left out, and nobody waits for him. Locked areas are nobody's victims. */
static void leaves_out(void)
{
	unsigned long va, locked;

	use("mglru");
	va = fill(3);
	locked = va + 2 * PAGE_SIZE;
	assert_int_equal(vm_munmap(va + PAGE_SIZE, PAGE_SIZE), 0); /* two areas */
	lru_add_drain();
	down_write(&current->mm->mmap_sem);
	next_generation();
	up_write(&current->mm->mmap_sem);
	assert_int_equal(page_lru_tier(page_at(va)), MGLRU_FRESH);
	assert_true(pte_young(entry_of(va)));
	find_vma(current->mm, locked)->vm_flags |= VM_LOCKED;
	next_generation();
	assert_int_equal(page_lru_tier(page_at(va)), 0);
	assert_false(pte_young(entry_of(va)));
	assert_true(pte_young(entry_of(locked)));
	find_vma(current->mm, locked)->vm_flags &= ~VM_LOCKED;
}
MACHINE_TEST(leaves_out, LOW)

/* Each eighth of memory that fills up is a reason to look, without a new generation: soon something must go. */
static void looks_ahead(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long va;

	use("mglru");
	va = fill(LOW_PAGES / 8);
	host_sleep(2);
	assert_int_equal(page_lru_tier(page_at(va)), MGLRU_FRESH); /* most is free */
	fill(LOW_PAGES / 2);
	host_sleep(2);
	assert_int_equal(page_lru_tier(page_at(va)), 0);
	assert_int_equal(z->max_seq, 3);
}
MACHINE_TEST(looks_ahead, LOW)

/* Young pages only: the reclaimer begins a generation and takes from what has become old by that. */
static void reclaim_begins_a_generation(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long va;

	swap_on("swap0", 4096);
	use("mglru");
	va = fill(1000);
	assert_int_equal(z->max_seq, 3);
	assert_true(reclaim(100) >= 100);
	assert_in_range(z->max_seq, 4, 5);
	assert_true(count_out(va, 0, 1000) >= 100);
	verify(va, 1000);
	lru_add_drain();
	check_lists(normal());
}
MACHINE_TEST(reclaim_begins_a_generation, LOW)

/* ---- Tiers ---- */

static struct page *file_page(struct disk_file *f, unsigned long index)
{
	struct page *page;

	lru_add_drain();
	page = find_get_page(&f->inode.i_data, index);
	assert_non_null(page);
	put_page(page); /* it stays: nobody reclaims */
	return page;
}

/* The first call marks the page, each further one raises its tier, to 3. Memory's pages have no tiers. */
static void calls_raise_the_tier(void)
{
	static const unsigned int tiers[] = { 0, 1, 2, 3, 3 };
	struct disk_file *f = disk_file_create("f", 16);
	struct mglru_zone *z = mglru_zone(normal());
	struct page *page;
	unsigned long va;

	use("mglru");
	for (unsigned int i = 0; i < ARRAY_SIZE(tiers); i++) {
		f->file.f_ra.prev_pos = -1; /* else one page is read on */
		file_get(f, 3);
		page = file_page(f, 3);
		assert_true(PageReferenced(page));
		assert_int_equal(page_lru_tier(page), tiers[i]);
		assert_int_equal(page_lru_gen(page), mglru_gen(z->min_seq[1])); /* by reading alone nobody is young */
	}
	va = fill(1);
	lru_add_drain();
	for (int i = 0; i < 4; i++)
		mark_page_accessed(page_at(va));
	assert_int_equal(page_lru_tier(page_at(va)), MGLRU_FRESH);
	check_lists(normal());
}
MACHINE_TEST(calls_raise_the_tier, LOW)

/* => pages 0 to 2 of the file, in tiers 0, 0 and 1, are asked for; who is taken, a bit for each */
static unsigned int taken_of(struct disk_file *f, unsigned long back, unsigned long gone)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long scanned;
	struct page *page;
	unsigned int who = 0;
	PAGE_LIST(taken);
	PAGE_LIST(freed);

	for (unsigned int i = 0; i < 3; i++) {
		page = file_page(f, i);
		set_page_lru_tier(page, i == 2);
		spin_lock_irq(&normal()->lru_lock);
		mglru_move(normal(), page, z->min_seq[1], true);
		spin_unlock_irq(&normal()->lru_lock);
	}
	z->evicted[1][0] = 99; /* 10 of 100 of tier 0 come back */
	z->refaulted[1][0] = 10;
	z->evicted[1][1] = gone;
	z->refaulted[1][1] = back;
	spin_lock_irq(&normal()->lru_lock);
	policy_mglru.take(normal(), 1, 32, &taken, &scanned, 0);
	page_list_for_each(page, &taken)
		who |= 1U << page->index;
	putback_inactive_pages(normal(), &taken, &freed);
	__mod_zone_page_state(normal(), NR_ISOLATED_FILE, -(long)hweight32(who));
	spin_unlock_irq(&normal()->lru_lock);
	assert_int_equal(scanned, 3);
	return who;
}

/* Pages used more than once stay as long as pages of their kind come back more often than those used once. */
static void a_tier_is_spared_by_evidence(void)
{
	struct disk_file *f = disk_file_create("f", 3);
	struct mglru_zone *z = mglru_zone(normal());

	use("mglru");
	get_pages(f, 0, 3);
	assert_int_equal(taken_of(f, 20, 63), 7); /* too few to tell */
	assert_int_equal(taken_of(f, 6, 64), 7);  /* they come back more seldom */
	assert_int_equal(taken_of(f, 10, 100), 7);
	assert_int_equal(taken_of(f, 20, 100), 3);
	assert_int_equal(page_lru_gen(file_page(f, 2)), mglru_gen(z->min_seq[1] + 1)); /* one up */
	check_lists(normal());
}
MACHINE_TEST(a_tier_is_spared_by_evidence, LOW)

/* What went and what came back soon is counted by tier, and fades with every generation. */
static void evidence_is_counted(void)
{
	struct page *page = alloc_page(GFP_KERNEL); /* a file's, by its bits */
	struct mglru_zone *z = mglru_zone(normal());
	u32 note = 0;

	use("mglru");
	assert_non_null(page);
	set_page_lru_tier(page, 2);
	for (int i = 0; i < 8; i++)
		note = policy_shadow(reclaim_policy, normal(), page);
	assert_int_equal(z->evicted[1][2], 8);
	for (int i = 0; i < 4; i++)
		lru_refault(page, note);
	assert_int_equal(z->refaulted[1][2], 4);
	z->min_seq[1] += 2;
	lru_refault(page, note); /* too late */
	assert_int_equal(z->refaulted[1][2], 4);
	z->min_seq[1] -= 2;
	ClearPageActive(page);
	next_generation();
	assert_int_equal(z->evicted[1][2], 4);
	assert_int_equal(z->refaulted[1][2], 2);
	assert_int_equal(z->evicted[1][0] + z->evicted[1][1] + z->evicted[0][2], 0);
	set_page_lru_tier(page, 0);
	put_page(page);
}
MACHINE_TEST(evidence_is_counted, LOW)

/* ---- Victims ---- */

static enum page_reference judged(unsigned long va)
{
	struct page *page = page_at(va);
	enum page_reference verdict;

	lock_page(page);
	verdict = policy_mglru.judge(page);
	unlock_page(page);
	return verdict;
}

/* The touch a page came in by does not save it, a later one does, and so does a call's use of memory. */
static void victims_are_judged(void)
{
	struct mglru_zone *z = mglru_zone(normal());
	unsigned long va;

	use("mglru");
	va = fill(2);
	lru_add_drain();
	assert_int_equal(judged(va), REF_RECLAIM);
	assert_int_equal(page_lru_tier(page_at(va)), 0);
	assert_int_equal(judged(va), REF_RECLAIM);
	flush_tlb_all(); /* a TLB that knows the page would not set the bit again */
	assert_int_equal(touch(va, false), 0);
	assert_int_equal(judged(va), REF_ACTIVATE);
	mark_page_accessed(page_at(va));
	assert_int_equal(judged(va), REF_ACTIVATE);
	assert_int_equal(judged(va), REF_RECLAIM);
	/* Saved, it is the youngest; kept for another reason, young. */
	for (int saved = 0; saved < 2; saved++) {
		PAGE_LIST(pages);
		PAGE_LIST(freed);

		spin_lock_irq(&normal()->lru_lock);
		assert_true(lru_isolate(normal(), page_at(va), &pages, 0));
		ClearPageActive(page_at(va));
		if (saved)
			SetPageActive(page_at(va));
		putback_inactive_pages(normal(), &pages, &freed);
		__mod_zone_page_state(normal(), NR_ISOLATED_ANON, -1);
		spin_unlock_irq(&normal()->lru_lock);
		assert_int_equal(gen_of(va), mglru_gen(saved ? z->max_seq : z->max_seq - 1));
		assert_false(PageActive(page_at(va)));
	}
	check_lists(normal());
}
MACHINE_TEST(victims_are_judged, LOW)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(resists_a_scan),
		machine_unit_test(tells_use_from_the_first_touch),
		machine_unit_test(folds_the_oldest),
		machine_unit_test(remembers),
		machine_unit_test(walks_every_space),
		machine_unit_test(walks_for_other_threads),
		machine_unit_test(leaves_out),
		machine_unit_test(looks_ahead),
		machine_unit_test(reclaim_begins_a_generation),
		machine_unit_test(calls_raise_the_tier),
		machine_unit_test(a_tier_is_spared_by_evidence),
		machine_unit_test(evidence_is_counted),
		machine_unit_test(victims_are_judged),
	};

	return cmocka_run_group_tests_name("mglru", tests, NULL, machine_group_end);
}
