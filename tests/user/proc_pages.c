/* SPDX-License-Identifier: MIT */
/*
 * pagemap, kpagecount, kpageflags and smaps against mappings whose pages this program knows. With "swap" also of pages
 * in swap: a machine of 48 MiB with 64 MiB of swap.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE	   4096UL
#define PM_PRESENT (1ULL << 63)
#define PM_SWAP	   (1ULL << 62)
#define PM_FILE	   (1ULL << 61)
#define PM_FRAME   ((1ULL << 55) - 1)
#define KPF_BUDDY  (1ULL << 10)
#define KPF_MMAP   (1ULL << 11)
#define KPF_ANON   (1ULL << 12)
#define KPF_BACKED (1ULL << 14)
#define KPF_NOPAGE (1ULL << 20)
#define KPF_ZERO   (1ULL << 24)
#define KPF_RESERVED (1ULL << 32)
#define KPF_MLOCKED (1ULL << 33)
#define FILE_BACKED_PAGES 4
#define HOG_BYTES  (60UL << 20)

static uint64_t word_at(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY);
	uint64_t word = ~0ULL;

	CHECK(fd >= 0);
	CHECK(pread(fd, &word, 8, (off_t)(index * 8)) == 8);
	close(fd);
	return word;
}

static uint64_t pagemap(const void *p)
{
	return word_at("/proc/self/pagemap", (uintptr_t)p / PAGE);
}

static uint64_t count_of(const void *p)
{
	return word_at("/proc/kpagecount", pagemap(p) & PM_FRAME);
}

static uint64_t flags_of(const void *p)
{
	return word_at("/proc/kpageflags", pagemap(p) & PM_FRAME);
}

/* => kB of the field in the area of smaps that begins at p */
static long smaps(const void *p, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512], want[32];
	int here = 0;
	long kb = -1;

	CHECK(f);
	snprintf(want, sizeof(want), "%lx-", (unsigned long)p);
	while (kb < 0 && fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && strchr("0123456789abcdef", line[0]))
			here = !strncmp(line, want, strlen(want));
		else if (here && !strncmp(line, field, strlen(field)) && line[strlen(field)] == ':')
			kb = atol(line + strlen(field) + 1);
	}
	fclose(f);
	return kb;
}

