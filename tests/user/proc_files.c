/* SPDX-License-Identifier: MIT */
/* /proc as files: read byte by byte, at offsets near and absurd; and what the knobs of /proc/sys take and refuse. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

static const char *const steady[] = {
	"version", "filesystems", "partitions", "swaps", "cmdline", "mounts", "devices", "iomem", "self/maps",
	"self/limits", "self/cmdline", "self/environ", "self/comm", "self/auxv", "self/oom_score_adj",
	"sys/vm/swappiness", "sys/vm/lowmem_reserve_ratio", "sys/kernel/printk", "sys/kernel/osrelease",
};

static size_t whole(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	CHECK(n == 0 && len < size);
	close(fd);
	return len;
}

static void positions(const char *path)
{
	static char all[65536], part[65536];
	size_t len = whole(path, all, sizeof(all)), at, n;
	int fd = open(path, O_RDONLY);
	char c;

	CHECK(fd >= 0 && len > 0);
	for (at = 0; read(fd, &c, 1) == 1; at++)
		CHECK(at < len && c == all[at]);
	CHECK(at == len);
	for (at = len; at-- > 0; at -= at < 40 ? at : 37) {
		n = len - at < 13 ? len - at : 13;
		CHECK(pread(fd, part, 13, (off_t)at) == (ssize_t)n && !memcmp(part, all + at, n));
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && read(fd, &c, 1) == 1 && c == all[0]);
	CHECK(pread(fd, &c, 1, (off_t)len) == 0 && pread(fd, &c, 1, 1LL << 40) == 0);
	CHECK(pread(fd, &c, 1, INT64_MAX - 1) == 0);
	CHECK_ERR(pread(fd, &c, 1, -1), EINVAL);
	CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERR(pread(fd, (void *)16, 1, 0), EFAULT);
	CHECK(read(fd, &c, 1) == 1); /* after all that, where it was */
	close(fd);
}

static const char *knob(const char *name)
{
	static char text[256], path[128];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	text[whole(path, text, sizeof(text))] = '\0';
	return text;
}

/* => what write(2) of the text said: bytes, or -errno */
static long set(const char *name, const char *text)
{
	char path[128];
	long n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	n = n < 0 ? -errno : n;
	close(fd);
	return n;
}

static void numbers(void)
{
	static const struct {
		const char *name, *text;
		long result;
		const char *value; /* afterwards; NULL: as before */
	} table[] = {
		{ "vm/swappiness", "30", 2, "30\n" },
		{ "vm/swappiness", "  40 \n", 6, "40\n" },
		{ "vm/swappiness", "\t0x20\n", 6, "32\n" },
		{ "vm/swappiness", "017", 3, "15\n" },
		{ "vm/swappiness", "100", 3, "100\n" },
		{ "vm/swappiness", "0\n", 2, "0\n" },
		{ "vm/swappiness", "101", -EINVAL, NULL },
		{ "vm/swappiness", "-1", -EINVAL, NULL },
		{ "vm/swappiness", "+5", -EINVAL, NULL },
		{ "vm/swappiness", "5x", -EINVAL, NULL },
		{ "vm/swappiness", "5 x", 2, "5\n" },
		{ "vm/swappiness", "60 70\n", 3, "60\n" },
		{ "vm/swappiness", "", 0, NULL },
		{ "vm/swappiness", "\n", -EINVAL, NULL },
		{ "vm/swappiness", "x", -EINVAL, NULL },
		{ "vm/swappiness", "4294967296", -EINVAL, NULL },
		{ "vm/swappiness", "18446744073709551617", -EINVAL, NULL },
		{ "vm/swappiness", "00000000000000000000000000000000000001", -EINVAL, NULL },
		{ "vm/lowmem_reserve_ratio", "128", 3, "128\t32\t32\n" },
		{ "vm/lowmem_reserve_ratio", "256 0 32\n", 9, "256\t1\t32\n" },
		{ "vm/lowmem_reserve_ratio", "256 32 x", -EINVAL, NULL },
		{ "vm/lowmem_reserve_ratio", "256\t32 32 7", 10, "256\t32\t32\n" },
		{ "vm/panic_on_oom", "3", -EINVAL, NULL },
		{ "vm/overcommit_memory", "3", -EINVAL, NULL },
		{ "vm/page-cluster", "-1", -EINVAL, NULL },
		{ "vm/percpu_pagelist_fraction", "7", -EINVAL, NULL },
		{ "vm/percpu_pagelist_fraction", "8", 1, "8\n" },
		{ "vm/percpu_pagelist_fraction", "0", 1, "0\n" },
		{ "vm/extfrag_threshold", "1001", -EINVAL, NULL },
		{ "vm/drop_caches", "0", -EINVAL, NULL },
		{ "vm/drop_caches", "5", -EINVAL, NULL },
		{ "vm/highmem_is_dirtyable", "2", -EINVAL, NULL },
		{ "vm/min_free_kbytes", "-1", -EINVAL, NULL },
		{ "vm/stat_interval", "2", 1, "2\n" },
		{ "vm/stat_interval", "21474837", -EINVAL, NULL },
		{ "vm/stat_interval", "1", 1, "1\n" },
		{ "vm/zone_reclaim_mode", "8", -EINVAL, NULL },
		{ "vm/min_unmapped_ratio", "101", -EINVAL, NULL },
		{ "vm/min_slab_ratio", "-1", -EINVAL, NULL },
		{ "vm/numa_zonelist_order", "sideways\n", -EINVAL, NULL },
		{ "vm/numa_zonelist_order", "zone\n", 5, "zone\n" },
		{ "vm/numa_zonelist_order", "default", 7, "default\n" },
		{ "vm/admin_reserve_kbytes", "-1", -EINVAL, NULL },
		{ "vm/admin_reserve_kbytes", "9223372036854775808", -EINVAL, NULL },
		{ "kernel/printk", "4", 1, "4\t4\t1\t7\n" },
		{ "kernel/printk", "7 4 1 7", 7, "7\t4\t1\t7\n" },
		{ "kernel/printk", "7 5", -EINVAL, NULL },
		{ "kernel/pid_max", "300", -EINVAL, NULL },
		{ "kernel/pid_max", "32769", -EINVAL, NULL },
		{ "kernel/tainted", "1", -EIO, NULL },
		{ "fs/nr_open", "1", -EIO, NULL },
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char before[256];
		long got;

		strcpy(before, knob(table[i].name));
		got = set(table[i].name, table[i].text);
		if (got != table[i].result || strcmp(knob(table[i].name), table[i].value ? table[i].value : before)) {
			printf("FAIL %s <- \"%s\": %ld, then %s", table[i].name, table[i].text, got,
			       knob(table[i].name));
			fflush(stdout);
			_exit(1);
		}
	}
}

