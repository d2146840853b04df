/* SPDX-License-Identifier: MIT */
/*
 * A whole machine inside a Linux process: the real mm and kernel/core, one CPU, no thread of the host.
 *
 *   host_machine_run(&config, fn, arg)
 *     boots; fn runs as a task with an address space of its own; ends with it. Once per process.
 *
 * Nothing depends on the host's clock or on chance: time is a number that moves on when a program touches
 * memory, when the CPU is idle (to the next event) and when code spins. Interrupts, the tick and the disks'
 * completions, come at those moments only; a task is preempted only when it touches memory.
 *
 *   memory   one memfd. Frames below lowmem_mib lie in the direct map; the others are reached by kmap() alone:
 *            any other address of theirs is not mapped, so a forgotten kmap ends the process
 *   CPU      page tables in x86_64's format, walked by host_touch(), which sets accessed and dirty bits; a
 *            TLB that keeps every entry until it is flushed or its table is switched
 *   disk     host_disk_create(): RAM behind the block layer, slow and faulty as the test wants
 *
 * User addresses are numbers in these page tables; programs are C functions that call host_touch(),
 * host_read() and host_write().
 */
#ifndef ARCH_HOST_MACHINE_H
#define ARCH_HOST_MACHINE_H

#include "kernel/base/types.h"
#include "kernel/core/block.h"

struct mm_struct;
struct task_struct;

struct host_machine {
	unsigned int ram_mib;
	unsigned int dma_mib;	 /* end of ZONE_DMA; 0: 16 */
	unsigned int lowmem_mib; /* end of the direct map; 0: all is low */
};

/* => boots, runs fn(arg) as the first task, returns when fn does. Once in a process. */
void host_machine_run(const struct host_machine *config, void (*fn)(void *), void *arg);

/* ---- Tasks (machine_task.c) ------------------------------------------------------------------- */

/*
 * => a user task that runs fn(arg) with the address space mm (whose user count is taken over; NULL: an empty
 *    one) and is gone, its memory too, when fn returns. NULL: no memory.
 */
struct task_struct *host_spawn(const char *name, struct mm_struct *mm, void (*fn)(void *), void *arg);
/* => current leaves its address space (count not dropped) and enters mm; NULL: none, as a kernel thread */
void host_use_mm(struct mm_struct *mm);
/* => number of tasks of host_spawn that have not ended */
int host_tasks(void);

/* ---- Time (machine_cpu.c) --------------------------------------------------------------------- */

#define HOST_TOUCH_NS 1000 /* what one access to user memory costs */

void host_advance(u64 ns);    /* => time moves on; interrupts that are due come now, if they may */
void host_sleep(u64 ticks);   /* => the task sleeps */
u64 host_next_disk_event(void); /* between the parts: ~0 if none */
void host_disk_interrupt(u64 now);
void host_cpu_start(void);
void host_note_use(void);     /* a program did something: the machine is not stuck */

/* ---- User memory (machine_user.c) -------------------------------------------------------------- */

/*
 * One access of a program, as the CPU does it: TLB, page tables, accessed and dirty bits, a fault if need be.
 * mm is current's.
 * => 0, or the signal a real program would have got: SIGSEGV, SIGBUS, SIGKILL (by the OOM killer)
 */
int host_touch(struct mm_struct *mm, unsigned long va, bool write);
int host_read(struct mm_struct *mm, unsigned long va, void *buf, unsigned long n);
int host_write(struct mm_struct *mm, unsigned long va, const void *buf, unsigned long n);
/* => one word; a signal stops the process with a message: for programs that must not fail */
u64 host_get(struct mm_struct *mm, unsigned long va);
void host_put(struct mm_struct *mm, unsigned long va, u64 value);

/* ---- MMU (machine_mmu.c) ----------------------------------------------------------------------- */

/* => the frame's byte for va if TLB or tables allow the access, bits set; NULL: page fault */
u8 *host_translate(struct mm_struct *mm, unsigned long va, bool write);
extern unsigned long host_tlb_flushes; /* calls that dropped something or might have */

/* ---- Memory (machine_ram.c) -------------------------------------------------------------------- */

int host_ram_start(unsigned long end_pfn, unsigned long low_pfn);
extern u8 *host_ram; /* all frames, as the CPU's and the disks' hardware sees them */

/* ---- Disk (machine_disk.c) --------------------------------------------------------------------- */

struct host_disk {
	struct block_device bdev;
	u8 *bytes;
	u64 latency_ns;			/* from submission to the interrupt */
	u64 bad_read, bad_read_end;	/* sectors whose reading fails: [bad_read, bad_read_end) */
	u64 bad_write, bad_write_end;	/* and whose writing fails */
	u64 discarded;			/* sectors; they read as zeroes then */
	bool stopped;			/* nothing completes while set */
	bool eager;			/* data of writes is taken at submission, not at completion */
	struct list_head active;	/* requests under way */
	struct list_head disks;
	struct host_disk_slot *slots;
};

/* => a registered disk, zeroed */
struct host_disk *host_disk_create(const char *name, unsigned long pages);
/* => writes a header as mkswap does, over all of the disk */
void host_mkswap(struct host_disk *disk);

#endif
