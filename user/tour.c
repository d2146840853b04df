/* SPDX-License-Identifier: MIT */
/*
 * tour: the whole life of a page, shown on the running system (`make demo`).
 *
 *   firmware map -> zones -> buddy -> three keepers fill memory -> a hog grows: watermarks, kswapd, swap,
 *   direct reclaim -> the OOM killer takes the hog -> the keepers verify every word
 *
 * What is printed is read from /proc and the kernel's log while it happens. Each part ends in checks;
 * exit status 0 only if all of them held. The tour itself is locked in memory and never chosen by the OOM
 * killer; it has no other privileges.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "user/proc.h"

#define PAGE	     4096UL
#define MIB	     (1UL << 20)
#define NR_KEEPERS   3
#define HOG_STEP     (MIB / 2)
#define SAMPLE_NS    20000000L

struct keeper {
	pid_t pid;
	int ask, answer; /* pipes: a byte asks for a verification; a byte answers 'y' or 'n' */
};

static struct keeper keepers[NR_KEEPERS];
static unsigned long keeper_bytes;
static int colour, failures;
static volatile unsigned long *hog_taken; /* shared with the hog: bytes touched so far */
static long kmsg_fd = -1;

static const char *paint(const char *code)
{
	return colour ? code : "";
}

#define BOLD  paint("\033[1m")
#define GREEN paint("\033[32m")
#define RED   paint("\033[31m")
#define BLUE  paint("\033[36m")
#define PLAIN paint("\033[0m")

static void title(const char *text)
{
	static int number;

	printf("\n%s%d. %s%s\n", BOLD, ++number, text, PLAIN);
}

static void check(int good, const char *format, ...)
{
	va_list args;

	failures += !good;
	printf("   %s%s%s ", good ? GREEN : RED, good ? "[ok]  " : "[FAIL]", PLAIN);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

static void nap(long ns)
{
	struct timespec time = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&time, NULL);
}

/* ---- The kernel's log: one record a read ---- */

/* => next line of the log without its prefix, NULL: no more for now */
static char *kmsg_line(void)
{
	static char record[4096];
	char *text;
	ssize_t got;

	if (kmsg_fd < 0)
		kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	do
		got = read((int)kmsg_fd, record, sizeof(record) - 1);
	while (got < 0 && errno == EPIPE);
	if (got <= 0)
		return NULL;
	record[got] = 0;
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = 0;
	return text;
}

/* ---- 1. The map and the zones ---- */

static void show_map_and_zones(void)
{
	struct zone_facts zones[MAX_ZONES];
	long managed = 0, usable = 0;
	int n;

	title("The firmware's memory map and the zones made of it");
	for (char *line; (line = kmsg_line()) != NULL;) {
		unsigned long start, end;

		if (sscanf(line, "BIOS-e820: [mem %lx-%lx]", &start, &end) != 2)
			continue;
		printf("   %s\n", line);
		if (strstr(line, "usable"))
			usable += (long)((end + 1) / PAGE - (start + PAGE - 1) / PAGE);
	}
	n = read_zones(zones);
	printf("\n   %-8s %9s %9s %9s %9s %7s %7s %7s  %s\n", "zone", "first pfn", "spanned", "present",
	       "managed", "min", "low", "high", "kept from higher classes");
	for (int i = 0; i < n; i++) {
		struct zone_facts *z = &zones[i];

		printf("   %s%-8s%s %9ld %9ld %9ld %9ld %7ld %7ld %7ld  %s\n", BLUE, z->name, PLAIN, z->start,
		       z->spanned, z->present, z->managed, z->min, z->low, z->high, z->protection);
		managed += z->managed;
	}
	check(n == 3, "three zones: DMA, Normal, HighMem");
	check(managed * 4 == meminfo_kb("MemTotal"), "the zones' managed pages are MemTotal: %ld pages", managed);
	check(usable >= managed && managed > usable * 9 / 10, "%ld of the map's %ld usable pages are managed",
	      managed, usable);
}

/* ---- 2. The buddy ---- */

