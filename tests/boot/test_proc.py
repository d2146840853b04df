# SPDX-License-Identifier: MIT
"""/proc in Linux's formats, and its numbers against each other on a live machine."""
import re

import pytest

from machine import run

MEMINFO = """MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon)
Active(file) Inactive(file) Unevictable Mlocked HighTotal HighFree LowTotal LowFree SwapTotal SwapFree Dirty Writeback
AnonPages Mapped Shmem Slab SReclaimable SUnreclaim KernelStack PageTables NFS_Unstable Bounce WritebackTmp CommitLimit
Committed_AS VmallocTotal VmallocUsed VmallocChunk""".split()
VMSTAT_START = """nr_free_pages nr_alloc_batch nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file
nr_unevictable nr_mlock nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_slab_reclaimable
nr_slab_unreclaimable nr_page_table_pages nr_kernel_stack""".split()
FILES = ("meminfo", "buddyinfo", "zoneinfo", "vmstat", "swaps", "iomem", "cmdline", "uptime", "self/stat", "self/status",
         "self/maps", "self/cmdline", "self/oom_score", "self/oom_score_adj")


@pytest.fixture(scope="module")
def files():
    """=> {name: text} of one machine with a swap disk"""
    script = "; ".join(f"echo @@{name}; cat /proc/{name}; echo" for name in FILES)
    result = run("--swap", "64M", execs=[f"/bin/busybox sh -c '{script}; readlink /proc/self/exe'"])
    assert result.status == 0, result
    parts = re.split(r"(?m)^@@(\S+)\n", result.output)
    return dict(zip(parts[1::2], parts[2::2]))


def zones(text):
    """=> {zone: {field: number}} with reserve[] and marks"""
    out = {}
    for name, body in re.findall(r"(?ms)^Node 0, zone +(\S+)\n(.*?)(?=^Node|\Z)", text):
        fields = dict(re.findall(r"(?m)^ +(min|low|high|spanned|present|managed|nr_free_pages) +(\d+)$", body))
        out[name] = {key: int(value) for key, value in fields.items()}
        out[name]["protection"] = [int(n) for n in re.search(r"protection: \((.*)\)", body)[1].split(", ")]
    return out


def test_meminfo(files):
    rows = re.findall(r"(?m)^(\S+): +(\d+) kB$", files["meminfo"])
    assert [name for name, _ in rows][: len(MEMINFO)] == MEMINFO
    assert re.search(r"(?m)^MemTotal:       +\d+ kB$", files["meminfo"])
    values = {name: int(value) for name, value in rows}
    assert values["MemTotal"] == values["HighTotal"] + values["LowTotal"]
    assert 0 < values["MemFree"] < values["MemTotal"]
    assert values["SwapTotal"] == 64 * 1024 - 4


def test_zones_follow_the_formulas(files):
    """Spec 2.3 and 2.4, recomputed from the managed pages of the live machine."""
    z = zones(files["zoneinfo"])
    assert list(z) == ["DMA", "Normal", "HighMem"]
    managed = {name: zone["managed"] for name, zone in z.items()}
    low = managed["DMA"] + managed["Normal"]
    ratios = {"DMA": 256, "Normal": 32, "HighMem": 32}
    names = list(z)
    for i, name in enumerate(names):
        want = [sum(managed[n] for n in names[i + 1 : j + 1]) // ratios[name] if j > i else 0 for j in range(3)]
        assert z[name]["protection"] == want + want[-1:], name
    kbytes = int((4 * low * 16) ** 0.5)
    pages = max(128, min(65536, kbytes)) // 4
    for name in names:
        tmp = pages * managed[name] // low
        least = max(32, min(128, managed[name] // 1024)) if name == "HighMem" else tmp
        got = z[name]["min"], z[name]["low"], z[name]["high"]
        assert got == (least, least + tmp // 4, least + tmp // 2), name


def test_buddyinfo_and_vmstat_agree(files):
    rows = re.findall(r"(?m)^Node 0, zone +(\S+) ((?: *\d+ ){11})$", files["buddyinfo"])
    assert [name for name, _ in rows] == ["DMA", "Normal", "HighMem"]
    free = sum(int(n) << order for _, numbers in rows for order, n in enumerate(numbers.split()))
    vmstat = dict(re.findall(r"(?m)^(\S+) (\d+)$", files["vmstat"]))
    assert abs(free - int(vmstat["nr_free_pages"])) < 600
    assert list(vmstat)[: len(VMSTAT_START)] == VMSTAT_START
    for name in ("pgpgin", "pswpin", "pswpout", "pgalloc_high", "pgfree", "pgfault", "pageoutrun", "allocstall"):
        assert name in vmstat


def test_swaps(files):
    assert files["swaps"].startswith("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n")
    assert re.search(r"(?m)^/dev/vda {32}partition\t65532\t0\t-1$", files["swaps"])


def test_process_files(files):
    assert len(files["self/stat"].rsplit(")", 1)[1].split()) + 2 == 52
    assert re.search(r"(?m)^VmRSS:\t +\d+ kB$", files["self/status"])
    assert re.search(r"(?m)^[0-9a-f]{8,16}-[0-9a-f]{8,16} r-xp 0000[0-9a-f]{4} \S+ \d+ +/bin/busybox$", files["self/maps"])
    assert "[stack]" in files["self/maps"]
    assert files["self/cmdline"].startswith("cat\0/proc/self/cmdline\0")
    adj, exe = files["self/oom_score_adj"].split()[:2]
    assert adj == "0" and exe == "/bin/busybox"


def test_iomem_and_uptime(files):
    assert re.search(r"(?m)^00100000-[0-9a-f]+ : System RAM$", files["iomem"])
    assert re.search(r"(?m)^  [0-9a-f]+-[0-9a-f]+ : Kernel code$", files["iomem"])
    assert re.fullmatch(r"\d+\.\d\d \d+\.\d\d\n+", files["uptime"])


def test_user_pages_come_from_highmem():
    """While HighMem has free pages above its watermark, anonymous memory lies there."""
    result = run(execs=["/bin/busybox sh -c 'grep -E \"^(HighFree|LowFree)\" /proc/meminfo; hog --mib 48 --hold 2 --report 0 & "
                        "sleep 1; grep -E \"^(HighFree|LowFree)\" /proc/meminfo'"])
    assert result.status == 0, result
    (high, low), (high2, low2) = zip(*[iter(map(lambda m: int(m[0]), result.lines(r"^(?:High|Low)Free: +(\d+) kB$")))] * 2)
    assert high - high2 >= 47 * 1024 and low - low2 < 4 * 1024, result
