# SPDX-License-Identifier: MIT
"""Every shape of machine: memory, CPUs, HighMem, loader, payload in the initrd, nodes, build.

Not the product of all but pairs: any two values of two columns meet in some machine (test_every_pair_is_there
counts them). Each machine runs a pipeline, a storm of forks, checks a payload of random bytes that came in the
initrd, fills its memory, and powers off. What /proc says is compared with the firmware's map as printed at boot.
"""
import hashlib
import itertools
import random
import re
import subprocess

import pytest

from machine import command, Result, run

MIB = 1 << 20
PAGE = 4096
LOWMEM = 896 * MIB  # above it lies HighMem, unless highmem= says otherwise
COLUMNS = {
    "memory": ("16M", "32M", "64M", "256M", "1G", "2G", "4G", "16G"),
    "cpus": (1, 2, 4),
    "highmem": ("0", "128M", ""),  # 128M: a quarter of a machine that is too small for it
    "boot": ("direct", "grub"),
    "payload": (1, 100),  # MiB
    "numa": ("", "fake", "two"),
    "build": ("release", "debug"),
}
NAMES = list(COLUMNS)


def mib(text):
    return int(text[:-1]) * (1024 if text[-1] == "G" else 1)


def possible(shape):
    """False for what no machine can hold; a partly known shape may still become possible."""
    memory = mib(shape["memory"]) if "memory" in shape else 1 << 20
    if memory < 256 and shape.get("payload") == 100:
        return False  # the archive and what it becomes are there at once
    return memory >= 64 or shape.get("numa", "") == ""


def pairs_of(shape):
    return set(itertools.combinations([(n, shape[n]) for n in NAMES if n in shape], 2))


def all_pairs():
    return {pair for a, b in itertools.combinations(NAMES, 2) for x in COLUMNS[a] for y in COLUMNS[b]
            if possible(dict(pair := ((a, x), (b, y))))}


def completed(shape, missing, rng):
    """=> shape with a value in every column, each chosen for the pairs it adds"""
    for name in NAMES:
        if name not in shape:
            fits = [dict(shape, **{name: value}) for value in COLUMNS[name] if possible(dict(shape, **{name: value}))]
            shape = max(fits, key=lambda s: (len(pairs_of(s) & missing), rng.random()))
    return shape


def pairwise():
    """=> machines in which all possible pairs meet; the same ones each time"""
    rng, missing, shapes = random.Random(1), all_pairs(), []
    while missing:
        first = min(missing, key=str)
        best = max((completed(dict(first), missing, rng) for _ in range(20)), key=lambda s: len(pairs_of(s) & missing))
        missing -= pairs_of(best)
        shapes.append(best)
    return shapes


SHAPES = pairwise()


def name_of(shape):
    return "-".join(str(shape[name]) or "default" for name in NAMES)


@pytest.fixture(scope="session")
def payloads(tmp_path_factory):
    """=> {MiB: (path, md5)}: bytes that no compression makes smaller"""
    folder, out = tmp_path_factory.mktemp("payload"), {}
    for size in COLUMNS["payload"]:
        data = random.Random(size).randbytes(size * MIB)
        path = folder / f"payload{size}"
        path.write_bytes(data)
        out[size] = str(path), hashlib.md5(data).hexdigest()
    return out


SCRIPT = """#!/bin/busybox sh
seq 1 1000 | grep 7 | sort -rn | wc -l
i=0; while [ $i -lt 150 ]; do (exit 3) & [ $((i % 10)) = 9 ] && wait; i=$((i+1)); done; wait
echo storm $i
md5sum /payload
cat /proc/meminfo /proc/zoneinfo
grep -c ^processor /proc/cpuinfo
avail=$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)
fill=$((avail * 85 / 100 / 1024)); [ $fill -gt 320 ] && fill=320
pages --mib $fill --rounds 1 || exit 1
rm /payload
echo filled $fill of $((avail / 1024)), free before and after
awk -v b=$avail '/MemAvailable/ { print "available", b, $2 }' /proc/meminfo
"""


