# SPDX-License-Identifier: MIT
"""What scripts/bench, scripts/bench-linux and the tests of reclaim's cost share: names, Linux's figures, goals, and the
reading of what the machine prints.

KNOWN: name: (Linux 6.1 in the same emulator, goal, unit). The Linux figures were recorded once; scripts/bench-linux takes
its own in the same run as ours.
"""
import bisect
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COUNTER = os.path.join(TOP, "build", "bench", "qemu_count.so")

_INSTRUCTIONS = {
    "alloc.order0_pair": (693, 120), "alloc.order0_pair_64m": (None, 120), "alloc.order0_pair_16g": (None, 120),
    "alloc.batch_alloc": (650, 170), "alloc.batch_free": (551, 140),
    "alloc.order1_pair": (770, 250), "alloc.order3_pair": (878, 300), "alloc.order9_pair": (18763, 400),
    "alloc.order1_pair_split": (None, 800), "alloc.order3_pair_split": (None, 800), "alloc.storm": (437, 250),
    "alloc.kmalloc64_pair": (268, 80), "alloc.kmalloc4096_pair": (271, 160), "alloc.cpus2_contended": (None, None),
    "user.first_touch": (2864, 1100), "user.zero_read": (1133, 450), "user.munmap_page": (1057, 250),
    "user.mprotect_page": (132, 60), "user.mmap_munmap": (12879, 3500), "user.brk": (11244, 3500),
    "user.fork_small": (102243, 32000), "user.fork_64m": (6186000, 2000000), "user.cow_copy": (3479, 1400),
    "user.cow_reuse": (1245, 350), "user.getppid": (314, 120), "user.sched_yield": (792, 350),
    "user.pipe_roundtrip": (9209, 4000), "boot.direct": (1531000000, 40000000), "boot.grub": (1531000000, 130000000),
    "reclaim.swap_page_virtio": (21300, 7000), "reclaim.swap_page_ram": (15800, 6000),
    "reclaim.minor_fault": (None, 1500),
}
KNOWN = {name: (linux, goal, "instructions") for name, (linux, goal) in _INSTRUCTIONS.items()} | {
    "alloc.cpus2_insn_ratio": (None, 1.05, "ratio"),
    "alloc.cpus2_pairs_waited_ppm": (None, 10000, "waits per million"),
    "alloc.cpus2_crowd_waited_ppm": (None, 10000, "waits per million"),
    "mem.struct_page_bytes": (64, 48, "bytes"),
    "reclaim.pages_per_request": (None, 8, "pages"),
    "reclaim.uniform_majflt": (10200, None, "faults"),
    "reclaim.zipf_majflt": (9000, 9000, "faults"),
    "reclaim.scan_hot_majflt": (2048, None, "faults"), "reclaim.scan_hot_majflt.best": (186, 180, "faults"),
    "reclaim.oom_us": (48000, 20000, "us"),
    "reclaim.oom_swap64_us": (75000, 60000, "us"),
}


def counter_arguments(path, profile=False):
    """=> words of QEMU that have the instructions between two marks counted into the file"""
    return ["-plugin", f"{COUNTER},out={path}" + (",profile=on" if profile else "")]


def parts(text):
    """=> {part: {key: number}} of the lines of tests/user/reclaim.c"""
    found = {}
    for part, pairs in re.findall(r"(?m)^reclaim (\w+)((?: \w+ -?\d+)+)\r?$", text):
        words = pairs.split()
        found[part] = dict(zip(words[::2], map(int, words[1::2])))
    return found


def counted(path):
    """=> kernel instructions between each pair of marks, in order"""
    with open(path, encoding="ascii") as lines:
        return [int(line.split()[1]) for line in lines if line.startswith("count ")]


def per_page(part, instructions):
    """=> instructions for a page that goes out and another that comes in"""
    return instructions / ((part["in"] + part["out"]) / 2)


def pages_per_request(part):
    return part["sectors"] / 8 / part["requests"] if part["requests"] else 0


def uniform_limit(part, touches):
    """=> major faults of that many touches, each page equally likely, plus 2 %"""
    return 1.02 * touches * (1 - part["resident"] / part["pages"])


def by_function(path, elf):
    """=> [(function, instructions)] of the last pair of marks of a profile, the most expensive first"""
    names = subprocess.run(["nm", "-n", "--defined-only", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    symbols = [(int(address, 16), name) for address, kind, name in map(str.split, names.splitlines()) if kind in "tTwW"]
    addresses, total = [address for address, _ in symbols], {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("count "):
                total = {}
                continue
            _, address, instructions = line.split()
            at = bisect.bisect_right(addresses, int(address, 16)) - 1
            name = symbols[at][1] if at >= 0 else "?"
            total[name] = total.get(name, 0) + int(instructions)
    return sorted(total.items(), key=lambda row: -row[1])
