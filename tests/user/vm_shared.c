/* SPDX-License-Identifier: MIT */
/* Shared memory and file mappings: what one writes the other sees, and private copies nobody sees. */
#include "tests/user/vm_check.h"

static void anonymous_shared(void)
{
	volatile uint64_t *shared = vm_anon(16 * PAGE, MAP_SHARED);
	pid_t child;

	CHECK(shared != MAP_FAILED);
	shared[0] = 1;
	child = fork();
	if (!child) {
		int ok = shared[0] == 1;

		for (int i = 0; i < 16; i++)
			shared[(size_t)i * 512] = 100 + (uint64_t)i;
		_exit(ok ? 0 : 1);
	}
	CHECK(vm_reap(child) == 0);
	for (int i = 0; i < 16; i++)
		CHECK(shared[(size_t)i * 512] == 100 + (uint64_t)i);
	munmap((void *)shared, 16 * PAGE);
}

/* The result page of test libraries: a file, shared, unlinked, used by a child after the parent's fork. */
static void shared_file(void)
{
	int fd = vm_file(3 * PAGE + 100);
	unsigned char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), byte;
	pid_t child;

	CHECK(map != MAP_FAILED);
	CHECK(map[PAGE + 5] == (PAGE + 5) % 251);
	CHECK(map[3 * PAGE + 100] == 0); /* behind the end, same page */
	child = fork();
	if (!child) {
		map[2 * PAGE] = 77;
		_exit(0);
	}
	CHECK(vm_reap(child) == 0 && map[2 * PAGE] == 77);
	CHECK(pread(fd, &byte, 1, 2 * PAGE) == 1 && byte == 77); /* read(2) sees the mapping's write */
	byte = 78;
	CHECK(pwrite(fd, &byte, 1, PAGE) == 1 && map[PAGE] == 78); /* and the other way round */
	CHECK(!msync(map, 4 * PAGE, MS_SYNC));
	CHECK(!ftruncate(fd, PAGE));
	CHECK(touch_read(map + 2 * PAGE) == SIGBUS && vm_code == BUS_ADRERR);
	CHECK(touch_read(map) == 0);
	CHECK(!ftruncate(fd, 3 * PAGE) && touch_read(map + 2 * PAGE) == 0 && map[2 * PAGE] == 0);
	munmap(map, 4 * PAGE);
	close(fd);
}

static void private_file(void)
{
	int fd = vm_file(4 * PAGE);
	unsigned char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0), byte;
	unsigned char *readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	pid_t child;

	CHECK(map != MAP_FAILED && readonly != MAP_FAILED);
	map[PAGE] = 200;
	CHECK(pread(fd, &byte, 1, PAGE) == 1 && byte == PAGE % 251);
	CHECK(readonly[0] == PAGE % 251);
	byte = 99;
	CHECK(pwrite(fd, &byte, 1, PAGE) == 1 && map[PAGE] == 200 && readonly[0] == 99);
	child = fork();
	if (!child) {
		int ok = map[PAGE] == 200 && map[2 * PAGE] == 2 * PAGE % 251;

		map[PAGE] = 201;
		_exit(ok ? 0 : 1);
	}
	CHECK(vm_reap(child) == 0 && map[PAGE] == 200);
	CHECK(!madvise(map, 4 * PAGE, MADV_DONTNEED) && map[PAGE] == 99); /* the file again */
	CHECK(touch_write(readonly) == SIGSEGV);
	munmap(map, 4 * PAGE);
	munmap(readonly, PAGE);
	close(fd);
}

static void rights_of_files(void)
{
	int fd = vm_file(PAGE), ro;
	char name[64];

	snprintf(name, sizeof(name), "/tmp/vm_ro_%d", (int)getpid());
	ro = open(name, O_RDONLY | O_CREAT, 0600);
	unlink(name);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) != MAP_FAILED);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, 99, 0) == MAP_FAILED && errno == EBADF);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED && errno == EINVAL);
	close(fd);
	close(ro);
}

int main(void)
{
	vm_catch();
	anonymous_shared();
	shared_file();
	private_file();
	rights_of_files();
	return vm_done("vm_shared");
}
