/* SPDX-License-Identifier: MIT */
/*
 * inject [--slice I/N] [--rounds K] [--part NAME] [--verbose]: every place that allocates fails once, and once more,
 * and ... (its 1st, 2nd, 4th ... request, K times), while a program works (inject_work.h).
 *
 * First each part runs with recording on, which gives its sites. Then for each site: the part again, in a process of
 * its own with make-it-fail, and that one request fails. The part may end as it likes (by itself or killed for want of
 * memory); what must not be is a panic, a hang, or a leak: objects, pages, promises, tasks that were not there before.
 * Lazily made things are told from leaks by repetition: a leak comes again with each failure. That needs figures that
 * nothing else moves, however loaded the host: counters folded, no CPU on a dead program's page tables, see look().
 *
 * The machine: 48M, a swap disk, and a RAM disk prepared with mkswap. Closing line: "N sites, N injected".
 */
#include "tests/user/check.h"
#include "tests/user/inject_work.h"

#include <sys/klog.h>

#define DEBUG_DIR  "/sys/kernel/debug"
#define MAX_SITES  2048
#define HANG_S	   60
/* A leak grows by one each time; by half of that at least, should something else shrink meanwhile. */
#define LEAK_TRIES 12
#define STACK_PAGES 4

static const char *const injectors[2] = { "failslab", "fail_page_alloc" };

struct site {
	char text[40]; /* the two addresses */
	char name[160];
	unsigned int part, injector, seen;
};

static struct site sites[MAX_SITES];
static unsigned int nr_sites, slice, slices = 1, rounds = 2, killed, refused, ended_well;
static const char *only_part;
static int verbose;

/* ---- Files ---- */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("FAIL inject: %s > %s: %s\n", text, path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void knob(unsigned int injector, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUG_DIR "/%s/%s", injectors[injector], name);
	put(path, text);
}

/* The sum of the values of a file's lines that begin with one of the words, minus that of others'. */
static long sum_lines(const char *path, const char *plus, const char *minus)
{
	FILE *f = fopen(path, "r");
	char line[512], word[64];
	long sum = 0, value;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%62s %ld", word, &value) != 2)
			continue;
		strcat(word, " ");
		if (strstr(plus, word))
			sum += value;
		if (strstr(minus, word))
			sum -= value;
	}
	fclose(f);
	return sum;
}

/* ---- What must be as it was ---- */

enum { OBJECTS, PAGES, PROMISES, TABLES, STACKS, FILES, NR_FIGURES };
static const char *const figure_names[NR_FIGURES] = { "slab objects", "pages", "promised kB",
						      "page tables", "kernel stacks", "file pages" };
static char slab_before[65536], slab_after[65536];

static long slab_objects(char *text, size_t size)
{
	int fd = open("/proc/slabinfo", O_RDONLY);
	size_t n = 0;
	long sum = 0, got;

	CHECK(fd >= 0);
	while ((got = read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fd);
	for (char *line = text; (line = strchr(line, '\n')); line++) {
		long value;

		if (line[1] != '#' && sscanf(line + 1, "%*s %ld", &value) == 1)
			sum += value;
	}
	return sum;
}

/* Run on every CPU once: none still has the page tables of a program that ended there, or its last task to put away. */
static void visit_cpus(void)
{
	unsigned long all, cpu;

	CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(all), &all) == sizeof(all));
	for (cpu = 1; cpu && cpu <= all; cpu <<= 1)
		CHECK(!(all & cpu) || !syscall(SYS_sched_setaffinity, 0, sizeof(cpu), &cpu));
	CHECK(!syscall(SYS_sched_setaffinity, 0, sizeof(all), &all));
}

/*
 * Pages in use that nothing names: handed out less given back, less those of slabs (their objects are counted), files,
 * programs, page tables, kernel stacks. Other tasks' lists of free pages are thereby free. Each CPU keeps a few stacks
 * (16 KiB and the object that describes the place) for the next task, more or fewer as the tasks happened to end.
 */
static void look(long figure[NR_FIGURES], char *slab_text)
{
	static const char known[] = "pgfree nr_slab_reclaimable nr_slab_unreclaimable nr_file_pages nr_anon_pages "
				    "nr_page_table_pages ";

	if (sum_lines("/proc/meminfo", "SwapTotal: SwapCached: ", "SwapFree: ")) {
		/* a page in the swap cache counts as a program's and as a file's: back with them all */
		CHECK(!swapoff("/dev/vda"));
		CHECK(!swapon("/dev/vda", 0));
	}
	visit_cpus();
	put("/proc/sys/vm/drop_caches", "3");
	sink = mlock(slab_text, 1) | munlock(slab_text, 1); /* all CPUs' pages on the way to an LRU list arrive */
	put("/proc/sys/vm/stat_refresh", "1");
	figure[STACKS] = sum_lines("/proc/vmstat", "nr_kernel_stack ", "");
	figure[PAGES] = sum_lines("/proc/vmstat", "pgalloc_dma pgalloc_normal pgalloc_high pgalloc_movable ", known) -
			STACK_PAGES * figure[STACKS];
	figure[PROMISES] = sum_lines("/proc/meminfo", "Committed_AS: ", "");
	figure[TABLES] = sum_lines("/proc/vmstat", "nr_page_table_pages ", "");
	figure[FILES] = sum_lines("/proc/vmstat", "nr_shmem ", "");
	figure[OBJECTS] = slab_objects(slab_text, sizeof(slab_before)) - figure[STACKS];
}

