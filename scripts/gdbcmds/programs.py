# SPDX-License-Identifier: MIT
"""Symbols of user programs. When the kernel has loaded a program and is about to start it, an internal breakpoint in
start_user_thread() finds the program's file on this machine and gives gdb its symbols; those of the one before go.

    path in the guest          file here
    as --add said              that file
    /init, /.tidemark-init     build/user/init
    /bin/NAME                  build/user/NAME
    any other                  build/tests/user/NAME if there is one

A file whose entry point is not the one that runs is not believed. Position independent programs are loaded where the
kernel has put them: bias = entry in memory - entry in the file. At a stop in user mode the symbols become those of the
program stopped in. Breakpoints are addresses: one in a program also stops another that has code at the same place.
"""
import json
import os
import struct

import gdb

from gdbcmds import files, kernel, layout
from gdbcmds.command import Command, need
from gdbcmds.tasks import current

AT_ENTRY, ET_EXEC, ET_DYN = 9, 2, 3
FACTS = json.loads(os.environ.get("TIDEMARK_GDB", "{}"))


class Loaded:
    """What gdb has besides the kernel."""

    file = address = guest = None
    pinned = False


def build(*parts):
    return os.path.join(layout.TOP, "build", *parts)


def host_file(guest):
    """=> the file here that a path of the guest stands for, or None"""
    for add in FACTS.get("add") or []:
        host, _, to = (add, "", "") if os.path.exists(add) else add.partition(":")
        if guest == (to or "/" + os.path.basename(os.path.normpath(host))):
            return os.path.abspath(host)
        if os.path.isdir(host) and guest.startswith(to.rstrip("/") + "/"):
            inside = os.path.join(host, guest[len(to.rstrip("/")) + 1 :])
            if os.path.isfile(inside):
                return os.path.abspath(inside)
    folder, name = os.path.split(guest)
    for path in ([build("user", "init")] if guest in ("/init", "/.tidemark-init") else [],
                 [build("user", name)] if folder == "/bin" else [], [build("tests", "user", name)]):
        if path and os.path.isfile(path[0]):
            return path[0]
    return None


def elf_header(path):
    """=> (type, entry); None if it is no ELF file of ours"""
    with open(path, "rb") as f:
        head = f.read(64)
    if len(head) < 64 or head[:5] != b"\x7fELF\x02":
        return None
    return struct.unpack_from("<H", head, 16)[0], struct.unpack_from("<Q", head, 24)[0]


def bias_of(path, entry):
    """=> how far from its own addresses the file runs if it starts at entry; None: it is another program"""
    header = elf_header(path)
    if not header:
        return None
    bias = entry - header[1]
    right = bias == 0 if header[0] == ET_EXEC else bias >= 0 and bias % layout.PAGE_SIZE == 0
    return bias if right else None


def drop():
    if Loaded.file:
        try:
            gdb.execute(f"remove-symbol-file -a {Loaded.address:#x}", to_string=True)
        except gdb.error:
            pass
    Loaded.file = Loaded.address = Loaded.guest = None


def take(path, bias, guest):
    """Symbols of this file instead of those before."""
    header = elf_header(path)
    if Loaded.file == path and Loaded.address == header[1] + bias:
        return
    drop()
    gdb.execute(f'add-symbol-file "{path}" -o {bias:#x}', to_string=True)
    Loaded.file, Loaded.address, Loaded.guest = path, header[1] + bias, guest


def running(task):
    """=> (path in the guest, entry point) of a task's program; (None, 0) for the kernel's own threads"""
    mm = task.mm
    if not mm or not mm["exe_file"]:
        return None, 0
    auxv = struct.unpack("<48Q", kernel.read(mm.at("saved_auxv"), 384))
    return files.file_path(mm["exe_file"]), dict(zip(auxv[::2], auxv[1::2])).get(AT_ENTRY, 0)


def follow(guest, entry):
    """Gives gdb the symbols of the program that starts, or none if its file is not known here."""
    if Loaded.pinned:
        return
    path = host_file(guest)
    bias = bias_of(path, entry) if path else None
    if bias is None:
        drop()
    else:
        take(path, bias, guest)


class ExecBreakpoint(gdb.Breakpoint):
    """Never stops the machine for the user; like the kernel's own lx-symbols it works while gdb decides about a stop."""

    def __init__(self):
        super().__init__("*start_user_thread", internal=True)
        self.silent = True

    def stop(self):
        kernel.forget()
        try:
            guest, _ = running(current())
            if guest:
                follow(guest, kernel.newest_register("rsi"))
        except (gdb.error, kernel.Unreadable) as error:
            print(f"symbols of the program that starts now: {error}")
        return False


def stopped(event):
    """At a stop in user mode: the symbols of the program that runs there."""
    kernel.forget()
    try:
        if kernel.in_user_mode():
            guest, entry = running(current())
            if guest:
                follow(guest, entry)
    except (gdb.error, kernel.Unreadable):
        pass  # early in boot there are no tasks, and nothing to follow


def watch():
    """=> from now on programs are followed; the kernel is in memory"""
    if not any(isinstance(b, ExecBreakpoint) for b in gdb.breakpoints() or ()) and not watch.begun:
        watch.begun = True
        ExecBreakpoint()
        gdb.events.stop.connect(stopped)


watch.begun = False


class Program(Command):
    """program [FILE | auto]: which user program's symbols gdb has, or those of FILE from now on.

By itself gdb follows the programs that the machine starts (docs/gdb.md says where it looks for their files). FILE is
taken for the task of the selected CPU, and kept until `program auto`: also when other programs start."""

    name = "program"
    needs_machine = True
    words_wanted = (0, 1)

    def run(self, words):
        if words == ["auto"]:
            Loaded.pinned = False
        elif words:
            need(os.path.isfile(words[0]) and elf_header(words[0]), f"{words[0]}: no ELF file")
            guest, entry = running(current())
            bias = bias_of(words[0], entry) if guest else 0 if elf_header(words[0])[0] == ET_EXEC else None
            need(bias is not None, f"{words[0]} is not the program of the current task: " + (
                f"{guest} starts at {entry:#x}" if guest else "that is a thread of the kernel"))
            take(os.path.abspath(words[0]), bias, guest)
            Loaded.pinned = True
        print(f"symbols of {Loaded.file}" + (f" for {Loaded.guest}" if Loaded.guest else "") +
              (", kept until `program auto`" if Loaded.pinned else "") if Loaded.file else "no program's symbols")

    def complete(self, text, word):
        return gdb.COMPLETE_FILENAME


Program()
