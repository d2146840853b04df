# SPDX-License-Identifier: MIT
"""Random system calls: tests/user/sysfuzz, 20,000 calls in all. `make fuzz CALLS=1000000 SEED=n` makes as many as wanted.

The debug build makes most of them, since it knows more: lock order, poisoned memory, its own assertions.
"""
import os

from machine import program, run


def fuzz(*args, calls, append="", **kwargs):
    seed = int(os.environ.get("TIDEMARK_SEED", "1"))
    result = run(*args, adds=[program("sysfuzz")], execs=[f"/sysfuzz --calls {calls} --seed {seed}"],
                 append=f"loglevel=5 {append}".strip(), **kwargs)
    assert result.status == 0, result
    assert result.lines(rf"^PASS sysfuzz: seed {seed}$"), result
    assert not result.lines("FAIL|BUG|WARNING|panic"), result


def test_four_cpus_checked():
    fuzz("--cpus", 4, calls=7000, debug=True)


def test_little_memory_checked():
    """Allocations fail, pages go to swap, the OOM killer comes."""
    fuzz("--cpus", 2, "--memory", "48M", "--swap", "32M", calls=5000, debug=True)


def test_failing_allocations_checked():
    """Every tenth page and sixtieth object that a program asks for fails: each way back has to give back what it had."""
    fuzz("--cpus", 1, calls=3000, append="ramdisk=16M fail_page_alloc=10 failslab=60", debug=True)


def test_two_cpus():
    fuzz("--cpus", 2, calls=5000)
