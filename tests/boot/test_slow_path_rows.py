# SPDX-License-Identifier: MIT
"""Rows of the slow path's decision table inside the running kernel (mm/rows_selftest.h): each row that can be provoked
has passed, and the two that report say what the table says. Row 13 is a panic: test_oom.py."""
import re

from machine import run

# What a kernel without compaction cannot be brought to: a block that it made, contention, deferral.
NOT_HERE = {13, 21, 47, 48, 49}
MACHINE_C, TWO_NODES = {59, 60, 61, 62, 63}, {64}
ROWS = set(range(1, 65)) - NOT_HERE


def rows(result):
    """=> numbers of the rows that have passed, of those skipped"""
    passed = {int(row) for row in re.findall(r"\bok \d+ mm_row_(\d\d)\w*\r?$", result.output, re.M)}
    skipped = {int(row) for row in re.findall(r"\bok \d+ mm_row_(\d\d)\w* # SKIP", result.output)}
    return passed, skipped


def check(result, skipped):
    assert result.lines(r"selftest: (\d+) passed, 0 failed, \d+ skipped"), result
    assert rows(result) == (ROWS - skipped, skipped), result
    assert result.lines(r"page allocation failure: order:0, mode:0xd1$"), result  # row 42
    killed = result.lines(r"Killed process \d+ \((\w+)\) total-vm:")
    assert len(killed) >= 9 and {name[:7] for (name,) in killed} == {"doomed_"}, result
    # rows 30 and 31 warn, each once; 32 is cautioned
    assert sorted(result.lines(r"WARNING: .* (\w+)\(\): .*__GFP_NOFAIL")) == [("rmqueue_buddy",), ("slow_no_wait",)], result
    assert len(result.lines("__GFP_NORETRY beside __GFP_NOFAIL: may fail")) == 1, result


def test_rows_in_the_kernel():
    result = run("--cpus", 2, append="selftest=mm_row")
    check(result, TWO_NODES)
    assert result.lines(r"page allocation failure: order:0, mode:0x21$"), result  # row 5


def test_rows_on_two_nodes():
    check(run("--cpus", 2, append="selftest=mm_row numa=fake=2 highmem=0"), MACHINE_C)


def test_rows_in_the_debug_build():
    """A small machine: every row poisons and checks all of its memory."""
    check(run("--memory", "48M", "--cpus", 2, append="selftest=mm_row", debug=True), MACHINE_C | TWO_NODES)
