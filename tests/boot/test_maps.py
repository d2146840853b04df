# SPDX-License-Identifier: MIT
"""The shapes of recorded firmware maps, scaled below 2 GiB, given to the machine through memmap=exactmap."""
import glob
import os

import pytest

from machine import TOP, run

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


def usable_pages(path):
    """=> whole pages of type 1 that nothing else covers, as tests/data says"""
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
    return len(good - bad)


EVERY = sorted(glob.glob(os.path.join(TOP, "tests", "data", "e820", "*.txt")))


@pytest.mark.parametrize("path", EVERY, ids=[os.path.basename(p)[:-4] for p in EVERY])
def test_the_machine_lives_in_a_recorded_shape(path):
    if len(words(path)) >= COMMAND_LINE:
        pytest.skip("host only (scripts/check-maps): no command line is long enough for it")
    result = run("--memory", "1G", append=words(path),
                 execs=["/bin/busybox cat /proc/zoneinfo", "/bin/pages --mib 16 --rounds 1"])
    assert result.status == 0, result
    present = sum(int(n) for (n,) in result.lines(r"^ +present +(\d+)$"))
    assert present == usable_pages(path), (present, usable_pages(path), result)
