# SPDX-License-Identifier: MIT
"""Backtraces as `bt` prints them: gdb's own, with three of its lines put right.

    the way into the kernel   its unwinding table (arch/x86_64/entry.S) is that of a signal frame, because the stack of what
                              was interrupted may lie anywhere; gdb then does not print its name
    user code                 a sleeping task's is not in memory where its addresses say: the backtrace ends at the entry
    the end                   a frame at address 0
"""
import re

import gdb

SIGNAL = "<signal handler called>"


def name_of_frame(level):
    frame = gdb.newest_frame()
    while frame and frame.level() < level:
        frame = frame.older()
    return gdb.execute(f"info symbol {frame.pc():#x}", to_string=True).split()[0] if frame else SIGNAL


def backtrace(words=(), user_readable=True):
    """=> prints it; words: what gdb's command takes"""
    out = []
    for line in gdb.execute(" ".join(["backtrace", *words]), to_string=True).splitlines():
        if re.match(r"#\d+ +0x0{16} in", line) or (not user_readable and re.match(r"#\d+ +0x0000[0-7]", line)):
            break
        if line.startswith("Backtrace stopped") and out and re.match(r"#\d+ +0x0000[0-7]", out[-1]):
            break  # user code without unwinding tables: that is what it looks like
        if line.endswith(SIGNAL):
            line = line.replace(SIGNAL, f"{name_of_frame(int(line[1:].split()[0]))} ()")
        out.append(line)
    print("\n".join(out))
