/* SPDX-License-Identifier: MIT */
/*
 * shmem_race OPS: tasks that read, write, punch and cut the same memory files while their pages go to swap and come
 * back, all at the same page at about the same time. Every word is checked at every look.
 *
 *   common  (tmpfs file)       page: a word of each task, that only it changes; all other words never change
 *   shared  (anonymous, fork)  the same
 *   holes   (tmpfs file)       page i belongs to task i % TASKS, which punches it out and writes it anew with a higher
 *                              number; the others see nothing older than what was there when they began to look
 *   one file for each task     written, cut to an odd length, made long again: zeroes from there; unlinked while out
 *
 * Memory must be less than the files. A page that is in neither place for a moment, in two places, or old shows as a
 * wrong word; at the end the mount has all its blocks back and all swap comes home.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>

#include "check.h"

#define PAGE	 4096UL
#define WORDS	 512UL
#define TASKS	 8UL
#define OWN	 (PAGE * 2) /* bytes of a task's own file, less an odd rest */
#define DIR	 "/tmp/race"

static struct {
	atomic_ulong at;	  /* all tasks take their page from here */
	atomic_uint last[4096];	  /* of each page of holes: no older number is there */
} *board;

static unsigned long pages, nr_holes;	/* of common and of shared each; of holes */
static uint64_t *common_map, *shared_map, *holes_map;
static uint64_t state;

static unsigned long draw(unsigned long n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static uint64_t constant(unsigned long page, unsigned long word)
{
	return (page * WORDS + word) * 0x9e3779b97f4a7c15UL | 1;
}

/* => fd is closed; the mapping keeps the file */
static void *map(int fd, unsigned long nr)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *p = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK(p != MAP_FAILED && (fd < 0 || close(fd) == 0));
	return p;
}

static int make_file(const char *name, unsigned long nr)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	CHECK(fd >= 0 && ftruncate(fd, (off_t)(nr * PAGE)) == 0);
	return fd;
}

static void fill(uint64_t *p)
{
	for (unsigned long i = 0; i < pages; i++)
		for (unsigned long w = TASKS; w < WORDS; w++)
			p[i * WORDS + w] = constant(i, w);
}

/* ---- What never changes, and the words of one's own ------------------------------------------------- */

static uint64_t *mine; /* what my words of common and shared must be */

static void look_at(const uint64_t *p, unsigned long page, unsigned long id, uint64_t want)
{
	CHECK(p[id] == want);
	for (unsigned long w = TASKS; w < WORDS; w += 7)
		CHECK(p[w] == constant(page, w));
}