static void twins(void)
{
	CHECK(set("vm/dirty_bytes", "1048576") > 0 && !strcmp(knob("vm/dirty_ratio"), "0\n"));
	CHECK(set("vm/dirty_ratio", "20") > 0 && !strcmp(knob("vm/dirty_bytes"), "0\n"));
	CHECK(set("vm/dirty_bytes", "8191") == -EINVAL && !strcmp(knob("vm/dirty_ratio"), "20\n"));
	CHECK(set("vm/dirty_background_bytes", "4096") > 0 && !strcmp(knob("vm/dirty_background_ratio"), "0\n"));
	CHECK(set("vm/dirty_background_ratio", "10") > 0 && !strcmp(knob("vm/dirty_background_bytes"), "0\n"));
	CHECK(set("vm/overcommit_kbytes", "100000") > 0 && !strcmp(knob("vm/overcommit_ratio"), "0\n"));
	CHECK(set("vm/overcommit_ratio", "50") > 0 && !strcmp(knob("vm/overcommit_kbytes"), "0\n"));
}

/* => value of "name N" in the file */
static unsigned long field(const char *path, const char *name)
{
	static char text[65536];
	char want[64], *at;

	text[whole(path, text, sizeof(text))] = '\0';
	snprintf(want, sizeof(want), "%s ", name);
	at = strstr(text, want);
	CHECK(at);
	return strtoul(at + strlen(want), NULL, 10);
}