/* The caches that grew, by name. */
static void print_slab_difference(void)
{
	char *b = slab_after;

	for (char *a = slab_before; (a = strchr(a, '\n')) && (b = strchr(b, '\n')); a++, b++) {
		char name[64], other[64];
		long was, is;

		if (sscanf(a + 1, "%60s %ld", name, &was) == 2 && sscanf(b + 1, "%60s %ld", other, &is) == 2 &&
		    was != is)
			printf("  %s: %ld before, %ld after\n", other, was, is);
	}
}

/* ---- Running a part ---- */

static volatile int late;

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
}

static void clean_up(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		execl("/bin/busybox", "rm", "-rf", DIR_NAME, NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!mkdir(DIR_NAME, 0755));
}

/* What a killed part has left bound stays so: Linux's, too, without autoclear. */
static void let_loop_go(void)
{
	int loop = open("/dev/loop0", O_RDWR);

	if (loop >= 0 && ioctl(loop, LOOP_CLR_FD) && errno != ENXIO)
		exit(printf("FAIL inject: /dev/loop0 is not let go: %s\n", strerror(errno)) > 0);
	close(loop);
}

/* => the status the part's process ended with; all its descendants are gone. Ends the test if it hangs */
static int run_part(unsigned int part, const char *what)
{
	int status = 0, other;
	pid_t pid = fork(), got;

	CHECK(pid >= 0);
	if (!pid) {
		put("/proc/self/oom_score_adj", "1000");
		dup2(open("/dev/null", O_RDONLY), 0);
		put("/proc/self/make-it-fail", "1");
		parts[part].fn();
		_exit(0);
	}
	late = 0;
	alarm(HANG_S);
	while ((got = wait(&other)) > 0 || errno == EINTR) {
		if (got == pid)
			status = other;
		if (late) {
			printf("FAIL inject: %s hangs: %s\n", parts[part].name, what);
			fflush(stdout);
			_exit(1);
		}
	}
	alarm(0);
	umount(AT("dir"));
	swapoff("/dev/ram0");
	let_loop_go();
	clean_up();
	return status;
}

static void add_sites(unsigned int part, unsigned int injector)
{
	char path[128], line[512];
	FILE *f;

	snprintf(path, sizeof(path), DEBUG_DIR "/%s/sites", injectors[injector]);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		struct site *s = &sites[nr_sites];
		char a[20], b[20];
		int at;

		CHECK(nr_sites < MAX_SITES);
		CHECK(sscanf(line, "%16s %16s %u %*u %n", a, b, &s->seen, &at) == 3);
		snprintf(s->text, sizeof(s->text), "%s %s", a, b);
		snprintf(s->name, sizeof(s->name), "%s", line + at);
		s->name[strcspn(s->name, "\n")] = '\0';
		s->part = part;
		s->injector = injector;
		nr_sites++;
	}
	fclose(f);
}

static void record(unsigned int part)
{
	for (int round = 0; round < 2; round++) { /* the first run fills caches */
		for (unsigned int i = 0; i < 2; i++)
			knob(i, "sites", "1");
		run_part(part, "nothing fails");
	}
	for (unsigned int i = 0; i < 2; i++) {
		add_sites(part, i);
		knob(i, "sites", "0");
	}
}

/* ---- Failing ---- */

/* => the site's nth request did fail */
static int fail_once(const struct site *s, unsigned int nth, const char *what)
{
	char number[16], path[128], left[16] = "";
	int status, fd;

	snprintf(number, sizeof(number), "%u", nth);
	knob(s->injector, "interval", number);
	knob(s->injector, "times", "1");
	knob(s->injector, "site", s->text);
	knob(s->injector, "probability", "100");
	status = run_part(s->part, what);
	knob(s->injector, "probability", "0");
	if (WIFSIGNALED(status))
		killed++;
	else if (WEXITSTATUS(status))
		refused++;
	else
		ended_well++;
	snprintf(path, sizeof(path), DEBUG_DIR "/%s/times", injectors[s->injector]);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && read(fd, left, sizeof(left)) > 0);
	close(fd);
	return left[0] == '0';
}

static void say_leak(const char *what, int moved, const long *first, const long *last)
{
	printf("FAIL inject: a leak when it fails: %s\n", what);
	for (int f = 0; f < NR_FIGURES; f++)
		if (moved >> f & 1)
			printf("  %s: %ld before the first, %ld after failure %d\n", figure_names[f], first[f], last[f],
			       LEAK_TRIES);
	if (moved & 1 << OBJECTS)
		print_slab_difference();
}

/*
 * => something grew as the request failed again and again (and says what); *injected: it did fail. A figure that a
 * failure leaves as it was is done with; one that shrinks is not: the leak may be smaller than that.
 */
