# SPDX-License-Identifier: MIT
"""Rows of the slow path's decision table inside the running kernel (mm/rows_selftest.c): each row that can be provoked
has passed, and the two that report say what the table says."""
import re

from machine import run

ROWS = "01 02 04 05 06 07 08 09 10 11 14 16 33 34 35 36 37 39 40 41 42 44 45 52 53 54 55".split()


def test_rows_in_the_kernel():
    result = run("--cpus", 2, append="selftest=mm_row")
    assert result.lines(r"selftest: (\d+) passed, 0 failed, 0 skipped"), result
    passed = {match for match in re.findall(r"\bok \d+ mm_row_(\d\d)", result.output)}
    assert passed == set(ROWS), result
    assert result.lines(r"page allocation failure: order:0, mode:0x21$"), result  # row 5
    assert result.lines(r"page allocation failure: order:0, mode:0xd1$"), result  # row 42