/* A knob does what it says. */
static void effects(void)
{
	unsigned long before = field("/proc/vmstat", "nr_dirty_threshold");
	pid_t pid;
	int i, id;

	CHECK(set("vm/highmem_is_dirtyable", "1") > 0);
	CHECK(field("/proc/vmstat", "nr_dirty_threshold") > before + before / 2);
	CHECK(set("vm/highmem_is_dirtyable", "0") > 0);
	CHECK(set("kernel/pid_max", "400") > 0);
	for (i = 0; i < 450; i++) {
		pid = fork();
		CHECK(pid >= 0 && pid < 400);
		if (!pid)
			_exit(0);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	CHECK(set("kernel/pid_max", "32768") > 0);
	CHECK(set("kernel/shmmax", "8192") > 0);
	CHECK_ERR(shmget(IPC_PRIVATE, 8193, 0600), EINVAL);
	id = shmget(IPC_PRIVATE, 8192, 0600);
	CHECK(id >= 0 && set("kernel/shmall", "2") > 0);
	CHECK_ERR(shmget(IPC_PRIVATE, 1, 0600), ENOSPC);
	CHECK(shmctl(id, IPC_RMID, NULL) == 0 && set("kernel/shmall", "1000000") > 0);
	CHECK(set("kernel/shmmni", "0") > 0);
	CHECK_ERR(shmget(IPC_PRIVATE, 1, 0600), ENOSPC);
	CHECK(set("kernel/shmmni", "4096") > 0 && set("kernel/shmmax", "1099511627776") > 0);
}

/* => what /proc/PID/wchan says, once the child sleeps */
static const char *wchan_of(pid_t pid)
{
	static char name[64];
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	for (int tries = 0; tries < 1000; tries++) {
		FILE *f = fopen(path, "r");

		CHECK(f && fgets(name, sizeof(name), f));
		fclose(f);
		if (strcmp(name, "0"))
			break;
		usleep(1000);
	}
	return name;
}

static long counter(const char *name)
{
	char line[128], word[64];
	FILE *f = fopen("/proc/vmstat", "r");
	long value = -1, v;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", word, &v) == 2 && !strcmp(word, name))
			value = v;
	fclose(f);
	CHECK(value >= 0);
	return value;
}

/* After stat_refresh a counter counts the last page, long before the time has come to fold what each CPU has aside. */
static void refresh(void)
{
	char *a = mmap(NULL, 65 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long at;
	int i;

	CHECK(a != MAP_FAILED && set("vm/stat_interval", "1000000") == 7);
	a[64 * 4096] = 1;
	for (i = 0; i < 2; i++) { /* twice: the program's own pages for that are there after the first */
		CHECK(set("vm/stat_refresh", "1") == 1);
		at = counter("nr_anon_pages");
	}
	for (i = 1; i <= 64; i++) {
		a[(i - 1) * 4096] = 1;
		if (i % 2)
			CHECK(set("vm/stat_refresh", "whatever\n") == 9);
		else
			CHECK(!strcmp(knob("vm/stat_refresh"), ""));
		CHECK(counter("nr_anon_pages") == at + i);
	}
	CHECK(munmap(a, 65 * 4096) == 0 && set("vm/stat_interval", "1") == 1);
}

/* A task that sleeps says in what: not in the scheduler's functions, which would be all the same. */
static void wchan(void)
{
	int p[2];
	pid_t reader, parent;

	CHECK(pipe(p) == 0);
	reader = fork();
	if (!reader)
		_exit((int)read(p[0], &reader, 1));
	CHECK(!strncmp(wchan_of(reader), "pipe_", 5));
	parent = fork();
	if (!parent) {
		if (!fork())
			_exit((int)read(p[0], &parent, 1));
		_exit(wait(NULL) < 0);
	}
	CHECK(!strcmp(wchan_of(parent), "do_wait"));
	CHECK(write(p[1], "ab", 2) == 2 && wait(NULL) > 0 && wait(NULL) > 0);
	CHECK(!strcmp(wchan_of(getpid()), "0"));
}

/* => how many functions /proc/kallsyms names; *zero: how many of them at address 0 */
static int kallsyms(int *zero)
{
	char line[256], name[128];
	unsigned long addr, last = 0;
	FILE *f = fopen("/proc/kallsyms", "r");
	int n = 0, known = 0;

	CHECK(f);
	for (*zero = 0; fgets(line, sizeof(line), f); n++) {
		CHECK(sscanf(line, "%lx t %127s", &addr, name) == 2 && addr >= last);
		*zero += !addr;
		last = addr;
		known += !strcmp(name, "handle_mm_fault");
	}
	fclose(f);
	CHECK(known == 1);
	return n;
}

static void rights(void)
{
	static const struct {
		const char *path;
		unsigned int mode;
	} table[] = {
		{ "/proc/meminfo", 0444 },	   { "/proc/slabinfo", 0400 },	  { "/proc/kpagecount", 0400 },
		{ "/proc/kpageflags", 0400 },	   { "/proc/iomem", 0400 },	  { "/proc/self/pagemap", 0400 },
		{ "/proc/self/environ", 0400 },	   { "/proc/self/auxv", 0400 },	  { "/proc/self/fd", 0500 },
		{ "/proc/self/oom_score_adj", 0644 }, { "/proc/self/oom_score", 0444 }, { "/proc/self/maps", 0444 },
		{ "/proc/sys/vm/swappiness", 0644 }, { "/proc/sys/vm/compact_memory", 0200 },
		{ "/proc/sys/vm/stat_refresh", 0600 },
		{ "/proc/sys/kernel/tainted", 0444 },
	};
	struct stat st;
	unsigned int i;
	int zero;

	CHECK(kallsyms(&zero) > 1000 && zero == 0);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CHECK(stat(table[i].path, &st) == 0);
		if ((st.st_mode & 0777) != table[i].mode)
			printf("%s: %o\n", table[i].path, st.st_mode);
		CHECK((st.st_mode & 0777) == table[i].mode);
	}
	CHECK(setuid(1000) == 0);
	CHECK(kallsyms(&zero) == zero);
	CHECK(set("vm/swappiness", "60") == -EACCES && set("kernel/pid_max", "400") == -EACCES);
	CHECK_ERR(open("/proc/slabinfo", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/1/fd/0", O_RDONLY), EACCES);
	CHECK_ERR(readlink("/proc/1/exe", (char[64]){ 0 }, 64), EACCES);
}

int main(void)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(steady) / sizeof(steady[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%s", steady[i]);
		positions(path);
	}
	numbers();
	twins();
	effects();
	refresh();
	wchan();
	CHECK_CHILD(rights);
	PASS("proc_files");
}
