/* SPDX-License-Identifier: MIT */
/*
 * reclaim: memory under pressure, the same on our kernel and on Linux. Run by scripts/bench-linux and
 * tests/boot/test_reclaim_cost.py.
 *
 *	seq	twice the RAM, read and rewritten in order, pass after pass
 *	uniform	touches of 1.5 times the RAM, each page equally likely
 *	zipf	the same with page rank k weighted 1/(k+1)
 *	scan	a quarter of the RAM is touched again and again while three times the RAM is written once
 *	minor	twice the RAM read in order, one time stamp per touch: most find their page in the swap cache
 *	oom	a hog takes all; how long from its last page to the end of its parent's wait
 *
 * The RAM is what --ram says. Every page is filled with data that depends on its number and version, and every touch
 * checks all of it first; with `wrong` above 0 the exit status is 1. One line for each measured part,
 *
 *	reclaim PART KEY VALUE KEY VALUE ...
 *
 * with the faults of getrusage, pages in and out of /proc/vmstat, requests and sectors of the swap disk of
 * /proc/diskstats. The part lies between two marks (user/marks.h).
 */
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "user/marks.h"
#include "user/options.h"
#include "user/proc.h"

#define PAGE  4096UL
#define WORDS (PAGE / sizeof(uint64_t))
#define STEP  0x100000001b3UL
#define PAGES_PER_MIB 256UL

enum workload { SEQ, UNIFORM, ZIPF, SCAN, MINOR, OOM };

static unsigned long ram = 256, touches, passes = 2, every = 1024, seed = 1;
static int workload;

static const struct option_row rows[] = {
	{ "ram", OPTION_NUMBER, &ram, 4, 1 << 20, "MIB", "the RAM the sizes are multiples of (256)" },
	{ "touches", OPTION_NUMBER, &touches, 0, 1UL << 40, "N", "of uniform (20000) and zipf (50000)" },
	{ "passes", OPTION_NUMBER, &passes, 1, 1000, "N", "of seq (2)" },
	{ "every", OPTION_NUMBER, &every, 1, 1UL << 40, "PAGES",
	  "scan: a sweep of the hot ones after every N scanned (1024)" },
	{ "seed", OPTION_NUMBER, &seed, 0, ~0UL, "N", "of all random choices (1)" },
	{ 0 },
};

static const struct manual manual = {
	.program = "reclaim", .operands = "seq|uniform|zipf|scan|minor|oom", .rows = rows, .max_operands = 1,
	.what = "Memory under pressure, every page verified, one line of figures per measured part.",
	.example = "reclaim --ram 64 seq",
	.statuses = "0: every page was right; 1: some were not; 2: usage, or no memory",
};

/* Memory with a version per page, so that stale pages are noticed; the versions themselves stay in RAM. */
struct area {
	uint64_t *memory, pages, key;
	uint8_t *version;
};

static uint64_t wrong;

static void *map(size_t bytes, int how)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("reclaim: mmap");
		exit(2);
	}
	return memory;
}

