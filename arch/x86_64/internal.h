/* SPDX-License-Identifier: MIT */
/*
 * What the files of arch/x86_64 say to each other. Nobody else includes it.
 */
#ifndef ARCH_X86_64_INTERNAL_H
#define ARCH_X86_64_INTERNAL_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/mmu.h"
#include "arch/trap.h"
#include "asm/msr.h"
#include "asm/percpu.h"
#include "asm/segment.h"

/* ---- Vectors --------------------------------------------------------------------------------- */

#define VECTOR_DEVICE_FIRST 0x30 /* GSI n has vector 0x30 + n, n < NR_GSI */
#define NR_GSI		    64
#define VECTOR_MSI_FIRST    0x70
#define VECTOR_MSI_LAST	    0xdf
#define VECTOR_TIMER	    0xf0
#define VECTOR_RESCHEDULE   0xf1
#define VECTOR_CALL	    0xf2
#define VECTOR_STOP	    0xf3
#define VECTOR_ERROR	    0xfe
#define VECTOR_SPURIOUS	    0xff

/* ---- Descriptor tables (desc.c) -------------------------------------------------------------- */

struct tss {
	u32 reserved0;
	u64 sp0; /* kernel stack pointer on entry from user mode, by the CPU and by entry_syscall */
	u64 sp1, sp2;
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap_base;
} __packed;

DECLARE_PER_CPU_ALIGNED(struct tss, cpu_tss);

#define IST_STACK_SIZE 8192

/* => loads GDT, TSS and IDT of this CPU; gs base is kept. ist: NR_IST stacks of IST_STACK_SIZE. */
void desc_init_cpu(char *ist);
/* => The lowest and highest address of the IST stack that holds sp; false if none does. */
bool ist_stack_of(unsigned long sp, unsigned long *low, unsigned long *high);
void ist_stack_register(int cpu, char *ist);
extern char boot_ist_stacks[];

/* ---- CPU features (cpu.c) -------------------------------------------------------------------- */

struct cpu_features {
	bool smep, smap, umip, pge, rdrand, hypervisor, invariant_tsc;
	u8 phys_bits;
	u32 family, model, stepping;
	char vendor[13], name[49];
	u32 leaf1_c, leaf1_d, leaf7_b, leaf7_c, ext1_c, ext1_d;
};
extern struct cpu_features cpu_features; /* [I] of the boot CPU, valid for all */

void cpu_enable_features(void); /* control registers of this CPU */
void syscall_init_cpu(void);	/* MSRs of SYSCALL on this CPU */

/* ---- Stack protector (stackprotector.c) ------------------------------------------------------- */

DECLARE_PER_CPU(unsigned long, __stack_chk_guard);
unsigned long new_stack_canary(void);
/* => the CPU's first task gets its word; the caller never returns or has no array */
void stack_protector_init_cpu(struct task_struct *idle);

/* ---- Memory (paging.c, fixmap.c) ------------------------------------------------------------- */

/* Pages of the fixmap window: EARLY_REMAP_SLOTS * EARLY_REMAP_MAX first, then these. */
enum fixmap_page {
	FIX_EARLY_LAST = EARLY_REMAP_SLOTS * (EARLY_REMAP_MAX / PAGE_SIZE) - 1,
	FIX_LAPIC,
	FIX_IOAPIC,
	FIX_IOAPIC_LAST = FIX_IOAPIC + 7,
	FIX_HPET,
	FIX_TEST, /* selftest.c */
	FIX_END
};

#define fix_to_virt(page) (FIXADDR_START + (unsigned long)(page)*PAGE_SIZE)
/* => maps a device page uncached at its place */
volatile void *fixmap_device(enum fixmap_page page, phys_addr_t phys);
extern pte_t fixmap_ptes[], pkmap_ptes[], kmap_atomic_ptes[];
extern pmd_t windows_pmd[];

/*
 * => a page table for starting CPUs: the kernel half and the trampoline page at its physical
 *    address
 */
phys_addr_t trampoline_pgd(phys_addr_t trampoline);

/* ---- ACPI (acpi.c) --------------------------------------------------------------------------- */