/* Free blocks by order of the highest zone. => their pages */
static long read_buddy(long *blocks)
{
	static char text[8192];
	long pages = 0, length;
	char *row;

	if (read_file("/proc/buddyinfo", text, sizeof(text)) <= 0)
		return 0;
	length = (long)strlen(text);
	if (text[length - 1] == '\n')
		text[length - 1] = 0;
	row = strrchr(text, '\n');
	row = strstr(row ? row : text, "zone");
	row += 4 + strspn(row + 4, " ");
	row += strcspn(row, " ");
	for (int order = 0; order < 11; order++) {
		blocks[order] = strtol(row, &row, 10);
		pages += blocks[order] << order;
	}
	return pages;
}

static void print_blocks(const char *what, const long *blocks, const long *before)
{
	printf("   %-26s", what);
	for (int order = 0; order < 11; order++) {
		int changed = before && blocks[order] != before[order];

		printf("%s%6ld%s", changed ? BLUE : "", blocks[order], changed ? PLAIN : "");
	}
	printf("\n");
	fflush(stdout);
}

static void show_buddy(void)
{
	long start[11], last[11], now[11], free_at_start, splits = 0;
	const unsigned long bytes = 6 * MIB;
	char *memory, label[32];

	title("The buddy allocator: blocks split as pages are taken and merge as they come back");
	printf("   %-26s", "free blocks of order");
	for (int order = 0; order < 11; order++)
		printf("%6d", order);
	printf("\n");
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	free_at_start = read_buddy(start);
	print_blocks("before", start, NULL);
	memcpy(last, start, sizeof(last));
	for (unsigned long page = 0; page < bytes / PAGE; page++) {
		memory[page * PAGE] = 1;
		read_buddy(now);
		if (!memcmp(now, last, sizeof(now)))
			continue;
		snprintf(label, sizeof(label), "after page %lu", page + 1);
		if (splits++ < 6)
			print_blocks(label, now, last);
		memcpy(last, now, sizeof(last));
	}
	print_blocks("6 MiB taken", last, start);
	munmap(memory, bytes);
	for (int tries = 0; tries < 50 && read_buddy(now) + 400 < free_at_start; tries++)
		nap(SAMPLE_NS);
	print_blocks("given back", now, last);
	check(splits > 6, "taking pages one by one changed the lists %ld times", splits);
	check(read_buddy(now) + 400 >= free_at_start && now[10] + 1 >= start[10],
	      "blocks of order 10 are whole again: %ld before, %ld after", start[10], now[10]);
}

/* ---- 3. The keepers ---- */

static uint64_t pattern(int keeper, uint64_t page, uint64_t i)
{
	uint64_t x = ((uint64_t)keeper + 1) * 0x9e3779b97f4a7c15UL + page * 0xc2b2ae3d27d4eb4fUL + i;

	return x ^ x >> 29;
}

