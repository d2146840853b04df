# SPDX-License-Identifier: MIT
"""The shapes of recorded firmware maps, scaled below 2 GiB, given to the machine through memmap=exactmap."""
import glob
import os

import pytest

from machine import TOP, run
from test_shapes import zones

MACHINE = 1 << 30
FIRST_MIB = 1 << 20
COMMAND_LINE = 3900  # a map of hundreds of entries is longer than a command line may be: the host tests have it
LETTER = {1: "@", 3: "#"}


def entries(path):
    for line in open(path):
        words = line.split("#")[0].split()
        if len(words) == 3:
            yield int(words[0], 0), int(words[1], 0), int(words[2])


def scaled(path):
    """=> (start, end, type): below 1 MiB as recorded, above it squeezed into the machine's RAM, page by page"""
    ranges = [r for r in entries(path) if r[0] < r[1]]
    top = max((end for _, end, kind in ranges if kind == 1), default=0)
    factor = max(1, -(-top // (MACHINE - (32 << 20))))
    for start, end, kind in ranges:
        if start >= FIRST_MIB:
            start, end = FIRST_MIB + (start - FIRST_MIB) // factor, FIRST_MIB + (end - FIRST_MIB) // factor
        if start < end and start < top // factor + FIRST_MIB:
            yield start, end, kind


def words(path):
    out = ["memmap=exactmap"]
    for start, end, kind in scaled(path):
        out.append(f"memmap={end - start:#x}{LETTER.get(kind, '$')}{start:#x}")
    return " ".join(out)


ZONES = (("DMA", 0, 16 << 20), ("Normal", 16 << 20, 896 << 20), ("HighMem", 896 << 20, 1 << 52))


def usable_frames(path):
    """=> the frames of type 1 that nothing else covers, as tests/data says"""
    good, bad = set(), set()
    ram = sorted((s, e) for s, e, kind in scaled(path) if kind == 1)
    joined = []
    for start, end in ram:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    for start, end in joined:
        good.update(range(-(-start // 4096), end // 4096))
    for start, end, kind in scaled(path):
        if kind != 1:
            bad.update(range(start // 4096, -(-end // 4096)))
    return good - bad


def expected_zones(frames):
    """=> {zone: (pages spanned, pages present)}: from its lower border, but never before the first frame of all, to its
    upper one or the end of memory. A zone without memory is not there"""
    out, low, top = {}, min(frames), max(frames) + 1
    for name, start, end in ZONES:
        first, last = max(start // 4096, low), min(end // 4096, top)
        present = sum(first <= frame < last for frame in frames)
        if present:
            out[name] = last - first, present
    return out


EVERY = sorted(glob.glob(os.path.join(TOP, "tests", "data", "e820", "*.txt")))


@pytest.mark.parametrize("path", EVERY, ids=[os.path.basename(p)[:-4] for p in EVERY])
def test_the_machine_lives_in_a_recorded_shape(path):
    if len(words(path)) >= COMMAND_LINE:
        pytest.skip("host only (scripts/check-maps): no command line is long enough for it")
    result = run("--memory", "1G", append=words(path),
                 execs=["/bin/busybox cat /proc/zoneinfo", "/bin/pages --mib 16 --rounds 1"])
    assert result.status == 0, result
    found = {name: z for _, name, z in zones(result)}
    expected = expected_zones(usable_frames(path))
    assert {name: (z["spanned"], z["present"]) for name, z in found.items() if z["present"]} == expected, (expected, result)
    managed = {name: z["managed"] for name, z in found.items()}
    at_boot = {name: int(n) for name, n in result.lines(r"(\w+) zone: node 0, .* (\d+) managed")}
    for name, (_, present) in expected.items(): # the initrd's pages come later
        assert at_boot[name] <= managed[name] <= present and managed[name] > present * 4 // 5 - 2048, (name, expected, result)
    ((kept, total, high),) = result.lines(r"Memory: (\d+)K/(\d+)K available \(.*?(\d+)K highmem\)")
    assert int(kept) <= sum(managed.values()) * 4 and sum(p for _, p in expected.values()) * 4 == int(total), result
    assert int(kept) >= int(total) * 3 // 4 - 8192 and int(high) <= managed.get("HighMem", 0) * 4, result
