/* SPDX-License-Identifier: MIT */
/*
 * Programs' accesses to their memory, and the kernel's to theirs (asm/uaccess.h).
 *
 * The way of a fault is that of kernel/sys/user_fault.c: area, stack growth, rights, handle_mm_fault; what
 * would be a signal there is the answer here.
 */
#include "arch/host/libc_machine.h"

#include "arch/host/machine.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "asm/uaccess.h"

static struct vm_area_struct *area_of(struct mm_struct *mm, unsigned long va)
{
	struct vm_area_struct *vma = find_vma(mm, va);

	if (!vma || vma->vm_start <= va)
		return vma;
	return (vma->vm_flags & VM_GROWSDOWN) && !expand_stack(vma, va) ? vma : NULL;
}

/* => 0 or a signal; user: the program itself, not the kernel for it */
static int page_fault(struct mm_struct *mm, unsigned long va, bool write, bool user)
{
	unsigned long right = write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;
	unsigned int flags = FAULT_FLAG_KILLABLE | (write ? FAULT_FLAG_WRITE : 0) |
			     (user ? FAULT_FLAG_USER : 0);
	struct vm_area_struct *vma;
	int fault;

	if (va >= TASK_SIZE || current->pagefault_disabled || in_atomic())
		return SIGSEGV;
	if (down_read_killable(&mm->mmap_sem))
		return SIGKILL;
	vma = area_of(mm, va);
	if (!vma || !(vma->vm_flags & right)) {
		up_read(&mm->mmap_sem);
		return SIGSEGV;
	}
	fault = handle_mm_fault(mm, vma, va, flags);
	up_read(&mm->mmap_sem);
	if (fatal_signal_pending(current))
		return SIGKILL;
	if ((fault & VM_FAULT_OOM) && user)
		pagefault_out_of_memory();
	else if (fault & VM_FAULT_ERROR)
		return fault & VM_FAULT_SIGBUS ? SIGBUS : SIGSEGV;
	return fatal_signal_pending(current) ? SIGKILL : 0;
}

/* => the byte, or NULL and the signal */
static u8 *access_byte(struct mm_struct *mm, unsigned long va, bool write, bool user, int *signal)
{
	u8 *byte;

	if (user) {
		host_note_use();
		host_advance(HOST_TOUCH_NS);
		if (need_resched())
			schedule();
		if (fatal_signal_pending(current)) {
			*signal = SIGKILL;
			return NULL;
		}
	}
	while (!(byte = host_translate(mm, va, write))) {
		*signal = page_fault(mm, va, write, user);
		if (*signal)
			return NULL;
	}
	*signal = 0;
	return byte;
}

int host_touch(struct mm_struct *mm, unsigned long va, bool write)
{
	int signal;

	access_byte(mm, va, write, true, &signal);
	return signal;
}

/* Page by page, as each may be elsewhere. => bytes not done, and the signal that stopped it */
static unsigned long copy(struct mm_struct *mm, unsigned long va, void *to, const void *from, bool user,
			  unsigned long n, int *signal)
{
	*signal = 0;
	while (n) {
		unsigned long part = min(n, PAGE_SIZE - (va & ~PAGE_MASK));
		u8 *byte = access_byte(mm, va, from != NULL, user, signal);

		if (!byte)
			return n;
		if (from) {
			memcpy(byte, from, part);
			from = (const char *)from + part;
		} else {
			memcpy(to, byte, part);
			to = (char *)to + part;
		}
		va += part;
		n -= part;
	}
	return 0;
}

int host_read(struct mm_struct *mm, unsigned long va, void *buf, unsigned long n)
{
	int signal;

	copy(mm, va, buf, NULL, true, n, &signal);
	return signal;
}

int host_write(struct mm_struct *mm, unsigned long va, const void *buf, unsigned long n)
{
	int signal;

	copy(mm, va, NULL, buf, true, n, &signal);
	return signal;
}

u64 host_get(struct mm_struct *mm, unsigned long va)
{
	u64 value = 0;
	int signal = host_read(mm, va, &value, sizeof(value));

	if (signal)
		panic("reading address %lx: signal %d", va, signal);
	return value;
}

void host_put(struct mm_struct *mm, unsigned long va, u64 value)
{
	int signal = host_write(mm, va, &value, sizeof(value));

	if (signal)
		panic("writing address %lx: signal %d", va, signal);
}

/* ---- The kernel's accesses ------------------------------------------------------------------------- */

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	int signal;

	return access_ok(from, n) ? copy(current->mm, (unsigned long)from, to, NULL, false, n, &signal) : n;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	int signal;

	return access_ok(to, n) ? copy(current->mm, (unsigned long)to, NULL, from, false, n, &signal) : n;
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	static const u8 zeroes[PAGE_SIZE];

	while (n) {
		unsigned long part = min(n, PAGE_SIZE), left = copy_to_user(to, zeroes, part);

		if (left)
			return n - part + left;
		to = (char __user *)to + part;
		n -= part;
	}
	return 0;
}