static void read_common(int fd, unsigned long page, unsigned long id)
{
	uint64_t buf[WORDS];

	CHECK(pread(fd, buf, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE);
	look_at(buf, page, id, mine[page]);
	CHECK(lseek(fd, (off_t)(page * PAGE), SEEK_DATA) == (off_t)(page * PAGE));
}

static void write_common(int fd, unsigned long page, unsigned long id)
{
	uint64_t word = ++mine[page];

	if (draw(2))
		CHECK(pwrite(fd, &word, 8, (off_t)(page * PAGE + id * 8)) == 8);
	else
		((volatile uint64_t *)common_map)[page * WORDS + id] = word;
}

static void use_shared(unsigned long page, unsigned long id)
{
	volatile uint64_t *p = shared_map + page * WORDS;

	look_at(shared_map + page * WORDS, page, id, mine[pages + page]);
	p[id] = ++mine[pages + page];
}

/* ---- Holes ---------------------------------------------------------------------------------------------- */

/* Numbers are 0 (a hole) or at least as high as the last one that was complete before we looked. */
static void look_into_hole(int fd, unsigned long page)
{
	unsigned int last = board->last[page];
	uint64_t buf[WORDS];

	if (draw(2))
		CHECK(pread(fd, buf, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE);
	else
		memcpy(buf, holes_map + page * WORDS, PAGE);
	for (unsigned long w = 0; w < WORDS; w++)
		CHECK(!buf[w] || (buf[w] >= last && buf[w] <= board->last[page] + 1));
}

static void dig(int fd, unsigned long page)
{
	unsigned int next = board->last[page] + 1;
	uint64_t buf[WORDS], half = draw(2) * (PAGE / 2);

	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(page * PAGE + half),
			(off_t)(PAGE - half)) == 0);
	CHECK(pread(fd, buf, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE);
	for (unsigned long w = 0; w < WORDS; w++)
		CHECK(buf[w] == (w < half / 8 ? next - 1 : 0));
	for (unsigned long w = 0; w < WORDS; w++)
		buf[w] = next;
	if (half)
		CHECK(pwrite(fd, buf, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE);
	else
		memcpy(holes_map + page * WORDS, buf, PAGE);
	board->last[page] = next;
}

/* ---- A file of one's own --------------------------------------------------------------------------------- */

static struct own {
	int fd;
	unsigned long number;
} own[4];

static void own_name(char name[40], unsigned long id, unsigned long i)
{
	snprintf(name, 40, DIR "/own%lu.%lu", id, i);
}

/* Written a while ago, so part of it is out; cut and made long again it ends in zeroes. Another takes its place. */
static void cut_own(unsigned long id)
{
	unsigned long i = draw(4), at = 1 + draw(OWN / 8 - 1);
	static uint64_t buf[OWN / 8];
	struct own *o = &own[i];
	char name[40];

	own_name(name, id, i);
	if (o->number) {
		CHECK(ftruncate(o->fd, (off_t)(at * 8)) == 0);
		CHECK(ftruncate(o->fd, OWN) == 0);
		if (draw(2)) {
			CHECK(pread(o->fd, buf, OWN, 0) == OWN);
			for (unsigned long w = 0; w < OWN / 8; w++)
				CHECK(buf[w] == (w < at ? o->number + w : 0));
		}
		CHECK(unlink(name) == 0 && close(o->fd) == 0);
	}
	o->fd = make_file(name, 0);
	o->number = draw(1UL << 40) + 1;
	for (unsigned long w = 0; w < OWN / 8; w++)
		buf[w] = o->number + w;
	CHECK(write(o->fd, buf, OWN) == OWN);
}

/* ---- Tasks ------------------------------------------------------------------------------------------------ */

static void work(unsigned long id, unsigned long ops)
{
	int common = open(DIR "/common", O_RDWR), holes = open(DIR "/holes", O_RDWR);
	unsigned long turn;

	state = id * 0x9e3779b97f4a7c15UL + 1;
	mine = calloc(2 * pages, sizeof(*mine));
	CHECK(common >= 0 && holes >= 0 && mine);
	while ((turn = board->at++) < ops) {
		unsigned long page = turn / TASKS * 0x9e3779b1UL % pages, hole = page % nr_holes;

		switch (draw(8)) {
		case 0:
			use_shared(page, id);
			break;
		case 1:
			look_at(common_map + page * WORDS, page, id, mine[page]);
			break;
		case 2:
			write_common(common, page, id);
			break;
		case 3:
			hole = hole / TASKS * TASKS + id;
			if (hole < nr_holes)
				dig(holes, hole);
			break;
		case 4:
			look_into_hole(holes, hole);
			break;
		case 5:
			cut_own(id);
			break;
		default:
			read_common(common, page, id);
		}
		if (draw(4) == 0) /* a map that knows the page would not ask for it */
			CHECK(madvise(common_map + page * WORDS, PAGE, MADV_DONTNEED) == 0);
	}
	for (unsigned long i = 0; i < pages; i++) {
		read_common(common, i, id);
		look_at(shared_map + i * WORDS, i, id, mine[pages + i]);
	}
	_exit(0);
}

static void clean_up(void)
{
	struct statvfs fs;
	char name[40];

	CHECK(munmap(common_map, pages * PAGE) == 0 && munmap(holes_map, nr_holes * PAGE) == 0);
	for (unsigned long id = 0; id < TASKS; id++)
		for (unsigned long i = 0; i < 4; i++) {
			own_name(name, id, i);
			CHECK(unlink(name) == 0 || errno == ENOENT);
		}
	CHECK(truncate(DIR "/common", 0) == 0 && unlink(DIR "/holes") == 0);
	CHECK(statvfs(DIR, &fs) == 0);
	if (fs.f_bfree != fs.f_blocks)
		printf("%lu blocks of the mount are lost\n", fs.f_blocks - fs.f_bfree);
	CHECK(fs.f_bfree == fs.f_blocks);
	CHECK(unlink(DIR "/common") == 0 && umount(DIR) == 0);
}

int main(int argc, char **argv)
{
	unsigned long ops = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	pid_t workers[TASKS];
	int status;

	if (argc < 3)
		PASS("shmem_race");
	pages = strtoul(argv[2], NULL, 0) * 256 / 2;
	nr_holes = pages / 4 < 4096 ? pages / 4 : 4096;
	mkdir(DIR, 0755);
	CHECK(mount("none", DIR, "tmpfs", 0, "size=256m") == 0);
	board = map(-1, (sizeof(*board) + PAGE - 1) / PAGE);
	common_map = map(make_file(DIR "/common", pages), pages);
	holes_map = map(make_file(DIR "/holes", nr_holes), nr_holes);
	shared_map = map(-1, pages);
	fill(common_map);
	fill(shared_map);
	for (unsigned long i = 0; i < TASKS; i++) {
		workers[i] = fork();
		CHECK(workers[i] >= 0);
		if (!workers[i])
			work(i, ops);
	}
	for (unsigned long i = 0; i < TASKS; i++)
		CHECK(waitpid(workers[i], &status, 0) == workers[i] && status == 0);
	clean_up();
	PASS("shmem_race");
}
