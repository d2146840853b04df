# SPDX-License-Identifier: MIT
"""mm pte: the way of the processor from an address to a frame, entry by entry. walk() serves the others.

All tables lie in lowmem, so they are read through the direct map whatever address space is loaded.
"""
import struct

from gdbcmds import files, kernel, layout, pages, swap
from gdbcmds.command import Command, need, need_memory, number
from gdbcmds.kernel import Obj
from gdbcmds.tasks import Task, all_tasks, complete_pid, current, task_of_word

D = layout.DEFINE
LEVELS = (("pgd", "PGDIR_SHIFT"), ("pud", "PUD_SHIFT"), ("pmd", "PMD_SHIFT"), ("pte", "PAGE_SHIFT"))
BITS = (("_PAGE_RW", "write"), ("_PAGE_USER", "user"), ("_PAGE_PWT", "write-through"), ("_PAGE_PCD", "no cache"),
        ("_PAGE_ACCESSED", "accessed"), ("_PAGE_DIRTY", "dirty"), ("_PAGE_GLOBAL", "global"),
        ("_PAGE_SPECIAL", "special"))
FRAME = D["PTE_PFN_MASK"]


class Entry:
    """One table entry: its level's name, where it lies, its value."""

    def __init__(self, level, address, value):
        self.level, self.address, self.value = level, address, value

    @property
    def present(self):
        return bool(self.value & D["_PAGE_PRESENT"])

    @property
    def large(self):
        return self.level in ("pud", "pmd") and self.present and bool(self.value & D["_PAGE_PSE"])

    @property
    def is_leaf(self):
        return self.level == "pte" or self.large

    @property
    def protnone(self):
        return self.level == "pte" and not self.present and bool(self.value & D["_PAGE_PROTNONE"])

    @property
    def pfn(self):
        return (self.value & FRAME) >> layout.PAGE_SHIFT

    def words(self):
        if not self.value:
            return "empty"
        if not self.present and not self.protnone:
            return swap.describe(self.value)
        names = ["PROT_NONE" if self.protnone else "present"]
        names += [word for bit, word in BITS if self.value & D[bit] and not (self.protnone and bit == "_PAGE_GLOBAL")]
        names += ["NX"] if self.value & D["_PAGE_NX"] else []
        return ("large page " if self.large else "") + f"frame {self.pfn:#x}, " + " ".join(names)


def direct(physical):
    return layout.PAGE_OFFSET + physical


def is_canonical(address):
    return address >> 47 in (0, 0x1ffff)


def walk(pgd, address):
    """=> the Entries from the top table down to the one that ends the walk"""
    table = pgd
    for level, shift in LEVELS:
        at = table + (address >> D[shift] & 511) * 8
        entry = Entry(level, at, struct.unpack("<Q", kernel.read(at, 8))[0])
        yield entry
        if not entry.present or entry.is_leaf:
            return
        table = direct(entry.value & FRAME)


def translate(pgd, address):
    """=> the frame that address leads to, or None"""
    entry = list(walk(pgd, address))[-1]
    if not entry.is_leaf or not (entry.present or entry.protnone):
        return None
    return entry.pfn + (address >> layout.PAGE_SHIFT & ((1 << D["PMD_SHIFT"] - layout.PAGE_SHIFT) - 1 if entry.large else 0))


def kernel_pgd():
    return kernel.address_of("swapper_pg_dir")


def is_user(address):
    return address < D["TASK_SIZE"]


def space_of(address, words):
    """=> (pgd, mm or None, whose): the tables to walk for an address; words: perhaps a pid"""
    if not is_user(address):
        return kernel_pgd(), None, "the kernel"
    task = task_of_word(words[0]) if words else current()
    mm = task.mm
    need(mm, f"task {task.pid} ({task.comm}) has no address space of its own, and {address:#x} is a user address: "
             "name a pid (tasks lists them)")
    return mm["pgd"], mm, f"task {task.pid} ({task.comm})"


def area_of(mm, address):
    """=> the vm_area_struct that covers address, or None"""
    at = mm["mmap"]
    while at:
        vma = Obj("struct vm_area_struct", at)
        if vma["vm_start"] <= address < vma["vm_end"]:
            return vma
        at = vma["vm_next"]
    return None


def describe_area(vma):
    flags = vma["vm_flags"]
    rights = "".join(letter if flags & D[bit] else "-" for letter, bit in
                     (("r", "VM_READ"), ("w", "VM_WRITE"), ("x", "VM_EXEC")))
    what = files.file_path(vma["vm_file"]) if vma["vm_file"] else "stack" if flags & D["VM_GROWSDOWN"] else "anonymous"
    return f"{vma['vm_start']:#x}-{vma['vm_end']:#x} {rights}{'s' if flags & D['VM_SHARED'] else 'p'} {what}"


def table_frames(pgd):
    """=> {pfn: level} of the tables of a user address space, the top one included"""
    found = {(pgd - layout.PAGE_OFFSET) >> layout.PAGE_SHIFT: "pgd"}
    level = [(pgd, D["USER_PTRS_PER_PGD"])]
    for name in ("pud", "pmd", "pte"):
        below = []
        for table, slots in level:
            for value in struct.unpack(f"<{slots}Q", kernel.read(table, slots * 8)):
                if value & D["_PAGE_PRESENT"] and not value & D["_PAGE_PSE"]:
                    below.append((direct(value & FRAME), 512))
                    found[(value & FRAME) >> layout.PAGE_SHIFT] = name
        level = below
    return found


def spaces():
    """=> {mm address: [Task, ...]}: the address spaces and the processes in them"""
    out = {}
    for task in all_tasks():
        if task["mm"] and not any(t["tgid"] == task["tgid"] for t in out.get(task["mm"], [])):
            out.setdefault(task["mm"], []).append(task)
    return out


class Pte(Command):
    """mm pte ADDR [PID]: the page-table entries on the way to an address.

Each line is one table of the four: where the entry lies, its value, what its bits say; the last one names the
frame, the swap slot, or says that nothing is there. A user address is looked up in the task of the selected CPU, or
in that of PID; a kernel address in the kernel's tables. ADDR is any expression of gdb: 0x400000, $rip, &max_pfn."""

    name = "mm pte"
    words_wanted = (1, 2)

    def run(self, words):
        need_memory()
        address = number(words[0], "an address")
        need(is_canonical(address), f"{address:#x} is no address: bits 47 to 63 must be alike")
        pgd, mm, whose = space_of(address, words[1:])
        print(f"{address:#x} in {whose}")
        if mm:
            vma = area_of(mm, address)
            print("  area " + (describe_area(vma) if vma else "none: an access is a SIGSEGV"))
        for entry in walk(pgd, address):
            print(f"  {entry.level} at {entry.address:#x} = {entry.value:#018x}  {entry.words()}")
        frame = translate(pgd, address)
        if frame is not None:
            zero = frame == (kernel.symbol("zero_page") - layout.VMEMMAP) // pages.page_size()
            physical = frame << layout.PAGE_SHIFT | address & layout.PAGE_SIZE - 1
            print(f"  -> frame {frame:#x}, physical {physical:#x}" + (", the zero page" if zero else ""))

    def complete(self, text, word):
        return complete_pid(word) if " " in text.lstrip() else []


Pte()
