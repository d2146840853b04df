/* SPDX-License-Identifier: MIT */
/* Operations that share: threads in one address space, pages of a file by mapping and by read and write. */
#include "user/soak/soak.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct worker {
	uint64_t *at;
	size_t pages;
	uint64_t first;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (size_t p = 0; p < w->pages; p++)
		page_fill(w->at + p * WORDS, w->first + p);
	for (size_t p = 0; p < w->pages; p++)
		page_check(w->at + p * WORDS, w->first + p, p);
	return NULL;
}

void op_threads(void)
{
	size_t pages = 3 * (1 + below(32));
	struct worker workers[3];
	pthread_t threads[3];
	int made = 0;
	uint64_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		self.refused++;
		return;
	}
	for (int i = 0; i < 3; i++) {
		workers[i] = (struct worker){ at + (size_t)i * (pages / 3) * WORDS, pages / 3, fresh() };
		if (pthread_create(&threads[made], NULL, work, &workers[i]) == 0)
			made++;
		else
			self.refused++;
	}
	op_write(); /* beside them: same address space, other pages */
	for (int i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
	munmap(at, pages * PAGE);
}

void op_file(void)
{
	size_t pages = 1 + below(48), kept;
	uint64_t first = fresh(), page[WORDS];
	char name[40];
	uint64_t *at;
	int fd;

	snprintf(name, sizeof(name), "/tmp/soak.%d", (int)getpid());
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0) {
		self.refused++;
		return;
	}
	unlink(name);
	for (kept = 0; kept < pages; kept++) {
		page_fill(page, first + kept);
		if (pwrite(fd, page, PAGE, (off_t)(kept * PAGE)) != (ssize_t)PAGE) {
			self.refused++;
			break;
		}
	}
	for (size_t p = 0; p < kept; p++) {
		if (pread(fd, page, PAGE, (off_t)(p * PAGE)) != (ssize_t)PAGE)
			call_failed("pread");
		else
			page_check(page, first + p, p);
	}
	at = kept ? mmap(NULL, kept * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (at != MAP_FAILED) {
		size_t p = below(kept);

		page_check(at + p * WORDS, first + p, p);
		page_fill(at + p * WORDS, first);
		if (pread(fd, page, PAGE, (off_t)(p * PAGE)) != (ssize_t)PAGE)
			call_failed("pread");
		else
			page_check(page, first, p);
		if (ftruncate(fd, (off_t)(p * PAGE)))
			fail("ftruncate");
		munmap(at, kept * PAGE);
	}
	close(fd);
}
