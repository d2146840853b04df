# SPDX-License-Identifier: MIT
"""Ordinary users, and root, take all there is of something: each ends in an error or in the culprit's death, and then
the machine has its memory back. The list is in tests/user/exhaust.c."""
from machine import program, run

PARTS = ("pids", "descriptors", "tmpfs", "tmpfs_mapping", "stack", "arguments", "address_space", "locked", "paths", "pipes",
         "user_bomb", "root_bomb")


def test_everything_can_run_out(debug):
    result = run("--memory", "128M", "--cpus", 2, debug=debug, adds=[program("exhaust")], execs=["/exhaust"])
    assert result.status == 0 and "PASS exhaust" in result.output, result
    assert [name for (name,) in result.lines(r"^exhaust (\w+): ok, ")] == [*PARTS, *PARTS], result
    assert "VFS: file-max limit" in result.output, result
