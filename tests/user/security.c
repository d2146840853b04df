/* SPDX-License-Identifier: MIT */
/*
 * Programs that break the machine's rules and are killed for it: code on pages that are data, writes to code,
 * kernel addresses, privileged instructions, instructions that tell where the kernel's tables lie (UMIP).
 * Each try is a child; what it dies of is compared with what Linux says.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "check.h"

#define TEXT_BYTE 0xc3 /* RET */

static unsigned char data_page[4096] __attribute__((aligned(4096))) = { TEXT_BYTE };
static const unsigned char constant[16] = { TEXT_BYTE };

static void run(void *code)
{
	__asm__ volatile("" : "+r"(code));
	((void (*)(void))code)();
}

static void exec_stack(void)
{
	unsigned char code[64] __attribute__((aligned(16))) = { TEXT_BYTE };

	run(code);
}

static void exec_heap(void)
{
	unsigned char *code = malloc(4096);

	memset(code, TEXT_BYTE, 4096);
	run(code);
}

static void exec_data(void)
{
	run(data_page);
}

static void exec_mapping(void)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	code[0] = TEXT_BYTE;
	run(code);
}

static void write_text(void)
{
	*(volatile unsigned char *)(uintptr_t)exec_heap = TEXT_BYTE;
}

static void write_constant(void)
{
	const volatile unsigned char *p = constant;

	__asm__ volatile("" : "+r"(p));
	*(volatile unsigned char *)(uintptr_t)p = 0;
}

/* The kernel's half: direct map, vmalloc, memmap, per-CPU windows, image. */
static const unsigned long kernel_addresses[] = { 0xffff800000000000, 0xffff888000000000, 0xffff888000100000,
						  0xffffc90000000000, 0xffffea0000000000, 0xffffffff80000000,
						  0xffffffff80100000, 0xffffffffff600000, 0xfffffffffffff000 };
static unsigned long address;

static void read_address(void)
{
	(void)*(volatile unsigned long *)address;
}

static void write_address(void)
{
	*(volatile unsigned long *)address = 1;
}

static void jump_to_address(void)
{
	run((void *)address);
}

static unsigned char operand[16];

#define INSTRUCTION(name, ...)                                                                     \
	static void name(void)                                                                     \
	{                                                                                          \
		__asm__ volatile(__VA_ARGS__);                                                     \
	}
#define MEMORY_INSTRUCTION(name, code) INSTRUCTION(name, code : "+m"(operand))

INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_sti, "sti")
INSTRUCTION(do_hlt, "hlt")
INSTRUCTION(do_in, "inb $0x60, %%al" : : : "rax")
INSTRUCTION(do_out, "outb %%al, $0xf4" : : "a"(0))
INSTRUCTION(do_rdmsr, "rdmsr" : : "c"(0xc0000080) : "rax", "rdx")
INSTRUCTION(do_wrmsr, "wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0))
INSTRUCTION(do_read_cr0, "movq %%cr0, %%rax" : : : "rax")
INSTRUCTION(do_write_cr4, "movq %%rax, %%cr4" : : "a"(0))
INSTRUCTION(do_read_cr3, "movq %%cr3, %%rax" : : : "rax")
MEMORY_INSTRUCTION(do_lgdt, "lgdt %0")
MEMORY_INSTRUCTION(do_lidt, "lidt %0")
MEMORY_INSTRUCTION(do_invlpg, "invlpg %0")
INSTRUCTION(do_swapgs, "swapgs")
INSTRUCTION(do_stac, "stac")
MEMORY_INSTRUCTION(do_sgdt, "sgdt %0")
MEMORY_INSTRUCTION(do_sidt, "sidt %0")
MEMORY_INSTRUCTION(do_sldt, "sldt %0")
MEMORY_INSTRUCTION(do_smsw, "smsw %0")
MEMORY_INSTRUCTION(do_str, "str %0")

static const struct try {
	const char *name;
	void (*fn)(void);
	int signal, code;
} tries[] = {
	{ "code on the stack", exec_stack, SIGSEGV, SEGV_ACCERR },
	{ "code on the heap", exec_heap, SIGSEGV, SEGV_ACCERR },
	{ "code in data", exec_data, SIGSEGV, SEGV_ACCERR },
	{ "code in a mapping", exec_mapping, SIGSEGV, SEGV_ACCERR },
	{ "write to code", write_text, SIGSEGV, SEGV_ACCERR },
	{ "write to a constant", write_constant, SIGSEGV, SEGV_ACCERR },
	{ "cli", do_cli, SIGSEGV, SI_KERNEL },
	{ "sti", do_sti, SIGSEGV, SI_KERNEL },
	{ "hlt", do_hlt, SIGSEGV, SI_KERNEL },
	{ "in", do_in, SIGSEGV, SI_KERNEL },
	{ "out", do_out, SIGSEGV, SI_KERNEL },
	{ "rdmsr", do_rdmsr, SIGSEGV, SI_KERNEL },
	{ "wrmsr", do_wrmsr, SIGSEGV, SI_KERNEL },
	{ "mov from cr0", do_read_cr0, SIGSEGV, SI_KERNEL },
	{ "mov from cr3", do_read_cr3, SIGSEGV, SI_KERNEL },
	{ "mov to cr4", do_write_cr4, SIGSEGV, SI_KERNEL },
	{ "lgdt", do_lgdt, SIGSEGV, SI_KERNEL },
	{ "lidt", do_lidt, SIGSEGV, SI_KERNEL },
	{ "invlpg", do_invlpg, SIGSEGV, SI_KERNEL },
	{ "swapgs", do_swapgs, SIGSEGV, SI_KERNEL },
	{ "stac", do_stac, SIGILL, ILL_ILLOPN },
	{ "sgdt", do_sgdt, SIGSEGV, SI_KERNEL },
	{ "sidt", do_sidt, SIGSEGV, SI_KERNEL },
	{ "sldt", do_sldt, SIGSEGV, SI_KERNEL },
	{ "smsw", do_smsw, SIGSEGV, SI_KERNEL },
	{ "str", do_str, SIGSEGV, SI_KERNEL },
};

static volatile struct seen {
	int signal, code;
	unsigned long address;
} * seen; /* shared with the child */

static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	seen->signal = signal;
	seen->code = info->si_code;
	seen->address = (unsigned long)info->si_addr;
	_exit(77);
}

static void (*trial)(void);

static void child(void)
{
	struct sigaction action = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	trial();
}

static void must_die(const char *name, void (*fn)(void), int signal, int code)
{
	int status;

	memset((void *)seen, 0, sizeof(*seen));
	trial = fn;
	status = in_child(child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 77 || seen->signal != signal || seen->code != code) {
		printf("FAIL %s: status %#x, signal %d code %d address %#lx, want signal %d code %d\n", name, status,
		       seen->signal, seen->code, seen->address, signal, code);
		exit(1);
	}
}

static void kernel_half(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} ways[] = { { "read", read_address }, { "write", write_address }, { "jump", jump_to_address } };

	for (size_t i = 0; i < sizeof(kernel_addresses) / sizeof(kernel_addresses[0]); i++) {
		address = kernel_addresses[i];
		for (int way = 0; way < 3; way++) {
			must_die(ways[way].name, ways[way].fn, SIGSEGV, SEGV_MAPERR);
			CHECK(seen->address == address);
		}
	}
	address = 0x800000000000; /* between the halves: no address at all */
	must_die("read between the halves", read_address, SIGSEGV, SI_KERNEL);
}

/* Page 0 stays free for ordinary users: a null pointer of the kernel's must not find their data. */
static void null_page(void)
{
	void *where = (void *)0;

	CHECK(setuid(1000) == 0);
	CHECK(mmap(where, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	CHECK(errno == EPERM);
	address = 0;
	trial = read_address;
	must_die("null", read_address, SIGSEGV, SEGV_MAPERR);
}

static void at_random(char *self)
{
	unsigned char mine[16], other[16];
	int fds[2];
	pid_t pid;

	memcpy(mine, (void *)getauxval(AT_RANDOM), 16);
	CHECK(pipe(fds) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		dup2(fds[1], 1);
		execl(self, self, "random", NULL);
		_exit(1);
	}
	CHECK(read(fds[0], other, 16) == 16 && waitpid(pid, NULL, 0) == pid);
	CHECK(memcmp(mine, other, 16) != 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return write(1, (void *)getauxval(AT_RANDOM), 16) == 16 ? 0 : 1;
	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(seen != MAP_FAILED);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		must_die(tries[i].name, tries[i].fn, tries[i].signal, tries[i].code);
	kernel_half();
	CHECK_CHILD(null_page);
	at_random(argv[0]);
	PASS("security");
}
