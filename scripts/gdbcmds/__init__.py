# SPDX-License-Identifier: MIT
"""gdb that knows the kernel: the commands of `make gdb` (docs/gdb.md). Loaded with `source scripts/gdbcmds/load.py`.

    layout.py    constants of the C headers                   command.py   what every command has in common
    kernel.py    structures of the kernel, by DWARF           tasks.py     tasks, bt, $current(), $task()
    pages.py     struct page, in bulk                         zones.py     mm zones, mm buddy, mm lru
    tables.py    mm pte: page tables                          swap.py      mm swap
    frames.py    backtraces through the kernel's entries      files.py     names of files
    rmap.py      who maps a page                              page.py      mm page
    owner.py     mm owner: page_owner's records               oom.py       mm oom: the killer's trial
    pcp.py       mm pcp: per-CPU lists
    check.py     mm check: the invariants                     programs.py  symbols of user programs
    session.py   panics, the console, how a session begins

A new command is a class in a module that load.py names. Nothing here changes the machine, but for registers that `bt PID`
sets and puts back.
"""
