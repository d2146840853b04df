# SPDX-License-Identifier: MIT
"""The kernel's guards against itself, each seen at work: drivers/lkdtm.c breaks the rule, the machine dies of it.

What user programs may not do is in tests/user/security.c and security_leaks.c (test_programs.py).
"""
import pytest

from test_panic import check_report, provoke

GUARDS = {
    "WRITE_RO": r"paging request at ffffffff8[0-9a-f]{7} \(write, no permission\)",  # CR0.WP, constants
    "WRITE_KERN": r"paging request at ffffffff8[0-9a-f]{7} \(write, no permission\)",  # code
    "EXEC_DATA": r"paging request at ffffffff8[0-9a-f]{7} \(fetch, no permission\)",  # NX
    "EXEC_STACK": r"paging request at ffffc9[0-9a-f]{10} \(fetch, no permission\)",
    "EXEC_USERSPACE": r"paging request at 00007[0-9a-f]{11} \(fetch, no permission\)",  # SMEP
    "ACCESS_USERSPACE": r"paging request at 00007[0-9a-f]{11} \(read, no permission\)",  # SMAP
    "CORRUPT_STACK": r"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: do_corrupt_stack\+0x",
}


@pytest.mark.parametrize("name", GUARDS)
def test_guard(name):
    result = provoke(name)
    assert result.lines(GUARDS[name]), result
    check_report(result, ".*", 1)
