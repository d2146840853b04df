# SPDX-License-Identifier: MIT
"""Swap areas come and go; disks that fail; many programs at once in little memory."""
import os
import struct

import pytest

from bad_input import seen
from disks import faulty
from machine import program, run
from test_swap import make_swap, pages_in_image

SH = "/bin/busybox sh -c '{}'"


def test_swapoff_brings_everything_back(tmp_path):
    swap = make_swap(tmp_path / "swap", 128)
    result = run("--memory", "64M", "--cpus", 2, "--swap", swap, execs=[SH.format(
        "pages --mib 30 --rounds 8 --quiet & pages --mib 60 --rounds 1; cat /proc/swaps; swapoff /dev/vda && echo is off; "
        "wc -l < /proc/swaps; wait $!; echo held: $?; swapon /dev/vda && pages --mib 70 --rounds 2")])
    assert result.status == 0, result
    assert "is off" in result.output and "held: 0" in result.output, result
    assert result.lines(r"^1$"), result
    assert len(result.lines(r"^\[ *[\d.]+\] Adding 131068k swap on /dev/vda\.  Priority:-1 extents:1 across:131068k ")) == 2


def test_a_broken_header_is_refused(tmp_path):
    good, short, magic = (make_swap(tmp_path / name, 16) for name in ("good", "short", "magic"))
    with open(short, "r+b") as image:
        image.seek(1028)
        image.write(struct.pack("<I", 5000))
    with open(magic, "r+b") as image:
        image.seek(4086)
        image.write(b"SWAP-SPACE")
    result = run("--memory", "64M", "--disk", good, "--disk", short, "--disk", magic, execs=[SH.format(
        "for d in vda vda vdb vdc; do swapon /dev/$d; echo $d $?; done; swapoff /dev/vdb; echo off $?; cat /proc/swaps")])
    assert result.lines(r"^vda (\d+)$") == [("0",), ("1",)], result
    assert result.lines(r"^vd[bc] (\d+)$") == [("1",), ("1",)] and result.lines(r"^off 1$"), result
    assert result.output.count("Device or resource busy") == 1 and result.output.count("Invalid argument") == 3, result


def test_the_higher_priority_is_used_first(tmp_path):
    low, high = make_swap(tmp_path / "low", 64), make_swap(tmp_path / "high", 64)
    result = run("--memory", "48M", "--disk", low, "--disk", high, adds=[program("swapctl")], execs=[SH.format(
        "/swapctl on /dev/vda; /swapctl on /dev/vdb 5; pages --mib 64 --rounds 1; cat /proc/swaps")])
    assert result.status == 0 and "round 1 of 1: 16384 pages, every word right" in result.output, result
    assert result.lines(r"^/dev/vdb +partition\t65532\t\d+\t5$"), result
    assert result.lines(r"^/dev/vda +partition\t65532\t0\t-1$"), result
    assert not pages_in_image(low, 16384) and pages_in_image(high, 16384)


def test_a_write_error_loses_nothing(tmp_path):
    swap = make_swap(tmp_path / "swap", 64)
    result = run("--memory", "64M", execs=[SH.format(
        "swapon /dev/vda; pages --mib 80 --rounds 3 --rewrite; cat /proc/swaps; swapoff /dev/vda; echo off $?; "
        "swapon /dev/vda; cat /proc/swaps; grep Swap /proc/meminfo")], qemu=["--", *faulty(swap, ("write", 16000))])
    assert result.status == 0, result
    errors = result.lines(r"Write-error on swap-device \((\d+:\d+):(\d+)\)")
    assert errors and {sector for _, sector in errors} == {"16000"}, result
    assert len(result.lines(r"^pages: round \d of 3: 20480 pages, every word right$")) == 3, result
    assert seen(result, "is not used again until swapoff") and "slot 2000 is not used again" in result.output, result
    used = [int(kb) for (kb,) in result.lines(r"^/dev/vda +partition\t65532\t(\d+)\t-1$")]
    assert len(used) == 2 and 4 <= used[0] and used[1] == 0 and result.lines("^off 0$"), result


def test_equals_share_and_requests_are_large(tmp_path):
    """Areas of one priority take turns, and pages that are neighbours on the disk go and come in one request."""
    disks = [make_swap(tmp_path / name, 64) for name in ("one", "other")]
    result = run("--memory", "48M", "--disk", disks[0], "--disk", disks[1], adds=[program("swapctl")], execs=[SH.format(
        "/swapctl on /dev/vda 5; /swapctl on /dev/vdb 5; pages --mib 64 --rounds 3; cat /proc/diskstats")])
    assert result.status == 0 and "round 3 of 3: 16384 pages, every word right" in result.output, result
    held = [len(pages_in_image(disk, 16384)) for disk in disks]
    assert min(held) > 0.45 * sum(held) > 1000, held
    rows = result.lines(r"^ 254 +\d+ vd[ab] (\d+) \d+ (\d+) 0 (\d+) \d+ (\d+) ")
    assert len(rows) == 2, result
    for reads, sectors_read, writes, sectors_written in (map(int, row) for row in rows):
        assert sectors_written / 8 / writes >= 8 and sectors_read / 8 / reads >= 7, result
    assert sum(int(row[1]) for row in rows) / 8 / sum(int(row[0]) for row in rows) >= 7.5, result


