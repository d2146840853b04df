# SPDX-License-Identifier: MIT
"""What the page tables look like from outside: QEMU's `info tlb` on an idle machine."""
import re
import subprocess
import time

import pytest

from machine import command
from test_swap import Qmp

VMEMMAP = range(0xFFFFEA0000000000, 0xFFFFEA8000000000)
WINDOWS = range(0xFFFFFFFFFE000000, 0xFFFFFFFFFEA00000)
KERNEL = 1 << 63


class Monitor(Qmp):
    def hmp(self, line):
        import json

        self.stream.write(json.dumps({"execute": "human-monitor-command", "arguments": {"command-line": line}}) + "\n")
        self.stream.flush()
        while "return" not in (answer := json.loads(self.stream.readline())):
            assert "error" not in answer, answer
        return answer["return"]


def mappings(text):
    """=> (virtual, physical, bytes, flags) of each line "va: pa XGPDACTUW" of `info tlb`"""
    for va, pa, flags in re.findall(r"(?m)^([0-9a-f]{16}): ([0-9a-f]{16}) ([-XGPDACTUW]{9})", text):
        yield int(va, 16), int(pa, 16), 1 << 21 if flags[2] == "P" else 4096, flags


@pytest.fixture(params=["grub", "direct"])
def idle(request, tmp_path):
    """=> the lines of `info tlb` and the zones' first frames while the shell waits for input"""
    machine = subprocess.Popen(command("--qmp", tmp_path / "qmp", "--swap", "64M", "--memory", "256M", boot=request.param,
                                       append="highmem=128M",
                                       execs=["/bin/busybox sh -c 'cat /proc/zoneinfo; echo ready; exec sleep 100000'"]),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    monitor, seen = Monitor(tmp_path / "qmp"), ""
    for line in machine.stdout:
        seen += line
        if line.strip() == "ready":
            break
    time.sleep(1)
    text = monitor.hmp("info tlb")
    monitor.hmp("quit")
    machine.wait()
    starts = [int(n) for n in re.findall(r"start_pfn: +(\d+)", seen)]
    assert len(starts) == 3, seen
    yield list(mappings(text)), starts


def test_no_highmem_frame_and_nothing_writable_and_executable(idle):
    lines, starts = idle
    highmem = starts[2] << 12
    kernel = [m for m in lines if m[0] & KERNEL]
    assert len(kernel) > 100
    for va, pa, size, flags in lines:
        assert not (flags[8] == "W" and flags[0] != "X"), f"{va:x} is writable and executable"
    for va, pa, size, flags in kernel:
        if va not in VMEMMAP and va not in WINDOWS and pa < 1 << 30:
            assert pa + size <= highmem, f"{va:x} maps HighMem frame {pa:x}"
    writable = {(pa + at) >> 12 for va, pa, size, flags in kernel if flags[8] == "W" for at in range(0, size, 4096)}
    executable = {pa >> 12 for va, pa, size, flags in kernel if flags[0] != "X"}
    assert executable and not writable & executable, "a frame is writable at one address and executable at another"
