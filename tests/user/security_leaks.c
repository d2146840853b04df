/* SPDX-License-Identifier: MIT */
/*
 * An ordinary user reads everything there is to read in /proc and /sys and finds no kernel address, neither as
 * hexadecimal or decimal text nor as eight bytes; the log is closed. As a check of the search, root plants one and
 * finds it.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/klog.h>
#include <sys/stat.h>

#include "check.h"

#define KERNEL_HALF 0xffff800000000000UL
#define MOST	    (256 * 1024)

static char buffer[MOST + 1];
static int found, files, quiet;

static int kernel_address(unsigned long value)
{
	return value >= KERNEL_HALF && value < 0xfffffffffffff000UL; /* above: small negative numbers, no limit */
}

static void report(const char *path, const char *what, unsigned long value)
{
	found++;
	if (!quiet)
		printf("FAIL %s shows %s %#lx\n", path, what, value);
}

static void search_text(const char *path, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t start = i;
		int decimal = 1;

		if (!isxdigit((unsigned char)buffer[i])) {
			i++;
			continue;
		}
		for (; i < n && isxdigit((unsigned char)buffer[i]); i++)
			decimal &= !!isdigit((unsigned char)buffer[i]);
		if (i - start == 16 && kernel_address(strtoul(buffer + start, NULL, 16)))
			report(path, "hexadecimal", strtoul(buffer + start, NULL, 16));
		if (decimal && i - start == 20 && kernel_address(strtoul(buffer + start, NULL, 10)))
			report(path, "decimal", strtoul(buffer + start, NULL, 10));
	}
}

static void search_bytes(const char *path, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t value;

		memcpy(&value, buffer + i, 8);
		if (kernel_address(value))
			report(path, "bytes", value);
	}
}

static void wake(int signal)
{
	(void)signal;
}

static void search_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return;
	files++;
	alarm(2); /* some wait for more */
	while (n < MOST && (got = read(fd, buffer + n, MOST - n)) > 0)
		n += (size_t)got;
	alarm(0);
	close(fd);
	buffer[n] = 0;
	search_text(path, n);
	search_bytes(path, n);
}

static void search_tree(const char *top, int depth)
{
	DIR *dir = depth < 6 ? opendir(top) : NULL;
	struct dirent *entry;
	struct stat st;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", top, entry->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) || S_ISLNK(st.st_mode))
			continue;
		if (S_ISDIR(st.st_mode))
			search_tree(path, depth + 1);
		else if (!strstr(path, "/mem") || strstr(path, "/meminfo"))
			search_file(path);
	}
	if (dir)
		closedir(dir);
}

static void search_finds(const char *text, size_t n)
{
	int fd = open("/tmp/planted", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
	found = 0;
	search_file("/tmp/planted");
	CHECK(found == 1);
	unlink("/tmp/planted");
}

/* => the frame number /proc/self/pagemap tells of a page in memory */
static unsigned long frame_of(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	CHECK(fd >= 0 && pread(fd, &entry, 8, (off_t)((uintptr_t)page / 4096 * 8)) == 8);
	close(fd);
	CHECK(entry >> 63);
	return entry & ((1UL << 55) - 1);
}

static void set_restrict(const char *value, ssize_t want)
{
	int fd = open("/proc/sys/kernel/dmesg_restrict", O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, 1) == want);
	close(fd);
}

/* kernel.dmesg_restrict 0: an ordinary user may read the log, and no more. */
static void reads_log(void)
{
	CHECK(setuid(1000) == 0);
	CHECK(klogctl(3, buffer, MOST) > 0);
	CHECK(open("/dev/kmsg", O_RDONLY) >= 0);
	CHECK_ERR(klogctl(5, NULL, 0), EPERM);
}

int main(void)
{
	static const uint64_t bytes = 0xffffffff80123456;
	struct sigaction action = { .sa_handler = wake };

	sigaction(SIGALRM, &action, NULL);
	quiet = 1;
	search_finds("at [<ffffc90000012345>] x", 25);
	search_finds("18446612682162208768", 20); /* 0xffff888000100000 */
	search_finds((const char *)&bytes, 8);
	quiet = found = files = 0;
	CHECK(frame_of(buffer) != 0);
	CHECK(open("/proc/kpagecount", O_RDONLY) >= 0);
	CHECK(klogctl(10, NULL, 0) > 0); /* SYSLOG_ACTION_SIZE_BUFFER: root may */

	set_restrict("2", -1);
	set_restrict("0", 1);
	CHECK_CHILD(reads_log);
	set_restrict("1", 1);

	CHECK(setgid(1000) == 0 && setuid(1000) == 0);
	CHECK_ERR(klogctl(3, buffer, MOST), EPERM);
	CHECK_ERR(klogctl(8, NULL, 1), EPERM); /* the console's level is not theirs either */
	CHECK_ERR(klogctl(5, NULL, 0), EPERM);
	CHECK_ERR(open("/dev/kmsg", O_RDONLY), EPERM);
	CHECK_ERR(open("/proc/sysrq-trigger", O_WRONLY), EACCES);
	CHECK_ERR(open("/proc/kpagecount", O_RDONLY), EACCES);
	CHECK_ERR(open("/proc/kpageflags", O_RDONLY), EACCES);
	CHECK(frame_of(buffer) == 0);
	search_tree("/proc", 0);
	search_tree("/sys", 0);
	printf("%d files read\n", files);
	CHECK(files > 60);
	CHECK(found == 0);
	PASS("security_leaks");
}