#define MAX_IOAPICS 8
struct acpi_machine {
	phys_addr_t lapic_base;
	int nr_ioapics;
	struct {
		phys_addr_t base;
		u32 gsi_base;
	} ioapic[MAX_IOAPICS];
	struct {
		u32 gsi;
		bool low, level;
	} isa[16];	     /* where the ISA interrupts really are */
	u8 apic_id[NR_CPUS]; /* by CPU number */
	u16 pm_timer_port;   /* 0: none */
	bool pm_timer_32bit;
	u16 pm1a_control; /* 0: unknown */
	phys_addr_t hpet;
};
extern struct acpi_machine acpi; /* [I] after acpi_init() */

/* ---- Interrupt controllers (apic.c, ioapic.c, irq.c) ----------------------------------------- */

void lapic_init(void); /* boot CPU: maps it; every CPU: enables it */
void lapic_init_cpu(void);
u8 lapic_id(void);
void lapic_eoi(void);
void lapic_send_ipi(u8 apic_id, u32 command);
void lapic_timer_start(void);
void lapic_timer_tick(void); /* each tick, with interrupts off */
void lapic_timer_run_free(void);
u32 lapic_timer_sample(void); /* current count, for calibration */
void lapic_timer_set(u32 count_per_tick);
void ioapic_init(void);
void ioapic_route(int gsi, u8 vector, u8 apic_id, bool low, bool level);
void ioapic_mask(int gsi, bool masked);
bool ioapic_has(int gsi);

#define IPI_FIXED   0x00000
#define IPI_NMI	    0x00400
#define IPI_INIT    0x04500
#define IPI_STARTUP 0x04600

/* ---- Entry points (entry.S) and what they call ----------------------------------------------- */

extern char entry_syscall[], entry_page_fault[], entry_trap_stubs[], entry_irq_stubs[];
extern char entry_nmi[], entry_double_fault[], entry_machine_check[], iret_to_user[];

void do_trap(struct pt_regs *regs, unsigned long vector, unsigned long error);
void do_kernel_fault(struct pt_regs *regs, unsigned long addr, unsigned long error);
extern int (*user_fault_handler)(struct pt_regs *regs, unsigned long addr, unsigned long error);
extern void (*syscall_handler)(struct pt_regs *regs);
void do_paranoid_trap(struct pt_regs *regs, unsigned long vector, unsigned long error);
void do_interrupt(struct pt_regs *regs, unsigned long vector);
struct pt_regs *bad_iret(struct pt_regs *regs);
void exit_to_user_work(struct pt_regs *regs);
void ret_from_fork(void);
/* What a task that does not run has at thread.sp. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ip;
};
struct task_struct *__switch_to_asm(struct task_struct *prev, struct task_struct *next);
struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next);

/* ---- Looking at CPUs (stacktrace.c, snapshot.c) ---------------------------------------------- */

#define TRACE_DEPTH 32

/* What a CPU was doing when it was asked. */
struct cpu_snapshot {
	struct pt_regs regs;
	unsigned long cr2, cr3;
	int pid;
	bool idle;
	char comm[16];
	int nr_ips;
	u64 ips[TRACE_DEPTH];
};

/* => fills s with regs, the current task and, for kernel mode, the backtrace; takes no lock */
void take_snapshot(struct cpu_snapshot *s, const struct pt_regs *regs);
void print_snapshot(const char *level, int cpu, const struct cpu_snapshot *s);
void show_own_state(void);   /* panic: registers and backtrace of this CPU, unless a trap's were shown */
void show_other_cpus(void);  /* panic: what stop_other_cpus() found */
DECLARE_PER_CPU(int, dying); /* traps.c: exceptions being reported on this CPU */

/* ---- CPUs calling each other (ipi.c, smp.c, time.c) ------------------------------------------ */

void send_ipi(int cpu, u32 command);
void ipi_call_interrupt(void);
void __noreturn ipi_stop_interrupt(const struct pt_regs *regs);
bool nmi_interrupt(const struct pt_regs *regs); /* => true if the NMI was one of ours */
void report_unknown_nmis(void); /* traps.c: of this CPU, interrupts off */
void timer_interrupt(struct pt_regs *regs);
u64 arch_tsc_khz(void);
void smp_prepare(void); /* while memblock is open: the trampoline page, IST stacks */

#endif
