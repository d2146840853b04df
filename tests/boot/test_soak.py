# SPDX-License-Identifier: MIT
"""Everything at once, every page checked: user/soak, a few seconds of it. `make soak MINUTES=n` is the long version."""
import os

import pytest

from disks import faulty
from machine import run
from test_swap import make_swap


def seed():
    return int(os.environ.get("TIDEMARK_SEED", "1"))


def soak(*args, ops, words="", execs=(), **kwargs):
    result = run(*args, execs=[f"/bin/soak --seed {seed()} --ops {ops} {words}".rstrip(), *execs], **kwargs)
    assert result.status == 0, result
    assert result.lines(rf"{ops} operations: every page right$"), result
    assert not result.lines("FAIL|BUG|WARNING"), result
    return result


def test_one_cpu():
    soak("--memory", "64M", "--cpus", 1, "--swap", "256M", ops=4000)


def test_two_cpus(debug):
    soak("--memory", "64M", "--cpus", 2, "--swap", "256M", ops=1500, words="--tasks 6", debug=debug)


def test_swap_full():
    soak("--memory", "48M", "--cpus", 2, "--swap", "16M", ops=1500, words="--oom")


def test_no_swap():
    soak("--memory", "48M", "--cpus", 2, ops=1000, words="--oom")


def test_swapoff_beside():
    """One area goes and comes, its pages move to the other; with one alone its absence would be out of memory."""
    soak("--memory", "64M", "--cpus", 2, "--swap", "128M", "--swap", "128M", ops=1500, words="--swapoff /dev/vda")


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_sixteen_tasks_in_32_mib(cpus):
    """Everything at once with hardly anything in memory, then one of the two areas goes and comes under it."""
    result = soak("--memory", "32M", "--cpus", cpus, "--swap", "256M", "--swap", "256M", ops=4800, words="--tasks 16",
                  execs=["/bin/soak --ops 600 --tasks 16 --mib 160 --swapoff /dev/vda", "/bin/busybox cat /proc/vmstat"])
    assert result.lines(r" 600 operations: every page right$"), result
    (swapped,), = result.lines(r"^pswpout (\d+)$")
    assert int(swapped) > 1000, result  # who comes first, and so how much goes out, is chance


@pytest.mark.parametrize("words", ["", "fail_page_alloc=3000"])
def test_sixteen_tasks_and_a_bad_disk(tmp_path, words):
    """Sectors that cannot be written, then allocations that fail as well: nothing is lost, no task dies."""
    swap = make_swap(tmp_path / "swap", 256)
    result = run("--memory", "32M", "--cpus", 2, append=words,
                 qemu=["--", *faulty(swap, *(("write", sector) for sector in range(2560, 12800, 640)))], execs=[
                     f"/bin/busybox sh -c 'swapon /dev/vda && exec soak --seed {seed()} --ops 4800 --tasks 16'"])
    assert result.status == 0 and result.lines(r" 4800 operations: every page right$"), result
    assert not result.lines("FAIL|BUG|WARNING"), result
    assert len(set(result.lines(r"Write-error on swap-device \(\d+:\d+:(\d+)\)"))) > 3, result


def test_four_cpus_under_chaos():
    """Fork, exit, mmap, reclaim, kills: with every lock release, call, flush, wake-up and sleep delayed now and then."""
    result = soak("--memory", "48M", "--cpus", 4, "--swap", "256M", ops=10000, words="--tasks 8 --mib 128", debug=True,
                  append=f"chaos={seed()}", execs=["/bin/busybox cat /proc/vmstat"])
    (delays,), = result.lines(r"chaos: seed \d+: delays: (\d+) locked")
    (swapped,), = result.lines(r"^pswpout (\d+)$")
    assert int(delays) > 100000 and int(swapped) > 1000, result


def test_throttled_for_nothing(tmp_path):
    """Reserves half gone, nothing to reclaim: tasks must not wait for kswapd, but come to the OOM killer."""
    script = tmp_path / "reserve"
    script.write_text("""#!/bin/busybox sh
/bin/pages --mib 34 --rounds 100000 --quiet &
/bin/busybox sleep 2
echo 1 > /proc/sys/vm/overcommit_memory
echo 48000 > /proc/sys/vm/min_free_kbytes
/bin/pages --mib 4 --quiet
echo survived
exit 0
""")
    script.chmod(0o755)
    result = run("--memory", "64M", "--cpus", 2, adds=[f"{script}:/bin/reserve"], execs=["/bin/reserve"], timeout=120)
    assert result.status == 0, result
    assert result.lines("^survived$") and result.lines("Killed process"), result
