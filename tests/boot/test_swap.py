# SPDX-License-Identifier: MIT
"""Twice the RAM on a swap disk: nothing is lost, and the pages really went through the disk."""
import json
import os
import socket
import struct
import subprocess
import time

import pytest

import bad_input
from machine import TIMEOUT, Result, command, program, run

MASK = (1 << 64) - 1
STEP = 0x100000001B3
PAGES_PER_MIB = 256


def mix(x):
    x ^= x >> 33
    x = x * 0xFF51AFD7ED558CCD & MASK
    x ^= x >> 33
    x = x * 0xC4CEB9FE1A85EC53 & MASK
    return x ^ x >> 33


def first_word(page, round_, seed=1):
    """=> what user/pages.c puts into the first word of a page"""
    return mix((seed * 0x9E3779B97F4A7C15 + page * 2654435761 + round_) & MASK)


def whole_page(first):
    return struct.pack("<512Q", *((first + i * STEP) & MASK for i in range(512)))


def make_swap(path, mib):
    with open(path, "wb") as image:
        image.truncate(mib << 20)
    subprocess.run(["mkswap", "-q", str(path)], check=True, env={**os.environ, "PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
    return path


def vmstat(result, name):
    return int(result.lines(rf"^{name} (\d+)$")[-1][0])


def pages_in_image(path, pages, rounds=(0,)):
    """=> {page: [(round, slot)]} of every whole page of user/pages.c found in the image"""
    wanted = {first_word(page, r): (page, r) for page in range(pages) for r in rounds}
    found = {}
    with open(path, "rb") as image:
        slot = 0
        while block := image.read(4096):
            hit = wanted.get(struct.unpack_from("<Q", block)[0])
            if hit and block == whole_page(first_word(*hit)):
                found.setdefault(hit[0], []).append((hit[1], slot))
            slot += 1
    return found


@pytest.mark.parametrize("boot,cpus", [("direct", 1), ("direct", 2), ("grub", 1), ("grub", 2)])
def test_twice_the_ram(tmp_path, boot, cpus):
    swap, mib = make_swap(tmp_path / "swap", 256), 256
    result = run("--memory", "128M", "--cpus", cpus, "--swap", swap, boot=boot,
                 execs=[f"/bin/pages --mib {mib} --rounds 2",
                        "/bin/busybox sh -c 'cat /proc/vmstat; for p in /proc/[0-9]*; do cat $p/stat; done; exit 0'"])
    assert result.status == 0, result
    assert len(result.lines(r"^pages: round \d of 2: 65536 pages, every word right$")) == 2, result
    swapped = (mib - 128) * PAGES_PER_MIB
    for name in ("pswpout", "pswpin"):
        assert vmstat(result, name) >= 0.8 * swapped, (name, result)
    assert vmstat(result, "pageoutrun") > 0, result
    assert sum(vmstat(result, f"pgsteal_kswapd_{zone}") for zone in ("dma", "normal", "high")) > 0, result
    utime, stime = result.lines(r"^\d+ \(kswapd0\) (?:\S+ ){11}(\d+) (\d+) ")[-1]
    assert int(utime) + int(stime) > 0, "kswapd0 used no time"
    assert len(pages_in_image(swap, mib * PAGES_PER_MIB)) >= 0.5 * swapped


def test_twice_the_ram_debug(tmp_path):
    swap = make_swap(tmp_path / "swap", 128)
    result = run("--memory", "64M", "--cpus", 2, "--swap", swap, debug=True,
                 execs=["/bin/pages --mib 128 --rounds 2 --rewrite --order random"])
    assert result.status == 0, result


def test_rewritten_pages_survive(tmp_path):
    """Each round rewrites what came back from the disk: a lost dirty bit or a stale TLB entry shows the old data."""
    swap = make_swap(tmp_path / "swap", 128)
    result = run("--memory", "48M", "--swap", swap, execs=["/bin/pages --mib 80 --rounds 3 --rewrite"])
    assert result.status == 0, result


def test_kswapd_keeps_a_gentle_program_from_reclaiming_itself():
    """Woken at low and working to high, kswapd frees enough for a program that pauses: no direct reclaim at all.

    Swap lies on the RAM disk: under icount the whole run is then the same each time."""
    script = "mkswap /dev/ram0 >/dev/null && swapon /dev/ram0 && exec /gentle 40"
    result = run("--memory", "80M", "--icount", append="ramdisk=48M", adds=[program("gentle")],
                 execs=[f"/bin/busybox sh -c '{script}'"])
    assert result.status == 0, result
    ((stalls, out),) = result.lines(r"^gentle: (\d+) direct reclaims, (\d+) pages swapped out$")
    assert int(stalls) == 0 and int(out) > 1000, result


class Qmp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(600):
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                time.sleep(0.1)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.stream.flush()
        while "return" not in (answer := json.loads(self.stream.readline())):
            assert "error" not in answer, answer


def invert_sector(path, slot):
    with open(path, "r+b") as image:
        image.seek(slot * 4096)
        sector = image.read(512)
        image.seek(slot * 4096)
        image.write(bytes(byte ^ 0xFF for byte in sector))


def test_a_sector_inverted_on_the_disk_is_noticed(tmp_path, debug):
    """By the program; by the kernel, and before, in debug builds: it shows nobody a page that is not what was written.

    Stop the machine in round 2, invert one sector of a page that lies ahead of the program, go on."""
    swap, mib = make_swap(tmp_path / "swap", 128), 128
    pages = mib * PAGES_PER_MIB
    machine = subprocess.Popen(
        command("--memory", "64M", "--swap", swap, "--qmp", tmp_path / "qmp",
                execs=[f"/bin/pages --mib {mib} --rounds 4 --rewrite --progress 1024"], timeout=TIMEOUT, debug=debug),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    qmp, seen = Qmp(tmp_path / "qmp"), ""
    for line in machine.stdout:
        seen += line
        if "round 2 at page 4096" in line:
            break
    qmp.command("stop")
    newest = {page: max(copies) for page, copies in pages_in_image(swap, pages, rounds=(1, 2)).items()}
    ahead = [page for page in range(pages // 4, pages // 2) if newest.get(page, (0, 0))[0] == 2]
    assert ahead, "no page ahead of the program lies on the disk\n" + seen
    invert_sector(swap, newest[ahead[0]][1])
    qmp.command("cont")
    seen += machine.stdout.read()
    assert machine.wait() == 1, seen
    if debug:
        assert "killed by signal 7" in seen and f"pages: page {ahead[0]} " not in seen, seen
        assert bad_input.seen(Result(1, seen), "came back changed")
    else:
        assert f"pages: page {ahead[0]} " in seen or "killed by signal 7" in seen, seen
