# SPDX-License-Identifier: MIT
"""What a session begins with and how it ends: settings, the console of the machine, a panic.

The kernel tells QEMU of its panic (arch/x86_64/power.c), QEMU stops the machine, and the debugger has it: all commands
still work. `continue` lets the kernel power off with status 3.
"""
import os

import gdb

from gdbcmds import kernel, programs
from gdbcmds.command import Command, need

LINES = 20


def stopped(event):
    """Says once that the kernel has panicked, and looks at the CPU that did."""
    kernel.forget()
    try:
        panicked = kernel.symbol("panic_in_progress")
        if panicked and not stopped.told:
            stopped.told = True
            cpu = kernel.symbol("panic_cpu")
            kernel.thread_of_cpu(cpu).switch()
            print(f"The kernel has panicked on CPU {cpu}. The machine waits: bt, tasks, mm ... work; continue ends it.")
    except (gdb.error, kernel.Unreadable):
        pass  # before paging is on nothing of the kernel can be read


stopped.told = False


class Console(Command):
    """console [N | TEXT]: the last N (20) lines of the machine's serial console, or TEXT and Enter typed into it.

The machine reads what was typed when it runs: `console ls /proc`, then `continue`. With `make gdb` all of the console
is in build/gdb-console.log, to be followed in another terminal: tail -f build/gdb-console.log"""

    name = "console"
    kind = gdb.COMMAND_SUPPORT
    needs_machine = False
    words_wanted = (0, 99)

    def invoke(self, argument, from_tty):
        need(programs.FACTS.get("console"), "the console is where scripts/run was started")
        text = argument.strip()
        if text and not text.isdecimal():
            os.write(programs.FACTS["keyboard"], text.encode() + b"\n")
            return
        with open(programs.FACTS["console"], encoding="utf-8", errors="replace") as log:
            for line in log.read().splitlines()[-int(text or LINES) :]:
                print(line)


def begin():
    """=> the machine is stopped in the kernel, or at any later time: follow it from here"""
    programs.watch()


for setting in ("breakpoint pending on", "print null-stop on", "print pretty on"):
    gdb.execute(f"set {setting}")
gdb.events.stop.connect(stopped)
Console()
