/* SPDX-License-Identifier: MIT */
/*
 * Any request in any state of the machine and of the task, against what spec 4.2 says of all of them: who may
 * sleep, reclaim, kill, use the reserve, who must not fail, who reports. The slow path is the kernel's on real zones;
 * reclaim, compaction and the killer do what the input says.
 */
#include "tests/host/slow_world.h"
#include "tests/host/fuzz.h"

#define DEMAND(c)                                                                           \
	do {                                                                                \
		if (!(c)) {                                                                 \
			fprintf(stderr, "%s:%d: does not hold: %s; gfp 0x%x order %u context 0x%x\n", \
				__FILE__, __LINE__, #c, input.gfp, input.order, input.context); \
			abort();                                                            \
		}                                                                           \
	} while (0)

enum {
	CTX_MEMALLOC = 1, CTX_MEMDIE = 2, CTX_RT = 4, CTX_IRQ = 8, CTX_SOFTIRQ = 16, CTX_DUMPCORE = 32,
	CTX_KTHREAD = 64, CTX_OOM_DISABLED = 128, CTX_SUSPENDED = 256, CTX_NOIO = 512, CTX_OOM_LOCKED = 1024,
	CTX_SIGKILL = 2048, CTX_DMA_ZONE = 4096,
};

static struct {
	gfp_t gfp;
	unsigned short context;
	unsigned char order, free, block, progress, freed, kill, until, compact[3];
} input;

static bool has(unsigned int context)
{
	return input.context & context;
}

/* One machine for all inputs, as starting it takes longer than a thousand requests: the zone an input is about, and the
 * other one, which is empty. */
static void start_input(void)
{
	static struct zone *dma, *normal;

	if (!dma) {
		start_zones(1, 2048, 1024, 2048); /* compaction and kills use up frames */
		dma = zone_of(0, ZONE_DMA);
		normal = zone_of(0, ZONE_NORMAL);
		add_zone(dma, 64, 80, 96);
		add_zone(normal, 64, 80, 96);
	}
	new_task();
	drain_local_pages(NULL);
	empty_zone(dma);
	empty_zone(normal);
	world_zone[0] = has(CTX_DMA_ZONE) ? dma : normal;
	next_frame[0] = round_down(zone_end_pfn(world_zone[0]), 2048UL);
}

static void set_input(void)
{
	static char compact[4];

	script.block = input.block % MAX_ORDER;
	give_pages(0, input.free);
	script.progress = input.progress;
	script.freed = input.freed % 8;
	script.kill = input.kill & 1 ? input.kill % 16 : -1;
	script.until = 1 + input.until % 30;
	script.relief = 4000;
	script.oom_locked = has(CTX_OOM_LOCKED);
	for (int i = 0; i < 3; i++)
		compact[i] = "sfodlc"[input.compact[i] % 6];
	script.compact = compact;
	task.flags = (has(CTX_MEMALLOC) ? PF_MEMALLOC : 0) | (has(CTX_DUMPCORE) ? PF_DUMPCORE : 0) |
		     (has(CTX_KTHREAD) ? PF_KTHREAD : 0) | (has(CTX_NOIO) ? PF_MEMALLOC_NOIO : 0);
	task.policy = has(CTX_RT) ? SCHED_FIFO : SCHED_NORMAL;
	clear_thread_flag(TIF_MEMDIE);
	clear_thread_flag(TIF_SIGPENDING);
	if (has(CTX_MEMDIE))
		set_thread_flag(TIF_MEMDIE);
	if (has(CTX_SIGKILL)) {
		set_thread_flag(TIF_SIGPENDING);
		task.pending = 1ULL << 8;
	}
	oom_killer_disabled = has(CTX_OOM_DISABLED);
	if (has(CTX_SUSPENDED))
		pm_restrict_gfp_mask();
}

/* What the callers must not do is another test's business (test_gfp_illegal.c). */
static void make_legal(void)
{
	if (GFP_ZONE_ILLEGAL >> (input.gfp & GFP_ZONEMASK) & 1)
		input.gfp &= ~GFP_ZONEMASK;
	if ((input.gfp & GFP_MOVABLE_MASK) == GFP_MOVABLE_MASK)
		input.gfp &= ~__GFP_RECLAIMABLE;
	if (has(CTX_DMA_ZONE))
		input.gfp = (input.gfp & ~(__GFP_HIGHMEM | __GFP_DMA32)) | __GFP_DMA;
	else
		input.gfp &= ~__GFP_DMA;
	input.gfp &= GFP_BITS_MASK & ~(0x100000 | __GFP_ZERO);
	input.order %= MAX_ORDER + 1;
}

static bool in_irq_or_softirq(void)
{
	return has(CTX_IRQ | CTX_SOFTIRQ);
}

/* As step 4 of spec 4.2 words it. */
static bool may_use_reserve(gfp_t gfp)
{
	bool dying = has(CTX_MEMDIE) || test_thread_flag(TIF_MEMDIE);

	if (gfp & __GFP_NOMEMALLOC)
		return false;
	if (gfp & __GFP_MEMALLOC)
		return true;
	if (has(CTX_SOFTIRQ) && has(CTX_MEMALLOC))
		return true;
	return !in_irq_or_softirq() && (has(CTX_MEMALLOC) || dying);
}

/* => number of pages that must stay free, spec 2.5 */
static unsigned long floor_for(gfp_t gfp)
{
	bool atomic = !(gfp & (__GFP_WAIT | __GFP_NO_KSWAPD));
	unsigned long m = 64;

	if (gfp & __GFP_HIGH)
		m -= m / 2;
	if (atomic ? !(gfp & __GFP_NOMEMALLOC) : has(CTX_RT) && !in_irq_or_softirq())
		m -= m / 4;
	return m;
}

static void check_page(gfp_t gfp, struct page *page)
{
	if (PagePfMemalloc(page))
		DEMAND(may_use_reserve(gfp));
	else
		DEMAND(world_free() + 1 > floor_for(gfp)); /* before: f = free - ((1 << order) - 1) > m */
	DEMAND(!seen.warns);
	DEMAND(input.order < MAX_ORDER);
}

/* Why a request that may sleep may fail. */
static bool may_fail(gfp_t gfp)
{
	bool small = input.order <= PAGE_ALLOC_COSTLY_ORDER;

	if (!(gfp & __GFP_WAIT) || (gfp & __GFP_NORETRY) || has(CTX_MEMALLOC) || input.order >= MAX_ORDER)
		return true;
	if (oom_killer_disabled && (gfp & __GFP_FS))
		return true;
	if (gfp & __GFP_NOFAIL)
		return false;
	return !small || test_thread_flag(TIF_MEMDIE) || has(CTX_SUSPENDED) ||
	       ((gfp & __GFP_FS) && (has(CTX_DUMPCORE) || has(CTX_DMA_ZONE)));
}

static void check_deeds(gfp_t gfp, struct page *page)
{
	int slept = seen.reclaims + seen.ticks + seen.compacts + seen.kills;

	if (!(gfp & __GFP_WAIT))
		DEMAND(!slept);
	if (has(CTX_MEMALLOC))
		DEMAND(!slept); /* no reclaim inside reclaim */
	if (gfp & __GFP_NORETRY)
		DEMAND(seen.reclaims <= 1 && !seen.kills);
	if (!input.order)
		DEMAND(!seen.compacts);
	if (seen.kills || seen.panicked) {
		DEMAND((gfp & __GFP_FS) && !oom_killer_disabled);
		DEMAND((gfp & __GFP_NOFAIL) ||
		       (input.order <= PAGE_ALLOC_COSTLY_ORDER && !has(CTX_DMA_ZONE | CTX_DUMPCORE) &&
			!(gfp & __GFP_THISNODE)));
	}
	if (seen.reclaims)
		DEMAND((seen.reclaim_gfp & gfp) == seen.reclaim_gfp);
	if (seen.wakes)
		DEMAND(!(gfp & __GFP_NO_KSWAPD));
	if (seen.panicked || seen.rounds > 2000)
		return;
	DEMAND(!(task.flags & PF_MEMALLOC) == !has(CTX_MEMALLOC));
	if (!page)
		DEMAND(may_fail(gfp));
	if (!page && input.order < MAX_ORDER && !(gfp & __GFP_NOWARN))
		DEMAND(seen.warns <= 1);
	else
		DEMAND(!seen.warns);
}

/* 18 bytes: the input as it lies in memory, little-endian. */
static void fuzz_one(const unsigned char *data, size_t size)
{
	struct page *page;
	int in_context;
	gfp_t gfp;

	for (; size >= 18; data += 18, size -= 18) {
		memcpy(&input.gfp, data, 4);
		memcpy(&input.context, data + 4, 2);
		memcpy(&input.order, data + 6, 10);
		host_loglevel = 0;
		make_legal();
		start_input();
		set_input();
		in_context = (has(CTX_IRQ) ? HARDIRQ_OFFSET : 0) + (has(CTX_SOFTIRQ) ? SOFTIRQ_OFFSET : 0);
		preempt_count_add(in_context);
		gfp = input.gfp & gfp_allowed_mask;
		page = ask(input.gfp, input.order);
		if (has(CTX_NOIO))
			gfp &= ~GFP_IOFS;
		check_deeds(gfp, page);
		if (page) {
			check_page(gfp, page);
			__free_pages(page, input.order);
		}
		preempt_count_sub(in_context);
		DEMAND(!mm_host_check());
	}
}

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	static const gfp_t usual[] = { GFP_KERNEL, GFP_ATOMIC, GFP_NOFS, GFP_NOIO, GFP_USER, GFP_TRANSHUGE, 0,
				       GFP_THISNODE | GFP_KERNEL };
	size_t at;

	for (at = 0; at + 18 <= 1800; at += 18) {
		gfp_t gfp = usual[fuzz_random() % ARRAY_SIZE(usual)];
		unsigned short context = 0;

		for (unsigned int i = fuzz_random() % 4; i; i--)
			gfp ^= 1U << fuzz_random() % 25;
		for (unsigned int i = fuzz_random() % 4; i; i--)
			context |= (unsigned short)(1U << fuzz_random() % 13);
		for (int i = 0; i < 18; i++)
			to[at + i] = (unsigned char)fuzz_random();
		memcpy(to + at, &gfp, 4);
		memcpy(to + at + 4, &context, 2);
		if (n % 2)
			to[at + 6] = 0;
	}
	return at;
}

#ifndef LIBFUZZER
static void test_requests(void **state)
{
	const char *rounds = getenv("TIDEMARK_ROUNDS");

	(void)state;
	fuzz_loop(rounds ? (unsigned int)atoi(rounds) : 1000);
	mm_host_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_requests) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
