# SPDX-License-Identifier: MIT
"""/proc in Linux's formats, and its numbers against each other on a live machine."""
import os
import re

import pytest

from machine import TOP, program, run

MEMINFO = """MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon)
Active(file) Inactive(file) Unevictable Mlocked HighTotal HighFree LowTotal LowFree SwapTotal SwapFree Dirty Writeback
AnonPages Mapped Shmem Slab SReclaimable SUnreclaim KernelStack PageTables NFS_Unstable Bounce WritebackTmp CommitLimit
Committed_AS VmallocTotal VmallocUsed VmallocChunk""".split()
ZONES = ("dma", "normal", "high", "movable")
VMSTAT = """nr_free_pages nr_alloc_batch nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file
nr_unevictable nr_mlock nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_slab_reclaimable
nr_slab_unreclaimable nr_page_table_pages nr_kernel_stack nr_unstable nr_bounce nr_vmscan_write
nr_vmscan_immediate_reclaim nr_writeback_temp nr_isolated_anon nr_isolated_file nr_shmem nr_dirtied nr_written
numa_hit numa_miss numa_foreign numa_interleave numa_local numa_other workingset_refault workingset_activate
workingset_nodereclaim nr_anon_transparent_hugepages nr_free_cma nr_dirty_threshold nr_dirty_background_threshold
pgpgin pgpgout pswpin pswpout pgalloc_* pgfree pgactivate pgdeactivate pgfault pgmajfault pgrefill_*
pgsteal_kswapd_* pgsteal_direct_* pgscan_kswapd_* pgscan_direct_* pgscan_direct_throttle zone_reclaim_failed
pginodesteal slabs_scanned kswapd_inodesteal kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly pageoutrun
allocstall pgrotated drop_pagecache drop_slab pgmigrate_success pgmigrate_fail compact_migrate_scanned
compact_free_scanned compact_isolated compact_stall compact_fail compact_success unevictable_pgs_culled
unevictable_pgs_scanned unevictable_pgs_rescued unevictable_pgs_mlocked unevictable_pgs_munlocked
unevictable_pgs_cleared unevictable_pgs_stranded thp_fault_alloc thp_fault_fallback thp_collapse_alloc
thp_collapse_alloc_failed thp_split thp_zero_page_alloc thp_zero_page_alloc_failed""".split()
STATUS = """Name State Tgid Pid PPid TracerPid Uid Gid FDSize Groups VmPeak VmSize VmLck VmPin VmHWM VmRSS VmData
VmStk VmExe VmLib VmPTE VmSwap Threads SigQ SigPnd ShdPnd SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd
Cpus_allowed Cpus_allowed_list Mems_allowed Mems_allowed_list voluntary_ctxt_switches
nonvoluntary_ctxt_switches""".split()
SMAPS = """Size Rss Pss Shared_Clean Shared_Dirty Private_Clean Private_Dirty Referenced Anonymous AnonHugePages
Swap KernelPageSize MMUPageSize Locked VmFlags""".split()
FILES = ("meminfo", "buddyinfo", "zoneinfo", "vmstat", "swaps", "iomem", "cmdline", "uptime", "self/stat", "self/status",
         "self/maps", "self/cmdline", "self/oom_score", "self/oom_score_adj", "self/smaps", "pagetypeinfo", "slabinfo",
         "stat", "interrupts", "diskstats", "partitions", "loadavg")


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
    names = [name.replace("*", zone) for name in VMSTAT for zone in (ZONES if "*" in name else ("",))]
    assert re.findall(r"(?m)^(\S+) \d+$", files["vmstat"]) == names


