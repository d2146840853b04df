/* SPDX-License-Identifier: MIT */
/*
 * execve of everything that cannot be run: the error Linux gives, and the caller lives on. Past the point of no
 * return (a program that maps, but not as it says) the caller is gone: a signal, never a hang.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "check.h"

static char image[1 << 20];
static size_t size;
static Elf64_Ehdr *const e = (void *)image;
static Elf64_Phdr *ph;

static void load_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	ssize_t got;

	CHECK(fd >= 0);
	got = read(fd, image, sizeof(image));
	CHECK(got > 4096 && got < (ssize_t)sizeof(image));
	size = (size_t)got;
	ph = (void *)(image + e->e_phoff);
	close(fd);
}

static void put(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	CHECK(fd >= 0);
	CHECK(write(fd, data, len) == (ssize_t)len);
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

static void text(const char *path, const char *what)
{
	put(path, what, strlen(what), 0755);
}

static int try(const char *path)
{
	char *argv[] = { (char *)path, "child", NULL };

	return execve(path, argv, argv + 2);
}

static Elf64_Phdr *load_segment(int n)
{
	for (int i = 0; i < e->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && n-- == 0)
			return &ph[i];
	CHECK(!"no such segment");
	return NULL;
}

/* Our own image with one change must give err. */
#define DAMAGED(change, err)                                                                       \
	do {                                                                                       \
		load_self();                                                                       \
		change;                                                                            \
		put("bad", image, size, 0755);                                                     \
		CHECK_ERR(try("bad"), err);                                                        \
	} while (0)

static void headers(void)
{
	DAMAGED(e->e_ident[0] = 0, ENOEXEC);
	DAMAGED(e->e_ident[4] = 1, ENOEXEC);
	DAMAGED(e->e_machine = EM_AARCH64, ENOEXEC);
	DAMAGED(e->e_type = ET_REL, ENOEXEC);
	DAMAGED(e->e_phnum = 0, ENOEXEC);
	DAMAGED(e->e_phnum = 65535, ENOEXEC);
	DAMAGED(e->e_phentsize = 32, ENOEXEC);
	DAMAGED(e->e_phoff = size - 8, ENOEXEC);
	DAMAGED(e->e_phoff = -1UL, ENOEXEC);
	DAMAGED(e->e_entry = 0xffffffff80000000UL, ENOEXEC);
	DAMAGED(size = 63, ENOEXEC);
	DAMAGED(size = 0, ENOEXEC);
	DAMAGED(size /= 2, ENOEXEC);
	DAMAGED(load_segment(0)->p_filesz = load_segment(0)->p_memsz + 1, ENOEXEC);
	DAMAGED(load_segment(1)->p_vaddr = load_segment(0)->p_vaddr, ENOEXEC);
	DAMAGED(load_segment(1)->p_vaddr = 0xffffffff80000000UL, ENOEXEC);
	DAMAGED(load_segment(1)->p_vaddr = -4096UL, ENOEXEC);
	DAMAGED(load_segment(0)->p_vaddr = 0, ENOEXEC);
	DAMAGED(load_segment(1)->p_offset += 1, ENOEXEC);
	DAMAGED(load_segment(1)->p_memsz = -1UL, ENOEXEC);
	DAMAGED(load_segment(0)->p_type = PT_INTERP, ENOENT);
}

static void files(void)
{
	static char longer[300], path[5000];

	CHECK_ERR(try("nothing"), ENOENT);
	CHECK_ERR(try(""), ENOENT);
	text("empty", "");
	CHECK_ERR(try("empty"), ENOEXEC);
	text("words", "echo this is no program\n");
	CHECK_ERR(try("words"), ENOEXEC);
	CHECK_ERR(try("words/x"), ENOTDIR);
	CHECK_ERR(try("/"), EACCES);
	CHECK_ERR(try("."), EACCES);
	CHECK_ERR(try("/dev/null"), EACCES);
	load_self();
	put("plain", image, size, 0644);
	CHECK_ERR(try("plain"), EACCES);
	memset(longer, 'x', 299);
	CHECK_ERR(try(longer), ENAMETOOLONG);
	memset(path, '/', sizeof(path) - 1);
	CHECK_ERR(try(path), ENAMETOOLONG);
	CHECK(symlink("loop2", "loop1") == 0 && symlink("loop1", "loop2") == 0);
	CHECK_ERR(try("loop1"), ELOOP);
}

