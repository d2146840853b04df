/* SPDX-License-Identifier: MIT */
/*
 * The contents of a core file: an ELF file of type ET_CORE that a debugger reads with the program beside it.
 *
 *	ELF header | PT_NOTE header, a PT_LOAD header per area | notes | padding to a page | the areas' pages
 *
 *	notes:  PRSTATUS (registers, signal) of the thread that died, PRPSINFO (name, ids), SIGINFO, AUXV,
 *	        FILE (which file is mapped where), FPREGSET; then PRSTATUS and FPREGSET of each other thread
 *
 * Of each area those pages are written that only this process could tell: anonymous memory and what was written
 * to private mappings; of an unwritten file mapping the first page, where a linker leaves its name; of shared file
 * mappings nothing. A page nobody touched is a hole. Layout of the notes: Linux's struct elf_prstatus and
 * elf_prpsinfo for x86-64, System V ABI chapter 5.
 *
 * Locks: mmap_sem for reading while the areas are listed and while a page is looked up.
 */
#include "kernel/sys/coredump.h"
#include "kernel/sys/elf.h"
#include "kernel/sys/process.h"
#include "arch/thread.h"
#include "fs/fs.h"
#include "fs/namei.h"
#include "kernel/base/err.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define NT_PRSTATUS   1
#define NT_FPREGSET   2
#define NT_PRPSINFO   3
#define NT_AUXV	      6
#define NT_SIGINFO    0x53494749
#define NT_FILE	      0x46494c45
#define NOTE_NAME     "CORE"
#define FILE_NOTE_MAX (64UL << 10)

struct elf_prstatus {
	s32 si_signo, si_code, si_errno;
	s16 cursig;
	u64 sigpend, sighold;
	s32 pid, ppid, pgrp, sid;
	s64 times[8];			/* utime, stime, cutime, cstime: seconds, microseconds */
	u64 regs[27];
	s32 fpvalid;
};
static_assert(sizeof(struct elf_prstatus) == 336, "Linux's layout");

struct elf_prpsinfo {
	char state, sname, zomb, nice;
	u64 flag;
	u32 uid, gid;
	s32 pid, ppid, pgrp, sid;
	char fname[16], psargs[80];
};
static_assert(sizeof(struct elf_prpsinfo) == 136, "Linux's layout");

/* An area as it is when the dump begins. */
struct core_area {
	unsigned long start, end, dump_end;	/* pages up to dump_end are in the file */
	u32 flags;				/* PF_* of its header */
};

struct core_image {
	struct core_areas {
		unsigned int nr, max;
		struct core_area *area;
	} areas;
	char *files;				/* the FILE note's contents */
	size_t files_len;
};

/* ---- What there is -------------------------------------------------------------------------------- */

static unsigned long bytes_to_dump(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_IO | VM_DONTDUMP))
		return 0;
	if (vma->vm_file && (vma->vm_flags & VM_SHARED))
		return vma->vm_file->f_inode->i_nlink ? 0 : vma->vm_end - vma->vm_start;
	if (!vma->vm_file || vma->anon_vma)
		return vma->vm_end - vma->vm_start;
	return vma->vm_pgoff == 0 && (vma->vm_flags & VM_READ) ? PAGE_SIZE : 0;
}

static void note_area(struct core_image *image, const struct vm_area_struct *vma)
{
	struct core_area *a = &image->areas.area[image->areas.nr++];

	a->start = vma->vm_start;
	a->end = vma->vm_end;
	a->dump_end = vma->vm_start + bytes_to_dump(vma);
	a->flags = (vma->vm_flags & VM_READ ? PF_R : 0) | (vma->vm_flags & VM_WRITE ? PF_W : 0) |
		   (vma->vm_flags & VM_EXEC ? PF_X : 0);
}

/* The FILE note: count, page size, a row of three per mapped file, then the names. => -errno: left out */
static int note_files(struct core_image *image, struct mm_struct *mm)
{
	char *buf = vmalloc(FILE_NOTE_MAX), *name, *path;
	u64 *row, rows = 0;

	if (!buf)
		return -ENOMEM;
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		rows += vma->vm_file != NULL;
	row = (u64 *)buf + 2;
	name = (char *)(row + 3 * rows);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		long room = buf + FILE_NOTE_MAX - name;

		if (!vma->vm_file)
			continue;
		path = room > 0 ? d_path(&vma->vm_file->f_path, name, (int)room) : ERR_PTR(-ENAMETOOLONG);
		if (IS_ERR(path)) {
			vfree(buf);
			return -ENAMETOOLONG;
		}
		*row++ = vma->vm_start;
		*row++ = vma->vm_end;
		*row++ = vma->vm_pgoff;
		memmove(name, path, strlen(path) + 1);
		name += strlen(name) + 1;
	}
	((u64 *)buf)[0] = rows;
	((u64 *)buf)[1] = PAGE_SIZE;
	image->files = buf;
	image->files_len = (size_t)(name - buf);
	return 0;
}