def test_pagetypeinfo_and_buddyinfo_agree(files):
    head, free, blocks = files["pagetypeinfo"].split("\n\n")[:3]
    assert head == "Page block order: 9\nPages per block:  512"
    lines = free.splitlines()
    assert lines[0] == f"{'Free pages count per migrate type at order':<43} " + "".join(f"{n:6d} " for n in range(11))
    rows = re.findall(r"(?m)^Node    0, zone +(\S+), type +(\S+) ((?: *\d+ ){11})$", free)
    assert [row[:2] for row in rows] == [(zone, kind) for zone in ("DMA", "Normal", "HighMem") for kind in (
        "Unmovable", "Reclaimable", "Movable", "Reserve", "Isolate")]
    assert re.match(r"Number of blocks type +Unmovable  Reclaimable +Movable +Reserve +Isolate \n", blocks)
    total = sum(int(n) << order for *_, numbers in rows for order, n in enumerate(numbers.split()))
    buddy = re.findall(r"(?m)^Node 0, zone +\S+ ((?: *\d+ ){11})$", files["buddyinfo"])
    assert abs(total - sum(int(n) << order for numbers in buddy for order, n in enumerate(numbers.split()))) < 600


def test_zoneinfo_line_by_line(files):
    first = files["zoneinfo"].split("\nNode")[0]
    names = "\n".join(rf"    {name:<12} \d+" for name in VMSTAT[: VMSTAT.index("nr_dirty_threshold")])
    cpu = r"    cpu: 0\n              count: \d+\n              high:  \d+\n              batch: \d+\n  vm stats threshold: \d+"
    assert re.fullmatch(r"Node 0, zone      DMA\n  pages free     \d+\n        min      \d+\n        low      \d+\n"
                        r"        high     \d+\n        scanned  \d+\n        spanned  \d+\n        present  \d+\n"
                        rf"        managed  \d+\n{names}\n        protection: \(\d+, \d+, \d+, \d+\)\n  pagesets\n{cpu}\n"
                        r"  all_unreclaimable: [01]\n  start_pfn:         \d+\n  inactive_ratio:    \d+", first), first


def test_slabinfo(files):
    lines = files["slabinfo"].splitlines()
    assert lines[0] == "slabinfo - version: 2.1" and lines[1].startswith("# name            <active_objs> <num_objs> ")
    rows = [re.fullmatch(r"(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) : tunables +0 +0 +0 : slabdata +(\d+) +(\d+) +0", line)
            for line in lines[2:] if line]
    assert all(rows) and {"kmalloc-64", "task_struct", "vm_area_struct", "dentry"} <= {row[1] for row in rows}
    for row in rows:
        active, objects, size, per_slab, pages, _, slabs = map(int, row.groups()[1:])
        assert active <= objects == per_slab * slabs and size * per_slab <= pages * 4096, row[0]


def test_interrupts_and_disks(files):
    total, *lines = map(int, re.search(r"(?m)^intr (.*)$", files["stat"])[1].split())
    counts = {name: int(n) for name, n in re.findall(r"(?m)^ *(\S+): +(\d+) ", files["interrupts"])}
    assert counts["LOC"] > 0 and "RES" in counts and "CAL" in counts
    assert sum(lines) <= total and len(lines) > 4 and lines[4] <= counts["4"]
    assert re.search(r"(?m)^ 254        0 +65536 vda$", files["partitions"])
    disk = re.search(r"(?m)^ 254       0 vda (.*)$", files["diskstats"])[1].split()
    assert len(disk) == 11 and int(disk[0]) > 0 and int(disk[2]) >= 8
    assert re.match(r"\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+/\d+ \d+\n", files["loadavg"])


def test_swaps(files):
    assert files["swaps"].startswith("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n")
    assert re.search(r"(?m)^/dev/vda {32}partition\t65532\t0\t-1$", files["swaps"])


def test_process_files(files):
    assert len(files["self/stat"].rsplit(")", 1)[1].split()) + 2 == 52
    assert re.search(r"(?m)^VmRSS:\t +\d+ kB$", files["self/status"])
    assert re.findall(r"(?m)^(\w+):\t", files["self/status"]) == STATUS
    assert re.search(r"(?m)^Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0$", files["self/status"])
    for area in re.split(r"(?m)^[0-9a-f]+-.*\n", files["self/smaps"])[1:]:
        assert re.findall(r"(?m)^(\w+):", area) == SMAPS
        value = {name: int(n) for name, n in re.findall(r"(?m)^(\w+): +(\d+) kB$", area)}
        parts = sum(value[f"{who}_{how}"] for who in ("Shared", "Private") for how in ("Clean", "Dirty"))
        assert value["Rss"] == parts and value["Pss"] <= value["Rss"] <= value["Size"] and value["Anonymous"] <= value["Rss"]
        assert re.search(r"(?m)^VmFlags: rd (?:[a-z]{2} )*mr (?:[a-z]{2} )*$", area)
    assert re.search(r"(?m)^[0-9a-f]{8,16}-[0-9a-f]{8,16} r-xp 0000[0-9a-f]{4} \S+ \d+ +/bin/busybox$", files["self/maps"])
    assert "[stack]" in files["self/maps"]
    assert files["self/cmdline"].startswith("cat\0/proc/self/cmdline\0")
    assert files["self/oom_score_adj"].split() == ["0"] and "\n/bin/busybox\n" in files["loadavg"]