static void *map_locked(size_t bytes, int how)
{
	void *memory = map(bytes, how);

	if (mlock(memory, bytes)) {
		perror("reclaim: mlock");
		exit(2);
	}
	return memory;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

static uint64_t draw(void)
{
	static uint64_t state;

	state += 0x9e3779b97f4a7c15UL;
	return mix(state + seed);
}

static void fill(struct area *a, uint64_t page)
{
	uint64_t word = mix(a->key + page * 256 + a->version[page]), *to = a->memory + page * WORDS;

	for (uint64_t i = 0; i < WORDS; i++)
		to[i] = word + i * STEP;
}

static void check(const struct area *a, uint64_t page)
{
	uint64_t word = mix(a->key + page * 256 + a->version[page]), bad = 0;
	const uint64_t *from = a->memory + page * WORDS;

	for (uint64_t i = 0; i < WORDS; i++)
		bad |= from[i] ^ (word + i * STEP);
	if (bad && wrong++ < 5)
		printf("reclaim: page %lu is not what was written\n", page);
}

static void touch(struct area *a, uint64_t page, int write)
{
	check(a, page);
	if (write) {
		a->version[page]++;
		fill(a, page);
	}
}

static struct area area_of(uint64_t pages)
{
	struct area a = { map(pages * PAGE, MAP_PRIVATE), pages, draw(), map_locked(pages, MAP_PRIVATE) };

	return a;
}

static struct area filled(uint64_t pages)
{
	struct area a = area_of(pages);

	for (uint64_t page = 0; page < pages; page++)
		fill(&a, page);
	return a;
}

static void check_all(const struct area *a)
{
	for (uint64_t page = 0; page < a->pages; page++)
		check(a, page);
}

static uint64_t resident(const struct area *a)
{
	static unsigned char present[4096];
	uint64_t n = 0;

	for (uint64_t first = 0; first < a->pages; first += sizeof(present)) {
		uint64_t count = a->pages - first < sizeof(present) ? a->pages - first : sizeof(present);

		if (mincore(a->memory + first * WORDS, count * PAGE, present))
			return 0;
		for (uint64_t i = 0; i < count; i++)
			n += present[i] & 1;
	}
	return n;
}

/* ---- Figures ------------------------------------------------------------------------------- */

enum { MAJFLT, MINFLT, PAGES_IN, PAGES_OUT, REQUESTS, SECTORS, US, FIGURES };

static const char *const names[FIGURES] = { "majflt", "minflt", "in", "out", "requests", "sectors", "us" };
static long before[FIGURES];

/* Requests and sectors of the first swap device, both directions; 0 when it keeps no books. */
static void disk_figures(long *requests, long *sectors)
{
	static char text[16384];
	char want[32] = "?", device[32];
	long reads, read, writes, written;

	*requests = *sectors = 0;
	if (read_file("/proc/swaps", text, sizeof(text)) > 0 && strchr(text, '\n'))
		sscanf(strchr(text, '\n'), " /dev/%31s", want);
	if (read_file("/proc/diskstats", text, sizeof(text)) <= 0)
		return;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*d %*d %31s %ld %*d %ld %*d %ld %*d %ld", device, &reads, &read, &writes,
			   &written) != 5)
			continue;
		if (!strcmp(device, want)) {
			*requests = reads + writes;
			*sectors = read + written;
		}
	}
}

static void take(long *now)
{
	struct rusage usage;
	struct timespec t;

	now[PAGES_IN] = vmstat_number("pswpin");
	now[PAGES_OUT] = vmstat_number("pswpout");
	disk_figures(&now[REQUESTS], &now[SECTORS]);
	getrusage(RUSAGE_SELF, &usage);
	now[MAJFLT] = usage.ru_majflt;
	now[MINFLT] = usage.ru_minflt;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now[US] = t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#define START()                                                                                    \
	do {                                                                                       \
		take(before);                                                                      \
		mark(MARK_START);                                                                  \
	} while (0)
#define STOP(part, ...)                                                                            \
	do {                                                                                       \
		mark(MARK_STOP);                                                                   \
		report(part, __VA_ARGS__);                                                         \
	} while (0)

static void report(const char *part, uint64_t pages, uint64_t in_ram)
{
	long now[FIGURES];

	take(now);
	printf("reclaim %s", part);
	for (int i = 0; i < FIGURES; i++)
		printf(" %s %ld", names[i], now[i] - before[i]);
	printf(" pages %lu resident %lu wrong %lu\n", pages, in_ram, wrong);
	fflush(stdout);
}

/* ---- Workloads ----------------------------------------------------------------------------- */

static void seq(void)
{
	struct area a = filled(2 * ram * PAGES_PER_MIB);

	for (unsigned long pass = 1; pass <= passes; pass++) {
		char part[32];

		START();
		for (uint64_t page = 0; page < a.pages; page++)
			touch(&a, page, 1);
		snprintf(part, sizeof(part), "seq%lu", pass);
		STOP(part, a.pages, 0);
	}
}

/* Rank k of n with a weight of about 1/(k+1); ranks are scattered over the memory. */
static uint64_t zipf_page(uint64_t n)
{
	double u = (double)(draw() >> 11) / 9007199254740992.0;
	uint64_t rank = (uint64_t)exp(u * log((double)n + 1)) - 1;

	return rank * 2654435761UL % n;
}

/* How much is in RAM is the mean of looks at every sixteenth of the way. */
static void at_random(const char *part, uint64_t count, int zipf)
{
	struct area a = filled(ram * PAGES_PER_MIB * 3 / 2);
	uint64_t in_ram = 0, looks = 0;

	START();
	for (uint64_t i = 0; i < count; i++) {
		if (i % (count / 16 + 1) == 0) {
			in_ram += resident(&a);
			looks++;
		}
		touch(&a, zipf ? zipf_page(a.pages) : draw() % a.pages, i & 1);
	}
	STOP(part, a.pages, in_ram / looks);
	check_all(&a);
}

static long major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

/*
 * All of it in order, n'th time: the first word counts the sweeps, another word of each page is looked at. Quicker than
 * touch(), for there are many. => major faults
 */
static long sweep(struct area *a, uint64_t n)
{
	long faults = major_faults();
	uint64_t at = 1 + n % (WORDS - 1);

	for (uint64_t page = 0; page < a->pages; page++) {
		uint64_t word = mix(a->key + page * 256 + a->version[page]), *data = a->memory + page * WORDS;

		if ((data[0] != word + n || data[at] != word + at * STEP) && wrong++ < 5)
			printf("reclaim: hot page %lu is not what was written\n", page);
		data[0] = word + n + 1;
	}
	return major_faults() - faults;
}

static void scan(void)
{
	struct area hot = filled(ram * PAGES_PER_MIB / 4), cold = area_of(3 * ram * PAGES_PER_MIB);
	uint64_t sweeps = 0;
	long faults = 0;

	while (sweeps < 4)
		sweep(&hot, sweeps++);
	START();
	for (uint64_t page = 0; page < cold.pages; page++) {
		fill(&cold, page);
		if ((page + 1) % every == 0)
			faults += sweep(&hot, sweeps++);
	}
	STOP("scan", hot.pages, resident(&hot));
	printf("reclaim hot majflt %ld sweeps %lu wrong %lu\n", faults, sweeps - 4, wrong);
	for (uint64_t page = 0; page < hot.pages; page++)
		hot.memory[page * WORDS] -= sweeps;
	check_all(&hot);
	check_all(&cold);
}

static uint32_t tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low;
}

