# SPDX-License-Identifier: MIT
"""Backtraces through the ways into the kernel. The entries of arch/x86_64/entry.S are assembly without unwinding tables;
what all of them keep on the stack when they call C is struct pt_regs, so the frame behind one is what lies there:

    C function -> entry_syscall, irq_common ... (sp = pt_regs) -> the code that was interrupted, kernel's or user's

User memory can be read only while its task is on the CPU; for a sleeping task (tasks.py) the chain ends at the entry.
gdb follows the user's stack for one frame: what the program was doing.
"""
import re

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from gdbcmds import kernel

ENTRIES = {"entry_syscall", "entry_page_fault", "trap_common", "irq_common", "entry_nmi", "entry_double_fault",
           "entry_machine_check", "return_to_user"}
SAVED = {"rip": "ip", "rsp": "sp", "rbp": "bp", "rbx": "bx", "r12": "r12", "r13": "r13", "r14": "r14", "r15": "r15"}


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class EntryUnwinder(Unwinder):
    user_readable = True

    def __init__(self):
        super().__init__("tidemark-entries")
        self.known = {}

    def is_entry(self, pc):
        if pc not in self.known:
            self.known[pc] = gdb.execute(f"info symbol {pc:#x}", to_string=True).split()[0] in ENTRIES
        return self.known[pc]

    def __call__(self, pending):
        pc = int(pending.read_register("rip")) & 0xffffffffffffffff
        if pc < 1 << 63 or pending.level() == 0 or not self.is_entry(pc):
            return None
        sp = pending.read_register("rsp")
        try:
            regs = kernel.Obj("struct pt_regs", int(sp) & 0xffffffffffffffff)
            values = {name: regs[field] for name, field in SAVED.items()}
            if regs["cs"] & 3 and not EntryUnwinder.user_readable:
                values["rip"] = 0
        except kernel.Unreadable:
            return None
        info = pending.create_unwind_info(FrameId(sp, pending.read_register("rip")))
        for name, number in values.items():
            info.add_saved_register(name, gdb.Value(number).cast(sp.type if name == "rsp" else gdb.lookup_type("long")))
        return info


def backtrace(words=(), user_readable=True):
    """=> prints gdb's backtrace, without the frame at 0 that stands for the end"""
    EntryUnwinder.user_readable = user_readable
    try:
        gdb.execute("maintenance flush register-cache", to_string=True)
        lines = gdb.execute(" ".join(["backtrace", *words]), to_string=True).splitlines()
    finally:
        EntryUnwinder.user_readable = True
    at_user = [i for i, line in enumerate(lines) if re.match(r"#\d+ +0x0000[0-7]", line)]
    if at_user and lines[-1].startswith("Backtrace stopped"):
        lines.pop()  # gdb's surprise that the user's stack does not lie behind the kernel's
    while lines and lines[-1].split()[1:2] == ["0x0000000000000000"]:
        lines.pop()
    print("\n".join(lines))


register_unwinder(None, EntryUnwinder(), replace=True)