def test_a_read_error_costs_one_program(tmp_path):
    swap = make_swap(tmp_path / "swap", 64)
    result = run("--memory", "64M", execs=[SH.format("swapon /dev/vda; pages --mib 80 --rounds 3; echo first $?; pages --mib 20")],
                 qemu=["--", *faulty(swap, ("read", 16000))])
    assert result.status == 0, result
    assert {sector for _, sector in result.lines(r"Read-error on swap-device \((\d+:\d+):(\d+)\)")} == {"16000"}, result
    assert result.lines(r"^first 135$") and seen(result, "Read-error on swap-device"), result
    assert "round 2 of 2: 5120 pages, every word right" in result.output, result


@pytest.mark.parametrize("cpus", [1, 4])
def test_many_programs_in_32_mib(tmp_path, cpus):
    swap = make_swap(tmp_path / "swap", 256)
    jobs = " ".join(f"pages --mib 20 --rounds 2 --seed {seed} --order random & p{seed}=$!;" for seed in range(1, 7))
    waits = " ".join(f"wait $p{seed} || echo job {seed} failed;" for seed in range(1, 7))
    result = run("--memory", "32M", "--cpus", cpus, "--swap", swap, execs=[SH.format(f"{jobs} {waits} echo all done")])
    assert result.status == 0 and "all done" in result.output and "failed" not in result.output, result
    assert len(result.lines(r"^pages: round 2 of 2: 5120 pages, every word right$")) == 6, result


def test_full_swap_kills_the_hog_and_spares_the_rest(tmp_path):
    swap = make_swap(tmp_path / "swap", 32)
    result = run("--memory", "48M", "--cpus", 2, "--swap", swap, execs=[SH.format(
        "pages --mib 8 --rounds 40 --rewrite --quiet & keep=$!; hog --mib 400 --report 0; echo hog $?; wait $keep; echo keeper $?; "
        "swapoff /dev/vda; echo off $?")])
    assert result.status == 0, result
    assert result.lines(r"^hog 137$") and result.lines(r"^keeper 0$") and result.lines(r"^off 0$"), result
    assert len(result.lines(r"Killed process \d+ \(hog\)")) == 1, result


@pytest.mark.parametrize("cpus", [1, 2])
def test_swapoff_among_forks_and_exits(cpus):
    """Interrupted, refused or done, beside tasks that share, copy and drop what is swapped: nothing is lost."""
    result = run("--memory", "48M", "--cpus", cpus, "--swap", "64M", "--swap", "64M", debug=cpus == 2,
                 adds=[program("swap_race")], execs=["/swap_race /dev/vda 200", "cat /proc/vmstat"])
    assert result.status == 0 and "PASS swap_race" in result.output, result
    assert not result.lines("BUG|WARNING|came back changed"), result


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_memory_files_pass_between_memory_and_swap(cpus):
    """Read, written, punched, cut and dropped by eight tasks while they go and come: no page is missed, doubled or old."""
    result = run("--memory", "32M", "--cpus", cpus, "--swap", "128M", debug=cpus == 2, append="chaos=3" if cpus == 2 else "",
                 adds=[program("shmem_race")], execs=[f"/shmem_race {4000 if cpus == 2 else 12000} 32"])
    assert result.status == 0 and "PASS shmem_race" in result.output, result
    assert not result.lines("BUG|WARNING|came back changed"), result


def test_discard_gives_blocks_back(tmp_path):
    """The image of the disk loses what swapon and freed clusters discard; data on other disks and of others stay."""
    for name in ("once", "pages", "data"):
        make_swap(tmp_path / name, 64)
        with open(tmp_path / name, "r+b") as image:
            image.seek(0 if name == "data" else 4096)
            image.write(os.urandom(1 << 20) * 32)
    disks = [arg for i, name in enumerate(("once", "pages", "data")) for arg in (
        "-drive", f"file={tmp_path / name},format=raw,if=none,id=d{i},discard=unmap", "-device", f"virtio-blk-pci,drive=d{i}")]
    data = (tmp_path / "data").read_bytes()
    kib = {name: os.stat(tmp_path / name).st_blocks // 2 for name in ("once", "pages")}
    result = run("--memory", "48M", "--cpus", 2, adds=[program("swapctl")], qemu=["--", *disks], execs=[SH.format(
        "/swapctl on /dev/vda - once; /swapctl on /dev/vdb 5 pages; /swapctl on /dev/vdc - both; "
        "pages --mib 64 --rounds 3 --rewrite; echo pages $?; sleep 1; cat /proc/swaps; swapoff /dev/vdb; echo off $?")])
    assert result.status == 0 and result.lines("^pages 0$") and result.lines("^off 0$"), result
    assert result.lines("Adding 65532k swap on /dev/vda.*SSDs$") and result.lines("Adding 65532k swap on /dev/vdb.*SSDc$"), result
    assert result.lines("^on /dev/vdc: Invalid argument$") and (tmp_path / "data").read_bytes() == data
    left = {name: os.stat(tmp_path / name).st_blocks // 2 for name in ("once", "pages")}
    assert kib["once"] >= 32768 and left["once"] < 2048, (kib, left)
    assert kib["pages"] >= 32768 and left["pages"] < 8192, (kib, left)
