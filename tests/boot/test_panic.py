# SPDX-License-Identifier: MIT
"""The end of the machine: whatever a kernel dies of, the report is complete and scripts/run gets status 3.

The crashes are provoked through drivers/lkdtm.c.
"""
import re

import pytest

from machine import run

MOUNT = "mount -t debugfs none /sys/kernel/debug"
ZONES = ("DMA", "Normal", "HighMem")


def provoke(name, cpus=1, **kwargs):
    script = f"{MOUNT}; echo {name} > /sys/kernel/debug/provoke-crash/DIRECT; echo the guard has failed"
    result = run("--cpus", cpus, append="quiet", execs=[f"/bin/sh -c '{script}'"], timeout=90, **kwargs)
    assert result.status == 3, (name, result)
    assert "the guard has failed" not in result.output, (name, result)
    return result


def check_report(result, text, cpus, memory=True):
    """Every section, in order, of a panic whose message matches text."""
    out = result.output
    assert len(result.lines(rf"\] Kernel panic - not syncing: {text}$")) == 1, result
    for cpu in range(cpus):
        blocks = re.findall(rf"(?ms)\] CPU: {cpu} PID: \d+ Comm: \S+ \((user mode|kernel|idle)\)\n(.*?)(?=\] CPU: \d+ PID|\] Mem-Info|---\[ end)", out)
        assert len(blocks) == 1, (cpu, blocks, result)
        kind, body = blocks[0]
        assert re.search(r"RIP: \d{4}:[0-9a-f]{16}", body) and re.search(r"R13: [0-9a-f]{16} R14", body), (cpu, result)
        assert kind == "user mode" or re.search(r"Call trace:\n(.*\] +\[<[0-9a-f]{16}>\] \w+\S*\+0x[0-9a-f]+/0x[0-9a-f]+\n)+", body), (cpu, result)
    if memory:
        assert out.index("Kernel panic") < out.index("Mem-Info:") < out.index("---[ end Kernel panic"), result
        for zone in ZONES:
            assert result.lines(rf"Node 0 {zone}: (?:\d+\*\d+kB (?:\(\w+\) )?){{11}}= \d+kB$"), (zone, result)
    assert result.lines(r"---\[ end Kernel panic - not syncing: .* \]---$"), result


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_panic(cpus, debug):
    result = provoke("PANIC", cpus, debug=debug)
    check_report(result, "dumptest", cpus)
    assert "do_panic+0x" in result.output, result


@pytest.mark.parametrize("cpus", [1, 4])
def test_panic_with_every_zone_locked(cpus, debug):
    check_report(provoke("PANIC_ZONE_LOCK", cpus, debug=debug), "dumptest with every zone locked", cpus)


def test_panic_in_an_interrupt(debug):
    check_report(provoke("PANIC_SOFTIRQ", 2, debug=debug), "dumptest in a timer", 2)


def test_panic_while_other_cpus_are_deaf(debug):
    """They spin with interrupts off: only an NMI shows where."""
    result = provoke("PANIC_DEAF_CPUS", 4, debug=debug)
    check_report(result, "dumptest with the other CPUs deaf", 4)
    assert len(result.lines(r"RIP: 0010:[0-9a-f]{16} deaf\+0x")) == 3, result


def test_a_fault_in_the_report_itself(debug):
    result = provoke("PANIC_IN_PANIC", 2, debug=debug)
    assert result.lines("panic inside the panic, in its part 5 of 8$"), result
    assert result.lines(r"---\[ end Kernel panic - not syncing: dumptest with a broken report \]---$"), result


@pytest.mark.parametrize("name, why", [
    ("BUG", r"Kernel panic - not syncing: BUG at drivers/lkdtm.c:\d+: BUG\(\)"),
    ("EXCEPTION", r"NULL pointer dereference at 0{16} \(write\)"),
    ("EXHAUST_STACK", r"kernel stack overflow of task \d+ \(sh\)"),
])
def test_other_ends(name, why):
    result = provoke(name, 2)
    assert result.lines(why), result
    check_report(result, ".*", 2)