/* => 0 with image filled in; -ENOMEM */
static int take_image(struct core_image *image)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	image->areas.max = (unsigned int)mm->map_count;
	image->areas.area = vmalloc(image->areas.max * sizeof(struct core_area));
	for (vma = mm->mmap; vma && image->areas.area && image->areas.nr < image->areas.max; vma = vma->vm_next)
		note_area(image, vma);
	if (image->areas.area)
		note_files(image, mm); /* without it a debugger can still read the rest */
	up_read(&mm->mmap_sem);
	return image->areas.area ? 0 : -ENOMEM;
}

/* ---- Notes ---------------------------------------------------------------------------------------- */

static size_t note_size(size_t len)
{
	return sizeof(struct elf64_nhdr) + 8 + round_up(len, (size_t)4);
}

static void emit_note(struct core_writer *w, u32 type, const void *data, size_t len)
{
	static const char zeros[4];
	struct elf64_nhdr note = { sizeof(NOTE_NAME), (u32)len, type };

	core_emit(w, &note, sizeof(note));
	core_emit(w, NOTE_NAME "\0\0\0", 8);
	core_emit(w, data, len);
	core_emit(w, zeros, round_up(len, (size_t)4) - len);
}

static void fill_regs(u64 *to, const struct task_struct *t)
{
	const struct pt_regs *regs = task_pt_regs(t);

	static_assert(sizeof(*regs) == 21 * sizeof(u64), "user_regs_struct begins as pt_regs");
	memcpy(to, regs, sizeof(*regs));
	to[21] = t->thread.fsbase;
	to[22] = t->thread.gsbase;
	memset(to + 23, 0, 4 * sizeof(u64)); /* ds, es, fs, gs */
}

static void fill_time(s64 *to, u64 ticks)
{
	to[0] = (s64)(ticks / HZ);
	to[1] = (s64)(ticks % HZ * (1000000 / HZ));
}

static void emit_thread(struct core_writer *w, const struct task_struct *t, const struct linux_siginfo *info)
{
	struct signal_struct *sig = t->signal;
	struct elf_prstatus st;

	memset(&st, 0, sizeof(st));
	st.si_signo = st.cursig = (s16)info->si_signo;
	st.si_code = info->si_code;
	st.si_errno = info->si_errno;
	st.sigpend = t->pending;
	st.sighold = t->blocked;
	st.pid = t->pid;
	st.ppid = sig->ppid;
	st.pgrp = sig->pgrp;
	st.sid = sig->session;
	fill_time(&st.times[0], t->utime);
	fill_time(&st.times[2], t->stime);
	fill_time(&st.times[4], sig->cutime);
	fill_time(&st.times[6], sig->cstime);
	fill_regs(st.regs, t);
	st.fpvalid = t->thread.user_fpu;
	emit_note(w, NT_PRSTATUS, &st, sizeof(st));
}

static void emit_fpu(struct core_writer *w, const struct task_struct *t)
{
	if (t->thread.user_fpu)
		emit_note(w, NT_FPREGSET, t->thread.fpu, FPU_STATE_SIZE);
}

static void emit_process(struct core_writer *w)
{
	struct task_struct *p = current->group_leader;
	struct mm_struct *mm = current->mm;
	struct elf_prpsinfo info;
	size_t len = min(mm->arg_end - mm->arg_start, sizeof(info.psargs) - 1);

	memset(&info, 0, sizeof(info));
	info.sname = 'R';
	info.nice = (char)current->nice;
	info.flag = current->flags;
	info.uid = current->uid;
	info.gid = current->gid;
	info.pid = current->tgid;
	info.ppid = current->signal->ppid;
	info.pgrp = current->signal->pgrp;
	info.sid = current->signal->session;
	get_task_comm(info.fname, p);
	if (access_process_vm(current, mm->arg_start, info.psargs, (int)len, 0) != (int)len)
		memset(info.psargs, 0, sizeof(info.psargs));
	for (size_t i = 0; i < len; i++)
		if (!info.psargs[i])
			info.psargs[i] = ' ';
	emit_note(w, NT_PRPSINFO, &info, sizeof(info));
}

