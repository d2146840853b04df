/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: per CPU a GDT and a TSS, one IDT for all.
 *
 *	GDT 0x10 kernel code  0x18 kernel data  0x28 user data  0x30 user code  0x40 TSS (two slots)
 *	TSS sp0: where entries from user mode put their frame
 *	    ist: stacks for #DF (a kernel stack overflow ends there), NMI and #MC
 *	IDT 0-31 exceptions, 32-255 interrupts; all are interrupt gates: IF is off on entry
 *
 * Beyond it Linux has: LDTs, I/O permission bitmaps, a read-only GDT alias, entry trampolines.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "arch/x86_64/internal.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
} __packed;

struct table_pointer {
	u16 limit;
	u64 base;
} __packed;

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* reachable by an int instruction of user mode */

DEFINE_PER_CPU_ALIGNED(struct tss, cpu_tss);
static DEFINE_PER_CPU_ALIGNED(u64[GDT_ENTRIES], cpu_gdt);
static struct gate idt[256] __aligned(4096);
static char *ist_stacks[NR_CPUS];

static void set_gate(int vector, const char *entry, int ist, u8 flags)
{
	unsigned long offset = (unsigned long)entry;

	idt[vector] = (struct gate){
		.offset_low = offset & 0xffff,
		.offset_mid = offset >> 16 & 0xffff,
		.offset_high = offset >> 32,
		.selector = KERNEL_CS,
		.ist = ist,
		.type = GATE_INTERRUPT | flags,
	};
}

static void idt_init(void)
{
	for (int vector = 0; vector < 32; vector++)
		set_gate(vector, entry_trap_stubs + 16 * vector, 0, 0);
	for (int vector = 32; vector < 256; vector++)
		set_gate(vector, entry_irq_stubs + 16 * (vector - 32), 0, 0);
	set_gate(TRAP_BP, entry_trap_stubs + 16 * TRAP_BP, 0, GATE_USER);
	set_gate(TRAP_OF, entry_trap_stubs + 16 * TRAP_OF, 0, GATE_USER);
	set_gate(TRAP_PF, entry_page_fault, 0, 0);
	set_gate(TRAP_NMI, entry_nmi, IST_NMI, 0);
	set_gate(TRAP_DF, entry_double_fault, IST_DF, 0);
	set_gate(TRAP_MC, entry_machine_check, IST_MC, 0);
}

static void load_segments(void)
{
	/*
	 * Data segments are unused in 64-bit mode, but SS must be the kernel's; gs keeps its
	 * base.
	 */
	asm volatile("pushq %0\n\t"
		     "leaq 1f(%%rip), %%rax\n\t"
		     "pushq %%rax\n\t"
		     "lretq\n"
		     "1:\n\t"
		     "movl %1, %%ss\n\t"
		     "movl %2, %%ds\n\t"
		     "movl %2, %%es"
		     :
		     : "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(0)
		     : "rax", "memory");
}

void ist_stack_register(int cpu, char *ist)
{
	ist_stacks[cpu] = ist;
}

void desc_init_cpu(char *ist)
{
	u64 *gdt = *this_cpu_ptr(&cpu_gdt);
	struct tss *tss = this_cpu_ptr(&cpu_tss);
	unsigned long base = (unsigned long)tss;
	struct table_pointer gdt_pointer = {sizeof(u64) * GDT_ENTRIES - 1, (unsigned long)gdt};
	struct table_pointer idt_pointer = {sizeof(idt) - 1, (unsigned long)idt};

	memset(gdt, 0, sizeof(u64) * GDT_ENTRIES);
	gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
	gdt[KERNEL_DS / 8] = 0x00cf93000000ffff;
	gdt[USER_DS / 8] = 0x00cff3000000ffff;
	gdt[USER_CS / 8] = 0x00affb000000ffff;
	gdt[GDT_TSS / 8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[GDT_TSS / 8 + 1] = base >> 32;

	tss->iomap_base = sizeof(struct tss); /* no I/O ports for user mode */
	for (int i = 0; i < NR_IST; i++)
		tss->ist[i] = (unsigned long)ist + (i + 1) * IST_STACK_SIZE;
	ist_stack_register(smp_processor_id(), ist);

	if (!idt[0].type)
		idt_init();
	asm volatile("lgdt %0" : : "m"(gdt_pointer));
	load_segments();
	asm volatile("lidt %0" : : "m"(idt_pointer));
	asm volatile("ltr %w0" : : "r"(GDT_TSS));
}

bool ist_stack_of(unsigned long sp, unsigned long *low, unsigned long *high)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		unsigned long base = (unsigned long)ist_stacks[cpu];

		if (!base || sp < base || sp >= base + NR_IST * IST_STACK_SIZE)
			continue;
		*low = base + (sp - base) / IST_STACK_SIZE * IST_STACK_SIZE;
		*high = *low + IST_STACK_SIZE;
		return true;
	}
	return false;
}
