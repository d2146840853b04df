/* SPDX-License-Identifier: MIT */
/*
 * What the CPU can do and what of it is switched on.
 *
 *	always		NX, WP (the kernel obeys read-only pages), FXSAVE and SSE, SYSCALL
 *	if present	PGE (kernel entries survive a CR3 load), UMIP, SMEP, SMAP (user pages are
 *			closed to the kernel but in usercopy.S)
 *	off		FSGSBASE (entry relies on user gs bases being positive), PCID, OSXSAVE
 *			(programs then stay on SSE2, which FXSAVE covers)
 */
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/pgtable.h"
#include "kernel/core/task.h"

struct smap_site {
	s32 insn; /* distance from this field */
	u32 opcode;
};

extern const struct smap_site __start_smap_sites[], __stop_smap_sites[];

struct cpu_features cpu_features;
int nr_cpu_ids = 1;
cpumask_t cpu_possible_mask = 1;
cpumask_t cpu_online_mask = 1;

char boot_ist_stacks[NR_IST * IST_STACK_SIZE] __aligned(16);

int num_online_cpus(void)
{
	return hweight_long(READ_ONCE(cpu_online_mask));
}

static void put_words(char *to, u32 a, u32 b, u32 c)
{
	memcpy(to, &a, 4);
	memcpy(to + 4, &b, 4);
	memcpy(to + 8, &c, 4);
}

static void detect_names(struct cpu_features *f)
{
	struct cpuid_regs r = cpuid(0, 0);

	put_words(f->vendor, r.b, r.d, r.c);
	for (int i = 0; i < 3 && cpuid(0x80000000, 0).a >= 0x80000004; i++) {
		r = cpuid(0x80000002 + i, 0);
		put_words(f->name + 16 * i, r.a, r.b, r.c);
		memcpy(f->name + 16 * i + 12, &r.d, 4);
	}
	r = cpuid(1, 0);
	f->stepping = r.a & 15;
	f->model = (r.a >> 4 & 15) | (r.a >> 12 & 0xf0);
	f->family = (r.a >> 8 & 15) + ((r.a >> 8 & 15) == 15 ? r.a >> 20 & 0xff : 0);
}

static void detect_features(struct cpu_features *f)
{
	u32 max = cpuid(0, 0).a, max_ext = cpuid(0x80000000, 0).a;
	struct cpuid_regs r = cpuid(1, 0);

	f->leaf1_c = r.c;
	f->leaf1_d = r.d;
	f->pge = r.d >> 13 & 1;
	f->rdrand = r.c >> 30 & 1;
	f->hypervisor = r.c >> 31 & 1;
	if (max >= 7) {
		r = cpuid(7, 0);
		f->leaf7_b = r.b;
		f->leaf7_c = r.c;
		f->smep = r.b >> 7 & 1;
		f->smap = r.b >> 20 & 1;
		f->umip = r.c >> 2 & 1;
	}
	r = cpuid(0x80000001, 0);
	f->ext1_c = r.c;
	f->ext1_d = r.d;
	f->invariant_tsc = max_ext >= 0x80000007 && (cpuid(0x80000007, 0).d >> 8 & 1);
	f->phys_bits = max_ext >= 0x80000008 ? cpuid(0x80000008, 0).a & 0xff : 36;
	detect_names(f);
	spin_in_turn = !f->hypervisor; /* CPUs that always run can wait for each other in order */
}

u64 arch_phys_limit(void)
{
	return 1ULL << cpu_features.phys_bits;
}

/* The image is still writable: the boot page tables are in force. */
static void open_smap_gates(void)
{
	for (const struct smap_site *s = __start_smap_sites; s < __stop_smap_sites; s++) {
		u8 *insn = (u8 *)((unsigned long)&s->insn + s->insn);

		insn[0] = 0x0f;
		insn[1] = 0x01;
		insn[2] = s->opcode; /* 0xca: clac, 0xcb: stac */
	}
}

void cpu_enable_features(void)
{
	const struct cpu_features *f = &cpu_features;
	unsigned long cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= f->pge ? CR4_PGE : 0;
	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	write_cr4(cr4);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE | EFER_SCE);
	asm volatile("fninit");
}

void syscall_init_cpu(void)
{
	wrmsr(MSR_STAR, (u64)USER32_BASE << 48 | (u64)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (unsigned long)entry_syscall);
	wrmsr(MSR_CSTAR, 0);
	wrmsr(MSR_SYSCALL_MASK,
	      EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_RF);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

static const struct panic_ops panic_ops = {
	.stop_other_cpus = stop_other_cpus,
	.dump_stack = dump_stack,
	.show_self = show_own_state,
	.show_others = show_other_cpus,
	.power_off = machine_power_off,
	.restart = machine_restart,
	.delay_us = udelay,
	.halt_forever = arch_halt_forever,
};

void __no_stack_protector cpu_init_boot(void)
{
	detect_features(&cpu_features);
	stack_protector_init_cpu(&init_task);
	if (cpu_features.smap)
		open_smap_gates();
	this_cpu_write(current_task, &init_task);
	desc_init_cpu(boot_ist_stacks);
	cpu_enable_features();
	syscall_init_cpu();
	panic_set_ops(&panic_ops);
}

void cpu_init_secondary(void)
{
	cpu_enable_features();
	syscall_init_cpu();
}