static int smaller(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* More than half of the touches of a pass in order find their page read ahead: the median is one of these. */
static void minor_pass(struct area *a, uint32_t *ticks, int write)
{
	static const char *const parts[] = { "minor_read", "minor_write" };

	START();
	for (uint64_t page = 0; page < a->pages; page++) {
		volatile uint64_t *word = a->memory + page * WORDS;
		uint32_t from = tsc();

		if (write)
			*word = *(const uint64_t *)word;
		else
			(void)*word;
		ticks[page] = tsc() - from;
		check(a, page);
	}
	STOP(parts[write], a->pages, 0);
	qsort(ticks, a->pages, sizeof(*ticks), smaller);
	printf("reclaim %s_ticks median %u tenth %u\n", parts[write], ticks[a->pages / 2], ticks[a->pages / 10]);
}

static void minor(void)
{
	struct area a = filled(2 * ram * PAGES_PER_MIB);
	uint32_t *ticks = map_locked(a.pages * sizeof(*ticks), MAP_PRIVATE);

	minor_pass(&a, ticks, 0);
	minor_pass(&a, ticks, 1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void oom(void)
{
	volatile int64_t *last = map_locked(PAGE, MAP_SHARED);
	pid_t hog = fork();
	int status = 0;
	int64_t dead;

	while (!hog) {
		char *memory = map(1UL << 20, MAP_PRIVATE);

		for (unsigned long at = 0; at < 1UL << 20; at += PAGE) {
			memory[at] = 1;
			*last = now_ns();
		}
	}
	waitpid(hog, &status, 0);
	dead = now_ns();
	wrong += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
	printf("reclaim oom us %ld wrong %lu\n", (dead - *last) / 1000, wrong);
}

int main(int argc, char **argv)
{
	int first = parse_options(&manual, argc, argv);

	workload = first < argc ? choice_of("seq|uniform|zipf|scan|minor|oom", argv[first]) : -1;
	switch (workload) {
	case SEQ:
		seq();
		break;
	case UNIFORM:
		at_random("uniform", touches ? touches : 20000, 0);
		break;
	case ZIPF:
		at_random("zipf", touches ? touches : 50000, 1);
		break;
	case SCAN:
		scan();
		break;
	case MINOR:
		minor();
		break;
	case OOM:
		oom();
		break;
	default:
		wrong_usage(&manual, "wanted is seq, uniform, zipf, scan, minor or oom",
			    first < argc ? argv[first] : "nothing");
	}
	return wrong != 0;
}