static int leaks(const struct site *s, unsigned int nth, const char *what, int *injected)
{
	long first[NR_FIGURES], before[NR_FIGURES], after[NR_FIGURES];
	int moved = (1 << NR_FIGURES) - 1;

	look(after, slab_after);
	memcpy(first, after, sizeof(after));
	for (int i = 0; i < LEAK_TRIES && moved; i++) {
		int failed = fail_once(s, nth, what);

		if (i == 0)
			*injected = failed;
		if (!failed)
			return 0;
		memcpy(before, after, sizeof(after));
		memcpy(slab_before, slab_after, sizeof(slab_after));
		look(after, slab_after);
		for (int f = 0; f < NR_FIGURES; f++)
			if (after[f] == before[f])
				moved &= ~(1 << f);
	}
	for (int f = 0; f < NR_FIGURES; f++)
		if (after[f] - first[f] < LEAK_TRIES / 2)
			moved &= ~(1 << f);
	if (moved)
		say_leak(what, moved, first, after);
	return moved != 0;
}

/* => the kernel's log since the last call has a complaint, which is printed */
static int complaints(const char *what)
{
	static char log[1 << 18];
	int n = klogctl(4 /* read and clear */, log, sizeof(log) - 1), found = 0;

	CHECK(n >= 0);
	log[n] = '\0';
	for (char *line = log; line && *line; line = strchr(line, '\n')) {
		char *end = strchr(line += *line == '\n', '\n');

		if (end)
			*end = '\0';
		if (strstr(line, "BUG") || strstr(line, "WARNING") || strstr(line, "corruption")) {
			if (!found++)
				printf("FAIL inject: the kernel complains when it fails: %s\n", what);
			printf("  %s\n", line);
		}
		if (end)
			*end = '\n';
	}
	return found > 0;
}

/* => the same pair is in the list before i */
static int met_before(unsigned int i, int same_injector)
{
	for (unsigned int k = 0; k < i; k++)
		if (!strcmp(sites[k].text, sites[i].text) && (!same_injector || sites[k].injector == sites[i].injector))
			return 1;
	return 0;
}

/* Fail the 1st, 2nd, 4th ... request of each site. => how many did harm; counts distinct pairs of addresses */
static int fail_all(unsigned int *nr, unsigned int *nr_injected)
{
	static char failed[MAX_SITES];
	int bad = 0;

	for (unsigned int i = 0; i < nr_sites; i++) {
		const struct site *s = &sites[i];
		char what[320];

		if (met_before(i, 1) || i % slices != slice)
			continue;
		for (unsigned int round = 0; round < rounds && 1U << round <= s->seen; round++) {
			int injected = 0;

			snprintf(what, sizeof(what), "%s request %u of %u in %s at %s (%s)", injectors[s->injector],
				 1U << round, s->seen, parts[s->part].name, s->name, s->text);
			if (verbose)
				printf("%s\n", what);
			fflush(stdout);
			bad += leaks(s, 1U << round, what, &injected);
			bad += complaints(what);
			failed[i] |= injected;
		}
		if (!failed[i])
			printf("not met again: %s\n", what);
	}
	for (unsigned int i = 0; i < nr_sites; i++) {
		int done = 0;

		if (met_before(i, 0))
			continue;
		for (unsigned int k = i; k < nr_sites; k++)
			if (!strcmp(sites[k].text, sites[i].text))
				done |= failed[k];
		++*nr;
		*nr_injected += done;
		if (done)
			printf("failed %s\n", sites[i].text);
	}
	return bad;
}

static void options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			verbose = 1;
		else if (!strcmp(argv[i], "--part") && i + 1 < argc)
			only_part = argv[++i];
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			rounds = (unsigned int)atoi(argv[++i]);
		else if (strcmp(argv[i], "--slice") || i + 1 >= argc ||
			 sscanf(argv[++i], "%u/%u", &slice, &slices) != 2 || slice >= slices)
			exit(printf("usage: inject [--slice I/N] [--rounds K] [--part NAME] [--verbose]\n"));
	}
}

static void prepare(void)
{
	sink = mount("none", DEBUG_DIR, "debugfs", 0, NULL);
	sink = mkdir("/tmp", 01777);
	sink = mkdir(DIR_NAME, 0755);
	put("/proc/self/oom_score_adj", "-1000");
	put("/proc/sys/vm/drop_caches", "4"); /* and no more words about it */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		knob(i, "task-filter", "1");
		knob(i, "ignore-gfp-wait", "0");
		knob(i, "verbose", "0");
	}
	knob(1, "ignore-gfp-highmem", "0");
	knob(1, "min-order", "0");
}

int main(int argc, char **argv)
{
	unsigned int nr = 0, injected = 0;
	int bad;

	options(argc, argv);
	prepare();
	for (unsigned int part = 0; part < NR_PARTS; part++)
		if (!only_part || !strcmp(only_part, parts[part].name))
			record(part);
	complaints("nothing");
	bad = fail_all(&nr, &injected);
	printf("%u sites, %u injected\n", nr, injected);
	printf("the work ended well %u times, with an error %u times, killed %u times\n", ended_well, refused, killed);
	CHECK(!bad);
	PASS("inject");
}