static void scripts(void)
{
	char line[400];

	text("s", "#!\n");
	CHECK_ERR(try("s"), ENOEXEC);
	text("s", "#!   \t \nexit 0\n");
	CHECK_ERR(try("s"), ENOEXEC);
	text("s", "#!/no/such/interpreter -x\n");
	CHECK_ERR(try("s"), ENOENT);
	text("s", "#! / \n");
	CHECK_ERR(try("s"), EACCES);
	text("s", "#!s\n"); /* itself */
	CHECK_ERR(try("./s"), ELOOP);
	for (int i = 0; i < 9; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s%d", i);
		snprintf(line, sizeof(line), "#!s%d\n", i + 1);
		text(name, line);
	}
	text("s9", "#!/proc/self/exe\n");
	CHECK_ERR(try("s0"), ELOOP);
	text("s", "#!words\n");
	text("words", "no program either\n");
	CHECK_ERR(try("s"), ENOEXEC);
	memset(line, 'y', sizeof(line));
	memcpy(line, "#!/", 3);
	put("s", line, sizeof(line), 0755);
	CHECK_ERR(try("s"), ENOEXEC);
}

static void arguments(void)
{
	static char big[40 * 4096];
	static char *many[2000];
	char *one[] = { big, NULL }, *wild[] = { (char *)0xffffffff80000000UL, NULL };

	load_self();
	put("good", image, size, 0755);
	memset(big, 'b', sizeof(big) - 1);
	CHECK_ERR(execve("good", one, one + 1), E2BIG); /* one string above 32 pages */
	big[32 * 4096 - 1] = '\0';
	for (int i = 0; i < 1999; i++)
		many[i] = big;
	CHECK_ERR(execve("good", many, one + 1), E2BIG);
	CHECK_ERR(execve("good", one + 1, many), E2BIG);
	CHECK_ERR(execve("good", wild, one + 1), EFAULT);
	CHECK_ERR(execve("good", one + 1, wild), EFAULT);
	CHECK_ERR(syscall(SYS_execve, "good", 0xffffffff80000000UL, NULL), EFAULT);
	CHECK_ERR(syscall(SYS_execve, 8, NULL, NULL), EFAULT);
}

static void busy(void)
{
	int fd;

	load_self();
	put("good", image, size, 0755);
	fd = open("good", O_WRONLY);
	CHECK(fd >= 0);
	CHECK_ERR(try("good"), ETXTBSY);
	close(fd);
	CHECK(mkdir("noexec", 0755) == 0);
	CHECK(mount("none", "noexec", "tmpfs", MS_NOEXEC, NULL) == 0);
	put("noexec/good", image, size, 0755);
	CHECK_ERR(try("noexec/good"), EACCES);
	CHECK(umount("noexec") == 0);
}

/* Behind the point of no return. */
static void huge_bss(void)
{
	load_self();
	load_segment(e->e_phnum > 4 ? 3 : 1)->p_memsz = 1UL << 45;
	put("huge", image, size, 0755);
	try("huge");
}

static void no_code(void)
{
	load_self();
	e->e_entry = 0x10000;
	put("nocode", image, size, 0755);
	try("nocode");
}

static void no_access(void)
{
	load_self();
	for (int i = 0; i < e->e_phnum; i++)
		ph[i].p_flags = 0;
	put("noaccess", image, size, 0755);
	try("noaccess");
}

static int signal_of(void (*fn)(void))
{
	int status = in_child(fn);

	CHECK(WIFSIGNALED(status));
	return WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "child"))
		return 0;
	CHECK(mkdir("/tmp/exec", 0755) == 0 && chdir("/tmp/exec") == 0);
	headers();
	files();
	scripts();
	arguments();
	busy();
	CHECK(signal_of(huge_bss) == SIGSEGV);
	CHECK(signal_of(no_code) == SIGSEGV);
	CHECK(signal_of(no_access) == SIGSEGV);
	PASS("exec_errors");
}
