# SPDX-License-Identifier: MIT
"""Sixteen tasks in 32 MiB that fork, map, unmap, exit, write files and a disk and are killed: every page is checked, and
nobody waits for what waits for him. Then the same while swap goes and comes, while allocations fail, and on disks
that neither take nor give everything back. user/soak is the program; TIDEMARK_SEED=n draws other operations."""
import os
import random

import pytest

from disks import faulty
from machine import run
from test_swap import make_swap

SEED = int(os.environ.get("TIDEMARK_SEED", "1"))
TASKS = "--tasks 16"


def thrash(*args, ops, words, before=(), after=(), append="", **kwargs):
    """=> Result of soak's run in 32 MiB; every page was right"""
    for _ in range(3):
        result = run("--memory", "32M", *args, append=f"loglevel=5 {append}",
                     execs=[*before, f"/bin/soak --seed {SEED} --ops {ops} {TASKS} {words}", *after], **kwargs)
        if "--loss" not in words or "Attempted to kill init! exitcode=0x00000007" not in result.output:
            break
    assert result.status == 0 and result.lines(rf"{ops} operations: every page right$"), result
    assert not result.lines("FAIL|BUG|WARNING|blocked for more"), result
    return result


def counter(result, name):
    ((value,),) = result.lines(rf"^{name} (\d+)$")
    return int(value)


def data_disk(tmp_path):
    with open(tmp_path / "data", "wb") as out:
        out.truncate(16 << 20)
    return ["--disk", tmp_path / "data"]


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_sixteen_tasks(tmp_path, cpus, debug):
    result = thrash("--cpus", cpus, "--swap", "512M", *data_disk(tmp_path), ops=1600 if debug else 4800,
                    words="--disk /dev/vdb", debug=debug, after=["/bin/busybox cat /proc/vmstat"])
    assert counter(result, "pswpout") > 2000 and counter(result, "allocstall") and counter(result, "pageoutrun"), result


@pytest.mark.parametrize("cpus", [1, 2])
def test_swap_goes_and_comes(tmp_path, cpus):
    """Two areas are switched off and on all the while, with ever other priorities; so is the policy."""
    thrash("--cpus", cpus, "--swap", "256M", "--swap", "256M", *data_disk(tmp_path), ops=2400,
           words="--disk /dev/vdc --mib 100 --swapoff /dev/vda --swapoff /dev/vdb --policies")


@pytest.mark.parametrize("cpus", [1, 2])
def test_allocations_fail(tmp_path, cpus, debug):
    """Every 20th allocation of what is not a user's page; a fault that finds no page table may end in a kill."""
    thrash("--cpus", cpus, "--swap", "512M", *data_disk(tmp_path), ops=1600, words="--disk /dev/vdb --oom --mib 140",
           append="fail_page_alloc=20 failslab=50", debug=debug)


def sectors(n, first=512):
    """=> n sectors, each the first of a page, in the first 64 MiB behind slot `first`"""
    return [8 * slot for slot in sorted(random.Random(SEED).sample(range(first, 64 << 8), n))]


def test_what_cannot_be_written_is_kept(tmp_path, debug):
    """A hundred slots take nothing: their pages stay in memory, dirty, and nobody notices."""
    swap = make_swap(tmp_path / "swap", 512)
    result = thrash("--cpus", 2, ops=2400, words="", debug=debug, before=["/bin/busybox swapon /dev/vda"],
                    qemu=["--", *faulty(swap, *(("write", sector) for sector in sectors(100)))])
    failed = {int(sector) for (sector,) in result.lines(r"Write-error on swap-device \(\d+:\d+:(\d+)\)")}
    assert failed and failed <= set(sectors(100)), result


def test_what_cannot_be_read_is_never_wrong(tmp_path, debug):
    """Some slots give nothing back: SIGBUS for who touches them, nothing for the others. What goes out first is spared:
    init is among that, and nobody outlives init. Should it lose a page all the same, another machine is tried."""
    bad = sectors(100, first=4096)
    swap = make_swap(tmp_path / "swap", 512)
    result = thrash("--cpus", 2, ops=4800, words="--loss", debug=debug, before=["/bin/busybox swapon /dev/vda"],
                    qemu=["--", *faulty(swap, *(("read", sector) for sector in bad))])
    failed = {int(sector) for (sector,) in result.lines(r"Read-error on swap-device \(\d+:\d+:(\d+)\)")}
    assert failed and failed <= set(bad), result