/* An area of its own: nothing beside it that it could merge with. */
static char *map(size_t pages, int flags, int fd)
{
	char *around = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p;

	CHECK(around != MAP_FAILED);
	p = mmap(around + PAGE, pages * PAGE, PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	CHECK(p == around + PAGE);
	return p;
}

static void private_pages(void)
{
	char *p = map(16, MAP_PRIVATE, -1);
	volatile char sink;
	int i;

	for (i = 0; i < 8; i++)
		p[i * PAGE] = 1;
	sink = p[8 * PAGE];
	(void)sink;
	for (i = 0; i < 8; i++) {
		uint64_t word = pagemap(p + i * PAGE);

		CHECK((word & (PM_PRESENT | PM_SWAP | PM_FILE)) == PM_PRESENT && (word & PM_FRAME));
		CHECK(count_of(p + i * PAGE) == 1);
		CHECK((flags_of(p + i * PAGE) & (KPF_MMAP | KPF_ANON | KPF_BACKED | KPF_BUDDY | KPF_NOPAGE)) ==
		      (KPF_MMAP | KPF_ANON | KPF_BACKED));
	}
	CHECK((pagemap(p + 8 * PAGE) & ~PM_FRAME) == PM_PRESENT);
	CHECK(flags_of(p + 8 * PAGE) & KPF_ZERO);
	for (i = 9; i < 16; i++)
		CHECK(pagemap(p + i * PAGE) == 0);
	CHECK(smaps(p, "Rss") == 32 && smaps(p, "Pss") == 32 && smaps(p, "Private_Dirty") == 32);
	CHECK(smaps(p, "Size") == 64);
	CHECK(smaps(p, "Anonymous") == 32 && smaps(p, "Swap") == 0 && smaps(p, "Shared_Dirty") == 0);
	CHECK(munmap(p, 16 * PAGE) == 0 && pagemap(p) == 0);
}

/* 12 pages, mapped by three processes, of which one has copied four: 8 pages by three, the first 4 by two. */
static void shared_by_fork(void)
{
	char *p = map(12, MAP_PRIVATE, -1), *go = map(1, MAP_SHARED, -1);
	pid_t child[2];
	int ready[2], i;

	CHECK(pipe(ready) == 0);
	memset(p, 1, 12 * PAGE);
	for (i = 0; i < 2; i++) {
		child[i] = fork();
		CHECK(child[i] >= 0);
		if (!child[i]) {
			if (i == 1)
				memset(p, 2, 4 * PAGE);
			CHECK(write(ready[1], "x", 1) == 1);
			while (!*(volatile char *)go)
				usleep(1000);
			_exit(0);
		}
	}
	for (i = 0; i < 2; i++)
		CHECK(read(ready[0], &(char){ 0 }, 1) == 1);
	CHECK(count_of(p) == 2 && count_of(p + 5 * PAGE) == 3);
	CHECK(smaps(p, "Shared_Dirty") == 48 && smaps(p, "Private_Dirty") == 0 && smaps(p, "Rss") == 48);
	CHECK(smaps(p, "Pss") == (4 * 4) / 2 + (8 * 4) / 3); /* fractions are kept: 8 + 10.67 */
	*go = 1;
	for (i = 0; i < 2; i++)
		CHECK(waitpid(child[i], NULL, 0) == child[i]);
	CHECK(count_of(p) == 1 && count_of(p + 5 * PAGE) == 1 && smaps(p, "Private_Dirty") == 48);
	munmap(p, 12 * PAGE);
	munmap(go, PAGE);
	close(ready[0]);
	close(ready[1]);
}

static void file_pages(void)
{
	int fd = open("/tmp/proc_pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *a, *b;

	CHECK(fd >= 0 && ftruncate(fd, FILE_BACKED_PAGES * PAGE) == 0);
	a = map(FILE_BACKED_PAGES, MAP_SHARED, fd);
	b = map(FILE_BACKED_PAGES, MAP_SHARED, fd);
	memset(a, 3, FILE_BACKED_PAGES * PAGE);
	CHECK(b[0] == 3);
	CHECK((pagemap(a) & ~PM_FRAME) == (PM_PRESENT | PM_FILE) && pagemap(a) == pagemap(b));
	CHECK(count_of(a) == 2 && !(flags_of(a) & KPF_ANON) && (flags_of(a) & KPF_BACKED));
	CHECK(count_of(a + PAGE) == (pagemap(b + PAGE) ? 2 : 1)); /* a read maps what lies around, too */
	CHECK(smaps(a, "Rss") == 16 && smaps(a, "Anonymous") == 0);
	munmap(a, FILE_BACKED_PAGES * PAGE);
	munmap(b, FILE_BACKED_PAGES * PAGE);
	close(fd);
	unlink("/tmp/proc_pages");
}

static void locked(void)
{
	char *p = map(4, MAP_PRIVATE, -1);

	memset(p, 4, 4 * PAGE);
	CHECK(mlock(p, PAGE) == 0);
	CHECK(flags_of(p) & KPF_MLOCKED);
	CHECK(!(flags_of(p + PAGE) & KPF_MLOCKED));
	CHECK(smaps(p, "Locked") == 4 && smaps(p + PAGE, "Locked") == 0);
	munmap(p, 4 * PAGE);
}

/* Somebody else wants more memory than there is, so idle pages of ours go to swap. */
static void swapped(void)
{
	size_t pages = 1024, in = 0, out = 0, i;
	char *p = map(pages, MAP_PRIVATE, -1), *hog;
	pid_t pid;

	for (i = 0; i < pages; i++)
		p[i * PAGE] = (char)(i + 1);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		munmap(p, pages * PAGE);
		hog = map(HOG_BYTES / PAGE, MAP_PRIVATE, -1);
		memset(hog, 1, HOG_BYTES);
		_exit(0);
	}
	CHECK(waitpid(pid, NULL, 0) == pid);
	for (i = 0; i < pages; i++) {
		uint64_t word = pagemap(p + i * PAGE);

		CHECK(!!(word & PM_PRESENT) != !!(word & PM_SWAP) && !(word & PM_FILE) && (word & PM_FRAME));
		if (word & PM_SWAP) {
			CHECK((word & 31) == 0); /* the first area */
			out++;
		} else {
			in++;
		}
	}
	CHECK(out > 0);
	CHECK(smaps(p, "Swap") == (long)out * 4 && smaps(p, "Rss") == (long)in * 4);
	for (i = 0; i < pages; i++)
		CHECK(p[i * PAGE] == (char)(i + 1));
	CHECK((pagemap(p) & PM_PRESENT) && in + out == pages);
	munmap(p, pages * PAGE);
}

static void frames(void)
{
	static uint64_t words[512];
	uint64_t buddy = 0, reserved = 0, hole = 0, all = 0;
	int flags = open("/proc/kpageflags", O_RDONLY), counts = open("/proc/kpagecount", O_RDONLY);
	ssize_t n, i;

	CHECK(flags >= 0 && counts >= 0);
	while ((n = read(flags, words, sizeof(words))) > 0) {
		for (i = 0; i < n / 8; i++) {
			buddy += !!(words[i] & KPF_BUDDY);
			reserved += !!(words[i] & KPF_RESERVED);
			hole += !!(words[i] & KPF_NOPAGE);
			all++;
		}
	}
	CHECK(n == 0 && buddy > 5 && reserved > 50 && all > 8000 && hole + reserved < all / 2);
	CHECK(lseek(counts, 0, SEEK_SET) == 0 && read(counts, words, 8) == 8 && words[0] == 0);
	CHECK(lseek(counts, (off_t)all * 8, SEEK_SET) > 0 && read(counts, words, 8) == 0);
	CHECK_ERR(pread(counts, words, 8, 4), EINVAL);
	CHECK_ERR(pread(counts, words, 12, 8), EINVAL);
	CHECK(pread(flags, words, 8, INT64_MAX - 7) == 0);
	close(flags);
	close(counts);
}

static void bounds(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t word;

	CHECK(fd >= 0);
	CHECK_ERR(pread(fd, &word, 7, 0), EINVAL);
	CHECK_ERR(pread(fd, &word, 8, 1), EINVAL);
	CHECK(pread(fd, &word, 8, (1LL << 47) / (off_t)PAGE * 8) == 0); /* above user space */
	CHECK(pread(fd, &word, 8, 1LL << 55) == 0);			/* whose address would wrap to 0 */
	CHECK(pread(fd, &word, 8, INT64_MAX - 7) == 0);
	CHECK_ERR(pread(fd, (void *)8, 8, 0), EFAULT);
	close(fd);
}

/* Whoever opened without the capability sees what is there, but not where. */
static void unprivileged(void)
{
	char *p = map(1, MAP_PRIVATE, -1);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t word;

	*p = 5;
	CHECK(setuid(1000) == 0);
	CHECK(pread(fd, &word, 8, (off_t)((uintptr_t)p / PAGE * 8)) == 8 && (word & PM_FRAME));
	CHECK(pagemap(p) == PM_PRESENT);
	CHECK_ERR(open("/proc/kpagecount", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/kpageflags", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/1/pagemap", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/1/smaps", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/1/environ", O_RDONLY), EACCES);
}

int main(int argc, char **argv)
{
	private_pages();
	shared_by_fork();
	file_pages();
	locked();
	if (argc > 1 && !strcmp(argv[1], "swap"))
		swapped();
	frames();
	bounds();
	CHECK_CHILD(unprivileged);
	PASS("proc_pages");
}