static void keeper_main(int number, int ask, int answer)
{
	uint64_t pages = keeper_bytes / PAGE, words = PAGE / sizeof(uint64_t);
	uint64_t *memory = mmap(NULL, keeper_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	if (memory == MAP_FAILED)
		_exit(2);
	for (uint64_t page = 0; page < pages; page++)
		for (uint64_t i = 0; i < words; i++)
			memory[page * words + i] = pattern(number, page, i);
	if (write(answer, "y", 1) != 1)
		_exit(2);
	while (read(ask, &byte, 1) == 1) {
		int good = 1;

		for (uint64_t page = 0; page < pages && good; page++)
			for (uint64_t i = 0; i < words; i++)
				good &= memory[page * words + i] == pattern(number, page, i);
		if (write(answer, good ? "y" : "n", 1) != 1)
			_exit(2);
	}
	_exit(0);
}

static void start_keepers(void)
{
	char byte;

	for (int k = 0; k < NR_KEEPERS; k++) {
		int ask[2], answer[2];

		if (pipe(ask) || pipe(answer)) {
			perror("tour: pipe");
			exit(2);
		}
		fflush(stdout);
		keepers[k].pid = fork();
		if (!keepers[k].pid) {
			close(ask[1]);
			close(answer[0]);
			for (int other = 0; other < k; other++)
				close(keepers[other].ask);
			keeper_main(k, ask[0], answer[1]);
		}
		close(ask[0]);
		close(answer[1]);
		keepers[k].ask = ask[1];
		keepers[k].answer = answer[0];
	}
	title("Three tasks fill memory with data they can recompute");
	for (int k = 0; k < NR_KEEPERS; k++) {
		int good = read(keepers[k].answer, &byte, 1) == 1;

		check(good, "keeper %d (pid %d) has filled %lu MiB", k + 1, keepers[k].pid, keeper_bytes / MIB);
	}
}

static int ask_keepers(void)
{
	int good = 1;
	char byte;

	for (int k = 0; k < NR_KEEPERS; k++)
		good &= write(keepers[k].ask, "?", 1) == 1;
	for (int k = 0; k < NR_KEEPERS; k++)
		good &= read(keepers[k].answer, &byte, 1) == 1 && byte == 'y';
	return good;
}

/* ---- 4. The hog ---- */

struct sample {
	long free_kb, swap_used_kb, out, in, runs, stalls, steal_kswapd, steal_direct;
};

static long sum_zones(const char *name)
{
	static const char *const zones[] = { "dma", "normal", "high", "movable" };
	char item[64];
	long sum = 0;

	for (int i = 0; i < 4; i++) {
		snprintf(item, sizeof(item), "%s_%s", name, zones[i]);
		sum += vmstat_number(item);
	}
	return sum;
}

static struct sample take_sample(void)
{
	struct sample s = {
		.free_kb = meminfo_kb("MemFree"),
		.swap_used_kb = meminfo_kb("SwapTotal") - meminfo_kb("SwapFree"),
		.out = vmstat_number("pswpout"),
		.in = vmstat_number("pswpin"),
		.runs = vmstat_number("pageoutrun"),
		.stalls = vmstat_number("allocstall"),
		.steal_kswapd = sum_zones("pgsteal_kswapd"),
		.steal_direct = sum_zones("pgsteal_direct"),
	};

	return s;
}

static void sample_header(void)
{
	printf("   %8s %9s %9s %8s %8s %8s %8s  %s\n", "hog MiB", "free kB", "swap kB", "out", "in", "kswapd",
	       "direct", "what is new");
}

static void print_sample(const struct sample *s, const char *news)
{
	printf("   %8lu %9ld %9ld %8ld %8ld %8ld %8ld  %s%s%s\n", *hog_taken / MIB, s->free_kb, s->swap_used_kb,
	       s->out, s->in, s->runs, s->stalls, BLUE, news, PLAIN);
	fflush(stdout);
}

static long low_mark_kb(void)
{
	struct zone_facts zones[MAX_ZONES];
	int n = read_zones(zones);

	return n ? zones[n - 1].low * 4 : 0;
}

static long top_zone_free_kb(void)
{
	struct zone_facts zones[MAX_ZONES];
	int n = read_zones(zones);

	return n ? zones[n - 1].free * 4 : 0;
}

static void hog_main(int ask)
{
	char byte;

	for (;;) {
		char *memory = mmap(NULL, HOG_STEP, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED)
			_exit(2);
		for (unsigned long at = 0; at < HOG_STEP; at += PAGE)
			memory[at] = 1;
		*hog_taken += HOG_STEP;
		if (*hog_taken % (4 * MIB) == 0 && read(ask, &byte, 1) != 1)
			_exit(0);
	}
}

/* What happened since the last sample, the rarest first. */
static const char *news_between(const struct sample *old, const struct sample *now, int below_low)
{
	if (now->stalls > old->stalls && !old->stalls)
		return "free memory below min: the hog reclaims for itself (direct reclaim)";
	if (now->out > old->out && !old->out)
		return "the first pages go out to the swap disk";
	if (now->runs > old->runs && !old->runs)
		return "kswapd wakes and balances the node";
	if (below_low)
		return "HighMem falls below its low mark: allocation spills into Normal";
	if (now->in > old->in + 100)
		return "pages come back in";
	if (now->runs == old->runs && now->out == old->out)
		return "";
	return now->out > old->out ? "pages go out" : "kswapd at work";
}

/* Lets the hog take 4 MiB more, four times a second at most. => 0 when it is gone */
static int hog_step(pid_t hog, int ask, int *status)
{
	if (write(ask, "+", 1) != 1)
		return waitpid(hog, status, 0) != hog;
	nap(SAMPLE_NS);
	return waitpid(hog, status, WNOHANG) != hog;
}

static int grow_hog(pid_t hog, int ask, struct sample *last)
{
	int status = 0, crossed = 0, verified = 0, line = 0;
	unsigned long ram = (unsigned long)meminfo_kb("MemTotal") * 1024;

	sample_header();
	*last = take_sample();
	print_sample(last, "");
	while (hog_step(hog, ask, &status)) {
		int below = !crossed && top_zone_free_kb() < low_mark_kb();
		struct sample now = take_sample();
		const char *news = news_between(last, &now, below);

		crossed |= below;
		if (line++ % 4 == 0 || *news)
			print_sample(&now, news);
		*last = now;
		if (!verified && now.swap_used_kb > 0 && *hog_taken + NR_KEEPERS * keeper_bytes > ram) {
			verified = 1;
			check(ask_keepers(), "in the middle of it the keepers read all their data back: pages come in");
			*last = take_sample();
			print_sample(last, "pages come back in");
		}
	}
	return status;
}

static int show_pressure(pid_t *hog_pid)
{
	struct sample before = take_sample(), last;
	int ask[2], status;
	pid_t hog;

	title("A hog grows: watermarks, kswapd, swap, direct reclaim");
	if (pipe(ask))
		exit(2);
	fflush(stdout);
	hog = fork();
	if (!hog) {
		FILE *adj = fopen("/proc/self/oom_score_adj", "w");

		if (adj) {
			fputs("0", adj);
			fclose(adj);
		}
		close(ask[1]);
		hog_main(ask[0]);
	}
	close(ask[0]);
	*hog_pid = hog;
	status = grow_hog(hog, ask[1], &last);
	last = take_sample();
	print_sample(&last, "the hog is dead");
	close(ask[1]);
	check(last.runs > before.runs, "kswapd ran %ld times and freed %ld pages", last.runs - before.runs,
	      last.steal_kswapd - before.steal_kswapd);
	check(last.stalls > before.stalls, "direct reclaim ran %ld times and freed %ld pages",
	      last.stalls - before.stalls, last.steal_direct - before.steal_direct);
	check(last.out > before.out, "%ld pages went out to swap", last.out - before.out);
	check(last.in > before.in, "%ld pages came back in", last.in - before.in);
	return status;
}

/* ---- 5. The kill ---- */

static void show_kill(pid_t hog, int status)
{
	int kills = 0, of_hog = 0;

	title("The OOM killer's report and its choice");
	for (char *line; (line = kmsg_line()) != NULL;) {
		int pid;

		if (strstr(line, "oom-killer") || strstr(line, "Out of memory") || strstr(line, "Killed process") ||
		    (line[0] == '[' && strchr("0123456789 p", line[1])))
			printf("   %s\n", line);
		if (sscanf(line, "Killed process %d", &pid) == 1) {
			kills++;
			of_hog += pid == hog;
		}
	}
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the hog (pid %d) ended by SIGKILL", hog);
	check(kills == 1 && of_hog == 1, "exactly one process was killed, and it was the hog");
}

static void show_survivors(void)
{
	title("The survivors verify every word");
	check(ask_keepers(), "the keepers' %lu MiB are as they wrote them", NR_KEEPERS * keeper_bytes / MIB);
	for (int k = 0; k < NR_KEEPERS; k++) {
		int status = -1;

		close(keepers[k].ask);
		waitpid(keepers[k].pid, &status, 0);
		check(WIFEXITED(status) && !WEXITSTATUS(status), "keeper %d exits with status 0", k + 1);
	}
}

static void protect_self(void)
{
	FILE *adj = fopen("/proc/self/oom_score_adj", "w");

	if (!adj || fputs("-1000", adj) < 0 || fclose(adj))
		perror("tour: oom_score_adj");
	if (mlockall(MCL_CURRENT))
		perror("tour: mlockall");
}

int main(int argc, char **argv)
{
	pid_t hog;
	int status;

	colour = argc > 1 && !strcmp(argv[1], "--colour");
	signal(SIGPIPE, SIG_IGN);
	keeper_bytes = (unsigned long)meminfo_kb("MemTotal") * 1024 / 8 / MIB * MIB;
	hog_taken = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (meminfo_kb("SwapTotal") <= 0 || hog_taken == MAP_FAILED) {
		printf("tour: needs a swap disk: scripts/run --swap 64M --exec /bin/tour\n");
		return 2;
	}
	printf("%sTidemark: the life of a page%s\n", BOLD, PLAIN);
	show_map_and_zones();
	show_buddy();
	start_keepers();
	protect_self();
	status = show_pressure(&hog);
	show_kill(hog, status);
	show_survivors();
	printf("\n%s%s%s\n", failures ? RED : GREEN, failures ? "The tour FAILED." : "Every check held.", PLAIN);
	return failures ? 1 : 0;
}