static size_t auxv_size(const struct mm_struct *mm)
{
	size_t i = 0;

	while (i + 2 < AT_VECTOR_SIZE && mm->saved_auxv[i])
		i += 2;
	return (i + 2) * sizeof(long);
}

static void emit_notes(struct core_writer *w, const struct core_image *image,
		       const struct linux_siginfo *info, const struct core_state *core)
{
	emit_thread(w, current, info);
	emit_process(w);
	emit_note(w, NT_SIGINFO, info, sizeof(*info));
	emit_note(w, NT_AUXV, current->mm->saved_auxv, auxv_size(current->mm));
	if (image->files)
		emit_note(w, NT_FILE, image->files, image->files_len);
	emit_fpu(w, current);
	for (const struct core_thread *t = core->threads; t; t = t->next) {
		emit_thread(w, t->task, info);
		emit_fpu(w, t->task);
	}
}

/* => bytes emit_notes() will write */
static size_t notes_size(const struct core_image *image, const struct core_state *core)
{
	size_t size = note_size(sizeof(struct elf_prpsinfo)) + note_size(sizeof(struct linux_siginfo)) +
		      note_size(auxv_size(current->mm));
	const struct task_struct *t = current;

	if (image->files)
		size += note_size(image->files_len);
	for (const struct core_thread *ct = core->threads;; ct = ct->next) {
		size += note_size(sizeof(struct elf_prstatus));
		if (t->thread.user_fpu)
			size += note_size(FPU_STATE_SIZE);
		if (!ct)
			return size;
		t = ct->task;
	}
}

/* ---- Headers and pages ---------------------------------------------------------------------------- */

static void emit_headers(struct core_writer *w, const struct core_image *image, size_t notes)
{
	u64 at = sizeof(struct elf64_ehdr) + (1ULL + image->areas.nr) * sizeof(struct elf64_phdr);
	struct elf64_ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, .e_type = ET_CORE, .e_machine = EM_X86_64,
		.e_version = 1, .e_phoff = sizeof(head), .e_ehsize = sizeof(head),
		.e_phentsize = sizeof(struct elf64_phdr), .e_phnum = (u16)(1 + image->areas.nr),
	};
	struct elf64_phdr ph = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = notes, .p_align = 4 };

	core_emit(w, &head, sizeof(head));
	core_emit(w, &ph, sizeof(ph));
	at = round_up(at + notes, PAGE_SIZE);
	for (unsigned int i = 0; i < image->areas.nr; i++) {
		const struct core_area *a = &image->areas.area[i];

		ph = (struct elf64_phdr){
			.p_type = PT_LOAD, .p_flags = a->flags, .p_offset = at, .p_vaddr = a->start,
			.p_filesz = a->dump_end - a->start, .p_memsz = a->end - a->start, .p_align = PAGE_SIZE,
		};
		core_emit(w, &ph, sizeof(ph));
		at += ph.p_filesz;
	}
}

static void emit_area(struct core_writer *w, const struct core_area *a)
{
	for (unsigned long addr = a->start; addr < a->dump_end && !w->error; addr += PAGE_SIZE) {
		struct page *page = get_dump_page(addr);

		if (page) {
			core_emit(w, kmap(page), PAGE_SIZE);
			kunmap(page);
			put_page(page);
		} else {
			core_skip(w, PAGE_SIZE);
			if (fatal_signal_pending(current))
				w->error = -EINTR;
		}
		cond_resched();
	}
}

void elf_core_dump(struct core_writer *w, const struct linux_siginfo *info, const struct core_state *core)
{
	struct core_image image = { 0 };
	size_t notes;

	w->error = take_image(&image);
	if (w->error)
		return;
	if (image.areas.nr + 1 > 0xfffe) { /* Linux counts further in a section header */
		w->error = -E2BIG;
		goto out;
	}
	arch_save_fpu(); /* the registers as they are now */
	notes = notes_size(&image, core);
	emit_headers(w, &image, notes);
	emit_notes(w, &image, info, core);
	core_skip(w, round_up((u64)w->pos, PAGE_SIZE) - (u64)w->pos);
	for (unsigned int i = 0; i < image.areas.nr && !w->error; i++)
		emit_area(w, &image.areas.area[i]);
out:
	vfree(image.files);
	vfree(image.areas.area);
}
