# SPDX-License-Identifier: MIT
"""Both loaders, both builds: the machine comes up, runs a program and says how it ended."""
import pytest

from machine import run


@pytest.mark.parametrize("boot", ["grub", "direct"])
def test_a_program_runs_and_its_status_arrives(boot, debug):
    result = run(boot=boot, debug=debug, execs=["/bin/busybox true"])
    assert result.status == 0, result
    assert result.lines(r"^exec: /bin/busybox exited with status 0$"), result
    assert result.lines(r"BIOS-e820: \[mem 0x0000000000000000-"), result


def test_a_failing_program_gives_status_1():
    result = run(execs=["/bin/busybox false"])
    assert result.status == 1, result
    assert result.lines(r"^exec: /bin/busybox exited with status 1$"), result


def test_the_last_of_several_programs_counts():
    result = run(execs=["/bin/busybox false", "/bin/busybox sh -c 'exit 0'"])
    assert result.status == 0, result
    assert len(result.lines(r"^exec: ")) == 2, result


def test_a_signal_is_reported():
    result = run(execs=["/bin/busybox sh -c 'kill -9 $$'"])
    assert result.status == 1, result
    assert result.lines(r"^exec: /bin/busybox killed by signal 9$"), result


@pytest.mark.parametrize("boot", ["grub", "direct"])
def test_the_command_line_arrives_unchanged(boot):
    words = r"""alpha=$HOME beta="two words" gamma=a\b delta='single' epsilon=x;y|z&w"""
    result = run(boot=boot, append=words, execs=["/bin/busybox cat /proc/cmdline"])
    assert result.status == 0, result
    assert words in result.output, result


def test_selftests(debug):
    result = run("--memory", "64M" if debug else "256M", "--cpus", 2, debug=debug, append="selftest")
    assert result.status == 0, result
    assert result.lines(r"selftest: (\d+) passed, 0 failed"), result


def test_locks_serve_in_turn():
    """Ticket order is for machines whose CPUs always run, which is what a CPU without the hypervisor bit claims. With
    icount they run in turn, so those who wait do not wait for the host."""
    result = run("--cpus", 3, "--icount", "--cpu", "max,-hypervisor", append="selftest=core_")
    assert result.status == 0, result
    assert result.lines(r"ok \d+ core_spinlock_serves_in_turn$"), result
    assert result.lines(r"selftest: (\d+) passed, 0 failed, 0 skipped"), result


def test_cpus_that_run_in_turn_all_get_on():
    """Under icount each CPU runs until the next timer of any: with ticks close together, a debug build's tick is not over
    by then, and a CPU would see nothing else. These tests wait for both CPUs."""
    result = run("--cpus", 2, "--icount", debug=True, append="selftest=core_", timeout=90)
    assert result.status == 0 and result.lines(r"selftest: (\d+) passed, 0 failed"), result
    result = run("--cpus", 3, "--icount", execs=["/bin/sh -c 'sleep 2; grep LOC: /proc/interrupts'"])
    (ticks,) = result.lines(r"^ *LOC: +(\d+) +(\d+) +(\d+) ")
    assert min(map(int, ticks)) > 190 and max(map(int, ticks)) - min(map(int, ticks)) <= 20, result


def test_a_panic_ends_with_status_3():
    result = run(append="init=/nonexistent")
    assert result.status == 3, result
    assert "Kernel panic - not syncing:" in result.output, result


def test_dmesg(debug):
    commands = ["dmesg | head -1", "dmesg -c | wc -l", "dmesg | wc -l", "echo hello > /dev/kmsg", "dmesg", "dmesg -s 80 | wc -c"]
    result = run(execs=[f"/bin/sh -c '{'; '.join(commands)}'"], append="loglevel=4", debug=debug)
    lines = [line for line in result.output.splitlines() if line]
    assert result.status == 0 and "Tidemark, loaded by" in lines[0] and int(lines[1]) > 10, result
    assert lines[2] == "0" and lines[3].endswith("] hello") and 0 < int(lines[4]) <= 80, result