def usable_above(result, limit):
    """=> whole pages of usable ranges of the firmware's map from limit on"""
    pages = 0
    for start, end in result.lines(r"BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] usable"):
        first, last = max(-(-int(start, 16) // PAGE), limit // PAGE), (int(end, 16) + 1) // PAGE
        pages += max(0, last - first)
    return pages


def zones(result):
    """=> [(node, name, {pages, min, low, high, spanned, present, managed})]"""
    out = []
    for block in re.split(r"(?m)^(?=Node \d+, zone)", result.output)[1:]:
        node, name = re.match(r"Node (\d+), zone +(\w+)", block).groups()
        numbers = dict(re.findall(r"(?m)^ +(?:pages )?(free|min|low|high|spanned|present|managed) +(\d+)$", block))
        out.append((int(node), name, {key: int(value) for key, value in numbers.items()}))
    return out


def check_memory(shape, result):
    """What the zones hold adds up to what the firmware gave, and every number is in order."""
    told = {name: int(kb) for name, kb in result.lines(r"^(Mem\w+|Swap\w+|High\w+): +(\d+) kB$")}
    found = zones(result)
    for _, name, z in found:
        assert z["free"] <= z["managed"] <= z["present"] <= z["spanned"], (name, z)
        assert z["managed"] < 1024 or 0 < z["min"] <= z["low"] <= z["high"] < z["managed"], (name, z)
    managed = sum(z["managed"] for _, _, z in found)
    present = sum(z["present"] for _, _, z in found)
    assert managed * 4 == told["MemTotal"] and 0 < told["MemFree"] < told["MemTotal"], (managed, told)
    assert 0 <= usable_above(result, 0) - present <= 2, (usable_above(result, 0), present)  # page 0 is nobody's
    assert present > mib(shape["memory"]) * MIB // PAGE * 99 // 100 - 256, present
    assert len({node for node, _, _ in found}) == (2 if shape["numa"] else 1), found
    return sum(z["present"] for _, name, z in found if name == "HighMem")


def highmem_word(shape):
    if shape["highmem"] != "128M":
        return shape["highmem"]
    return "128M" if mib(shape["memory"]) >= 256 else f"{mib(shape['memory']) // 4}M"


def highmem_pages(shape, result):
    """=> how large the HighMem zone is to be: what was asked for, so long as 16 MiB remain below it"""
    if shape["highmem"] == "":
        return usable_above(result, LOWMEM)
    wanted = 0 if shape["highmem"] == "0" else mib(highmem_word(shape)) * MIB // PAGE
    if wanted and mib(shape["memory"]) == 16:
        assert result.lines("highmem=4M would leave less than 16M below it: cut"), result
        return 0
    return wanted


def arguments(shape):
    words = [f"highmem={highmem_word(shape)}"] if shape["highmem"] else []
    words += ["numa=fake=2"] if shape["numa"] == "fake" else []
    out = ["--memory", shape["memory"], "--cpus", shape["cpus"]]
    return out + (["--numa", 2] if shape["numa"] == "two" else []), " ".join(words)


def test_every_pair_is_there():
    assert all_pairs() == set.union(*map(pairs_of, SHAPES))
    assert all(len(shape) == len(NAMES) and possible(shape) for shape in SHAPES)


@pytest.mark.parametrize("shape", SHAPES, ids=map(name_of, SHAPES))
def test_a_machine(shape, payloads, tmp_path):
    script, (payload, md5) = tmp_path / "shape", payloads[shape["payload"]]
    script.write_text(SCRIPT)
    script.chmod(0o755)
    args, words = arguments(shape)
    result = run(*args, append=words, boot=shape["boot"], debug=shape["build"] == "debug",
                 adds=[f"{payload}:/payload", f"{script}:/shape"], execs=["/shape"])
    assert result.status == 0, result
    for line in ("^271$", "^storm 150$", f"^{md5}  /payload$", f"^{shape['cpus']}$", "every word right$"):
        assert result.lines(line), (line, result)
    high = check_memory(shape, result)
    assert high == highmem_pages(shape, result), (high, highmem_pages(shape, result), result)
    ((before, after),) = result.lines(r"^available (\d+) (\d+)$")
    assert int(after) > int(before) * 9 // 10, result
    assert not result.lines("Out of memory|BUG|WARNING|page allocation failure"), result


def peak_mib(pid):
    """=> the most memory the host ever gave to the QEMU that scripts/run, process pid, has started"""
    (qemu,) = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return int(re.search(r"VmHWM:\s+(\d+) kB", open(f"/proc/{qemu}/status").read())[1]) >> 10


@pytest.mark.parametrize("memory", ["256M", "16G"])
def test_the_host_gives_only_what_is_used(memory):
    """No boot touches all memory. Of 16 GiB: the array of struct page (a 64th at most), and huge pages of the host's under
    the few words that are tried to see whether the memory is there. QEMU's own is included."""
    machine = subprocess.Popen(command("--memory", memory, execs=["/bin/busybox sh -c 'echo ready; read answer'"]),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b""
    while b"ready" not in seen and (line := machine.stdout.readline()):
        seen += line
    assert b"ready" in seen, seen.decode(errors="replace")
    peak = peak_mib(machine.pid)
    output = machine.communicate(b"go\n")[0].decode(errors="replace")
    assert machine.returncode == 0, Result(machine.returncode, output)
    assert peak < 100 + mib(memory) // 64, peak