def test_iomem_and_uptime(files):
    assert re.search(r"(?m)^00100000-[0-9a-f]+ : System RAM$", files["iomem"])
    assert re.search(r"(?m)^  [0-9a-f]+-[0-9a-f]+ : Kernel code$", files["iomem"])
    assert re.fullmatch(r"\d+\.\d\d \d+\.\d\d\n+", files["uptime"])


def test_user_pages_come_from_highmem():
    """While HighMem has free pages above its watermark, anonymous memory lies there."""
    result = run(execs=["/bin/busybox sh -c 'grep -E \"^(HighFree|LowFree)\" /proc/meminfo; hog --mib 48 --hold 100000 --report 0 & "
                        "until [ $(cut -d\" \" -f2 /proc/$!/statm) -ge 12288 ]; do sleep 0.1; done; "
                        "grep -E \"^(HighFree|LowFree)\" /proc/meminfo; kill $!'"])
    assert result.status == 0, result
    (high, low), (high2, low2) = zip(*[iter(map(lambda m: int(m[0]), result.lines(r"^(?:High|Low)Free: +(\d+) kB$")))] * 2)
    assert high - high2 >= 47 * 1024 and low - low2 < 4 * 1024, result


def test_pages_in_swap_are_told_as_such():
    """The whole of tests/user/proc_pages, whose last part needs more memory than there is."""
    result = run("--memory", "48M", "--swap", "64M", adds=[program("proc_pages")], execs=["/proc_pages swap"])
    assert result.status == 0, result


def test_every_knob(debug):
    """Spec 10.3 row by row: defaults, ranges, malformed writes, writers without the right."""
    table = os.path.join(TOP, "tests", "data", "spec", "knobs.txt")
    result = run("--memory", "128M", debug=debug, adds=[program("knobs"), table], execs=["/knobs /knobs.txt"])
    assert result.status == 0 and "PASS knobs" in result.output, result
    rows = [line for line in open(table, encoding="utf-8") if not line.startswith("#")]
    assert result.lines(r"^(\d+) knobs$") == [(str(len(rows)),)] and len(rows) >= 29, result


def test_tools_see_who_is_busy(debug):
    """A program that spins has the CPU in top, the kernel's threads sleep, and nothing counts as load but the spinner."""
    script = ("grep -h State /proc/[0-9]*/status | sort | uniq -c; while :; do :; done & spin=$!; top -b -n 2 -d 2 | tail -n +2; "
              "cut -d\" \" -f14,15 /proc/$spin/stat; uptime; free; kill $spin; grep -E \"^cpu |procs_\" /proc/stat")
    result = run(debug=debug, execs=[f"/bin/busybox sh -c '{script}'"])
    assert result.status == 0, result
    assert not result.lines(r"State:\tD"), result
    last = result.output.split("Load average")[-1]
    busy = re.search(r"(?m)^ *(\d+) +\d+ root +R .* (\d+)% /?bin/busybox sh|^ *\d+ +\d+ root +R +\d+ +\d+% +(\d+)% ", last)
    assert busy and int(busy[2] or busy[3]) > 60, result
    ticks = sum(map(int, result.lines(r"^(\d+) (\d+)$")[0]))
    user, nice, system = map(int, result.lines(r"^cpu +(\d+) (\d+) (\d+) ")[0])
    assert ticks >= (user + nice + system) // 2, result
    total, used, free, _, cache, available = map(int, result.lines(r"^Mem: +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$")[0])
    assert total == used + free + cache and free - 8192 < available <= total, result
